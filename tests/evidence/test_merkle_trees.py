"""RFC 9162 trees against the RFC's own recursive definitions and against pymerkle; the settlement's sum tree against the sums."""

import hashlib
from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any

import pymerkle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import merkle, sum_tree
from evidence.errors import BadProof, EvidenceError, Malformed, RootMismatch

leaf_lists = st.lists(st.binary(max_size=40), max_size=70)


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def split(n: int) -> int:
    return 1 << (n - 1).bit_length() - 1


def mth(data: Sequence[bytes]) -> bytes:
    """RFC 9162, 2.1.1."""
    if not data:
        return sha()
    if len(data) == 1:
        return sha(b"\0", data[0])
    k = split(len(data))
    return sha(b"\1", mth(data[:k]), mth(data[k:]))


def path(m: int, data: Sequence[bytes]) -> list[bytes]:
    """RFC 9162, 2.1.3.1."""
    if len(data) == 1:
        return []
    k = split(len(data))
    return [*path(m, data[:k]), mth(data[k:])] if m < k else [*path(m - k, data[k:]), mth(data[:k])]


def subproof(m: int, data: Sequence[bytes], whole: bool = True) -> list[bytes]:
    """RFC 9162, 2.1.4.1."""
    if m == len(data):
        return [] if whole else [mth(data)]
    k = split(len(data))
    if m <= k:
        return [*subproof(m, data[:k], whole), mth(data[k:])]
    return [*subproof(m - k, data[k:], whole=False), mth(data[:k])]


def hashed(data: Sequence[bytes]) -> list[bytes]:
    return [merkle.leaf_hash(d) for d in data]


@given(leaf_lists)
def test_the_root_is_the_recursive_one(data: list[bytes]) -> None:
    assert merkle.root(hashed(data)) == mth(data)


@given(leaf_lists)
def test_a_frontier_has_the_root_at_every_size(data: list[bytes]) -> None:
    compact_range = merkle.CompactRange()
    assert compact_range.root() == merkle.EMPTY_ROOT
    for size, hash_ in enumerate(hashed(data), start=1):
        compact_range.append(hash_)
        assert (compact_range.size, compact_range.root()) == (size, merkle.root(hashed(data[:size])))


@given(leaf_lists.filter(bool), st.data())
def test_inclusion_is_the_recursive_path_and_opens(data: list[bytes], draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(data) - 1))
    proof = merkle.inclusion_proof(hashed(data), index)
    assert proof == path(index, data)
    assert merkle.open_inclusion(merkle.leaf_hash(data[index]), index, len(data), proof, mth(data)) == mth(data)


@given(leaf_lists.filter(bool), st.data())
def test_consistency_is_the_recursive_proof_and_opens(data: list[bytes], draw: st.DataObject) -> None:
    old = draw.draw(st.integers(1, len(data)))
    proof = merkle.consistency_proof(hashed(data), old)
    assert proof == subproof(old, data)
    assert merkle.open_consistency(old, mth(data[:old]), len(data), mth(data), proof) == mth(data)


@given(leaf_lists.filter(lambda d: len(d) > 1), st.data())
def test_a_changed_leaf_below_the_old_size_is_never_consistent(data: list[bytes], draw: st.DataObject) -> None:
    old = draw.draw(st.integers(1, len(data)))
    at = draw.draw(st.integers(0, old - 1))
    forked = [*data[:at], data[at] + b"!", *data[at + 1 :]]
    for proof in (subproof(old, data), subproof(old, forked)):
        with pytest.raises(RootMismatch):
            merkle.open_consistency(old, mth(data[:old]), len(data), mth(forked), proof)


def opens(open_: Callable[[], bytes]) -> bool:
    try:
        open_()
    except EvidenceError:
        return False
    return True


@given(leaf_lists.filter(bool), st.data())
def test_no_changed_proof_of_inclusion_opens(data: list[bytes], draw: st.DataObject) -> None:
    index = draw.draw(st.integers(0, len(data) - 1))
    leaf, root, proof = merkle.leaf_hash(data[index]), mth(data), path(index, data)
    extra = draw.draw(st.binary(min_size=32, max_size=32))
    changed = [[*proof, extra], [extra, *proof]]
    for at, hash_ in enumerate(proof):
        changed += [proof[:at] + proof[at + 1 :], [*proof[:at], hash_[:-1] + bytes([hash_[-1] ^ 1]), *proof[at + 1 :]]]
    for broken in changed:
        assert not opens(lambda broken=broken: merkle.open_inclusion(leaf, index, len(data), broken, root))  # type: ignore[misc]
    for other in range(len(data)):
        if other != index and data[other] != data[index]:
            assert not opens(lambda other=other: merkle.open_inclusion(leaf, other, len(data), proof, root))  # type: ignore[misc]


@pytest.mark.parametrize("size", [31, 33, 0, 64])
def test_a_hash_of_another_length_is_refused(size: int) -> None:
    """31 bytes beside 33 hash like 32 beside 32: a second form of one proof."""
    a, b = merkle.leaf_hash(b"a"), merkle.leaf_hash(b"b")
    whole = a + b
    root = merkle.root([a, b])
    assert sha(b"\1", whole[:31], whole[31:]) == root
    with pytest.raises(BadProof, match="32 expected"):
        merkle.open_inclusion(whole[:size], 0, 2, [whole[size:]], root)
    with pytest.raises(BadProof, match="32 expected"):
        merkle.open_consistency(1, whole[:size], 2, root, [whole[size:]])


