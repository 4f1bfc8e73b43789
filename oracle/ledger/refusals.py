"""What intake refused, and headers that exclude each other."""

from oracle.ledger.rows import ForkRow, RefusalRow
from oracle.ledger.sql import Connect, columns, insert, many, one, select, values

LIMIT_MAX = 1000

_REFUSAL = columns(RefusalRow)
_FORK = columns(ForkRow)
_SELECT = select(RefusalRow, "refusals")
_SELECT_FORK = select(ForkRow, "forks")


class RefusalsReader:
    """Reads refusals and forks. Limits above 1,000 rows are cut to that."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def newest(self, *, limit: int, before: int | None = None) -> list[RefusalRow]:
        """Refusals, newest first; `before` is the id where the previous page ended."""
        where = "WHERE id < ? ORDER BY id DESC LIMIT ?"
        found = self._connect().execute(_SELECT + where, (2**62 if before is None else before, min(limit, LIMIT_MAX)))
        return many(RefusalRow, _REFUSAL, found)

    def of_header(self, header_hash: bytes) -> list[RefusalRow]:
        """Every kept refusal of one header hash, newest first (at most 1,000)."""
        where = "WHERE header_hash = ? ORDER BY id DESC LIMIT ?"
        return many(RefusalRow, _REFUSAL, self._connect().execute(_SELECT + where, (header_hash, LIMIT_MAX)))

    def counts(self) -> dict[str, int]:
        """Kept refusals by code."""
        found = self._connect().execute("SELECT code, COUNT(*) FROM refusals GROUP BY code ORDER BY code")
        return {str(code): int(count) for code, count in found}

    def forks(self, *, limit: int = LIMIT_MAX) -> list[ForkRow]:
        """Forks, newest first."""
        found = self._connect().execute(_SELECT_FORK + "ORDER BY id DESC LIMIT ?", (min(limit, LIMIT_MAX),))
        return many(ForkRow, _FORK, found)

    def fork_of(self, second_hash: bytes) -> ForkRow | None:
        """The fork whose refused branch opens with, or runs through, this header."""
        found = self._connect().execute(_SELECT_FORK + "WHERE second_hash = ?", (second_hash,)).fetchone()
        return one(ForkRow, _FORK, found)


class RefusalsWriter:
    """Writes refusals, of which only the newest `kept` stay, and forks, which all stay."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def add(self, row: RefusalRow, *, kept: int) -> None:
        """Add one refusal; the oldest beyond `kept` go."""
        added = self._connect().execute(insert("refusals", _REFUSAL), values(row, _REFUSAL)).lastrowid or 0
        self._connect().execute("DELETE FROM refusals WHERE id <= ?", (added - kept,))

    def add_fork(self, row: ForkRow) -> None:
        """Keep the second branch's header; once only, however often it is sent."""
        sql = insert("forks", _FORK).replace("INSERT", "INSERT OR IGNORE", 1)
        self._connect().execute(sql, values(row, _FORK))
