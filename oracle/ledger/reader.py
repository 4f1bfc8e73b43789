"""The reading side of the ledger: everything that API, settlement and chain ask, over connections that cannot write."""

import sqlite3
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from oracle.errors import LedgerError
from oracle.ledger.bindings import BindingsReader
from oracle.ledger.chain import ChainReader
from oracle.ledger.headers import HeadersReader
from oracle.ledger.log_entries import LogReader
from oracle.ledger.refusals import RefusalsReader
from oracle.ledger.settlement import SettlementReader
from oracle.ledger.sql import Connect
from oracle.ledger.sqlite import database


class LedgerView:
    """The readers of every noun over one source of connections."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self.bindings = BindingsReader(connect)
        self.headers = HeadersReader(connect)
        self.refusals = RefusalsReader(connect)
        self.log = LogReader(connect)
        self.settlement = SettlementReader(connect)
        self.chain = ChainReader(connect)

    @property
    def asset(self) -> str:
        """The asset this ledger was created for."""
        return database.meta(self._connect(), "asset") or ""

    @property
    def chain_id(self) -> int:
        """The chain this ledger was created for."""
        return int(database.meta(self._connect(), "chain_id") or 0)


class LedgerReader(LedgerView):
    """A ledger opened read-only: one connection a thread, each sees what is committed."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            LedgerError: there is no ledger at this path, or it is none of this schema.
        """
        self._path = path
        self._lock = threading.Lock()
        self._connections: dict[threading.Thread, sqlite3.Connection] = {}
        self._closed = False
        self._local = threading.local()
        super().__init__(self._of_this_thread)
        self._of_this_thread()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every thread's connection; call it when no thread reads any more."""
        with self._lock:
            self._closed = True
            connections = list(self._connections.values())
            self._connections.clear()
        for connection in connections:
            connection.close()

    def _of_this_thread(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if connection is not None and not self._closed:
            return connection
        connection = database.connect_to_read(self._path)
        with self._lock:
            if self._closed:
                connection.close()
                raise LedgerError(f"{self._path}: this reader is closed")
            # As many connections as living threads: those of threads that ended go here.
            for thread in [thread for thread in self._connections if not thread.is_alive()]:
                self._connections.pop(thread).close()
            self._connections[threading.current_thread()] = connection
        self._local.connection = connection
        return connection
