"""The stepped clock over a real socket: it moves as the one in the process does, and stands still while anybody is away."""

import queue
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.config import read_toml
from runtime.errors import ClockClosed, ConfigError, WorldRefused
from runtime.world import server as world_server
from runtime.world.client import RemoteClock
from runtime.world.lines import LINE_MAX, LineReader, encode, parse
from runtime.world.server import PATH_MAX, WorldConfig, WorldServer, read_world
from tests.processes.stepped_world import SOON_S, T0, Sleeper, World

Join = Callable[[str], RemoteClock]


def test_time_goes_to_the_earliest_instant_when_all_are_idle(world: World) -> None:
    world.serve("one", "other")
    one, other = world.clock("one"), world.clock("other")
    slow, quick = one.join("slow"), other.join("quick")
    sleeping = Sleeper(one, slow, T0 + 500)
    one.ready()
    other.ready()
    quick.wait_until(T0 + 10)
    assert other.now() == T0 + 10
    quick.wait_until(T0 + 20)
    assert other.now() == T0 + 20
    assert sleeping.asleep
    quick.idle()
    assert sleeping.woke() == T0 + 500


def test_whoever_said_busy_holds_the_time_from_when_that_returns(world: World) -> None:
    server = world.serve("one", "other")
    one, other = world.clock("one"), world.clock("other")
    holder, sleeper = one.join("holder"), other.join("sleeper")
    holder.idle()
    one.ready()
    other.ready()
    for step in range(1, 200):
        holder.busy()
        sleeping = Sleeper(other, sleeper, T0 + step)
        # Everything the holder does here happens at one time.
        assert one.now() == server.clock.now() == T0 + step - 1
        assert sleeping.asleep
        holder.idle()
        assert sleeping.woke() == T0 + step


def test_a_process_that_has_not_all_joined_holds_the_time(world: World) -> None:
    server = world.serve()
    one, late = world.clock("one"), world.clock("late")
    sleeper = one.join("sleeper")
    late.join("first").idle()
    assert late.wait_known(SOON_S)
    sleeping = Sleeper(one, sleeper, T0 + 5)
    one.ready()
    assert one.wait_known(SOON_S)
    assert server.clock.now() == T0
    late.ready()
    assert sleeping.woke() == T0 + 5


def test_nothing_moves_before_the_expected_are_there_nor_while_one_is_away(world: World) -> None:
    server = world.serve("gateway", "gateway", "oracle")
    gateway, oracle = world.clock("gateway"), world.clock("oracle")
    polls = gateway.join("poll")
    sleeping = Sleeper(gateway, polls, T0 + 300)
    oracle.join("intake").idle()
    gateway.ready()
    oracle.ready()
    assert oracle.wait_known(SOON_S)
    assert server.clock.now() == T0
    second = world.clock("gateway")
    working = Sleeper(second, second.join("poll"), T0 + 300)
    second.ready()
    assert sleeping.woke() == working.woke() == T0 + 300
    # Killed in the middle of its work, which holds the time until the server has noticed; its participants are gone with it then, and
    # yet nothing happens without it.
    second.close()
    sleeping = Sleeper(gateway, polls, T0 + 600)
    oracle.join("again").idle()
    assert sleeping.asleep
    third = world.clock("gateway")
    assert third.wait_known(SOON_S)
    assert third.now() == T0 + 300
    third.ready()
    assert sleeping.woke() == T0 + 600


def test_a_world_that_goes_away_comes_back_at_the_instant_it_had(world: World) -> None:
    first = world.serve("one")
    one = world.clock("one")
    worker, waiter = one.join("worker"), one.join("waiter")
    one.ready()
    waiting = Sleeper(one, waiter, T0 + 1000)
    worker.wait_until(T0 + 700)
    first.stop()
    assert waiting.asleep
    worker.busy()  # nobody answers, and nobody moves either
    worker.idle()
    worker.busy()
    second = world.serve("one")
    assert second.clock.now() == T0 + 700
    worker.wait_until(T0 + 800)
    assert one.now() == T0 + 800
    worker.idle()
    assert waiting.woke() == T0 + 1000
    assert world.failures == []


def test_the_world_ends_where_it_is_told_to(world: World) -> None:
    server = world.serve(until=T0 + 100)
    one = world.clock("one")
    sleeper, early = one.join("sleeper"), one.join("early")
    one.ready()
    sleeping = Sleeper(one, sleeper, T0 + 101)
    early.wait_until(T0 + 100)
    early.idle()
    early.busy()  # heard after the idle before it
    assert server.clock.now() == T0 + 100
    assert sleeping.asleep
    assert server.status() == {"now": T0 + 100, "there": {"one": 1}, "holding": ["one: early"]}


def test_leaving_and_closing_wake_whoever_waits(world: World) -> None:
    world.serve("never")
    one = world.clock("one")
    leaver, stayer = one.join("leaver"), one.join("stayer")
    leaving, staying = Sleeper(one, leaver, T0 + 1), Sleeper(one, stayer, T0 + 1)
    leaver.leave()
    assert leaving.woke() is None
    assert leaving.closed
    assert staying.asleep
    one.close()
    assert staying.woke() is None
    with pytest.raises(ClockClosed):
        stayer.wait_until(T0 + 2)


