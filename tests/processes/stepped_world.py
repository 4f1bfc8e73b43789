"""A stepped world behind a socket, and clocks that live in it."""

import threading
from pathlib import Path

from runtime.errors import ClockClosed
from runtime.world.client import RemoteClock, RemoteParticipant
from runtime.world.server import WorldConfig, WorldServer

T0 = 1_000_000
SOON_S = 60


class World:
    """A server that can be killed and started again, and clocks that talk to it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.failures: list[BaseException] = []
        self.clocks: list[RemoteClock] = []
        self.server: WorldServer | None = None

    def serve(self, *expected: str, until: int | None = None) -> WorldServer:
        config = WorldConfig(socket=self.path, start=T0, until=until, expected=expected)
        self.server = WorldServer(config, on_failure=self.failures.append)
        self.server.start()
        return self.server

    def clock(self, process: str) -> RemoteClock:
        clock = RemoteClock(self.path, process, on_failure=self.failures.append)
        self.clocks.append(clock)
        return clock

    def close(self) -> None:
        for clock in self.clocks:
            clock.close()
        if self.server is not None:
            self.server.stop()


class Sleeper:
    """Waits in a thread of its own; says when it has woken, and at what time."""

    def __init__(self, clock: RemoteClock, participant: RemoteParticipant, instant: int) -> None:
        self.woken_at: int | None = None
        self.closed = False
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._wait, args=(clock, participant, instant), daemon=True)
        self._thread.start()

    def woke(self) -> int | None:
        assert self._ended.wait(SOON_S)
        return self.woken_at

    @property
    def asleep(self) -> bool:
        return not self._ended.is_set()

    def _wait(self, clock: RemoteClock, participant: RemoteParticipant, instant: int) -> None:
        try:
            participant.wait_until(instant)
            self.woken_at = clock.now()
        except ClockClosed:
            self.closed = True
        self._ended.set()
