"""The API's tree gives the roots and proofs of RFC 9162, whatever the size and however it grew."""

from collections.abc import Callable
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.log_tree import LogTree
from evidence import merkle
from evidence.errors import BadProof

ENTRIES = [sha256(n.to_bytes(4, "big")).digest() for n in range(200)]
LEAVES = [merkle.leaf_hash(entry) for entry in ENTRIES]


def tree() -> LogTree:
    return LogTree(lambda first, after: ENTRIES[first:after])


@settings(max_examples=150)
@given(st.data())
def test_roots_and_proofs_are_those_of_the_whole_list(data: st.DataObject) -> None:
    grown = tree()
    for _ in range(3):
        size = data.draw(st.integers(1, len(ENTRIES)))
        index = data.draw(st.integers(0, size - 1))
        old = data.draw(st.integers(1, size))
        assert grown.root(size) == merkle.root(LEAVES[:size])
        assert grown.inclusion(index, size) == merkle.inclusion_proof(LEAVES[:size], index)
        assert grown.consistency(old, size) == merkle.consistency_proof(LEAVES[:size], old)


def test_an_empty_log_has_the_empty_root() -> None:
    assert tree().root(0) == merkle.EMPTY_ROOT


@pytest.mark.parametrize("ask", [
    lambda t: t.root(201),
    lambda t: t.inclusion(5, 5),
    lambda t: t.inclusion(-1, 5),
    lambda t: t.inclusion(0, 201),
    lambda t: t.consistency(0, 5),
    lambda t: t.consistency(6, 5),
    lambda t: t.root(10**9),
])  # fmt: skip
def test_what_the_log_does_not_hold_is_refused(ask: Callable[[LogTree], object]) -> None:
    with pytest.raises(BadProof):
        ask(tree())


def test_entries_are_asked_for_once() -> None:
    asked: list[tuple[int, int]] = []

    def load(first: int, after: int) -> list[bytes]:
        asked.append((first, after))
        return ENTRIES[first:after]

    grown = LogTree(load)
    grown.root(50)
    grown.inclusion(3, 40)
    grown.root(60)
    assert asked == [(0, 50), (50, 60)]
