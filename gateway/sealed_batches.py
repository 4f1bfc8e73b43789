"""The sealed batches in the outbox: they are signed, sent and answered, and lose their bodies when there is no room.

A batch is kept until the required number of oracles have answered it, and then for the retention time. A refused batch is kept for a
person to look at.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from evidence.bundle import BundleItem
from evidence.header import ZERO_HASH
from evidence.keys import MeterId
from gateway.core.resend import Waiting
from gateway.core.sealer import Sealed
from gateway.database import Database
from gateway.outbox_schema import ANSWERED, QUARANTINED, UNANSWERED

_DELETE_STEP = 256
_DROP_STEP = 64
_ROW_OVERHEAD = 512  # bytes a batch takes beside its body: header, hashes, signature, indexes
_ITEM_OVERHEAD = BundleItem(bytes(185), bytes(64), bytes(32), b"").size


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A sealed batch without a signature."""

    row: int
    meter_id: MeterId
    header: bytes


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A signed batch as it is sent."""

    row: int
    meter_id: MeterId
    header_hash: bytes
    item: BundleItem


class SealedBatches:
    """The sealed batches of all meters, and the bytes that they take.

    The queries spell out the numbers 0, 1 and 2 for `state`: SQLite uses a partial index only where it sees the value.

    Args:
        database: the outbox's database.
        bytes_max: how many bytes the batches may take; see `let_go`.
    """

    def __init__(self, database: Database, *, bytes_max: int) -> None:
        self._db = database
        self._bytes_max = bytes_max
        self._bytes = self._held()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction, all or nothing; a nested one is part of the outer one."""
        with self._db.transaction():
            self._db.on_rollback(partial(self._set_bytes, self._bytes))
            yield

    def _set_bytes(self, held: int) -> None:
        self._bytes = held

    def add(self, sealed: Sealed) -> None:
        """Keep a sealed batch: exactly these bytes are signed, and its readings are never sealed anew."""
        self._db.do(
            "INSERT INTO batch (meter_id, header_hash, prev, header, batch_key, body, boundary) VALUES (?, ?, ?, ?, ?, ?, ?)",
            sealed.header.meter_id,
            sealed.hash,
            sealed.header.prev,
            sealed.encoded,
            sealed.batch_key,
            sealed.body,
            int(sealed.boundary),
        )
        self._bytes += _ROW_OVERHEAD + len(sealed.body)

    def unsigned(self) -> list[Unsigned]:
        """Sealed batches without a signature, oldest first."""
        return [
            Unsigned(*row)
            for row in self._db.all("SELECT id, meter_id, header FROM batch WHERE signature IS NULL ORDER BY id")
        ]

    def put_signatures(self, signatures: Sequence[tuple[int, bytes]]) -> None:
        """Set the signatures of some rows, in one transaction."""
        with self.transaction():
            self._db.do_many(
                "UPDATE batch SET signature = ? WHERE id = ? AND signature IS NULL", [(s, row) for row, s in signatures]
            )

    def waiting(self, limit: int) -> list[Waiting]:
        """Signed batches without an answer: each meter's first ones and the oldest of all, at most `limit`, oldest first."""
        return [
            Waiting(row, meter_id, _ITEM_OVERHEAD + body)
            for row, meter_id, body in self._db.all(
                "SELECT id, meter_id, length(body) FROM batch INDEXED BY batch_unanswered"
                " WHERE state = 0 AND signature IS NOT NULL ORDER BY id LIMIT ?",
                limit,
            )
        ]

    def waiting_of_newest_meter(self, limit: int) -> list[Waiting]:
        """As `waiting`, but only the batches of one meter: the one whose oldest unanswered batch is the newest."""
        row = self._db.one(
            "SELECT meter_id, MIN(id) FROM batch INDEXED BY batch_unanswered WHERE state = 0"
            " GROUP BY meter_id ORDER BY MIN(id) DESC LIMIT 1"
        )
        if row is None:
            return []
        return [
            Waiting(number, meter_id, _ITEM_OVERHEAD + body)
            for number, meter_id, body in self._db.all(
                "SELECT id, meter_id, length(body) FROM batch INDEXED BY batch_unanswered"
                " WHERE state = 0 AND meter_id = ? AND signature IS NOT NULL ORDER BY id LIMIT ?",
                row[0],
                limit,
            )
        ]

    def outgoing(self, rows: Sequence[int]) -> list[Outgoing]:
        """The batches of some rows as they are sent, in the order of their rows."""
        found = []
        for number in sorted(rows):
            row = self._db.one(
                "SELECT id, meter_id, header_hash, header, signature, batch_key, body FROM batch WHERE id = ?", number
            )
            if row is not None:
                found.append(Outgoing(row[0], row[1], row[2], BundleItem(*row[3:])))
        return found

    def put_stored(self, header_hash: bytes, oracle_id: bytes, *, required: int, at: int) -> bool:
        """Note that one oracle has stored a batch; returns whether the batch is answered now.

        False where more oracles must answer, where the batch was answered before, and where the hash is unknown.
        """
        row = self._db.one("SELECT id, answered_by, state FROM batch WHERE header_hash = ?", header_hash)
        if row is None or row[2] == ANSWERED:
            return False
        number, answered_by, _ = row
        known = {answered_by[i : i + 20] for i in range(0, len(answered_by), 20)} | {oracle_id}
        answered = len(known) >= required
        self._db.do(
            "UPDATE batch SET answered_by = ?, state = ?, answered_at = ? WHERE id = ?",
            b"".join(sorted(known)),
            ANSWERED if answered else row[2],
            at if answered else None,
            number,
        )
        return answered

    def put_refused(self, header_hash: bytes, code: int, *, at: int) -> bool:
        """Put a batch apart that an oracle refuses for good; returns whether it was unanswered until now."""
        changed = self._db.do(
            "UPDATE batch SET state = ?, code = ?, answered_at = ? WHERE header_hash = ? AND state = ?",
            QUARANTINED,
            code,
            at,
            header_hash,
            UNANSWERED,
        )
        return changed > 0

    def meter_of(self, header_hash: bytes) -> MeterId:
        """The meter of a batch; empty where the batch is not here."""
        row = self._db.one("SELECT meter_id FROM batch WHERE header_hash = ?", header_hash)
        return MeterId(b"" if row is None else row[0])

    def first_unanswered(self, meter_id: MeterId) -> bytes:
        """The header hash of a meter's oldest unanswered batch; empty where the meter has none."""
        row = self._db.one(
            "SELECT header_hash FROM batch WHERE state = 0 AND meter_id = ? ORDER BY id LIMIT 1", meter_id
        )
        return b"" if row is None else bytes(row[0])

    def hashes_of(self, meter_id: MeterId, rows: Collection[int]) -> list[bytes]:
        """The header hashes of those rows among `rows` that belong to this meter."""
        found = (
            self._db.one("SELECT header_hash FROM batch WHERE id = ? AND meter_id = ?", row, meter_id) for row in rows
        )
        return [row[0] for row in found if row is not None]

    def holds_next_of(self, header_hash: bytes) -> bool:
        """Whether the outbox holds a batch that follows this header and was not refused."""
        return self._db.one("SELECT 1 FROM batch WHERE prev = ? AND state != 1", header_hash) is not None

    def quarantine_after_refused(self, meter_id: MeterId) -> int:
        """Put a meter's unanswered batches that follow a refused one apart, too; returns how many."""
        return self._db.do(
            "UPDATE batch SET state = 1 WHERE meter_id = ? AND state = 0"
            " AND id > (SELECT MIN(id) FROM batch WHERE meter_id = ? AND state = 1)",
            meter_id,
            meter_id,
        )

    def send_again_after(self, meter_id: MeterId, header_hash: bytes | None) -> int:
        """Make a meter's answered batches after a header (all of them for None) wait again; returns how many.

        For an oracle that stands behind what it has answered, because it lost batches.
        """
        row = None if header_hash is None else self._db.one("SELECT id FROM batch WHERE header_hash = ?", header_hash)
        first = row[0] if row is not None else -1
        if header_hash is not None and row is None:
            follower = self._db.one("SELECT id FROM batch WHERE prev = ?", header_hash)
            first = follower[0] - 1 if follower is not None else -1
        return self._db.do(
            "UPDATE batch SET state = ?, answered_by = x'', answered_at = NULL"
            " WHERE meter_id = ? AND id > ? AND state = ?",
            UNANSWERED,
            meter_id,
            first,
            ANSWERED,
        )

    def forget_answered(self, before: int) -> int:
        """Delete some of the batches that were answered before this world time; returns how many. Call it again until it returns 0."""
        with self.transaction():
            rows = self._db.all(
                "SELECT id, length(body) FROM batch WHERE state = 2 AND answered_at < ? LIMIT ?",
                before,
                _DELETE_STEP,
            )
            self._db.do_many("DELETE FROM batch WHERE id = ?", [(row,) for row, _ in rows])
            self._bytes -= sum(_ROW_OVERHEAD + body for _, body in rows)
            return len(rows)

    def let_go(self) -> int:
        """Drop whole bodies while the outbox is over its bound, answered batches first, then oldest first; returns how many.

        Headers are never dropped, nor are bodies whose last reading satisfies a boundary.
        """
        dropped = 0
        with self.transaction():
            while self._bytes > self._bytes_max:
                rows = self._db.all(
                    "SELECT id, length(body) FROM batch WHERE boundary = 0 AND length(body) > 0"
                    " ORDER BY state = ? DESC, id LIMIT ?",
                    ANSWERED,
                    _DROP_STEP,
                )
                if not rows:
                    break
                # A batch key is of no use without its body.
                self._db.do_many(
                    "UPDATE batch SET body = x'', batch_key = ? WHERE id = ?", [(ZERO_HASH, row) for row, _ in rows]
                )
                self._bytes -= sum(body for _, body in rows)
                dropped += len(rows)
        return dropped

    @property
    def over_bound(self) -> bool:
        """Whether the batches take more than `bytes_max`; after `let_go` no body is left that may be dropped."""
        return self._bytes > self._bytes_max

    @property
    def bytes_held(self) -> int:
        """How many bytes the batches take, about."""
        return self._bytes

    def quarantined_count(self) -> int:
        """How many batches were refused, or follow a refused one."""
        return self._db.number("SELECT COUNT(*) FROM batch WHERE state = 1 /* quarantined */")

    def unanswered_count(self) -> int:
        """How many batches wait for an answer, signed or not."""
        return self._db.number("SELECT COUNT(*) FROM batch WHERE state = 0 /* unanswered */")

    def _held(self) -> int:
        return self._db.number("SELECT COALESCE(SUM(length(body)), 0) FROM batch") + _ROW_OVERHEAD * self._db.number(
            "SELECT COUNT(*) FROM batch"
        )
