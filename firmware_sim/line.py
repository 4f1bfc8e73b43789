"""A serial line: a pseudo-terminal whose other end is a bus of simulated slaves.

A pty has no parity and no speed: it carries 8N1 at a nominal 115200 Bd, as fast as its reader reads. One thread serves one
line. It sleeps in `select`; bytes wake it, a pipe when it must stop, and the two real time-outs of a line (a quiet line, a
slow answer).
"""

import heapq
import os
import select
import time
import tty
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from evidence.units import div_floor
from firmware_sim.core.bus import Answer
from runtime.worker import Worker

_READ_MAX = 4096
# Modbus ends a frame after 3.5 character times; with a pty and a scheduler in between it takes longer until an unfinished
# request may be given up.
_QUIET_MS = 200
# The most slow answers that wait; a master that never stops asking must not fill the memory.
_SLOW_ANSWERS_MAX = 64


class LineBus(Protocol):
    """The part of `core.bus.Bus` that a line uses."""

    @property
    def counts(self) -> Mapping[str, int]:
        """Counters by name."""

    @property
    def pending(self) -> int:
        """Bytes of an unfinished request."""

    def feed(self, chunk: bytes, now: int) -> list[Answer]:
        """Take bytes of the master at world time `now`; returns the answers."""

    def flush(self, now: int) -> list[Answer]:
        """Drop an unfinished request after a quiet line; returns the answers that are due."""


class Line:
    """One pty with its bus and its thread.

    Args:
        name: for the thread and for counters.
        bus: the slaves.
        now: world time in unix seconds.
        on_failure: called when the thread dies.
        link: a stable name for the pty: a symbolic link, made at start and removed at stop.
    """

    def __init__(
        self,
        name: str,
        bus: LineBus,
        now: Callable[[], int],
        on_failure: Callable[[BaseException], None],
        link: Path | None = None,
    ) -> None:
        self.name = name
        self.path = ""
        self.bytes_dropped = 0
        self._bus = bus
        self._now = now
        self._link = link
        self._slow: list[tuple[int, int, bytes]] = []  # (due in real ms, order, bytes)
        self._slow_order = 0
        self._worker = Worker(f"sim-{name}", self._serve, on_failure)
        self._fds: list[int] = []
        self._master = self._wake_read = self._wake_write = -1

    @property
    def counts(self) -> dict[str, int]:
        """Counters of the bus, and how many answer bytes were dropped because no master read them."""
        return {**self._bus.counts, "bytes_dropped": self.bytes_dropped}

    def start(self) -> None:
        """Open the pty and serve it; `path` is the slave's device file from here on.

        Raises:
            OSError: no pty is left, or the link cannot be made.
        """
        self._master, slave = os.openpty()
        # This process keeps the slave open; otherwise the master would read EIO while no client has the line open.
        self._wake_read, self._wake_write = os.pipe()
        self._fds = [self._master, slave, self._wake_read, self._wake_write]
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self.path = os.ttyname(slave)
        if self._link is not None:
            _point(self._link, self.path)
        self._worker.start()

    def stop(self) -> None:
        """Stop serving, join the thread, close the pty; does nothing when not started."""
        if not self._fds:
            return
        os.write(self._wake_write, b"x")
        self._worker.join()
        if self._link is not None and self._link.is_symlink() and str(self._link.readlink()) == self.path:
            self._link.unlink()
        for fd in self._fds:
            os.close(fd)
        self._fds = []

    def _serve(self) -> None:
        while True:
            readable, _, _ = select.select([self._master, self._wake_read], [], [], self._timeout_s())
            if self._wake_read in readable:
                return
            if self._master in readable:
                self._send(self._bus.feed(os.read(self._master, _READ_MAX), self._now()))
            elif self._bus.pending and not self._slow_due():
                self._send(self._bus.flush(self._now()))
            self._send_slow()

    def _timeout_s(self) -> float | None:
        waits = [_QUIET_MS] if self._bus.pending else []
        if self._slow:
            waits.append(max(self._slow[0][0] - _real_ms(), 0))
        return min(waits) / 1000 if waits else None

    def _slow_due(self) -> bool:
        return bool(self._slow) and self._slow[0][0] <= _real_ms()

    def _send(self, answers: list[Answer]) -> None:
        for answer in answers:
            if answer.delay_ms == 0:
                self._write(answer.data)
            elif len(self._slow) < _SLOW_ANSWERS_MAX:
                self._slow_order += 1
                heapq.heappush(self._slow, (_real_ms() + answer.delay_ms, self._slow_order, answer.data))
            else:
                self.bytes_dropped += len(answer.data)

    def _send_slow(self) -> None:
        while self._slow_due():
            self._write(heapq.heappop(self._slow)[2])

    def _write(self, data: bytes) -> None:
        # A full terminal buffer means that no master reads. A wire would lose the bytes, and so does this line.
        try:
            written = os.write(self._master, data)
        except BlockingIOError:
            written = 0
        self.bytes_dropped += len(data) - written


def _point(link: Path, target: str) -> None:
    if link.exists() and not link.is_symlink():
        raise FileExistsError(f"{link} is not a symbolic link; move it away or name another link")
    link.parent.mkdir(parents=True, exist_ok=True)
    # The link of a killed simulator is replaced in one step, so that a client that opens it finds the old line or the new one.
    fresh = link.with_name(f".{link.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _real_ms() -> int:
    return div_floor(time.monotonic_ns(), 1_000_000)
