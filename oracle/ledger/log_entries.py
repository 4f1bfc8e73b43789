"""The log's entries and checkpoints in the ledger. Only `oracle.log.sequencer` appends."""

from oracle.ledger.rows import CheckpointRow, LogEntryRow
from oracle.ledger.sql import Connect, columns, insert, many, one, select, values

LIMIT_MAX = 65_536

_ENTRY = columns(LogEntryRow)
_CHECKPOINT = columns(CheckpointRow)
_SELECT = select(LogEntryRow, "log_entries")
_SELECT_CHECKPOINT = select(CheckpointRow, "checkpoints")
_INSERT = insert("log_entries", _ENTRY)


class LogReader:
    """Reads the log. Limits above 65,536 rows are cut to that."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def size(self) -> int:
        """Entries so far."""
        (size,) = self._connect().execute("SELECT COALESCE(MAX(log_index) + 1, 0) FROM log_entries").fetchone()
        return int(size)

    def entry(self, index: int) -> LogEntryRow | None:
        """One entry."""
        return one(LogEntryRow, _ENTRY, self._connect().execute(_SELECT + "WHERE log_index = ?", (index,)).fetchone())

    def entries(self, first: int, *, limit: int) -> list[LogEntryRow]:
        """Entries from index `first` on, with the content of documents."""
        where = "WHERE log_index >= ? ORDER BY log_index LIMIT ?"
        return many(LogEntryRow, _ENTRY, self._connect().execute(_SELECT + where, (first, min(limit, LIMIT_MAX))))

    def entry_hashes(self, first: int, *, limit: int) -> list[bytes]:
        """The 32-byte entries (SHA-256(type | content)) from index `first` on; a leaf hash is SHA-256(0x00 | entry)."""
        sql = "SELECT entry FROM log_entries WHERE log_index >= ? ORDER BY log_index LIMIT ?"
        return [bytes(row[0]) for row in self._connect().execute(sql, (first, min(limit, LIMIT_MAX)))]

    def by_ref(self, ref: bytes) -> LogEntryRow | None:
        """The first entry about something: a header hash, a binding hash, or SHA-256 of a document's content."""
        sql = _SELECT + "WHERE ref = ? ORDER BY log_index LIMIT 1"
        return one(LogEntryRow, _ENTRY, self._connect().execute(sql, (ref,)).fetchone())

    def newest_of(self, type_: int) -> LogEntryRow | None:
        """The newest entry of a type (`evidence.tags.ENTRY_*`), e.g. the terms in force."""
        sql = _SELECT + "WHERE type = ? ORDER BY log_index DESC LIMIT 1"
        return one(LogEntryRow, _ENTRY, self._connect().execute(sql, (type_,)).fetchone())

    def checkpoint(self, size: int) -> CheckpointRow | None:
        """The signed checkpoint of one size."""
        found = self._connect().execute(_SELECT_CHECKPOINT + "WHERE size = ?", (size,)).fetchone()
        return one(CheckpointRow, _CHECKPOINT, found)

    def newest_checkpoint(self) -> CheckpointRow | None:
        """The largest signed checkpoint."""
        found = self._connect().execute(_SELECT_CHECKPOINT + "ORDER BY size DESC LIMIT 1").fetchone()
        return one(CheckpointRow, _CHECKPOINT, found)

    def checkpoints(self, *, limit: int) -> list[CheckpointRow]:
        """Signed checkpoints, largest first."""
        sql = _SELECT_CHECKPOINT + "ORDER BY size DESC LIMIT ?"
        return many(CheckpointRow, _CHECKPOINT, self._connect().execute(sql, (min(limit, LIMIT_MAX),)))


class LogWriter:
    """Writes the log."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def add(self, row: LogEntryRow) -> None:
        """Add the entry at its index; an index is never written twice."""
        self._connect().execute(_INSERT, values(row, _ENTRY))

    def add_checkpoint(self, row: CheckpointRow) -> None:
        """Keep a signed checkpoint; one a size."""
        self._connect().execute(insert("checkpoints", _CHECKPOINT), values(row, _CHECKPOINT))
