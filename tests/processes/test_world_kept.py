"""Who holds a stepped world's time, and what of it outlives a death: by killing, and by looking at what is durable when."""

import errno
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

from runtime.durable_file import replace_durably
from runtime.errors import ClockClosed, WorldRefused
from runtime.world import kept as kept_world
from runtime.world.client import RemoteClock
from runtime.world.kept import PLACES_MAX, KeptWorld
from runtime.world.server import WorldConfig, WorldServer
from tests.plant.until import until
from tests.processes.stepped_world import SOON_S, T0, Sleeper, World

ROOT = Path(__file__).parents[2]


@contextmanager
def child(*words: object, code: str = "") -> Iterator["subprocess.Popen[str]"]:
    """A process of the world, which has said that it is there; `code` is run before it."""
    argv = ["child", *map(str, words)]
    run = "import runpy; runpy.run_module('tests.processes.world_child', run_name='__main__')"
    start = f"import sys; sys.argv = {argv!r}\n{code}\n{run}"
    with subprocess.Popen([sys.executable, "-c", start], stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def kill(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait(SOON_S)


def holding(server: WorldServer) -> list[str]:
    found = server.status()["holding"]
    assert isinstance(found, list)
    return sorted(found)  # which of two processes the world has heard first is no matter


def test_who_is_killed_is_waited_for_and_who_says_goodbye_is_not(world: World) -> None:
    server = world.serve()
    one = world.clock("one")
    sleeper = one.join("sleeper")
    one.ready()
    with child("live", world.path, "other", 10_000) as other:
        sleeper.wait_until(T0 + 100)
        kill(other)
        until(lambda: holding(server) == ["one: sleeper", "other is away"])
    sleeping = Sleeper(one, sleeper, T0 + 200)
    until(lambda: holding(server) == ["other is away"])
    assert sleeping.asleep
    with child("live", world.path, "other", 10_000) as other:
        assert sleeping.woke() == T0 + 200
        other.send_signal(signal.SIGTERM)
        assert other.wait(SOON_S) == 0
    sleeper.wait_until(T0 + 50_000)  # nothing is left of the other one, not even what it waited for
    assert holding(server) == ["one: sleeper"]


def test_who_is_expected_is_waited_for_after_a_goodbye_too(world: World) -> None:
    server = world.serve("other")
    one = world.clock("one")
    sleeper = one.join("sleeper")
    one.ready()
    with child("live", world.path, "other", 10_000) as other:
        sleeper.wait_until(T0 + 100)
        other.send_signal(signal.SIGTERM)
        assert other.wait(SOON_S) == 0
    until(lambda: "other is away" in holding(server))
    sleeping = Sleeper(one, sleeper, T0 + 200)
    until(lambda: holding(server) == ["other is away"])
    assert sleeping.asleep


def test_a_failed_process_is_waited_for_as_a_killed_one(world: World) -> None:
    server = world.serve()
    one, other = world.clock("one"), world.clock("other")
    one.ready()
    other.ready()
    until(lambda: server.status()["there"] == {"one": 1, "other": 1})
    other.close()  # no goodbye
    until(lambda: holding(server) == ["other is away"])
    again = world.clock("other")
    again.ready()
    until(lambda: holding(server) == [])
    again.depart()
    again.close()
    until(lambda: server.status()["there"] == {"one": 1, "other": 0})
    assert holding(server) == []


def test_who_must_be_waited_for_is_kept_when_the_world_is_killed_too(world: World) -> None:
    with child("serve", world.path, T0) as serving, child("live", world.path, "other", 10) as other:
        one = world.clock("one")
        walker = one.join("walker")
        one.ready()
        walker.wait_until(T0 + 25)
        kill(other)
        kill(serving)
    kept = KeptWorld(world.path.with_name("w.sock.time"), start=0)
    assert kept.instant == T0 + 25
    assert kept.owed == {"one": 1, "other": 1}
    server = world.serve()
    sleeping = Sleeper(one, walker, T0 + 40)
    until(lambda: holding(server) == ["other is away"])
    assert sleeping.asleep
    with child("live", world.path, "other", 10):
        assert sleeping.woke() == T0 + 40


@pytest.mark.timeout(900)  # two fsyncs an instant, and there are disks that take a third of a second for one
def test_a_world_that_is_killed_again_and_again_never_goes_back(world: World) -> None:
    one, other = world.clock("one"), world.clock("other")
    lived: list[int] = []
    last = T0 + 600

    def walk(clock: RemoteClock, step_s: int) -> None:
        walker = clock.join("walker")
        clock.ready()
        for instant in range(T0 + step_s, last + 1, step_s):
            try:
                walker.wait_until(instant)
            except ClockClosed:
                return
            lived.append(clock.now())
        walker.idle()

    walkers = [Thread(target=walk, args=(one, 1)), Thread(target=walk, args=(other, 7))]
    for thread in walkers:
        thread.start()
    try:
        for mark in range(T0 + 50, last, 50):
            with child("serve", world.path, T0, "one", "other") as serving:
                until(lambda mark=mark: bool(lived) and lived[-1] >= mark, within_s=SOON_S)  # type: ignore[misc]  # the default only binds the loop's value
                kill(serving)
            assert KeptWorld(world.path.with_name("w.sock.time"), start=0).instant >= lived[-1]
        with child("serve", world.path, T0, "one", "other"):
            for thread in walkers:
                thread.join(SOON_S)
    finally:
        world.close()
    assert lived == sorted(lived)
    assert len(lived) == 600 + 600 // 7  # every instant of both, once
    assert world.failures == []


@pytest.mark.parametrize("call", [1, 2], ids=["before the file is durable", "before its name is"])
@pytest.mark.parametrize("advance", [1, 4])
def test_killed_while_it_keeps_an_instant_it_has_the_old_one_or_the_new_one(
    world: World, call: int, advance: int
) -> None:
    """Two durable writes of who has come, then two fsyncs an instant: the child dies in one of them."""
    nth = 2 * 1 + 2 * (advance - 1) + call
    code = (
        "import os, signal, itertools; real, calls = os.fsync, itertools.count(1)\n"
        f"def fsync(fd):\n    if next(calls) == {nth}: os.kill(os.getpid(), signal.SIGKILL)\n    real(fd)\n"
        "os.fsync = fsync"
    )
    with child("serve", world.path, T0, code=code) as serving:
        one = world.clock("one")
        walker = one.join("walker")
        one.ready()
        for step in range(1, advance):
            walker.wait_until(T0 + step)
        sleeping = Sleeper(one, walker, T0 + advance)
        assert serving.wait(SOON_S) == -signal.SIGKILL
    assert sleeping.asleep  # nobody has lived what was not durable
    assert one.now() == T0 + advance - 1
    server = world.serve()
    assert server.clock.now() in (T0 + advance - 1, T0 + advance)
    assert sleeping.woke() == T0 + advance


def test_an_instant_is_durable_before_anybody_hears_of_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def noting(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*words: object, **rest: object) -> object:
            result = real(*words, **rest)
            done.append(name)
            return result

        return call

    def fsync(fd: int) -> None:
        os.fdatasync(fd)
        done.append("folder" if Path(f"/proc/self/fd/{fd}").is_dir() else "file")

    server = world.serve()
    one = world.clock("one")
    walker = one.join("walker")
    one.ready()
    until(lambda: server.status()["there"] == {"one": 1})
    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", noting("rename", Path.replace))
    monkeypatch.setattr(socket.socket, "send", noting("said", socket.socket.send), raising=False)
    walker.wait_until(T0 + 1)
    assert done[:3] == ["file", "rename", "folder"]
    until(lambda: "said" in done[3:])  # noted once the call has returned, which may be after it was heard


def test_a_disk_that_is_full_stops_the_world_and_moves_nobody(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    server = world.serve()
    one = world.clock("one")
    walker = one.join("walker")
    one.ready()
    walker.wait_until(T0 + 1)

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(kept_world, "replace_durably", full)
    sleeping = Sleeper(one, walker, T0 + 2)
    until(lambda: bool(world.failures))
    assert isinstance(world.failures[0], WorldRefused)
    assert "w.sock.time: No space left" in str(world.failures[0])
    assert sleeping.asleep
    assert server.clock.now() == T0 + 1


def test_one_that_comes_again_at_once_is_not_waited_for_twice(world: World) -> None:
    server = world.serve()
    for _ in range(50):
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(str(world.path))
            peer.sendall(b"hello 2 quick\nready\n")
            until(lambda: server.status()["there"] in ({"quick": 1}, {"quick": 2}))
    until(lambda: server.status()["there"] == {"quick": 0})
    assert KeptWorld(world.path.with_name("w.sock.time"), start=0).owed == {"quick": 1}


def test_one_that_came_again_before_it_was_heard_is_not_waited_for_twice(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = world.serve()
    came = WorldServer.came
    held: list[Any] = []
    hear = Event()

    def later(server: WorldServer, connection: Any) -> None:
        if not held:
            held.append(connection)
            assert hear.wait(SOON_S)
        came(server, connection)

    monkeypatch.setattr(WorldServer, "came", later)
    with socket.socket(socket.AF_UNIX) as first:
        first.connect(str(world.path))
        first.sendall(b"hello 2 quick\nready\n")
        until(lambda: bool(held))
    with socket.socket(socket.AF_UNIX) as again:
        again.connect(str(world.path))
        again.sendall(b"hello 2 quick\nready\n")
        until(lambda: server.status()["there"] == {"quick": 1})
        hear.set()
        until(lambda: not held[0].worker.alive)
        assert holding(server) == []
    until(lambda: server.status()["there"] == {"quick": 0})
    assert KeptWorld(world.path.with_name("w.sock.time"), start=0).owed == {"quick": 1}


def test_two_of_one_name_are_two(world: World) -> None:
    server = world.serve()
    first, second = world.clock("gateway"), world.clock("gateway")
    first.ready()
    second.ready()
    until(lambda: server.status()["there"] == {"gateway": 2})
    first.close()
    until(lambda: holding(server) == ["gateway is away"])
    second.depart()
    until(lambda: server.status()["there"] == {"gateway": 0})
    assert holding(server) == ["gateway is away"]  # the one that died


def test_a_new_content_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    replace_durably(path, "old\n")
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(UnicodeEncodeError):
        replace_durably(path, "half and ☀")
    assert path.read_text() == "old\n"
    replace_durably(path, "new\n")
    assert path.read_text() == "new\n"


def test_no_more_can_be_waited_for_than_there_are_places(tmp_path: Path) -> None:
    kept = KeptWorld(tmp_path / "w.time", start=5)
    for number in range(PLACES_MAX):
        kept.owe(f"process {number}", 1)
    with pytest.raises(WorldRefused, match=str(PLACES_MAX)):
        kept.owe("one more", 1)
    kept.owe("process 0", 0)
    kept.owe("one more", 1)
    kept.advance(9)
    again = KeptWorld(tmp_path / "w.time", start=5)
    assert (again.instant, again.owed) == (9, kept.owed)


@pytest.mark.parametrize("text", ["", "noon\n", "5\n0 gateway\n", "5\ngateway\n", "5\n1 \x7f\n", "5\n1 käse\n"])
def test_a_kept_file_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "w.time"
    path.write_text(text, "utf-8")
    with pytest.raises(WorldRefused, match=r"w\.time"):
        KeptWorld(path, start=0)


def test_a_second_world_on_the_same_path_touches_nothing(tmp_path: Path) -> None:
    config = WorldConfig(socket=tmp_path / "w.sock", start=T0)
    first = WorldServer(config, on_failure=print)
    first.start()
    second = WorldServer(config, on_failure=print)
    with pytest.raises(WorldRefused, match="already"):
        second.start()
    assert not (tmp_path / "w.sock.time").exists()
    first.stop()