def test_a_clock_may_come_before_its_world(world: World) -> None:
    early = world.clock("early")
    participant = early.join("participant")
    early.ready()
    assert not early.wait_known(0)
    sleeping = Sleeper(early, participant, T0 + 7)
    world.serve("early")
    assert sleeping.woke() == T0 + 7


@pytest.mark.parametrize(
    "said",
    [
        b"set 0 busy 1\n",
        b"hello 9 other\n",
        b"hello 2 one\nhello 2 one\n",
        b"hello 2 one\nset 9 busy 1\n",
        b"hello 2 one\njoin 0 busy a\njoin 0 busy b\n",
        b"hello 2 one\nnow 5\n",
        b"hello 2 one\nbye\n",
        b"hello 2 one\nready\nbye\nbye\n",
        b"hello 2 one\njoin 0 -5 a\n",
        b"GET / HTTP/1.1\n",
        b"\xff\xfe\x00\n",
        b"hello 2 " + b"x" * (LINE_MAX + 10),
        b"hello 2 one\n" + b"".join(b"join %d busy p\n" % number for number in range(65)),
    ],
)
def test_what_is_no_line_of_the_protocol_ends_that_connection_alone(world: World, said: bytes) -> None:
    server = world.serve()
    good = world.clock("good")
    participant = good.join("participant")
    good.ready()
    with socket.socket(socket.AF_UNIX) as bad:
        bad.settimeout(SOON_S)
        bad.connect(str(world.path))
        bad.sendall(said)
        heard = b""
        while chunk := bad.recv(4096):
            heard += chunk
    assert b"error " in heard
    participant.wait_until(T0 + 50)
    assert server.clock.now() == T0 + 50


def test_a_world_that_speaks_otherwise_stops_the_process(world: World) -> None:
    world.path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(world.path))
        listener.listen()
        failed = threading.Event()
        failures: list[BaseException] = []

        def on_failure(error: BaseException) -> None:
            failures.append(error)
            failed.set()

        clock = RemoteClock(world.path, "one", on_failure=on_failure)
        peer, _ = listener.accept()
        peer.sendall(b"error version 2 of the protocol, this side speaks 9\n")
        assert failed.wait(SOON_S)
        peer.close()
        clock.close()
    assert isinstance(failures[0], WorldRefused)
    assert "speaks 9" in str(failures[0])


def test_one_process_too_many_is_told_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world_server, "CONNECTIONS_MAX", 1)
    world.serve()
    first = world.clock("one")
    assert first.wait_known(SOON_S)
    failures: queue.Queue[BaseException] = queue.Queue()
    second = RemoteClock(world.path, "other", on_failure=failures.put)
    try:
        refused = failures.get(timeout=SOON_S)
    finally:
        second.close()
    assert isinstance(refused, WorldRefused)
    assert "more than 1 processes are not served" in str(refused)


def test_one_path_has_one_world(world: World) -> None:
    world.serve()
    second = WorldServer(WorldConfig(socket=world.path, start=T0), on_failure=world.failures.append)
    with pytest.raises(WorldRefused, match="already"):
        second.start()


def test_a_path_too_long_for_a_socket_is_refused(tmp_path: Path) -> None:
    path = tmp_path / ("x" * PATH_MAX)
    with pytest.raises(WorldRefused, match=str(PATH_MAX)):
        WorldServer(WorldConfig(socket=path, start=T0), on_failure=print)


def test_a_kept_instant_that_is_none_is_refused(world: World) -> None:
    world.path.parent.mkdir()
    world.path.with_name("w.sock.time").write_text("noon")
    with pytest.raises(WorldRefused, match=r"w\.sock\.time"):
        world.serve()


def test_lines_are_read_whatever_the_pieces(tmp_path: Path) -> None:
    data = encode("join", 3, 1700000000, "gateway poll") + encode("ready") + encode("held", 1, 2, 3)
    reader = LineReader()
    lines = [line for byte in data for line in reader.feed(bytes([byte]))]
    assert [line.verb for line in lines] == ["join", "ready", "held"]
    assert lines[0].values == ("3", "1700000000", "gateway poll")
    with pytest.raises(WorldRefused, match="not a line"):
        parse("set 1 asleep")


def test_the_table_of_a_world_is_read_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "sim.toml"
    path.write_text('[world]\nsocket = "run/w.sock"\nstart = 5\nexpected = ["gateway", "gateway"]\n')
    table = read_toml(path)
    assert read_world(table.table("world")) == WorldConfig(
        socket=tmp_path / "run/w.sock", start=5, expected=("gateway", "gateway")
    )
    path.write_text('[world]\nsocket = "run/w.sock"\nstart = 5\nspeed = 2\n')
    table = read_toml(path)
    read_world(table.table("world"))
    with pytest.raises(ConfigError, match="speed"):
        table.finish()
