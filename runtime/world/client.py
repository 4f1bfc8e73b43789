"""The client of a world clock that another process serves (see `server.py`); `world = "run/world.sock"` in a service's file asks for it.

While the server is away time stands still, so nothing is lost: waits continue, and when the server is back the client tells it again
which participants there are and what each waits for.
"""

import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from pathlib import Path

from runtime.errors import ClockClosed, WorldRefused
from runtime.logs import facts
from runtime.worker import Worker
from runtime.world.lines import BUSY, IDLE, VERSION, Line, LineReader, encode

_READ_MAX = 4096
_RETRY_S = 0.1

log = logging.getLogger(__name__)


class RemoteClock:
    """The `WorldClock` of a world in another process.

    Args:
        path: the world's socket; it may appear later.
        process: this process's name in the world, as `expected` spells it.
        on_failure: called when the world refuses this process.
    """

    def __init__(self, path: Path, process: str, *, on_failure: Callable[[BaseException], None]) -> None:
        self._path = path
        self._process = process
        self._now: int | None = None
        self._connection: socket.socket | None = None
        self._generation = 0  # number of the connection: the next one does not owe the answers of this one
        self._ready = False
        self._closed = False
        self._participants: dict[int, RemoteParticipant] = {}
        self._next_number = 0
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._worker = Worker("world client", self._run, on_failure)
        self._worker.start()

    def wait_known(self, timeout_s: float) -> bool:
        """Wait, in real time, until the world has sent its time; False where it did not within `timeout_s`."""
        with self._changed:
            return self._changed.wait_for(lambda: self._now is not None, timeout_s)

    def now(self) -> int:
        """UTC unix seconds of the world: exact while a participant of this process is busy, otherwise as last received.

        Raises:
            ClockClosed: the clock was closed before the world ever answered.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._now is not None or self._closed)
            if self._now is None:
                raise ClockClosed
            return self._now

    def join(self, name: str) -> "RemoteParticipant":
        """Add a participant, busy until it calls another of its methods."""
        with self._changed:
            participant = RemoteParticipant(self, self._next_number, name)
            self._next_number += 1
            self._participants[participant.number] = participant
            self._send(encode("join", participant.number, BUSY, name))
        return participant

    def ready(self) -> None:
        """Tell the world that all participants of this process have joined; until then the world's time stands still for it."""
        with self._changed:
            if not self._ready:
                self._ready = True
                self._send(encode("ready"))

    def depart(self) -> None:
        """Say goodbye, so that the world waits for this process no more, unless `expected` names it. To be followed by `close`."""
        with self._changed:
            if self._ready:
                self._ready = False
                self._send(encode("bye"))

    def close(self) -> None:
        """Hang up: every participant that waits gets `ClockClosed`. Without `depart` the world waits for this process. Idempotent."""
        with self._changed:
            self._closed = True
            self._closing.set()
            self._hang_up()
            self._changed.notify_all()
        self._worker.join()

    @property
    def connected(self) -> bool:
        """Whether the connection to the world stands."""
        with self._changed:
            return self._connection is not None

    # ------------------------------------------------------------ what participants say

    def _become(self, participant: "RemoteParticipant", state: str) -> None:
        with self._changed:
            if participant.number in self._participants and participant.state != state:
                participant.state = state
                self._send(encode("set", participant.number, state))

    def _hold(self, participant: "RemoteParticipant") -> None:
        with self._changed:
            if self._closed or participant.number not in self._participants:
                return
            if participant.state != BUSY:
                participant.state = BUSY
                participant.asked += 1
                self._send(encode("set", participant.number, BUSY, participant.asked))
            asked, generation = participant.asked, self._generation
            # A broken connection answers no request; the next one begins with all participants' states, and until then time stands still.
            self._changed.wait_for(
                lambda: (
                    participant.held >= asked
                    or self._generation != generation
                    or self._connection is None
                    or self._closed
                )
            )

    def _wait(self, participant: "RemoteParticipant", instant: int) -> None:
        self._become(participant, str(instant))
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._closed
                    or participant.number not in self._participants
                    or (self._now is not None and self._now >= instant)
                )
            )
            if self._closed or participant.number not in self._participants:
                raise ClockClosed
            # The world counts a participant whose instant has come as busy: nothing need be sent, and no answer waited for.
            participant.state = BUSY

    def _leave(self, participant: "RemoteParticipant") -> None:
        with self._changed:
            if self._participants.pop(participant.number, None) is not None:
                self._send(encode("leave", participant.number))
            self._changed.notify_all()

    # ------------------------------------------------------------ the connection

    def _send(self, data: bytes) -> None:
        # Called under the lock, so that the world receives all lines in the order in which their causes happened here.
        if self._connection is None:
            return
        try:
            self._connection.sendall(data)
        except OSError:
            self._hang_up()

    def _hang_up(self) -> None:
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def _run(self) -> None:
        said = False
        while not self._closing.is_set():
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(self._path))
            except OSError as error:
                connection.close()
                if not said:
                    log.info("waiting for the world", extra=facts(socket=self._path, problem=error.strerror))
                said = True
                self._closing.wait(_RETRY_S)
                continue
            said = False
            try:
                self._listen(connection)
            finally:
                with self._changed:
                    self._connection = None
                    self._changed.notify_all()
                connection.close()
            # A world whose disk is full hangs up at once; a pause keeps this loop from connecting as fast as it can.
            self._closing.wait(_RETRY_S)

    def _listen(self, connection: socket.socket) -> None:
        with self._changed:
            if self._closed:
                return
            self._generation += 1
            self._connection = connection
            for participant in self._participants.values():
                # Joining again answers what an older connection owed: before `ready` the time stands still.
                participant.held = participant.asked
            lines = [encode("hello", VERSION, self._process)]
            lines += [encode("join", p.number, p.state, p.name) for p in self._participants.values()]
            if self._ready:
                lines.append(encode("ready"))
            self._send(b"".join(lines))
            self._changed.notify_all()
        reader = LineReader()
        while chunk := _receive(connection):
            for line in reader.feed(chunk):
                self._hear(line)
        if not self._closing.is_set():
            log.warning("the world is away; time stands still", extra=facts(socket=self._path))

    def _hear(self, line: Line) -> None:
        if line.verb == "error":
            raise WorldRefused(f"{self._path}: the world says: {line.values[0]}")
        if line.verb not in ("now", "held"):
            raise WorldRefused(f"{self._path}: {line.verb!r} is said to the world, not by it")
        with self._changed:
            now = line.number(0 if line.verb == "now" else 2)
            self._now = now if self._now is None else max(self._now, now)
            if line.verb == "held" and line.number(0) in self._participants:
                participant = self._participants[line.number(0)]
                participant.held = max(participant.held, line.number(1))
            self._changed.notify_all()


class RemoteParticipant:
    """One activity of this process, for which the world's time waits; see `runtime.clock.Participant`."""

    def __init__(self, clock: RemoteClock, number: int, name: str) -> None:
        self._clock = clock
        self.number = number
        self.name = name
        self.state = BUSY
        self.asked = 0
        self.held = 0

    def wait_until(self, instant: int) -> None:
        """See `Participant`."""
        self._clock._wait(self, instant)  # noqa: SLF001 the two classes are one thing with two faces

    def busy(self) -> None:
        """Hold the world's time; returns when it stands still."""
        self._clock._hold(self)  # noqa: SLF001 see wait_until

    def idle(self) -> None:
        """See `Participant`."""
        self._clock._become(self, IDLE)  # noqa: SLF001 see wait_until

    def leave(self) -> None:
        """See `Participant`."""
        self._clock._leave(self)  # noqa: SLF001 see wait_until


def _receive(connection: socket.socket) -> bytes:
    try:
        return connection.recv(_READ_MAX)
    except OSError:
        return b""
