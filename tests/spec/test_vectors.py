"""Every vector of `spec/vectors`, through `evidence`: the bytes come from another hand (spec/testbytes)."""

import dataclasses
import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence import (
    answer,
    batch,
    binding,
    block,
    bundle,
    canonical,
    checkpoint,
    close,
    head,
    header,
    log_entry,
    merkle,
    reading,
    standing,
    sum_tree,
)
from evidence.errors import EntryDisagrees, EvidenceError, HeaderDisagrees
from evidence.keys import MeterId, PublicKey

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "spec" / "vectors"
Case = dict[str, Any]


def raw(text: str) -> bytes:
    assert text.startswith("0x")
    return bytes.fromhex(text[2:])


def number(text: str | None) -> int | None:
    return None if text is None else int(text)


def load(name: str) -> Any:
    return json.loads((VECTORS / name).read_text("ascii"))


def cases(name: str, key: str = "cases") -> list[Any]:
    return [pytest.param(case, id=case["name"]) for case in load(name)[key]]


def mark_cases(key: str) -> list[Any]:
    formats = {"block.json": block, "standing.json": standing, "close.json": close}
    return [
        pytest.param(case, format_, id=f"{name.split('.')[0]}: {case['name']}")
        for name, format_ in formats.items()
        for case in load(name)[key]
    ]


def opens_or_refuses(case: Case, open_: Callable[[], Any]) -> Any:
    """Open a good case and return what was opened; a bad one must be refused with its code."""
    if case["ok"]:
        assert "code" not in case
        return open_()
    with pytest.raises(EvidenceError) as caught:
        open_()
    assert caught.value.code == case["code"], str(caught.value)
    if case["code"] in ("header-disagrees", "entry-disagrees") and "field" in case:
        assert isinstance(caught.value, HeaderDisagrees | EntryDisagrees)
        assert caught.value.field == case["field"]
    return None


def test_the_files_are_what_the_generator_writes(tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "spec" / "generate.py", tmp_path], check=True, timeout=60)
    made = {path.name: path.read_text("ascii") for path in tmp_path.iterdir()}
    kept = {path.name: path.read_text("ascii") for path in VECTORS.iterdir()}
    assert sorted(made) == sorted(kept)
    drifted = [name for name in kept if kept[name] != made[name]]
    assert not drifted, f"run `.venv/bin/python spec/generate.py`: {drifted}"


@pytest.mark.parametrize("path", sorted(VECTORS.glob("*.json")), ids=lambda path: path.name)
def test_every_file_says_what_it_is_and_names_each_case_once(path: Path) -> None:
    document = load(path.name)
    assert document["description"]
    for key, entries in document.items():
        if key != "description":
            names = [entry["name"] for entry in entries]
            assert len(set(names)) == len(names), [n for n in names if names.count(n) > 1]
            assert all(entry.get("ok", True) == ("code" not in entry) for entry in entries)


@pytest.mark.parametrize("case", cases("merkle.json", "root"))
def test_merkle_root(case: Case) -> None:
    assert merkle.root([merkle.leaf_hash(raw(leaf)) for leaf in case["leaves"]]) == raw(case["root"])


@pytest.mark.parametrize("case", cases("merkle.json", "inclusion"))
def test_merkle_inclusion(case: Case) -> None:
    proof = [raw(h) for h in case["proof"]]
    root = raw(case["root"])
    opened = opens_or_refuses(
        case, lambda: merkle.open_inclusion(raw(case["leaf_hash"]), case["index"], case["size"], proof, root)
    )
    assert opened in (root, None)


@pytest.mark.parametrize("case", cases("merkle.json", "consistency"))
def test_merkle_consistency(case: Case) -> None:
    proof = [raw(h) for h in case["proof"]]
    root1, root2 = raw(case["root1"]), raw(case["root2"])
    opened = opens_or_refuses(case, lambda: merkle.open_consistency(case["size1"], root1, case["size2"], root2, proof))
    assert opened in (root2, None)