def test_a_proof_of_sixty_four_hashes_opens_and_one_more_is_refused() -> None:
    """The first leaf of a tree of 2**64 leaves, which is also that tree when it had one leaf."""
    leaf = merkle.leaf_hash(b"first")
    proof = [sha(bytes([height])) for height in range(64)]
    root = reduce(merkle.node_hash, proof, leaf)
    assert merkle.open_inclusion(leaf, 0, 2**64, proof, root) == root
    assert merkle.open_consistency(1, leaf, 2**64, root, proof) == root
    deeper = [*proof, sha(b"one more")]
    deeper_root = reduce(merkle.node_hash, deeper, leaf)
    with pytest.raises(BadProof, match="no tree is that deep"):
        merkle.open_inclusion(leaf, 0, 2**65, deeper, deeper_root)
    with pytest.raises(BadProof, match="no tree is that deep"):
        merkle.open_consistency(1, leaf, 2**65, deeper_root, deeper)


def test_proofs_are_only_made_for_what_is_there() -> None:
    hashes = hashed([b"a", b"b"])
    for index in (-1, 2):
        with pytest.raises(BadProof, match="index"):
            merkle.inclusion_proof(hashes, index)
    for old in (0, 3, -1):
        with pytest.raises(BadProof, match="old size"):
            merkle.consistency_proof(hashes, old)


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=20), min_size=1, max_size=33), st.data())
def test_pymerkle_makes_the_same_trees(data: list[bytes], draw: st.DataObject) -> None:
    """Another implementation of the same RFC (tests only: it is GPL)."""
    judge: Any = pymerkle.InmemoryTree(algorithm="sha256")
    for leaf in data:
        judge.append_entry(leaf)
    size, hashes = len(data), hashed(data)
    index = draw.draw(st.integers(0, size - 1))
    old = draw.draw(st.integers(1, size))
    assert judge.get_root() == merkle.root(hashes)
    assert judge.get_root(old) == merkle.root(hashes[:old])
    # pymerkle keeps the leaf in the path, in the order of the tree, so the paths are compared as sets; its consistency proofs cut the
    # tree into other subtrees than the RFC's, so there only the verdict over the same two roots is compared.
    inclusion = judge.prove_inclusion(index + 1, size)
    theirs = {bytes.fromhex(h) for h in inclusion.serialize()["path"]}
    assert theirs == {hashes[index], *merkle.inclusion_proof(hashes, index)}
    pymerkle.verify_inclusion(hashes[index], merkle.root(hashes), inclusion)
    consistency = judge.prove_consistency(old, size)
    pymerkle.verify_consistency(merkle.root(hashes[:old]), merkle.root(hashes), consistency)
    ours = merkle.consistency_proof(hashes, old)
    assert merkle.open_consistency(old, judge.get_root(old), size, judge.get_root(), ours) == judge.get_root()


points = st.lists(
    st.builds(
        sum_tree.SumLeaf,
        st.from_regex(r"[a-z0-9][a-z0-9-]{0,9}", fullmatch=True),
        st.integers(0, 2**50),
        st.integers(0, 2**50),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda leaf: leaf.point,
).map(lambda leaves: sorted(leaves, key=lambda leaf: leaf.point))


@given(points, st.data())
def test_a_settlement_root_commits_to_every_sum(leaves: list[sum_tree.SumLeaf], draw: st.DataObject) -> None:
    root = sum_tree.sum_root(leaves)
    assert (root.count, root.export_wh, root.import_wh) == (
        len(leaves),
        sum(leaf.export_wh for leaf in leaves),
        sum(leaf.import_wh for leaf in leaves),
    )
    index = draw.draw(st.integers(0, len(leaves) - 1))
    proof = sum_tree.sum_proof(leaves, index)
    stated = sum_tree.root_hash(root)
    assert sum_tree.open_sum_inclusion(leaves[index], index, len(leaves), proof, stated) == root
    at = draw.draw(st.integers(0, len(proof))) if proof else 0
    by = draw.draw(st.integers(1, 1000))
    leaf, changed = leaves[index], list(proof)
    if at == len(proof):
        leaf = sum_tree.SumLeaf(leaf.point, leaf.export_wh + by, leaf.import_wh)
    else:
        node = changed[at]
        changed[at] = sum_tree.SumNode(node.count, node.export_wh + by, node.import_wh, node.hash)
    with pytest.raises(RootMismatch):
        sum_tree.open_sum_inclusion(leaf, index, len(leaves), changed, stated)


def test_a_sum_proof_with_a_hash_of_another_length_or_a_sum_out_of_range_is_malformed() -> None:
    leaves = [sum_tree.SumLeaf("a", 1, 0), sum_tree.SumLeaf("b", 2, 0)]
    stated = sum_tree.root_hash(sum_tree.sum_root(leaves))
    (good,) = sum_tree.sum_proof(leaves, 0)
    for bad in (
        sum_tree.SumNode(1, 2, 0, good.hash + b"\0"),
        sum_tree.SumNode(1, -2, 0, good.hash),
        sum_tree.SumNode(-1, 2, 0, good.hash),
    ):
        with pytest.raises(Malformed):
            sum_tree.open_sum_inclusion(leaves[0], 0, 2, [bad], stated)


def test_sum_proofs_are_only_made_for_what_is_there() -> None:
    leaves = [sum_tree.SumLeaf("a", 1, 0)]
    for index in (-1, 1):
        with pytest.raises(BadProof, match="index"):
            sum_tree.sum_proof(leaves, index)
    with pytest.raises(BadProof, match="no tree is that deep"):
        sum_tree.open_sum_inclusion(leaves[0], 0, 1, [leaves[0].node()] * 65, bytes(32))
