"""RFC 9162 trees by the recursive definitions, over SHA-256 leaf hashes."""

from collections.abc import Sequence
from hashlib import sha256

Leaves = Sequence[bytes]


def root_of(leaves: Leaves) -> bytes:
    """Section 2.1.1: the root of a tree of these leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = _split(len(leaves))
    return sha256(b"\1" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


def consistency_proof(old: int, leaves: Leaves) -> tuple[bytes, ...]:
    """Section 2.1.4.1: shows that the first `old` leaves, 1 to all of them, are a tree of their own."""
    return _subproof(old, leaves, complete=True)


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << (count - 1).bit_length() - 1


def _subproof(old: int, leaves: Leaves, *, complete: bool) -> tuple[bytes, ...]:
    if old == len(leaves):
        return () if complete else (root_of(leaves),)
    k = _split(len(leaves))
    if old <= k:
        return (*_subproof(old, leaves[:k], complete=complete), root_of(leaves[k:]))
    return (*_subproof(old - k, leaves[k:], complete=False), root_of(leaves[:k]))
