"""Serves a stepped clock to other processes over a unix socket; `helioracle sim run` does so with `[world]`.

The world's time is held by
    - each busy participant, and each process that has not yet said that it is ready;
    - each process that has come and is away without a goodbye: killed, failed, or without power. It may come back, and until then nothing
      happens that it would have taken part in. A process that is stopped in order says goodbye, and the world waits for it no more;
    - each process that `expected` names, while it is not there: before it first comes, and after a goodbye too.

The newest instant, and the processes to wait for, are durable before any process acts on them (`kept.py`): so the process that serves the
world may be killed, too.
"""

import contextlib
import logging
import os
import select
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from runtime.clock import Participant, SteppedClock, SteppedParticipant
from runtime.config import Table
from runtime.errors import WorldRefused
from runtime.logs import facts
from runtime.worker import Worker
from runtime.world.kept import PLACES_MAX, KeptWorld
from runtime.world.lines import BUSY, IDLE, PARTICIPANTS_MAX, VERSION, Line, LineReader, encode

CONNECTIONS_MAX = PLACES_MAX
PATH_MAX = 107  # sun_path of unix(7), less its closing zero
_READ_MAX = 4096

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldConfig:
    """`[world]`: a stepped world, for replays; without it time is the machine's.

    Attributes:
        socket: the socket's path; the other processes' files name it as `world`.
        start: the first instant, unix seconds. A later instant that an earlier run kept beside the socket takes its place.
        until: the last instant, or None.
        expected: the time stands still before these processes have come, and while one is away: "gateway", "oracle", "api", "keeper"; with
            two gateways "gateway" stands here twice.
    """

    socket: Path
    start: int
    until: int | None = None
    expected: tuple[str, ...] = ()


def read_world(table: Table) -> WorldConfig:
    """Read `[world]`.

    Raises:
        ConfigError: a key is missing or wrong.
    """
    return WorldConfig(
        socket=table.file("socket", must_exist=False),
        start=table.integer("start", minimum=0, maximum=1 << 40),
        until=table.integer("until", minimum=0, maximum=1 << 40, default=None),
        expected=tuple(table.texts("expected", maximum=CONNECTIONS_MAX, default=[])),
    )