def header_fields(opened: header.Header) -> dict[str, Any]:
    shown: dict[str, Any] = {
        name: int(getattr(opened, name))
        for name in ("kind", "profile", "reason", "epoch", "count", "status_or", "status_close")
    }
    shown |= {name: str(getattr(opened, name)) for name in ("seq0", "t0", "t1", "monotonic_ms")}
    shown |= {name: "0x" + getattr(opened, name).hex() for name in ("meter_id", "boot_id", "batch_root", "prev")}
    for name in ("export_start_wh", "import_start_wh", "export_end_wh", "import_end_wh"):
        value = getattr(opened, name)
        shown[name] = None if value is None else str(value)
    return shown


@pytest.mark.parametrize("case", cases("header.json"))
def test_header(case: Case) -> None:
    encoded, signature = raw(case["header"]), raw(case["signature"])
    assert header.header_hash(encoded) == raw(case["hash"])
    opened = opens_or_refuses(
        case, lambda: header.open_header(encoded, signature, PublicKey(raw(case["public_point"])))
    )
    if opened is not None:
        assert header_fields(opened) == case["fields"]
        assert opened.encode() == encoded


@pytest.mark.parametrize("case", cases("chain.json"))
def test_chain_of_headers(case: Case) -> None:
    link = header.decode(raw(case["header"]))
    if "binding_hash" in case:
        opened = opens_or_refuses(case, lambda: header.check_first(raw(case["binding_hash"]), link))
    else:
        previous = raw(case["previous"])
        opened = opens_or_refuses(
            case, lambda: header.check_follows(header.decode(previous), header.header_hash(previous), link)
        )
    assert opened in (link, None)


@pytest.mark.parametrize("case", cases("chain.json", "forks"))
def test_a_fork_is_two_good_successors_of_one_header(case: Case) -> None:
    previous = raw(case["previous"])
    links = [header.decode(raw(h)) for h in case["headers"]]
    for link in links:
        header.check_follows(header.decode(previous), header.header_hash(previous), link)
    hashes = [header.header_hash(raw(h)) for h in case["headers"]]
    assert hashes == [raw(h) for h in case["hashes"]]
    assert len(set(hashes)) == 2
    assert {link.prev for link in links} == {header.header_hash(previous)}


def reading_fields(opened: reading.Reading) -> dict[str, Any]:
    def text(value: int | None) -> str | None:
        return None if value is None else str(value)

    return {
        "time": str(opened.time),
        "export_wh": text(opened.export_wh),
        "import_wh": text(opened.import_wh),
        "power_w": opened.power_w,
        "status": int(opened.status),
        "tariffs_wh": [text(t) for t in opened.tariffs_wh],
        "original_hash": "0x" + opened.original_hash.hex(),
    }


@pytest.mark.parametrize("case", cases("reading.json"))
def test_reading(case: Case) -> None:
    record = raw(case["record"])
    opened = opens_or_refuses(case, lambda: reading.decode(record, case["profile"]))
    if opened is not None:
        assert reading_fields(opened) == case["fields"]
        assert opened.encode() == record
        assert opened.profile == case["profile"]


@pytest.mark.parametrize("case", cases("batch.json"))
def test_batch(case: Case) -> None:
    encoded, signature, batch_key, body = (raw(case[k]) for k in ("header", "signature", "batch_key", "body"))
    key = PublicKey(raw(case["public_point"]))
    opened = opens_or_refuses(case, lambda: batch.open_batch(encoded, signature, batch_key, body, key))
    if opened is not None:
        assert [reading_fields(r) for r in opened.readings] == case["readings"]
        records = batch.split_body(body, opened.header.profile, opened.header.count)
        assert batch.leaf_hashes(batch_key, records) == [raw(h) for h in case["leaf_hashes"]]
        assert batch.batch_root(batch_key, records) == raw(case["batch_root"])


@pytest.mark.parametrize("case", cases("binding.json"))
def test_binding(case: Case) -> None:
    opened = opens_or_refuses(
        case, lambda: binding.open_binding(raw(case["record"]), installer_point=raw(case["installer_point"]))
    )
    if opened is None:
        return
    bound, hash_ = opened
    shown: dict[str, Any] = {name: getattr(bound, name) for name in case["fields"]}
    for name in ("public_point", "installer_point"):
        shown[name] = "0x" + shown[name].hex()
    for name in ("chain_id", "modulus_num", "valid_from"):
        shown[name] = str(shown[name])
    assert shown == case["fields"]
    assert (bound.meter_id, hash_) == (raw(case["meter_id"]), raw(case["hash"]))
    assert bound.encode() == raw(case["record"])[:274]


