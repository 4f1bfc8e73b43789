"""The outbox: everything that must survive a power cut, in one SQLite file (WAL, synchronous FULL).

    with outbox.transaction():
        outbox.open.add(meter_id, reading)
    # Durable from here.

Readings wait in `open` until their batch is sealed; batches wait in `sealed` until they are answered.
"""

from contextlib import AbstractContextManager
from pathlib import Path

from gateway.database import Database
from gateway.open_batches import OpenBatches
from gateway.outbox_schema import TABLES, USER_VERSION
from gateway.sealed_batches import SealedBatches


class Outbox:
    """The outbox of one gateway; safe to use from several threads.

    Args:
        path: the database; it is made when it is missing.
        bytes_max: how many bytes the batches may take; see `SealedBatches.let_go`.

    Raises:
        OutboxBroken: the file is damaged, is no outbox, or is an outbox of another version.
    """

    def __init__(self, path: Path, *, bytes_max: int) -> None:
        self.path = path
        self._bytes_max = bytes_max
        self._db = Database(path, tables=TABLES, version=USER_VERSION)
        self.open = OpenBatches(self._db)
        self.sealed = SealedBatches(self._db, bytes_max=bytes_max)

    def close(self) -> None:
        """Close the file; does nothing when closed."""
        self._db.close()

    def transaction(self) -> AbstractContextManager[None]:
        """A transaction, all or nothing; a nested one is part of the outer one."""
        return self.sealed.transaction()

    def counts(self) -> dict[str, int]:
        """Open readings, batches by state, and bytes held."""
        return {
            "open_readings": self.open.count(),
            "unanswered": self.sealed.unanswered_count(),
            "quarantined": self.sealed.quarantined_count(),
            "bytes": self.sealed.bytes_held,
            "bytes_max": self._bytes_max,
        }
