"""The log's Merkle tree as the API keeps it: every complete subtree's hash, so that a proof costs a few hashes, not the whole log.

Entries are copied from the ledger once and never asked for again. 100 bytes an entry in memory: tiles take over long before it hurts.
"""

import threading
from collections.abc import Callable, Sequence

from evidence import merkle
from evidence.errors import BadProof

ENTRIES_MAX = 4_000_000


class LogTree:
    """RFC 9162 roots and proofs for any size that was once the log's; safe to use from several threads.

    `load(first, after)` gives the 32-byte entries with first <= index < after.
    """

    def __init__(self, load: Callable[[int, int], Sequence[bytes]]) -> None:
        self._load = load
        # _levels[h][i] is the hash of the leaves [i * 2^h, (i + 1) * 2^h).
        self._levels: list[list[bytes]] = [[]]
        self._lock = threading.Lock()

    def root(self, size: int) -> bytes:
        """The root over the first `size` entries.

        Raises:
            BadProof: the log is shorter, or longer than this index holds.
        """
        self._grow(size)
        return self._hash(0, size) if size else merkle.EMPTY_ROOT

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The audit path of the entry at `index` in the tree of `size` entries (RFC 9162, 2.1.3.1); errors as `root`."""
        if not 0 <= index < size:
            raise BadProof("inclusion", f"index {index} is not below the tree size {size}")
        self._grow(size)
        start, end = 0, size
        path: list[bytes] = []
        while end - start > 1:
            split = start + _split(end - start)
            if index < split:
                path.append(self._hash(split, end))
                end = split
            else:
                path.append(self._hash(start, split))
                start = split
        path.reverse()
        return path

    def consistency(self, old_size: int, new_size: int) -> list[bytes]:
        """The proof that the first `old_size` entries are a prefix of `new_size` (RFC 9162, 2.1.4.1); errors as `root`."""
        if not 0 < old_size <= new_size:
            raise BadProof("consistency", f"old size {old_size} is not between 1 and the tree size {new_size}")
        self._grow(new_size)
        start, end, whole = 0, new_size, True
        path: list[bytes] = []
        while old_size != end:
            split = start + _split(end - start)
            if old_size <= split:
                path.append(self._hash(split, end))
                end = split
            else:
                path.append(self._hash(start, split))
                start, whole = split, False
        if not whole:
            path.append(self._hash(start, end))
        path.reverse()
        return path

    def _grow(self, size: int) -> None:
        if size > ENTRIES_MAX:
            raise BadProof("log", f"{size} entries are more than the {ENTRIES_MAX} this index holds")
        with self._lock:
            leaves = self._levels[0]
            if size <= len(leaves):
                return
            entries = self._load(len(leaves), size)
            if len(entries) != size - len(leaves):
                raise BadProof("log", f"size {size} is beyond the {len(leaves) + len(entries)} entries of the log")
            for entry in entries:
                self._append(merkle.leaf_hash(entry))

    def _append(self, hash_: bytes) -> None:
        height = 0
        while True:
            if height == len(self._levels):
                self._levels.append([])
            level = self._levels[height]
            level.append(hash_)
            if len(level) & 1:
                return
            hash_ = merkle.node_hash(level[-2], hash_)
            height += 1

    def _hash(self, start: int, end: int) -> bytes:
        """The root over [start, end), where start is a multiple of the power of two at or above the length."""
        size = end - start
        if size & (size - 1) == 0:
            height = size.bit_length() - 1
            return self._levels[height][start >> height]
        split = start + _split(size)
        return merkle.node_hash(self._hash(start, split), self._hash(split, end))


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1
