"""The sequencer: the one place where entries get their index, in the transaction that stores what they are about.

Leaf hashes are kept in memory, 32 bytes each, rebuilt from the ledger at start: about 100 bytes an entry, so 100 MB for a million. A
root or a proof at an earlier size hashes all leaves below it (a million a second); tiles take that over when logs outgrow it.
"""

import copy
import hashlib

from evidence import log_entry, merkle, tags
from evidence.checkpoint import Checkpoint, sign_checkpoint
from evidence.keys import Signer
from evidence.merkle import CompactRange
from oracle.errors import LedgerError
from oracle.ledger.log_entries import LIMIT_MAX
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import CheckpointRow, LogEntryRow
from oracle.ledger.writer import LedgerWriter


class Sequencer:
    """Appends to one asset's log and proves what is in it.

    Appending needs a running transaction of the writer; when that is taken back, so is the append. Proving is for any thread and any
    size that was committed.
    """

    def __init__(self, writer: LedgerWriter, reader: LedgerReader, *, origin: str, signer: Signer) -> None:
        """Rebuild the tree from the ledger.

        Raises:
            LedgerError: an entry is missing, or the newest checkpoint's root is not what the entries give.
        """
        self._writer = writer
        self._reader = reader
        self._origin = origin
        self._signer = signer
        self._leaves: list[bytes] = []
        self._compact_range = CompactRange()
        self._before: CompactRange | None = None  # the compact range before the running transaction, None outside one
        self._load()

    @property
    def size(self) -> int:
        """Entries so far; inside a transaction, with what it appended."""
        return self._compact_range.size

    def root(self) -> bytes:
        """The root of `size` entries."""
        return self._compact_range.root()

    def append_header(self, header: bytes, signature: bytes, header_hash: bytes) -> int:
        """Append a header whose `prev` is in the log already; returns its index."""
        entry = log_entry.entry(tags.ENTRY_HEADER, header + signature)
        return self._append(tags.ENTRY_HEADER, entry, header_hash, None)

    def append_binding(self, record: bytes, binding_hash: bytes) -> int:
        """Append a 402-byte binding record; returns its index."""
        return self._append(tags.ENTRY_BINDING, log_entry.entry(tags.ENTRY_BINDING, record), binding_hash, record)

    def append_document(self, type_: int, content: bytes) -> int:
        """Append terms, a cash document, a decision or a redaction; returns its index."""
        return self._append(type_, log_entry.entry(type_, content), hashlib.sha256(content).digest(), content)

    def leaf(self, index: int) -> bytes:
        """The leaf hash of an entry: SHA-256(0x00 | entry)."""
        return self._leaves[index]

    def root_at(self, size: int) -> bytes:
        """The root of the first `size` entries."""
        return merkle.root(self._first(size))

    def inclusion_proof(self, index: int, size: int) -> list[bytes]:
        """The audit path of entry `index` in the tree of the first `size` entries."""
        return merkle.inclusion_proof(self._first(size), index)

    def consistency_proof(self, old_size: int, new_size: int) -> list[bytes]:
        """The proof that the first `old_size` of the first `new_size` entries have not changed."""
        return merkle.consistency_proof(self._first(new_size), old_size)

    def checkpoint(self, size: int, made_at: int) -> CheckpointRow:
        """The signed checkpoint of a size: the stored one, or a new one that is stored by now."""
        stored = self._reader.log.checkpoint(size)
        if stored is not None:
            return stored
        root = self.root_at(size)
        note = sign_checkpoint(Checkpoint(self._origin, size, root), self._signer)
        row = CheckpointRow(size=size, root=root, note=note, made_at=made_at)
        with self._writer.transaction():
            other = self._writer.view.log.checkpoint(size)
            if other is not None:
                return other
            self._writer.log.add_checkpoint(row)
        # Durable from here: a checkpoint is stored before it is shown, so that no second root of this size is ever signed.
        return row

    def _append(self, type_: int, entry: bytes, ref: bytes, content: bytes | None) -> int:
        if self._before is None:
            self._writer.on_rollback(self._take_back)
            self._writer.on_commit(self._keep)
            self._before = copy.deepcopy(self._compact_range)
        index = self._compact_range.size
        self._writer.log.add(LogEntryRow(log_index=index, type=type_, entry=entry, ref=ref, content=content))
        leaf = merkle.leaf_hash(entry)
        self._leaves.append(leaf)
        self._compact_range.append(leaf)
        return index

    def _take_back(self) -> None:
        if self._before is not None:
            self._compact_range, self._before = self._before, None
            del self._leaves[self._compact_range.size :]

    def _keep(self) -> None:
        self._before = None

    def _first(self, size: int) -> list[bytes]:
        leaves = self._leaves[:size]
        if size < 1 or len(leaves) != size:
            raise LedgerError(f"the log has {len(self._leaves)} entries, {size} asked for")
        return leaves

    def _load(self) -> None:
        size = self._reader.log.size()
        checkpoint = self._reader.log.newest_checkpoint()
        if checkpoint is not None and checkpoint.size > size:
            raise LedgerError(
                f"the log has {size} entries, {checkpoint.size} were signed; restore the ledger from a backup"
            )
        for first in range(0, size, LIMIT_MAX):
            entries = self._reader.log.entry_hashes(first, limit=LIMIT_MAX)
            if len(entries) != min(size - first, LIMIT_MAX):
                raise LedgerError(
                    f"an entry is missing after entry {first} of {size}; restore the ledger from a backup"
                )
            for entry in entries:
                leaf = merkle.leaf_hash(entry)
                self._leaves.append(leaf)
                self._compact_range.append(leaf)
                if checkpoint is not None and checkpoint.size == self._compact_range.size:
                    self._check(checkpoint)

    def _check(self, checkpoint: CheckpointRow) -> None:
        if checkpoint.root != self._compact_range.root():
            raise LedgerError(
                f"the entries give the root {self._compact_range.root().hex()} at size {checkpoint.size}, but"
                f" {checkpoint.root.hex()} was signed; restore the ledger from a backup"
            )