class WorldServer:
    """Serves one process's stepped clock to other processes.

    Args:
        config: see `WorldConfig`.
        on_failure: called when the thread that accepts connections dies, or the instant cannot be kept: then the time stands still.

    Raises:
        WorldRefused: the path is too long for a socket, or the kept instant cannot be read.
    """

    def __init__(self, config: WorldConfig, *, on_failure: Callable[[BaseException], None]) -> None:
        if len(os.fsencode(config.socket)) > PATH_MAX:
            raise WorldRefused(f"{config.socket}: a socket's path has at most {PATH_MAX} bytes; name a shorter one")
        self._config = config
        self._on_failure = on_failure
        self._kept = KeptWorld(config.socket.with_name(f"{config.socket.name}.time"), start=config.start)
        self._expected = Counter(config.expected)
        self._lock = threading.Lock()
        self._connections: list[_Connection] = []  # in the order in which they connected
        # Held around the clock's calls, which `_lock` must not be: the clock calls `_advanced`.
        self._presence = threading.Lock()
        self._there: Counter[str] = Counter()
        self.clock = SteppedClock(self._kept.instant, until=config.until, on_advance=self._advanced)
        self._absences: dict[str, SteppedParticipant] = {}
        for name in {*self._expected, *self._kept.owed}:
            self._weigh(name)
        self._listener: socket.socket | None = None
        self._worker = Worker("world", self._accept, on_failure)

    def start(self) -> None:
        """Begin to listen.

        Raises:
            WorldRefused: another world is served there already, or the path cannot be used.
        """
        path = self._config.socket
        listener = socket.socket(socket.AF_UNIX)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _remove_dead(path)
            listener.bind(str(path))
            path.chmod(0o660)
            listener.listen(CONNECTIONS_MAX)
        except OSError as error:
            listener.close()
            raise WorldRefused(f"{path}: {error.strerror or error}") from None
        except WorldRefused:
            listener.close()
            raise
        self._listener = listener
        self._worker.start()

    def stop(self) -> None:
        """Stop listening, hang up, and end the world for this process; the other processes wait for it to come back. Idempotent."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # Wakes `accept`, which closing alone does not.
            listener.shutdown(socket.SHUT_RDWR)
            self._worker.join()
            listener.close()
            self._config.socket.unlink(missing_ok=True)
        with self._lock:
            connections = list(self._connections)
        for connection in connections:
            connection.hang_up()
        for connection in connections:
            connection.worker.join()
        self.clock.close()

    def status(self) -> dict[str, object]:
        """The instant, the processes that are there, and the participants that hold the time; JSON-able."""
        with self._presence:
            there = dict(self._there)
        return {"now": self.clock.now(), "there": there, "holding": self.clock.busy_participants()}

    # ------------------------------------------------------------ time

    def _advanced(self, now: int) -> None:
        self._keep(lambda: self._kept.advance(now))
        # Durable from here: the instant. After a crash the world begins again at it, because a process may have seen it, and never before.
        line = encode("now", now)
        with self._lock:
            for connection in self._connections:
                connection.send(line)

    def _keep(self, change: Callable[[], None]) -> None:
        try:
            change()
        except OSError as error:
            self._on_failure(WorldRefused(f"{self._config.socket}.time: {error.strerror or error}"))
            raise

    # ------------------------------------------------------------ connections

    def _accept(self) -> None:
        while True:
            listener = self._listener
            if listener is None:
                return
            try:
                peer, _ = listener.accept()
            except OSError:
                return  # `stop` has shut it
            with self._lock:
                full = len(self._connections) >= CONNECTIONS_MAX
            if full:
                with contextlib.suppress(OSError):
                    peer.send(
                        encode("error", f"more than {CONNECTIONS_MAX} processes are not served"), socket.MSG_DONTWAIT
                    )
                peer.close()
                continue
            connection = _Connection(peer, self)
            with self._lock:
                self._connections.append(connection)
            connection.worker.start()

    def came(self, connection: "_Connection") -> None:
        """Count a process as come, after it said that all its participants have joined.

        Raises:
            WorldRefused: the world would have to wait for too many processes.
        """
        process = connection.process
        with self._presence:
            there = self._there[process] + 1
            with self._lock:
                named = [one for one in self._connections if one is connection or one.is_there(process)]
                # The newest connection may be the same process as an older one, whose end is noticed a moment later; or this is that
                # older connection, whose lines are read only now.
                alive = sum(not one.has_hung_up() for one in named[:-1]) + 1
            if alive > self._kept.owed[process]:
                self._keep(lambda: self._kept.owe(process, alive))
            # Durable from here: the world waits for it. After a crash the time advances only when the process has come again.
            self._there[process] = there
            connection.ready = True
            self._weigh(process)
        log.info("process came", extra=facts(process=process, now=self.clock.now()))

    def went(self, connection: "_Connection", *, goodbye: bool) -> None:
        """Count a process as away; to be called before its participants leave."""
        process = connection.process
        with self._presence:
            if goodbye:
                self._keep(lambda: self._kept.owe(process, self._kept.owed[process] - 1))
            self._there[process] -= 1
            connection.ready = False
            self._weigh(process)
        log.info("process went", extra=facts(process=process, goodbye=goodbye, now=self.clock.now()))

    def _weigh(self, process: str) -> None:
        """Hold the time where a process that must be there is away, else release it."""
        if process not in self._absences:
            self._absences[process] = self.clock.join(f"{process} is away")
        if self._there[process] < max(self._expected[process], self._kept.owed[process]):
            self._absences[process].busy()
        else:
            self._absences[process].idle()

    def forget(self, connection: "_Connection") -> None:
        """Drop a connection that has ended."""
        with self._lock:
            self._connections.remove(connection)


class _Connection:
    """The connection of one process; its participants leave when it ends."""

    def __init__(self, peer: socket.socket, server: WorldServer) -> None:
        self._peer = peer
        self._server = server
        self._clock = server.clock
        self._sending = threading.Lock()
        self.process = ""
        self.ready = False
        self._starting: Participant | None = None
        self._participants: dict[int, SteppedParticipant] = {}
        self.worker = Worker("world connection", self._serve, self._lost)

    def send(self, line: bytes) -> None:
        """Send at once or hang up: a process that does not read must not hold up the others."""
        with self._sending:
            try:
                sent = self._peer.send(line, socket.MSG_DONTWAIT)
            except OSError:
                sent = 0
            if sent != len(line):
                self.hang_up()

    def hang_up(self) -> None:
        """End the connection; the thread that serves it then ends, too."""
        with contextlib.suppress(OSError):
            self._peer.shutdown(socket.SHUT_RDWR)

    def is_there(self, process: str) -> bool:
        """Whether this is the connection of a process of that name, and the process has come."""
        return self.ready and self.process == process

    def has_hung_up(self) -> bool:
        """Whether the other side has ended the connection; lines that it sent before may still be unread."""
        ended = select.poll()
        ended.register(self._peer, select.POLLRDHUP)
        return bool(ended.poll(0))

    def _serve(self) -> None:
        reader = LineReader()
        try:
            while chunk := self._peer.recv(_READ_MAX):
                for line in reader.feed(chunk):
                    self._handle(line)
        except WorldRefused as error:
            log.warning("a process is refused", extra=facts(process=self.process, problem=error))
            self.send(encode("error", str(error).encode("ascii", "replace").decode()[:200]))
        except OSError:
            pass  # killed: as if it had hung up
        finally:
            self._end()

    def _end(self) -> None:
        if self.ready:
            self._server.went(self, goodbye=False)
        for participant in self._participants.values():
            participant.leave()
        if self._starting is not None:
            self._starting.leave()
        self._server.forget(self)
        self._peer.close()

    def _lost(self, error: BaseException) -> None:
        log.error("a connection's thread died", extra=facts(process=self.process, problem=repr(error)))

    def _handle(self, line: Line) -> None:
        if (line.verb == "hello") is (self.process != ""):
            raise WorldRefused("the first line, and no other, is a hello")
        match line.verb:
            case "hello":
                self._hello(line)
            case "ready":
                self._become_ready()
            case "bye":
                self._say_goodbye()
            case "join":
                self._join(line)
            case "set":
                self._set(line)
            case "leave":
                self._participant(line).leave()
                del self._participants[line.number(0)]
            case _:
                raise WorldRefused(f"{line.verb!r} is said by the world, not to it")

    def _hello(self, line: Line) -> None:
        if line.number(0) != VERSION:
            raise WorldRefused(f"version {line.values[0]} of the protocol, this side speaks {VERSION}")
        self.process = line.values[1]
        # Until the process is ready, some of its participants may not have joined.
        self._starting = self._clock.join(f"{self.process} starts")
        self.send(encode("now", self._clock.now()))

    def _become_ready(self) -> None:
        if self._starting is None:
            raise WorldRefused("ready is said once")
        self._server.came(self)
        starting, self._starting = self._starting, None
        starting.leave()

    def _say_goodbye(self) -> None:
        if not self.ready:
            raise WorldRefused("bye is said once, after ready")
        self._server.went(self, goodbye=True)

    def _join(self, line: Line) -> None:
        number, (_, state, name) = line.number(0), line.values
        if number in self._participants or len(self._participants) >= PARTICIPANTS_MAX:
            raise WorldRefused(f"participant {number} is there already, or one of more than {PARTICIPANTS_MAX}")
        self._participants[number] = self._clock.join(f"{self.process}: {name}")
        self._become(self._participants[number], state)

    def _set(self, line: Line) -> None:
        participant = self._participant(line)
        self._become(participant, line.values[1])
        if line.values[1] == BUSY:
            self.send(encode("held", line.values[0], line.values[2] or 0, self._clock.now()))

    def _participant(self, line: Line) -> SteppedParticipant:
        try:
            return self._participants[line.number(0)]
        except KeyError:
            raise WorldRefused(f"there is no participant {line.values[0]}") from None

    def _become(self, participant: SteppedParticipant, state: str) -> None:
        if state == BUSY:
            participant.busy()
        elif state == IDLE:
            participant.idle()
        else:
            participant.announce(int(state))


def _remove_dead(path: Path) -> None:
    """Remove the socket that a killed process left."""
    if not path.is_socket():
        return
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            path.unlink(missing_ok=True)
            return
    raise WorldRefused(f"{path}: a world is served there already")
