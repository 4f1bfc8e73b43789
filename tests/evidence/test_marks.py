"""Blocks, standings and closes: bytes and back, whatever the values, and nothing else opens."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import block, close, standing, tags
from evidence.block import Block, BlockKind, LogTime
from evidence.close import Branch, Close, CloseKind, branches_root
from evidence.errors import EvidenceError, Malformed
from evidence.standing import Standing, Status

u63 = st.integers(0, tags.U63_MAX)
hashes = st.binary(min_size=32, max_size=32).filter(any)
blocks = st.builds(Block, st.sampled_from([BlockKind.FINALISED, BlockKind.GONE]), u63, hashes, u63)
clocks = st.builds(Block, st.just(BlockKind.CLOCK), st.just(0), st.just(bytes(32)), u63)
standings = st.builds(
    Standing,
    st.sampled_from(Status),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**16 - 1),
    hashes,
    u63,
)
closes = st.builds(
    Close,
    st.sampled_from(CloseKind),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(0, 2**16 - 1),
    st.integers(1, 2**32 - 1),
    st.binary(min_size=32, max_size=32),
    st.integers(1, 2**40 - 1),
)
FORMATS: list[tuple[Callable[[bytes], Any], st.SearchStrategy[Any], int]] = [
    (block.decode, blocks | clocks, tags.BLOCK_SIZE),
    (standing.decode, standings, tags.STANDING_SIZE),
    (close.decode, closes, tags.CLOSE_SIZE),
]


@pytest.mark.parametrize(("decode", "marks", "size"), FORMATS, ids=["block", "standing", "close"])
@given(data=st.data())
def test_bytes_and_back(
    decode: Callable[[bytes], Any], marks: st.SearchStrategy[Any], size: int, data: st.DataObject
) -> None:
    mark = data.draw(marks)
    encoded = mark.encode()
    assert (len(encoded), decode(encoded)) == (size, mark)
    changed = bytearray(encoded)
    changed[data.draw(st.integers(0, size - 1))] ^= data.draw(st.integers(1, 255))
    with suppress(EvidenceError):
        assert decode(bytes(changed)).encode() == bytes(changed) != encoded


@pytest.mark.parametrize(
    "wrong",
    [
        Block(BlockKind.FINALISED, 1, b"\1" * 31, 1),
        Block(BlockKind.FINALISED, -1, b"\1" * 32, 1),
        Block(BlockKind.CLOCK, 1, bytes(32), 1),
        Block(BlockKind.GONE, 2**63, b"\1" * 32, 1),
        Standing(Status.FINAL, 2**32, 0, 0, b"\1" * 32, 0),
        Standing(Status.FINAL, 0, 0, 0, b"\1" * 33, 0),
        Standing(Status.FINAL, 0, 0, 0, bytes(32), 0),
        Close(CloseKind.DUE, 0, 2**16, 0, 1, bytes(32), 1),
        Close(CloseKind.DUE, 0, 0, 0, 0, bytes(32), 1),
        Close(CloseKind.DUE, 0, 0, 0, 1, bytes(31), 1),
        Close(CloseKind.DUE, 0, 0, 0, 1, bytes(32), 2**40),
    ],
)
def test_a_value_that_breaks_a_rule_is_not_encoded(wrong: Block | Standing | Close) -> None:
    with pytest.raises(Malformed):
        wrong.encode()


@given(st.lists(blocks | clocks, max_size=8))
def test_the_time_of_a_log_never_falls_but_where_a_block_is_gone(entries: list[Block]) -> None:
    time = LogTime()
    for entry in entries:
        before = time.now
        try:
            time = time.after(entry)
        except EvidenceError:
            assert time.now == before
            continue
        if entry.kind is not BlockKind.GONE and before is not None:
            assert time.now is not None
            assert time.now >= before


@given(st.lists(st.tuples(st.binary(min_size=20, max_size=20), u63), min_size=1, max_size=6, unique_by=lambda b: b[0]))
def test_branches_have_one_order(found: list[tuple[bytes, int]]) -> None:
    branches = [Branch(meter, b"\2" * 32, count) for meter, count in sorted(found)]
    assert len(branches_root(branches)) == 32
    if len(branches) > 1:
        with pytest.raises(Malformed):
            branches_root(branches[::-1])


@pytest.mark.parametrize(
    "wrong", [Branch(b"\1" * 19, bytes(32), 0), Branch(b"\1" * 20, bytes(31), 0), Branch(b"\1" * 20, bytes(32), 2**63)]
)
def test_a_branch_that_breaks_a_rule_is_not_encoded(wrong: Branch) -> None:
    with pytest.raises(Malformed):
        wrong.encode()
