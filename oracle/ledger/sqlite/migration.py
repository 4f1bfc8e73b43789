"""From an older schema to the one this program reads: one step a version, all in one transaction, and only by command."""

from collections.abc import Mapping
from pathlib import Path

from oracle.errors import LedgerError
from oracle.ledger.schema import SCHEMA_VERSION
from oracle.ledger.sqlite import database
from oracle.ledger.sqlite.lock import LedgerLock

# What leads from the schema of this number to the next one.
STEPS: Mapping[int, tuple[str, ...]] = {
    # A gateway seals every batch; this column means that the body is missing.
    1: ("ALTER TABLE headers RENAME COLUMN sealed TO bodiless",),
}


def migrate(path: Path) -> int:
    """Bring a ledger to `SCHEMA_VERSION`, in place.

    Returns:
        The schema that it had.

    Raises:
        LedgerError: there is no ledger, an oracle works on it, or nothing leads from its schema to this one.
    """
    with database.connect_to_migrate(path) as connection:
        lock = LedgerLock(path)
        try:
            found = database.schema_of(connection)
            steps = [STEPS.get(version) for version in range(found, SCHEMA_VERSION)]
            if found > SCHEMA_VERSION or None in steps:
                raise LedgerError(f"{path}: nothing leads from schema {found} to schema {SCHEMA_VERSION}")
            connection.execute("BEGIN IMMEDIATE")
            try:
                for statement in (statement for step in steps if step for statement in step):
                    connection.execute(statement)
                connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(SCHEMA_VERSION),))
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            # Durable from here. A crash before this line leaves the ledger in its old schema, and the same command does it again.
        finally:
            lock.release()
    return found
