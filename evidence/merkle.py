"""RFC 9162 Merkle trees over SHA-256: roots, inclusion and consistency proofs (sections 2.1.1 to 2.1.4).

Functions take and return *leaf hashes*; `leaf_hash` makes one of a leaf's bytes. A function that verifies returns the root, or raises.
"""

import hashlib
from collections.abc import Sequence

from evidence.errors import BadProof, RootMismatch
from evidence.tags import HASH_SIZE, LEAF_PREFIX, NODE_PREFIX

_sha256 = hashlib.sha256

EMPTY_ROOT = _sha256(b"").digest()
PROOF_LENGTH_MAX = 64


def leaf_hash(leaf: bytes) -> bytes:
    """SHA-256(0x00 | leaf)."""
    return _sha256(LEAF_PREFIX + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 | left | right)."""
    return _sha256(NODE_PREFIX + left + right).digest()


def root(leaf_hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes; over no leaf it is SHA-256 of the empty string (section 2.1.1)."""
    if not leaf_hashes:
        return EMPTY_ROOT
    level = list(leaf_hashes)
    while len(level) > 1:
        pairs = iter(level)
        above = [_sha256(NODE_PREFIX + a + b).digest() for a, b in zip(pairs, pairs, strict=False)]
        # An odd node at the end is promoted unchanged: the same root as the RFC's recursive definition.
        if len(level) & 1:
            above.append(level[-1])
        level = above
    return level[0]


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of one leaf, from the leaf up (section 2.1.3.1)."""
    if not 0 <= index < len(leaf_hashes):
        raise BadProof("inclusion", f"index {index} is not below the tree size {len(leaf_hashes)}")
    path: list[bytes] = []
    level = list(leaf_hashes)
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        pairs = iter(level)
        above = [node_hash(a, b) for a, b in zip(pairs, pairs, strict=False)]
        if len(level) & 1:
            above.append(level[-1])
        level = above
        index >>= 1
    return path


def open_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], stated_root: bytes) -> bytes:
    """Check that the leaf hash stands at `index` in the tree of `size` leaves and return the root (section 2.1.3.2).

    Raises:
        BadProof: the index is out of range, the proof has the wrong length, or a hash is not 32 bytes.
        RootMismatch: the proof leads to another root.
    """
    if not 0 <= index < size:
        raise BadProof("inclusion", f"index {index} is not below the tree size {size}")
    _check_hashes("inclusion", leaf, stated_root, proof)
    fn, sn, computed = index, size - 1, leaf
    for sibling in proof:
        if sn == 0:
            raise BadProof("inclusion", f"the proof has {len(proof)} hashes, more than a tree of {size} leaves needs")
        if fn & 1 or fn == sn:
            computed = node_hash(sibling, computed)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            computed = node_hash(computed, sibling)
        fn >>= 1
        sn >>= 1
    if sn:
        raise BadProof("inclusion", f"the proof has {len(proof)} hashes, fewer than a tree of {size} leaves needs")
    if computed != stated_root:
        raise RootMismatch(what="inclusion", stated=stated_root, computed=computed)
    return computed


def consistency_proof(leaf_hashes: Sequence[bytes], old_size: int) -> list[bytes]:
    """The proof that the first `old_size` leaves are a prefix of all of them (section 2.1.4.1)."""
    new_size = len(leaf_hashes)
    if not 0 < old_size <= new_size:
        raise BadProof("consistency", f"old size {old_size} is not between 1 and the tree size {new_size}")
    return _subproof(leaf_hashes, 0, new_size, old_size, whole=True)


def _subproof(hashes: Sequence[bytes], start: int, end: int, old: int, *, whole: bool) -> list[bytes]:
    size = end - start
    if old == size:
        return [] if whole else [root(hashes[start:end])]
    split = 1 << (size - 1).bit_length() - 1
    if old <= split:
        return [*_subproof(hashes, start, start + split, old, whole=whole), root(hashes[start + split : end])]
    return [*_subproof(hashes, start + split, end, old - split, whole=False), root(hashes[start : start + split])]


def open_consistency(  # noqa: C901, PLR0912 the RFC's algorithm, kept in its own steps
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bytes:
    """Check that the new tree only appended to the old one and return the new root (section 2.1.4.2).

    Raises:
        BadProof: the sizes are out of order, the proof has the wrong length, or a hash is not 32 bytes.
        RootMismatch: the proof leads to another old or new root.
    """
    if not 0 < old_size <= new_size:
        raise BadProof("consistency", f"old size {old_size} is not between 1 and the new size {new_size}")
    _check_hashes("consistency", old_root, new_root, proof)
    if old_size == new_size:
        if proof:
            raise BadProof("consistency", f"{len(proof)} hashes between equal sizes, none expected")
        if old_root != new_root:
            raise RootMismatch(what="consistency of equal sizes", stated=new_root, computed=old_root)
        return new_root
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    if not path:
        raise BadProof("consistency", "the proof is empty")
    fn, sn = old_size - 1, new_size - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    computed_old = computed_new = path[0]
    for hash_ in path[1:]:
        if sn == 0:
            raise BadProof("consistency", f"the proof has {len(proof)} hashes, too many from {old_size} to {new_size}")
        if fn & 1 or fn == sn:
            computed_old = node_hash(hash_, computed_old)
            computed_new = node_hash(hash_, computed_new)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            computed_new = node_hash(computed_new, hash_)
        fn >>= 1
        sn >>= 1
    if sn:
        raise BadProof("consistency", f"the proof has {len(proof)} hashes, too few from {old_size} to {new_size}")
    if computed_old != old_root:
        raise RootMismatch(what="consistency, old tree", stated=old_root, computed=computed_old)
    if computed_new != new_root:
        raise RootMismatch(what="consistency, new tree", stated=new_root, computed=computed_new)
    return computed_new


def _check_hashes(what: str, first: bytes, second: bytes, proof: Sequence[bytes]) -> None:
    if len(proof) > PROOF_LENGTH_MAX:
        raise BadProof(what, f"{len(proof)} hashes; no tree is that deep")
    # 31 bytes beside 33 hash like 32 beside 32, so a hash of another length would give a proof a second form.
    for hash_ in (first, second, *proof):
        if len(hash_) != HASH_SIZE:
            raise BadProof(what, f"a hash has {len(hash_)} bytes, {HASH_SIZE} expected")


class CompactRange:
    """The compact range of a growing tree, its right edge: one hash per set bit of the size, largest subtree first.

    Appending costs two hashes amortised at any size.
    """

    def __init__(self) -> None:
        self.size = 0
        self._edge: list[bytes] = []

    def append(self, hash_: bytes) -> None:
        """Append one leaf hash."""
        size = self.size
        while size & 1:
            hash_ = node_hash(self._edge.pop(), hash_)
            size >>= 1
        self._edge.append(hash_)
        self.size += 1

    def root(self) -> bytes:
        """The root of all leaves so far."""
        if not self._edge:
            return EMPTY_ROOT
        computed = self._edge[-1]
        for left in reversed(self._edge[:-1]):
            computed = node_hash(left, computed)
        return computed
