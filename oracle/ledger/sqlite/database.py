"""The ledger's file: created once, opened many times.

A ledger is born only by `create`: a wrong path must never quietly begin a second history of the same asset.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlite_utils

from oracle.errors import LedgerError
from oracle.ledger.schema import SCHEMA_VERSION, TABLES

_BUSY_TIMEOUT_S = 10


def create(path: Path, *, asset: str, chain_id: int) -> None:
    """Create an empty ledger for one asset on one chain.

    Raises:
        LedgerError: there is already a file at this path.
    """
    try:
        path.touch(mode=0o640, exist_ok=False)
    except FileExistsError:
        raise LedgerError(f"{path}: there is already a file; a ledger is created once and never over another") from None
    except OSError as error:
        raise LedgerError(f"{path}: cannot be created: {error.strerror}") from None
    connection = _connect(f"{path.absolute().as_uri()}?mode=rw")
    try:
        database = sqlite_utils.Database(connection)
        # WAL is a property of the file; it is set before the first table and holds for every later connection.
        connection.execute("PRAGMA journal_mode = WAL")
        with database.atomic():
            for name, table in TABLES.items():
                made = database.create_table(
                    name,
                    table.columns,
                    pk=table.key[0] if len(table.key) == 1 else table.key,
                    not_null=set(table.columns) - table.nullable - set(table.key),
                    strict=True,
                )
                for names in table.unique:
                    made.create_index(list(names), unique=True)
                for names in table.indexes:
                    made.create_index(list(names))
            meta = {"schema": str(SCHEMA_VERSION), "asset": asset, "chain_id": str(chain_id)}
            connection.executemany("INSERT INTO meta (key, value) VALUES (?, ?)", list(meta.items()))
    except BaseException:
        connection.close()
        for left in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
            left.unlink(missing_ok=True)  # half a ledger would stand in the way of the next try
        raise
    connection.close()


def connect_to_write(path: Path) -> sqlite3.Connection:
    """A connection that writes: WAL, synchronous FULL (a commit is on disk when it returns), explicit transactions.

    Raises:
        LedgerError: there is no ledger, or it is none of this schema.
    """
    connection = _open(path, mode="rw")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that cannot write; errors as `connect_to_write`."""
    connection = _open(path, mode="ro")
    connection.execute("PRAGMA query_only = ON")
    return connection


@contextmanager
def connect_to_migrate(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that writes to a ledger of any schema; synchronous FULL.

    Raises:
        LedgerError: there is no ledger.
    """
    connection, _ = _open_any(path, mode="rw")
    try:
        connection.execute("PRAGMA synchronous = FULL")
        yield connection
    finally:
        connection.close()


def schema_of(connection: sqlite3.Connection) -> int:
    """The number of a ledger's schema."""
    return int(meta(connection, "schema") or 0)


def meta(connection: sqlite3.Connection, key: str) -> str | None:
    """One value of the ledger's own facts."""
    found = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
    return None if found is None else str(found[0])


def _open(path: Path, *, mode: str) -> sqlite3.Connection:
    connection, version = _open_any(path, mode=mode)
    if version == SCHEMA_VERSION:
        return connection
    connection.close()
    # Nothing is migrated behind anybody's back: the older program could not read it any more.
    what_to_do = "; back it up, then run `helioracle oracle migrate`" if version < SCHEMA_VERSION else ""
    raise LedgerError(f"{path}: has schema {version}, this program reads schema {SCHEMA_VERSION}{what_to_do}")


def _open_any(path: Path, *, mode: str) -> tuple[sqlite3.Connection, int]:
    if not path.is_file():
        raise LedgerError(
            f"{path}: there is no ledger; `helioracle oracle create` creates it, once. If there was one, restore it:"
            " an empty ledger would restart the log"
        )
    connection = _connect(f"{path.absolute().as_uri()}?mode={mode}")
    try:
        return connection, schema_of(connection)
    except (sqlite3.DatabaseError, ValueError) as error:
        connection.close()
        raise LedgerError(f"{path}: is no ledger of helioracle: {error}") from None


def _connect(uri: str) -> sqlite3.Connection:
    # Autocommit: every transaction is begun by name. Threads are kept apart by the writer's lock and the reader's map.
    return sqlite3.connect(uri, uri=True, timeout=_BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False)