@pytest.mark.parametrize("case", cases("bundle.json"))
def test_bundle(case: Case) -> None:
    opened = opens_or_refuses(case, lambda: bundle.decode_bundle(raw(case["bundle"])))
    if opened is not None:
        assert opened == [bundle.BundleItem(**{k: raw(v) for k, v in item.items()}) for item in case["items"]]
        assert bundle.encode_bundle(opened) == raw(case["bundle"])


@pytest.mark.parametrize("case", cases("answer.json"))
def test_answer(case: Case) -> None:
    opened = opens_or_refuses(
        case, lambda: answer.open_answer(raw(case["answer"]), PublicKey(raw(case["public_point"])))
    )
    if opened is not None:
        assert (opened.oracle_id, opened.time) == (raw(case["oracle_id"]), int(case["time"]))
        assert [(i.header_hash, i.verdict, i.code) for i in opened.items] == [
            (raw(i["header_hash"]), i["verdict"], i["code"]) for i in case["items"]
        ]


@pytest.mark.parametrize("case", cases("head.json"))
def test_head(case: Case) -> None:
    opened = opens_or_refuses(
        case, lambda: head.open_head(raw(case["head"]), PublicKey(raw(case["public_point"])), nonce=raw(case["nonce"]))
    )
    if opened is not None:
        f = case["fields"]
        assert opened == head.Head(
            oracle_id=raw(f["oracle_id"]),
            nonce=raw(f["nonce"]),
            time=int(f["time"]),
            meter_id=MeterId(raw(f["meter_id"])),
            known=f["known"],
            epoch=f["epoch"],
            next_seq=int(f["next_seq"]),
            header_hash=raw(f["header_hash"]),
            export_end_wh=number(f["export_end_wh"]),
            import_end_wh=number(f["import_end_wh"]),
        )


@pytest.mark.parametrize("case", cases("head.json", "requests"))
def test_head_request(case: Case) -> None:
    opened = opens_or_refuses(case, lambda: head.decode_request(raw(case["request"])))
    if opened is not None:
        nonce, meters = opened
        assert (nonce, meters) == (raw(case["nonce"]), [raw(m) for m in case["meters"]])
        assert head.encode_request(nonce, meters) == raw(case["request"])


@pytest.mark.parametrize("case", cases("log_entry.json"))
def test_log_entry(case: Case) -> None:
    content = raw(case["content"])
    opened = opens_or_refuses(case, lambda: log_entry.entry(case["type"], content))
    if opened is not None:
        assert opened == raw(case["entry"])
        assert log_entry.entry_leaf(case["type"], content) == raw(case["leaf_hash"])


def shown(opened: Any) -> dict[str, Any]:
    """The fields of an opened entry as the vectors show them: 64-bit integers as text, bytes as hex."""
    text = {"number", "time", "block", "valid_until"}
    values = {one.name: getattr(opened, one.name) for one in dataclasses.fields(opened)}
    return {
        name: str(value) if name in text else f"0x{value.hex()}" if isinstance(value, bytes) else int(value)
        for name, value in values.items()
    }


@pytest.mark.parametrize(("case", "format_"), mark_cases("cases"))
def test_a_mark_opens_to_its_fields_and_back(case: Case, format_: Any) -> None:
    opened = opens_or_refuses(case, lambda: format_.decode(raw(case["content"])))
    if opened is not None:
        assert shown(opened) == case["fields"]
        assert opened.encode() == raw(case["content"])


@pytest.mark.parametrize("case", cases("block.json", "logs"))
def test_the_time_of_a_log(case: Case) -> None:
    def fold() -> block.LogTime:
        time = block.LogTime()
        for entry in case["entries"]:
            time = time.after(block.decode(raw(entry)))
        return time

    time = opens_or_refuses(case, fold)
    if time is not None:
        assert time.now == number(case["now"])


@pytest.mark.parametrize("case", cases("standing.json", "logs"))
def test_the_standings_of_a_report(case: Case) -> None:
    def fold() -> standing.Standing | None:
        before = None
        for entry in case["entries"]:
            before = standing.check_follows(before, standing.decode(raw(entry)))
        return before

    opens_or_refuses(case, fold)


