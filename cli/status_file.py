"""A service's status on disk: written every few seconds, whole or not at all, so that a reader need not ask the process."""

import json
import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.clock import RealClock
from runtime.config import read_toml
from runtime.logs import facts
from runtime.worker import Worker

EVERY_S = 2
STALE_S = 15
_SIZE_MAX = 4 * 1024 * 1024
# The key of each service's file that names its data; the simulator has none, and its status stands beside its configuration.
_DATA_KEYS = {"gateway": "outbox", "oracle": "ledger", "api": "ledger", "keeper": "ledger"}

log = logging.getLogger(__name__)


def path_of(service: str, config: Path) -> Path:
    """Where the service of a TOML file writes its status: beside its data.

    Raises:
        ConfigError: the file cannot be read, or does not name the data.
    """
    table = read_toml(config)
    data = table.file(_DATA_KEYS[service], must_exist=False) if service in _DATA_KEYS else config.resolve()
    return data.with_name(f"{data.name}.{service}-status.json")


@dataclass(frozen=True, slots=True)
class Written:
    """The content of a status file.

    Attributes:
        service: which service wrote it.
        state: running, stopped or failed.
        pid: of the process.
        written: real unix seconds.
        status: the service's own `status()`.
    """

    service: str
    state: str
    pid: int
    written: int
    status: dict[str, object]

    def age_s(self, now: int) -> int:
        """Seconds since it was written."""
        return max(0, now - self.written)


def read(path: Path) -> Written:
    """Read a status file.

    Raises:
        OSError: there is none.
        ValueError: it is no status file.
    """
    if path.stat().st_size > _SIZE_MAX:
        raise ValueError("larger than any status")
    document = json.loads(path.read_text("utf-8"))
    try:
        return Written(**document)
    except TypeError:
        raise ValueError("not a status") from None


class StatusWriter:
    """Writes one service's status until it is stopped.

    A status that cannot be written (a read-only folder) is logged once; the service itself goes on.
    """

    def __init__(self, path: Path, service: str, status: Callable[[], dict[str, object]]) -> None:
        self._path = path
        self._service = service
        self._status = status
        self._clock = RealClock()
        self._ended = threading.Event()
        self._said = False
        self._worker = Worker("status", self._run, self._lost)

    def start(self) -> None:
        """Write now, and every few real seconds."""
        self.write("running")
        self._worker.start()

    def stop(self, *, failed: bool) -> None:
        """Write the last status; call it before the service is closed."""
        self._ended.set()
        self._worker.join()
        self.write("failed" if failed else "stopped")

    def write(self, state: str) -> None:
        """Write once, atomically."""
        try:
            status = self._status()
        except Exception as error:  # noqa: BLE001 a status that cannot be told must not stop the service that works
            status = {"unknown": repr(error)}
        document = {
            "service": self._service,
            "state": state,
            "pid": os.getpid(),
            "written": self._clock.now(),
            "status": status,
        }
        fresh = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        try:
            fresh.write_text(json.dumps(document) + "\n", "utf-8")
            fresh.replace(self._path)
        except OSError as error:
            if not self._said:
                log.warning("no status is written", extra=facts(path=self._path, problem=error.strerror))
            self._said = True

    def _run(self) -> None:
        while not self._ended.wait(EVERY_S):
            self.write("running")

    def _lost(self, error: BaseException) -> None:
        log.error("the status thread died", extra=facts(problem=repr(error)))
