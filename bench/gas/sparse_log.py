"""A log of a million entries of which only those that matter exist.

The recursive definitions of RFC 9162 (2.1.1, 2.1.3.1, 2.1.4.1) over made-up hashes: a complete subtree that holds no known leaf
and that no older size cuts is one hash, drawn from its place. Everything above is hashed for real, so roots and proofs have the
shape and the cost of those of a log of that size.
"""

from bisect import bisect_left
from hashlib import sha256


class SparseLog:
    """`known`: leaf hashes by index; `cuts`: older sizes that a proof is wanted from."""

    def __init__(self, size: int, *, known: dict[int, bytes] | None = None, cuts: tuple[int, ...] = ()) -> None:
        self.size = size
        self._known = known or {}
        self._places = sorted(self._known)
        self._cuts = cuts
        self._hashes: dict[tuple[int, int], bytes] = {}

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` entries: all of them, or one of the cuts."""
        return self._hash(0, size or self.size)

    def inclusion(self, index: int) -> list[bytes]:
        """The audit path of a known leaf, from the leaf up."""
        path, first, end = [], 0, self.size
        while end - first > 1:
            middle = first + _split(end - first)
            if index < middle:
                path.append(self._hash(middle, end))
                end = middle
            else:
                path.append(self._hash(first, middle))
                first = middle
        return path[::-1]

    def consistency(self, older: int) -> list[bytes]:
        """The proof that the log grew out of its first `older` entries, a cut."""
        return self._subproof(older, 0, self.size, complete=True)

    def _subproof(self, older: int, first: int, end: int, *, complete: bool) -> list[bytes]:
        if older == end - first:
            return [] if complete else [self._hash(first, end)]
        k = _split(end - first)
        if older <= k:
            return [*self._subproof(older, first, first + k, complete=complete), self._hash(first + k, end)]
        return [*self._subproof(older - k, first + k, end, complete=False), self._hash(first, first + k)]

    def _hash(self, first: int, end: int) -> bytes:
        if (first, end) not in self._hashes:
            self._hashes[first, end] = self._hashed(first, end)
        return self._hashes[first, end]

    def _hashed(self, first: int, end: int) -> bytes:
        span = end - first
        place = bisect_left(self._places, first)
        holds_known = place < len(self._places) and self._places[place] < end
        is_cut = any(first < cut < end for cut in self._cuts)
        if span & (span - 1) == 0 and not holds_known and not is_cut:
            return sha256(f"{first} to {end}".encode()).digest()
        if span == 1:
            return self._known[first]
        middle = first + _split(span)
        return sha256(b"\1" + self._hash(first, middle) + self._hash(middle, end)).digest()


def _split(span: int) -> int:
    """The largest power of two below `span`."""
    return 1 << (span - 1).bit_length() - 1
