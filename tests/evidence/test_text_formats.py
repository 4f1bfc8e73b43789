"""Checkpoints, canonical JSON, topics, log entries, units and the table of tags."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import canonical, checkpoint, log_entry, tags, topics, units
from evidence.checkpoint import Checkpoint, open_checkpoint, origin_of, sign_checkpoint
from evidence.errors import EvidenceError, Malformed
from evidence.keys import PublicKey
from tests.evidence.evidence_making import Strategies
from tests.plant.signer import signer_of

LOG = signer_of("log")
LOG_KEY = PublicKey(LOG.public_point)
ORIGIN = origin_of(131277322940537, "serf-east")


@given(Strategies.u63, Strategies.hashes, st.integers(0, 2**32))
def test_a_checkpoint_opens_whole_and_its_text_not_with_a_flipped_bit(size: int, root: bytes, bit: int) -> None:
    made = Checkpoint(ORIGIN, size, root)
    note = sign_checkpoint(made, LOG)
    assert open_checkpoint(note, LOG_KEY, origin=ORIGIN) == made
    text = made.text().encode()
    at = bit % (8 * len(text))
    broken = text[: at >> 3] + bytes([text[at >> 3] ^ 1 << (at & 7)]) + text[(at >> 3) + 1 :]
    with pytest.raises(EvidenceError):
        open_checkpoint(note.replace(text.decode(), broken.decode("latin-1"), 1), LOG_KEY, origin=ORIGIN)


@given(st.text(max_size=300))
def test_no_text_makes_a_checkpoint_fail_but_by_refusal(note: str) -> None:
    with pytest.raises(EvidenceError):
        open_checkpoint(note, LOG_KEY, origin=ORIGIN)


@given(st.text(max_size=60), st.text(max_size=60))
def test_no_signature_line_makes_a_checkpoint_fail_but_by_refusal(name: str, blob: str) -> None:
    text = Checkpoint(ORIGIN, 1, bytes(32)).text()
    with pytest.raises(EvidenceError):
        open_checkpoint(f"{text}\n\u2014 {name} {blob}\n", LOG_KEY, origin=ORIGIN)


def test_an_other_line_separator_is_part_of_a_line_and_not_its_end() -> None:
    note = sign_checkpoint(Checkpoint(ORIGIN, 1, bytes(32)), LOG)
    line = note.splitlines()[-1]
    with pytest.raises(EvidenceError):
        open_checkpoint(
            note.replace(line, f"\u2014 other {base64.b64encode(bytes(8)).decode()}\u2028{line}"),
            LOG_KEY,
            origin=ORIGIN,
        )


def test_a_note_may_carry_sixteen_signatures_as_c2sp_asks() -> None:
    note = sign_checkpoint(Checkpoint(ORIGIN, 1, bytes(32)), LOG)
    blob = base64.b64encode(bytes(4 + 72)).decode()
    many = note + "".join(f"\u2014 witness.example/{i} {blob}\n" for i in range(16))
    assert open_checkpoint(many, LOG_KEY, origin=ORIGIN).size == 1
    assert len(many) < checkpoint.NOTE_SIZE_MAX


documents = st.dictionaries(
    st.text(st.characters(max_codepoint=0x7E, min_codepoint=0x20), max_size=8),
    st.recursive(
        st.integers() | st.booleans() | st.text(max_size=20) | st.binary(max_size=20),
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from("abcdefgh"), inner, max_size=4),
        max_leaves=12,
    ),
    max_size=6,
)


@given(documents)
def test_canonical_json_is_json_and_does_not_depend_on_the_order_of_keys(document: dict[str, Any]) -> None:
    encoded = canonical.encode(document)
    assert canonical.encode(dict(reversed(document.items()))) == encoded
    read = json.loads(encoded)
    assert canonical.encode(read) == encoded
    assert list(read) == sorted(document)


@pytest.mark.parametrize(
    "value", [1.0, None, {1: "a"}, {"ü": 1}, "\ud800", [b"", {"a": {0.5}}], NotImplemented], ids=repr
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(Malformed, match="canonical JSON"):
        canonical.encode({"a": value})  # type: ignore[dict-item]  # wrong types are what is tested


def test_a_decision_carries_its_tag() -> None:
    assert canonical.encode_decision({"a": 1}) == b'HOD1{"a":"1"}'


@given(Strategies.identifiers, Strategies.identifiers, st.sampled_from(["up", "ask", "down", "presence"]))
def test_a_topic_is_its_text(asset: str, gateway: str, leaf: str) -> None:
    made = topics.Topic(asset, gateway, leaf)
    assert topics.parse(str(made)) == made
    assert topics.subscription(asset, leaf) == str(made).replace(f"/{gateway}/{leaf}", f"/+/{leaf}")


@pytest.mark.parametrize(
    "text",
    ["", "ho/1/a/g", "ho/1/a/g/up/x", "ho/2/a/g/up", "xx/1/a/g/up", "ho/1/A/g/up", "ho/1/a/-g/up", "ho/1/a/+/up",
     "ho/1/a//up", "ho/1/a/g/other", "ho/1/a/g\n/up", "ho/1/" + "a" * 33 + "/g/up"],
)  # fmt: skip
def test_a_topic_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(Malformed, match="topic"):
        topics.parse(text)


def test_no_tag_is_the_start_of_another_and_no_entry_type_is_a_tree_prefix() -> None:
    assert all(len(tag) == 4 for tag in tags.TAGS.values())
    assert len(set(tags.TAGS.values())) == len(tags.TAGS)
    prefixes = {p[0] for p in (tags.LEAF_PREFIX, tags.NODE_PREFIX, tags.SUM_LEAF_PREFIX, tags.SUM_NODE_PREFIX)}
    assert len(prefixes) == 4
    assert prefixes.isdisjoint(tags.ENTRY_TYPES.values())
    assert min(tags.ENTRY_TYPES.values()) >= 0x10


@given(st.integers(0, 255), st.binary(max_size=80))
def test_an_entry_is_of_a_known_type(type_: int, content: bytes) -> None:
    of_one_length = (tags.ENTRY_HEADER, tags.ENTRY_BINDING, tags.ENTRY_CLOSE, tags.ENTRY_BLOCK, tags.ENTRY_STANDING)
    if type_ in tags.ENTRY_TYPES.values() and type_ not in of_one_length:
        assert len(log_entry.entry(type_, content)) == 32
    else:
        with pytest.raises(Malformed):
            log_entry.entry(type_, content)


@given(st.integers(), st.integers(min_value=1))
def test_division_rounds_as_its_name_says(numerator: int, denominator: int) -> None:
    floor, ceil = units.div_floor(numerator, denominator), units.div_ceil(numerator, denominator)
    assert floor * denominator <= numerator < (floor + 1) * denominator
    assert (ceil - 1) * denominator < numerator <= ceil * denominator
    assert units.div_exact(numerator * denominator, denominator) == numerator


def test_division_by_nothing_or_less_is_refused() -> None:
    for divide in (units.div_floor, units.div_ceil, units.div_exact):
        with pytest.raises(ZeroDivisionError):
            divide(1, 0)
        with pytest.raises(ValueError, match=r"negative|whole multiple"):
            divide(4, -2)
    with pytest.raises(ValueError, match="7 is not a whole multiple of 2"):
        units.div_exact(7, 2)