@pytest.mark.parametrize("case", cases("close.json", "places"))
def test_the_place_of_a_close(case: Case) -> None:
    opened = close.decode(raw(case["content"]))
    opens_or_refuses(
        case,
        lambda: close.check_place(
            opened,
            now=int(case["now"]),
            period_end=int(case["period_end"]),
            missing_delay_s=case["missing_delay_s"],
        ),
    )


@pytest.mark.parametrize("case", cases("close.json", "trees"))
def test_the_branches_of_a_close(case: Case) -> None:
    stated = close.Close(close.CloseKind.DUE, 5, 0, 0, case["count"], raw(case["root"]), 1)
    leaves = [raw(leaf) for leaf in case["branches"]]
    branches = [close.Branch(leaf[:20], leaf[20:52], int.from_bytes(leaf[52:], "big")) for leaf in leaves]
    opens_or_refuses(case, lambda: close.open_branches(stated, branches))
    assert [branch.encode() for branch in branches] == leaves


@pytest.mark.parametrize("case", cases("checkpoint.json"))
def test_checkpoint(case: Case) -> None:
    key = PublicKey(raw(case["public_point"]))
    opened = opens_or_refuses(case, lambda: checkpoint.open_checkpoint(case["note"], key, origin=case["origin"]))
    if opened is not None:
        assert opened == checkpoint.Checkpoint(case["origin"], int(case["size"]), raw(case["root"]))


def sum_node(shown: dict[str, str]) -> sum_tree.SumNode:
    return sum_tree.SumNode(int(shown["count"]), int(shown["export_wh"]), int(shown["import_wh"]), raw(shown["hash"]))


def sum_leaf(shown: dict[str, str]) -> sum_tree.SumLeaf:
    return sum_tree.SumLeaf(shown["point"], int(shown["export_wh"]), int(shown["import_wh"]))


@pytest.mark.parametrize("case", cases("sum_tree.json"))
def test_sum_tree(case: Case) -> None:
    proof = [sum_node(n) for n in case["proof"]]
    opened = opens_or_refuses(
        case,
        lambda: sum_tree.open_sum_inclusion(
            sum_leaf(case["leaf"]), case["index"], case["size"], proof, raw(case["root"])
        ),
    )
    assert opened in (sum_node(case["total"]), None)


@pytest.mark.parametrize("case", cases("sum_tree.json", "trees"))
def test_a_leaf_list_without_a_root(case: Case) -> None:
    opens_or_refuses(case, lambda: sum_tree.sum_root([sum_leaf(leaf) for leaf in case["leaves"]]))


def test_the_broken_form_would_open_both_sides_of_its_forgery() -> None:
    """The forgery in the vectors is a real one: hashing only the sum of both children opens it for both, with energy missing."""

    def broken_root(left: sum_tree.SumNode, right: sum_tree.SumNode) -> bytes:
        total = (left.count + right.count, left.export_wh + right.export_wh, left.import_wh + right.import_wh)
        sums = b"".join(n.to_bytes(8, "big") for n in total)
        hash_ = hashlib.sha256(b"\x03" + sums + left.hash + right.hash).digest()
        return hashlib.sha256(b"\x03" + sums + hash_).digest()

    first, second = (c for c in load("sum_tree.json")["cases"] if c["name"].startswith("broken-sum forgery"))
    a, b = sum_leaf(first["leaf"]).node(), sum_leaf(second["leaf"]).node()
    assert broken_root(a, sum_node(first["proof"][0])) == raw(first["root"])
    assert broken_root(sum_node(second["proof"][0]), b) == raw(second["root"]) == raw(first["root"])
    assert a.export_wh + sum_node(first["proof"][0]).export_wh < a.export_wh + b.export_wh


def revived(value: Any) -> Any:
    """{"$bytes": "0x.."} back to bytes."""
    if isinstance(value, dict):
        if set(value) == {"$bytes"}:
            return raw(value["$bytes"])
        return {key: revived(item) for key, item in value.items()}
    return [revived(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", cases("canonical.json"))
def test_canonical_json(case: Case) -> None:
    document = revived(case["document"])
    opened = opens_or_refuses(case, lambda: canonical.encode(document))
    if opened is not None:
        assert opened == raw(case["bytes"])
        assert canonical.document_hash(document) == raw(case["hash"])
