"""The writing side of the ledger: one writer a process, one transaction at a time, all or nothing."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from oracle.errors import LedgerError, TransactionSpoiled
from oracle.ledger.bindings import BindingsWriter
from oracle.ledger.chain import ChainWriter
from oracle.ledger.headers import HeadersWriter
from oracle.ledger.log_entries import LogWriter
from oracle.ledger.reader import LedgerView
from oracle.ledger.refusals import RefusalsWriter
from oracle.ledger.settlement import SettlementWriter
from oracle.ledger.sqlite import database


class LedgerWriter:
    """A ledger opened for writing.

    Every write happens inside `with writer.transaction():`. A transaction inside another joins it: only the outermost commits, and an
    exception anywhere takes all of it back, also one that the outer transaction catches. Other threads wait; `view` reads through the
    same connection and so sees what is not yet committed: use it inside a transaction only.
    """

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            LedgerError: there is no ledger at this path, or it is none of this schema.
        """
        self._path = path
        self._connection = database.connect_to_write(path)
        self._lock = threading.RLock()
        self._depth = 0
        self._owner: int | None = None  # the thread whose transaction runs
        self._spoiled: BaseException | None = None  # what made a joined transaction fail
        self._undo: list[Callable[[], None]] = []
        self._done: list[Callable[[], None]] = []
        self.view = LedgerView(self._inside)
        self.bindings = BindingsWriter(self._inside)
        self.headers = HeadersWriter(self._inside)
        self.refusals = RefusalsWriter(self._inside)
        self.log = LogWriter(self._inside)
        self.settlement = SettlementWriter(self._inside)
        self.chain = ChainWriter(self._inside)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of what is written inside, durable when this returns, or nothing of it.

        Raises:
            TransactionSpoiled: a transaction that joined this one failed, and this one passed over the failure.
        """
        with self._lock:
            if self._depth:
                self._depth += 1
                try:
                    yield
                except BaseException as error:
                    self._spoiled = self._spoiled or error
                    raise
                finally:
                    self._depth -= 1
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth, self._owner = 1, threading.get_ident()
            try:
                yield
                self._check()
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise
            else:
                self._depth, self._owner = 0, None
                done, self._done, self._undo = self._done, [], []
                for callback in done:
                    callback()
            finally:
                self._depth, self._owner, self._spoiled = 0, None, None

    def on_rollback(self, callback: Callable[[], None]) -> None:
        """Call back if the running transaction is taken back: for what is also kept in memory; last registered, first called."""
        self._inside()
        self._undo.append(callback)

    def on_commit(self, callback: Callable[[], None]) -> None:
        """Call back once the running transaction is durable."""
        self._inside()
        self._done.append(callback)

    def close(self) -> None:
        """Close the file; waits for a running transaction."""
        with self._lock:
            self._connection.close()

    def _inside(self) -> sqlite3.Connection:
        if self._owner != threading.get_ident():
            raise LedgerError("written outside a transaction: use `with writer.transaction():`")
        self._check()
        return self._connection

    def _check(self) -> None:
        if self._spoiled is not None:
            raise TransactionSpoiled("a part of it failed, and the failure was passed over") from self._spoiled
        if not self._connection.in_transaction:
            # A full disk, for example: SQLite takes the transaction back by itself, and later writes would be stored alone.
            raise TransactionSpoiled("the database took it back after an error, which was passed over")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")
        undo, self._undo, self._done = self._undo, [], []
        for callback in reversed(undo):
            callback()
