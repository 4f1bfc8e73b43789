"""The world clock: the time of readings, periods and chain days.

The world clock is either the machine's clock or a stepped one. Time-outs, keepalives and resends never use it: they run in real time.

A stepped clock advances only while every participant is idle, to the earliest instant that a participant waits for. So a loop that polls
every five minutes runs as fast as its slowest participant works, and no participant acts at a wrong time.
"""

import threading
import time
from collections.abc import Callable
from typing import Protocol

from runtime.errors import ClockClosed


class Participant(Protocol):
    """One activity for which the world's time waits."""

    def wait_until(self, instant: int) -> None:
        """Be idle until `instant` (unix seconds); returns once the world's time has reached it, and is busy again then.

        Raises:
            ClockClosed: the world ended, or this participant left it.
        """

    def busy(self) -> None:
        """Hold the world's time, because there is work that belongs to the present instant."""

    def idle(self) -> None:
        """Let the world's time advance, and wait for no instant."""

    def leave(self) -> None:
        """Stop being a participant; a thread that still waits in `wait_until` gets `ClockClosed`."""


class WorldClock(Protocol):
    """The time of readings, periods and chain days."""

    def now(self) -> int:
        """UTC unix seconds."""

    def join(self, name: str) -> Participant:
        """Add a participant, busy at first."""

    def close(self) -> None:
        """End the world: every participant that waits gets `ClockClosed`."""


class RealClock:
    """The machine's clock; a busy participant does not hold it."""

    def __init__(self) -> None:
        self._closed = threading.Event()

    def now(self) -> int:
        """UTC unix seconds."""
        return int(time.time())  # noqa: TID251 this is the one place where world time comes from the machine

    def join(self, name: str) -> "_RealParticipant":
        """Add a participant for which the time does not wait; only the stepped clock uses `name`."""
        return _RealParticipant(self._closed, name)

    def close(self) -> None:
        """End the world."""
        self._closed.set()


class _RealParticipant:
    def __init__(self, closed: threading.Event, name: str) -> None:
        self._closed = closed
        self._left = False
        self.name = name

    def wait_until(self, instant: int) -> None:
        # Wait in slices, so that a clock that is set forwards and a participant that leaves are noticed within a second.
        while (left := instant - time.time()) > 0:  # noqa: TID251 see RealClock.now
            if self._closed.wait(min(left, 1.0)) or self._left:
                break
        if self._closed.is_set() or self._left:
            raise ClockClosed

    def busy(self) -> None:
        """Nothing to hold."""

    def idle(self) -> None:
        """Nothing to release."""

    def leave(self) -> None:
        """Wake the thread that waits in `wait_until`."""
        self._left = True


_BUSY = -1
_IDLE = None


class SteppedClock:
    """A clock that its participants move: it stands still while one of them is busy.

    Args:
        start: the clock's first instant, unix seconds.
        until: its last instant; a participant that waits for a later one waits until the clock is closed.
        on_advance: called with each new instant before a participant sees it; runs under the clock's lock and must not call the clock.
    """

    def __init__(
        self, start: int, *, until: int | None = None, on_advance: Callable[[int], None] | None = None
    ) -> None:
        self._now = start
        self._until = until
        self._on_advance = on_advance
        self._closed = False
        self._waiting: dict[SteppedParticipant, int | None] = {}
        self._changed = threading.Condition()

    def now(self) -> int:
        """UTC unix seconds of the stepped world."""
        with self._changed:
            return self._now

    def join(self, name: str) -> "SteppedParticipant":
        """Add a participant, busy until it calls another of its methods."""
        participant = SteppedParticipant(self, name)
        with self._changed:
            self._waiting[participant] = _BUSY
        return participant

    def close(self) -> None:
        """End the world."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def busy_participants(self) -> list[str]:
        """The participants that hold the time now; for status files, and for finding out why a test hangs."""
        with self._changed:
            return [p.name for p, until in self._waiting.items() if until is not None and until <= self._now]

    def _set(self, participant: "SteppedParticipant", until: int | None) -> None:
        with self._changed:
            self._waiting[participant] = until
            self._advance()

    def _leave(self, participant: "SteppedParticipant") -> None:
        with self._changed:
            self._waiting.pop(participant, None)
            self._advance()
            self._changed.notify_all()

    def _wait(self, participant: "SteppedParticipant", instant: int) -> None:
        with self._changed:
            self._waiting[participant] = instant
            self._advance()
            self._changed.wait_for(lambda: self._closed or self._now >= instant or participant not in self._waiting)
            if self._closed or participant not in self._waiting:
                raise ClockClosed
            self._waiting[participant] = _BUSY

    def _advance(self) -> None:
        wanted = self._waiting.values()
        if any(until == _BUSY for until in wanted):
            return
        instants = [until for until in wanted if until is not None]
        # A participant whose instant has come is about to be busy: the time stands still until it has been.
        if instants and min(instants) > self._now and (self._until is None or min(instants) <= self._until):
            if self._on_advance is not None:
                self._on_advance(min(instants))
            self._now = min(instants)
        self._changed.notify_all()


class SteppedParticipant:
    """A participant of a stepped clock."""

    def __init__(self, clock: SteppedClock, name: str) -> None:
        self._clock = clock
        self.name = name

    def wait_until(self, instant: int) -> None:
        """See `Participant`."""
        self._clock._wait(self, instant)  # noqa: SLF001 the two classes are one thing with two faces

    def busy(self) -> None:
        """See `Participant`."""
        self._clock._set(self, _BUSY)  # noqa: SLF001 see wait_until

    def idle(self) -> None:
        """See `Participant`."""
        self._clock._set(self, _IDLE)  # noqa: SLF001 see wait_until

    def announce(self, instant: int) -> None:
        """Be idle until `instant` without waiting for it; from that instant on this participant counts as busy until its next call."""
        self._clock._set(self, instant)  # noqa: SLF001 see wait_until

    def leave(self) -> None:
        """See `Participant`."""
        self._clock._leave(self)  # noqa: SLF001 see wait_until
