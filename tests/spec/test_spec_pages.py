"""The pages of `spec/` say what the code and the vectors say: tags, lengths, layouts, example bytes."""

import json
import re
from pathlib import Path

import pytest

from evidence import tags
from evidence.answer import Code, Verdict
from evidence.bundle import BundleItem, encode_bundle
from evidence.reading import RECORD_SIZES
from evidence.status import KNOWN, Status

SPEC = Path(__file__).parents[2] / "spec"
PAGES = sorted(SPEC.glob("*.md"))
DUMP_LINE = re.compile(r"^ *(\d+)  ((?:[0-9a-f]+ ?)+?)(?:  .*)?$")


def text(name: str) -> str:
    return (SPEC / name).read_text("utf-8")


def rows(page: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]


def test_the_table_of_tags_is_the_codes() -> None:
    table = {row[0]: row[1].strip("`") for row in rows(text("README.md")) if len(row) == 4 and row[1].startswith("`")}
    checkpoint = table.pop("checkpoint")
    assert table == {name: tag.decode() for name, tag in tags.TAGS.items()}
    assert checkpoint == tags.CHECKPOINT_ORIGIN_PREFIX


def test_the_table_of_prefixes_is_the_codes() -> None:
    table = {row[0]: row[1] for row in rows(text("README.md")) if row[0].startswith("0x")}
    entries = {f"{number:#04x}": f"log entry: {name}" for name, number in tags.ENTRY_TYPES.items()}
    trees = (tags.LEAF_PREFIX, tags.NODE_PREFIX, tags.SUM_LEAF_PREFIX, tags.SUM_NODE_PREFIX)
    assert set(table) == {*entries, *(f"{prefix[0]:#04x}" for prefix in trees)}
    assert {key: table[key] for key in entries} == entries
    listed = {row[0].split()[0] for row in rows(text("log-entry.md")) if row[0].startswith("0x")}
    assert listed == set(entries)


def test_the_table_of_lengths_is_the_codes() -> None:
    table = {row[0]: row[1] for row in rows(text("README.md")) if len(row) == 2}
    for name, size in (
        ("public point x, y", tags.POINT_SIZE),
        ("signature r, s", tags.SIGNATURE_SIZE),
        ("meter id", tags.METER_ID_SIZE),
        ("hash", tags.HASH_SIZE),
        ("batch key", tags.BATCH_KEY_SIZE),
        ("salt", tags.SALT_SIZE),
    ):
        assert table[name] == str(size)
    lengths = {row[0]: row[2] for row in rows(text("README.md")) if len(row) == 4}
    assert lengths["header"] == f"{tags.HEADER_SIZE} + 64"
    assert lengths["binding"] == f"{tags.BINDING_SIZE} + 64 + 64"
    assert lengths["bundle"] == f"at most {tags.BUNDLE_SIZE_MAX}"


def test_the_table_of_status_bits_is_the_codes() -> None:
    table = {int(row[0]): row[1] for row in rows(text("reading.md")) if len(row) == 3 and row[0].isdigit()}
    assert table == {bit.bit_length() - 1: Status(bit).name for bit in (1 << i for i in range(KNOWN.bit_length()))}


def test_the_table_of_verdicts_is_the_codes() -> None:
    table = {int(row[0]): row for row in rows(text("answer.md")) if len(row) == 3 and row[0].isdigit()}
    assert {number: row[1] for number, row in table.items()} == {v.value: v.name.lower() for v in Verdict}
    listed = {int(n): name for row in table.values() for n, name in re.findall(r"(\d+) ([A-Z_]{2,})", row[2])}
    assert listed == {code.value: code.name for code in Code}


@pytest.mark.parametrize(
    ("page", "size"),
    [
        ("reading.md", 32),
        ("header.md", tags.HEADER_SIZE),
        ("binding.md", tags.BINDING_SIZE),
        ("answer.md", 34),
        ("head.md", 129),
    ],
)
def test_a_layout_table_has_no_hole(page: str, size: int) -> None:
    at = 0
    for row in rows(text(page)):
        if len(row) == 4 and row[0].isdigit() and row[1].isdigit() and at < size:
            assert int(row[0]) == at, row
            at += int(row[1])
    assert at == size


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_example_is_a_vector(path: Path) -> None:
    blocks = re.findall(r"```text\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    assert blocks or path.name == "README.md", "a page shows bytes first"
    kept = "".join(p.read_text("ascii") for p in (SPEC / "vectors").glob("*.json"))
    for block in blocks:
        first, *lines = block.splitlines()
        if first.startswith("vector: "):
            file, name, field = first.removeprefix("vector: ").split(" | ")
            matches = [DUMP_LINE.match(line) for line in lines]
            shown = ["".join(m[2].split()) for m in matches if m is not None]
            assert len(shown) == len(lines)
            offsets = [int(m[1]) for m in matches if m is not None]
            assert offsets == [sum(len(s) for s in shown[:i]) >> 1 for i in range(len(shown))]
            document = json.loads((SPEC / "vectors" / file).read_text("ascii"))
            (case,) = [
                c for entries in document.values() if isinstance(entries, list) for c in entries if c["name"] == name
            ]
            assert "0x" + "".join(shown) == case[field]
        for token in re.findall(r"\b[0-9a-f]{40,}\b", block):
            assert token in kept


def test_every_page_is_listed_and_every_vector_file_has_a_page() -> None:
    listed = set(re.findall(r"\]\(([a-z-]+\.md)\)", text("README.md")))
    assert listed == {path.name for path in PAGES} - {"README.md"}
    named = {name for path in PAGES for name in re.findall(r"vectors/([a-z_]+\.json)", path.read_text("utf-8"))}
    assert named == {path.name for path in (SPEC / "vectors").glob("*.json")}


def test_the_note_of_the_checkpoint_page_is_the_vectors() -> None:
    document = json.loads((SPEC / "vectors" / "checkpoint.json").read_text("ascii"))
    assert f"```text\n{document['cases'][0]['note']}```" in text("checkpoint.md")


def test_the_largest_batches_of_the_page_just_fit_into_a_bundle() -> None:
    (limits,) = re.findall(
        r"at most (\d+) readings in profile 1, (\d+) in profile 2, (\d+) in profile 3", text("batch.md")
    )
    for profile, limit in enumerate(map(int, limits), start=1):
        size = RECORD_SIZES[profile]
        whole = BundleItem(bytes(tags.HEADER_SIZE), bytes(64), bytes(32), bytes(limit * size))
        assert len(encode_bundle([whole])) <= tags.BUNDLE_SIZE_MAX
        larger = BundleItem(bytes(tags.HEADER_SIZE), bytes(64), bytes(32), bytes((limit + 1) * size))
        assert limit == tags.BATCH_COUNT_MAX or 6 + larger.size > tags.BUNDLE_SIZE_MAX
