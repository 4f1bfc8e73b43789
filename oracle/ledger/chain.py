"""The journal of chain writes and the contract events that were followed."""

import json
from collections.abc import Iterator

from oracle.core.states import JournalState
from oracle.ledger.rows import EventRow, JournalRow
from oracle.ledger.sql import Connect, columns, insert, many, one, select, values

LIMIT_MAX = 10_000

_JOURNAL = columns(JournalRow)
_EVENT = columns(EventRow)
_SELECT_JOURNAL = select(JournalRow, "chain_journal")
_SELECT_EVENT = select(EventRow, "chain_events")
_FOLLOWED = "chain_followed_block"
_MARKS = "chain_marks"  # JSON: block -> hash


class ChainReader:
    """Reads the journal and the events. Limits above 10,000 rows are cut to that."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def journal_of(self, kind: str, subject: str) -> JournalRow | None:
        """The write of one kind about one subject."""
        where = "WHERE kind = ? AND subject = ?"
        return one(JournalRow, _JOURNAL, self._connect().execute(_SELECT_JOURNAL + where, (kind, subject)).fetchone())

    def journal(
        self, *, kind: str | None = None, state: JournalState | None = None, after: int = 0, limit: int = LIMIT_MAX
    ) -> list[JournalRow]:
        """Writes in the order they were planned, beyond id `after`; by kind and state, where given."""
        where = "WHERE id > ? AND (? IS NULL OR kind = ?) AND (? IS NULL OR state = ?) ORDER BY id LIMIT ?"
        found = self._connect().execute(
            _SELECT_JOURNAL + where, (after, kind, kind, state, state, min(limit, LIMIT_MAX))
        )
        return many(JournalRow, _JOURNAL, found)

    def journal_from(self, block: int, limit: int = LIMIT_MAX) -> list[JournalRow]:
        """Writes that stand on the chain in this block or a later one, newest first."""
        where = "WHERE block >= ? AND state IN ('mined', 'confirmed') ORDER BY block DESC, nonce DESC, id DESC LIMIT ?"
        return many(
            JournalRow, _JOURNAL, self._connect().execute(_SELECT_JOURNAL + where, (block, min(limit, LIMIT_MAX)))
        )

    def journal_pending(self, limit: int = 100) -> list[JournalRow]:
        """Writes that are sent, or mined but not confirmed, oldest first."""
        where = "WHERE state IN ('sent', 'mined') ORDER BY id LIMIT ?"
        return many(JournalRow, _JOURNAL, self._connect().execute(_SELECT_JOURNAL + where, (min(limit, LIMIT_MAX),)))

    def gas_by_kind(self) -> dict[str, tuple[int, int]]:
        """(number of confirmed writes, gas used in all) by kind."""
        found = self._connect().execute(
            "SELECT kind, COUNT(*), COALESCE(SUM(gas_used), 0) FROM chain_journal WHERE state = 'confirmed'"
            " GROUP BY kind ORDER BY kind"
        )
        return {str(kind): (int(count), int(gas)) for kind, count, gas in found}

    def events(
        self,
        *,
        contract: str | None = None,
        name: str | None = None,
        after: tuple[int, int] = (-1, -1),
        limit: int = LIMIT_MAX,
    ) -> list[EventRow]:
        """Events in chain order beyond (block, log index) `after`; by contract and name, where given."""
        where = (
            "WHERE (block, log_index) > (?, ?) AND (? IS NULL OR contract = ?) AND (? IS NULL OR name = ?)"
            " ORDER BY block, log_index LIMIT ?"
        )
        parameters = (*after, contract, contract, name, name, min(limit, LIMIT_MAX))
        return many(EventRow, _EVENT, self._connect().execute(_SELECT_EVENT + where, parameters))

    def every_event(self, *, contract: str, name: str | None = None) -> Iterator[EventRow]:
        """All events of a contract in chain order, however many; by name, where given."""
        after = (-1, -1)
        while page := self.events(contract=contract, name=name, after=after):
            yield from page
            after = (page[-1].block, page[-1].log_index)

    def followed_block(self) -> int:
        """The last block whose events are all stored; -1 before the first."""
        found = self._connect().execute("SELECT value FROM meta WHERE key = ?", (_FOLLOWED,)).fetchone()
        return -1 if found is None else int(found[0])

    def marks(self) -> dict[int, str]:
        """Hashes of some of the newest followed blocks, rising by block; by them a reorganisation is noticed."""
        found = self._connect().execute("SELECT value FROM meta WHERE key = ?", (_MARKS,)).fetchone()
        held = {} if found is None else json.loads(found[0])
        return dict(sorted((int(block), str(hash_)) for block, hash_ in held.items()))


class ChainWriter:
    """Writes the journal and the events."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def put_journal(self, row: JournalRow) -> None:
        """Write the row of (kind, subject): insert it, or replace what it said before. `id` is kept and need not be given."""
        names = [name for name in _JOURNAL if name != "id"]
        updates = ", ".join(f"{name} = excluded.{name}" for name in names if name not in ("kind", "subject"))
        sql = f"{insert('chain_journal', names)} ON CONFLICT (kind, subject) DO UPDATE SET {updates}"
        self._connect().execute(sql, [getattr(row, name) for name in names])

    def add_events(self, rows: list[EventRow], *, followed_block: int, marks: dict[int, str] | None = None) -> None:
        """Store events, once each, and how far they reach; in one transaction, so that none is skipped or doubled.

        `marks`, where given, replace the stored ones.
        """
        sql = insert("chain_events", _EVENT, replace=True)
        self._connect().executemany(sql, [values(row, _EVENT) for row in rows])
        self._set_followed(followed_block)
        if marks is not None:
            self._set_marks(marks)

    def drop_events_from(self, block: int) -> None:
        """Forget every event and mark of this block and later ones, after a reorganisation; following resumes before it."""
        self._set_marks({at: hash_ for at, hash_ in ChainReader(self._connect).marks().items() if at < block})
        self._connect().execute("DELETE FROM chain_events WHERE block >= ?", (block,))
        self._set_followed(block - 1)

    def _set_marks(self, marks: dict[int, str]) -> None:
        value = json.dumps({str(block): hash_ for block, hash_ in sorted(marks.items())})
        self._connect().execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_MARKS, value))

    def _set_followed(self, block: int) -> None:
        self._connect().execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_FOLLOWED, str(block)))
