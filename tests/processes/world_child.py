"""A process of a stepped world, for tests that kill it.

    python -m tests.processes.world_child serve SOCKET START [EXPECTED ...]     serves the world
    python -m tests.processes.world_child live SOCKET NAME STEP_S               lives in it, waking every STEP_S seconds

Either says a line when it is there. Both run until they are killed; SIGTERM stops them in order.
"""

import sys
import threading
from contextlib import suppress
from pathlib import Path

from runtime.errors import ClockClosed
from runtime.signals import stop_on_signals
from runtime.world.client import RemoteClock, RemoteParticipant
from runtime.world.server import WorldConfig, WorldServer


def _serve(socket: Path, start: int, expected: tuple[str, ...], stop: threading.Event) -> None:
    server = WorldServer(WorldConfig(socket=socket, start=start, expected=expected), on_failure=_die)
    server.start()
    _say(f"serves {server.clock.now()}")
    stop.wait()
    server.stop()


def _live(socket: Path, name: str, step_s: int, stop: threading.Event) -> None:
    clock = RemoteClock(socket, name, on_failure=_die)
    participant = clock.join("walker")
    clock.ready()
    clock.now()  # answered: the world knows of it, and waits for it from here on, whatever becomes of it
    _say("lives")
    ended = threading.Thread(target=_walk, args=(clock, participant, step_s))
    ended.start()
    stop.wait()
    clock.depart()
    clock.close()
    ended.join()


def _walk(clock: RemoteClock, participant: RemoteParticipant, step_s: int) -> None:
    with suppress(ClockClosed):
        while True:
            participant.wait_until(clock.now() + step_s)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _die(error: BaseException) -> None:
    sys.stderr.write(f"{error}\n")


if __name__ == "__main__":
    with stop_on_signals(threading.Event()) as stopped:
        if sys.argv[1] == "serve":
            _serve(Path(sys.argv[2]), int(sys.argv[3]), tuple(sys.argv[4:]), stopped)
        else:
            _live(Path(sys.argv[2]), sys.argv[3], int(sys.argv[4]), stopped)
