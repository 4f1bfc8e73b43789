"""Headers and their bodies in the ledger: one row a header, whatever its kind."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from oracle.ledger.rows import BatchRow, HeaderRow
from oracle.ledger.sql import Connect, columns, insert, many, one, row, select, values

LIMIT_MAX = 4096

_COLUMNS = columns(HeaderRow)
_BODY = ("batch_key", "body", "evidence")
_SELECT = select(HeaderRow, "headers")
_SELECT_BATCH = _SELECT.replace(" FROM ", ", batch_key, body, evidence FROM ")
_INSERT = insert("headers", _COLUMNS + _BODY)
_READINGS = 1
_HASHES_MAX = 500


@dataclass(frozen=True, slots=True)
class MeterCounts:
    """How much of one meter is stored."""

    batches: int
    readings: int


class HeadersReader:
    """Reads headers. Limits above 4,096 rows are cut to that."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def newest(self, meter_id: bytes) -> HeaderRow | None:
        """The newest header of a meter: the end of its chain."""
        return self._one("WHERE meter_id = ? ORDER BY epoch DESC, seq0 DESC, log_index DESC LIMIT 1", meter_id)

    def by_hash(self, header_hash: bytes) -> HeaderRow | None:
        """One header."""
        return self._one("WHERE hash = ?", header_hash)

    def batch(self, header_hash: bytes) -> BatchRow | None:
        """One header with its body."""
        found = self._connect().execute(_SELECT_BATCH + "WHERE hash = ?", (header_hash,)).fetchone()
        return None if found is None else _batch(found)

    def following(self, prev: bytes) -> HeaderRow | None:
        """The header that names `prev` as its previous one."""
        return self._one("WHERE prev = ?", prev)

    def overlapping(self, meter_id: bytes, epoch: int, seq0: int, next_seq: int) -> HeaderRow | None:
        """A header that already holds one of the sequence numbers seq0 .. next_seq - 1 of this epoch."""
        # A batch holds at most 1024 readings, so only headers that start close below can reach into the range.
        return self._one(
            "WHERE meter_id = ? AND epoch = ? AND seq0 < ? AND seq0 > ? - 1024 AND seq0 + count > ? AND count > 0"
            " ORDER BY seq0 LIMIT 1",
            meter_id,
            epoch,
            next_seq,
            seq0,
            seq0,
        )

    def known(self, header_hashes: Iterable[bytes]) -> dict[bytes, bool]:
        """Which of these hashes are stored, and whether without a body."""
        wanted = list(header_hashes)
        found: dict[bytes, bool] = {}
        for at in range(0, len(wanted), _HASHES_MAX):
            part = wanted[at : at + _HASHES_MAX]
            marks = ", ".join("?" * len(part))
            rows = self._connect().execute(f"SELECT hash, bodiless FROM headers WHERE hash IN ({marks})", part)  # noqa: S608 only marks are put in
            found.update((bytes(hash_), bool(bodiless)) for hash_, bodiless in rows)
        return found

    def in_sequence(self, meter_id: bytes, epoch: int, *, seq_from: int = 0, limit: int = 1000) -> list[HeaderRow]:
        """Headers of one epoch with seq0 >= seq_from, in chain order."""
        return self._many(
            "WHERE meter_id = ? AND epoch = ? AND seq0 >= ? ORDER BY epoch, seq0, log_index LIMIT ?",
            meter_id,
            epoch,
            seq_from,
            min(limit, LIMIT_MAX),
        )

    def batches_from(self, meter_id: bytes, instant: int, *, limit: int) -> list[BatchRow]:
        """Batches of readings that end at or after an instant (t1 >= instant), earliest end first."""
        return self._batches(
            "WHERE meter_id = ? AND t1 >= ? AND kind = ? ORDER BY t1, log_index LIMIT ?",
            meter_id,
            instant,
            _READINGS,
            min(limit, LIMIT_MAX),
        )

    def batches_before(self, meter_id: bytes, instant: int, *, limit: int) -> list[BatchRow]:
        """Batches of readings that end before an instant (t1 < instant), latest end first."""
        return self._batches(
            "WHERE meter_id = ? AND t1 < ? AND kind = ? ORDER BY t1 DESC, log_index DESC LIMIT ?",
            meter_id,
            instant,
            _READINGS,
            min(limit, LIMIT_MAX),
        )

    def batches_between(self, meter_id: bytes, from_: int, to: int, *, limit: int, after: int = -1) -> list[BatchRow]:
        """Batches of readings that touch [from_, to], in log order, beyond log index `after` (the cursor)."""
        return self._batches(
            "WHERE meter_id = ? AND t1 >= ? AND t0 <= ? AND kind = ? AND log_index > ? ORDER BY log_index LIMIT ?",
            meter_id,
            from_,
            to,
            _READINGS,
            after,
            min(limit, LIMIT_MAX),
        )

    def by_log_index(self, first: int, *, limit: int) -> list[HeaderRow]:
        """Headers by their place in the log, from `first` on."""
        return self._many("WHERE log_index >= ? ORDER BY log_index LIMIT ?", first, min(limit, LIMIT_MAX))

    def counts(self, meter_id: bytes) -> MeterCounts:
        """Batches and readings stored of one meter."""
        connection = self._connect()
        (batches,) = connection.execute("SELECT COUNT(*) FROM headers WHERE meter_id = ?", (meter_id,)).fetchone()
        # Sequence numbers are unbroken within an epoch, so an epoch's readings are its largest next_seq.
        (readings,) = connection.execute(
            'SELECT COALESCE(SUM(n), 0) FROM (SELECT MAX(seq0 + "count") AS n FROM headers'
            " WHERE (meter_id, epoch, seq0) IN"
            " (SELECT meter_id, epoch, MAX(seq0) FROM headers WHERE meter_id = ? GROUP BY epoch) GROUP BY epoch)",
            (meter_id,),
        ).fetchone()
        return MeterCounts(int(batches), int(readings))

    def _one(self, where: str, *parameters: bytes | int) -> HeaderRow | None:
        return one(HeaderRow, _COLUMNS, self._connect().execute(_SELECT + where, parameters).fetchone())

    def _many(self, where: str, *parameters: bytes | int) -> list[HeaderRow]:
        return many(HeaderRow, _COLUMNS, self._connect().execute(_SELECT + where, parameters))

    def _batches(self, where: str, *parameters: bytes | int) -> list[BatchRow]:
        return [_batch(found) for found in self._connect().execute(_SELECT_BATCH + where, parameters)]


class HeadersWriter:
    """Writes headers."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def add(self, batch: BatchRow) -> None:
        """Add one; its hash and its log index are unique."""
        self._connect().execute(_INSERT, (*values(batch.header, _COLUMNS), batch.batch_key, batch.body, batch.evidence))


def _batch(found: tuple[Any, ...]) -> BatchRow:
    return BatchRow(row(HeaderRow, _COLUMNS, found[: len(_COLUMNS)]), *found[len(_COLUMNS) :])
