"""The largest figures that a settlement tree holds, and the deepest tree that a proof may come from."""

from functools import reduce
from hashlib import sha256

import pytest

from evidence.errors import BadProof, Malformed
from evidence.sum_tree import SumLeaf, SumNode, open_sum_inclusion, parent, root_hash, sum_root

MOST = 2**64 - 1
LEAF = SumLeaf("p", 1, 0)


def sibling(count: int) -> SumNode:
    return SumNode(count, 0, 0, sha256(str(count).encode()).digest())


# The first leaf's way up through a tree of more than 2**63 leaves: full subtrees beside it, and the rest on the right.
DEEP = [*(sibling(2**height) for height in range(63)), sibling(5)]
LEAVES = 2**63 + 5


def test_a_leaf_and_a_root_hold_all_of_64_bits() -> None:
    root = sum_root([SumLeaf("p", MOST - 1, MOST), SumLeaf("q", 1, 0)])
    assert (root.export_wh, root.import_wh, len(root.encode())) == (MOST, MOST, 56)


@pytest.mark.parametrize("leaf", [SumLeaf("p", MOST + 1, 0), SumLeaf("p", 0, MOST + 1), SumLeaf("p", -1, 0)])
def test_an_energy_beyond_64_bits_is_refused(leaf: SumLeaf) -> None:
    with pytest.raises(Malformed, match="does not fit"):
        leaf.node()


@pytest.mark.parametrize(("export_wh", "import_wh"), [(1, 0), (0, 1)])
def test_a_sum_beyond_64_bits_is_refused(export_wh: int, import_wh: int) -> None:
    with pytest.raises(Malformed, match="overflows"):
        sum_root([SumLeaf("p", MOST, MOST), SumLeaf("q", export_wh, import_wh)])


def test_a_proof_of_sixty_four_siblings_opens_and_one_more_is_refused() -> None:
    root = reduce(parent, DEEP, LEAF.node())
    assert open_sum_inclusion(LEAF, 0, LEAVES, DEEP, root_hash(root)) == root
    with pytest.raises(BadProof, match="no tree is that deep"):
        open_sum_inclusion(LEAF, 0, LEAVES, [*DEEP, sibling(1)], root_hash(root))
