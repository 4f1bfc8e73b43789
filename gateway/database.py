"""One SQLite file that survives a power cut: WAL, synchronous FULL, checked at every opening.

With WAL and FULL a commit is on the disk when it returns; on an SD card that costs milliseconds, once a poll cycle.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gateway.errors import OutboxBroken, OutboxSpoiled

_BUSY_S = 30


class Database:
    """A connection that several threads may use, one transaction at a time.

    Args:
        path: the file; made when it is missing.
        tables: what a new file gets.
        version: of the tables.

    Raises:
        OutboxBroken: the file is damaged, is no outbox, or is one of another version.
    """

    def __init__(self, path: Path, *, tables: str, version: int) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._running = False  # a transaction runs; one that begins now joins it
        self._spoiled: BaseException | None = None  # what made a nested transaction fail
        self._undo: list[Callable[[], None]] = []
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=_BUSY_S)
        except sqlite3.Error as error:
            raise OutboxBroken(path, str(error)) from None
        try:
            self._open(tables, version)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise OutboxBroken(path, str(error)) from None
        except OutboxBroken:
            self._connection.close()
            raise

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection itself, for a backup."""
        return self._connection

    def close(self) -> None:
        """Close the file; does nothing when closed."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, durable when this returns. A nested one is part of the outer one, and so is its failure.

        Raises:
            OutboxSpoiled: a nested one failed, or SQLite took the transaction back, and the outer one passed over the failure.
        """
        with self._lock:
            if self._running:
                yield from self._join()
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._running = True
            try:
                yield
                self._check()
                self._connection.execute("COMMIT")
            except BaseException:
                self._take_back()
                raise
            finally:
                self._running, self._spoiled = False, None
                self._undo.clear()

    def on_rollback(self, callback: Callable[[], None]) -> None:
        """Call back if the running transaction is taken back: for what is also kept in memory; last registered, first called."""
        self._undo.append(callback)

    def do(self, sql: str, *values: object) -> int:
        """Run a statement; returns how many rows it changed."""
        with self._lock:
            self._check()
            return self._connection.execute(sql, values).rowcount

    def do_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement once for each row."""
        with self._lock:
            self._check()
            self._connection.executemany(sql, rows)

    def one(self, sql: str, *values: object) -> "sqlite3.Row | None":
        """The first row, or None."""
        with self._lock:
            row: sqlite3.Row | None = self._connection.execute(sql, values).fetchone()
            return row

    def all(self, sql: str, *values: object) -> "list[sqlite3.Row]":
        """All rows; the statement bounds how many."""
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    def number(self, sql: str) -> int:
        """The first value of the first row; 0 without one."""
        row = self.one(sql)
        return 0 if row is None else int(row[0])

    def _join(self) -> Iterator[None]:
        try:
            yield
        except BaseException as error:
            self._spoiled = self._spoiled or error
            raise

    def _check(self) -> None:
        """Let nothing be stored that belongs to a transaction of which a part has failed, or which SQLite has taken back."""
        if self._running and (self._spoiled is not None or not self._connection.in_transaction):
            raise OutboxSpoiled(self.path) from self._spoiled

    def _take_back(self) -> None:
        if self._connection.in_transaction:  # SQLite takes some back by itself, as on a full disk
            self._connection.execute("ROLLBACK")
        for callback in reversed(self._undo):
            callback()

    def _open(self, tables: str, version: int) -> None:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "wal_autocheckpoint = 256"):
            self._connection.execute(f"PRAGMA {pragma}")
        (found,) = self._connection.execute("PRAGMA user_version").fetchone()
        if found == 0 and not self._connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            self._connection.executescript(f"BEGIN; {tables} PRAGMA user_version = {version}; COMMIT;")
            return
        if found != version:
            raise OutboxBroken(self.path, f"is of version {found}, this gateway writes {version}")
        (verdict,) = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != "ok":
            raise OutboxBroken(self.path, f"integrity check says: {verdict}")
