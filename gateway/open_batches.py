"""The open batches in the outbox: where each meter's chain stands, and the readings that wait for their batch to end."""

from evidence import reading as readings
from evidence.keys import MeterId
from gateway.core.sealer import MeterState, OpenReading
from gateway.database import Database


class OpenBatches:
    """Each meter's batch that is not sealed yet."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def state(self, meter_id: MeterId) -> tuple[MeterState, bytes] | None:
        """(Where a meter's chain stands, the binding hash that its newest header was sealed under); None before its first header."""
        row = self._db.one(
            "SELECT meter_id, profile, epoch, next_seq, prev, export_wh, import_wh, last_slot, binding_hash"
            " FROM meter WHERE meter_id = ?",
            meter_id,
        )
        return None if row is None else (MeterState(*row[:8]), row[8])

    def put_state(self, state: MeterState, binding_hash: bytes) -> None:
        """Keep where a meter's chain stands now, and the binding hash of its newest header."""
        self._db.do(
            "INSERT OR REPLACE INTO meter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            state.meter_id,
            state.profile,
            state.epoch,
            state.next_seq,
            state.prev,
            state.export_wh,
            state.import_wh,
            state.last_slot,
            binding_hash,
        )

    def add(self, meter_id: MeterId, item: OpenReading) -> None:
        """Keep a reading until its batch ends."""
        self._db.do(
            "INSERT INTO open_reading (meter_id, slot, boot_id, monotonic_ms, profile, record) VALUES (?, ?, ?, ?, ?, ?)",
            meter_id,
            item.slot,
            item.boot_id,
            item.monotonic_ms,
            item.reading.profile,
            item.reading.encode(),
        )

    def readings(self, meter_id: MeterId) -> list[OpenReading]:
        """A meter's open readings, in order."""
        rows = self._db.all(
            "SELECT slot, boot_id, monotonic_ms, record, profile FROM open_reading WHERE meter_id = ? ORDER BY id",
            meter_id,
        )
        return [
            OpenReading(slot, boot, ms, readings.decode(record, profile)) for slot, boot, ms, record, profile in rows
        ]

    def drop(self, meter_id: MeterId, count: int) -> None:
        """Delete a meter's first `count` open readings, which are sealed now, or known to be stored by the oracle."""
        self._db.do(
            "DELETE FROM open_reading WHERE id IN (SELECT id FROM open_reading WHERE meter_id = ? ORDER BY id LIMIT ?)",
            meter_id,
            count,
        )

    def count(self) -> int:
        """Readings that wait for their batch to end."""
        return self._db.number("SELECT COUNT(*) FROM open_reading")

    def last_slot(self) -> int | None:
        """The newest slot that was polled for any meter."""
        row = self._db.one(
            "SELECT MAX(slot) FROM (SELECT slot FROM open_reading UNION ALL SELECT last_slot FROM meter)"
        )
        return None if row is None else row[0]
