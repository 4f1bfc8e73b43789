"""A connection that is stopped ends, at whatever moment of connecting that is said, and one that is lost is made again."""

import socket
import threading
from collections.abc import Iterator

import pytest

from firmware_sim.broker import EmbeddedBroker
from runtime import kept_connection
from runtime.broker import BrokerConfig
from runtime.kept_connection import KeptConnection
from runtime.mqtt import new_client

_SOON_S = 60


class Kept:
    """A client to a port of this machine, and what befell it."""

    def __init__(self, port: int) -> None:
        self.failures: list[BaseException] = []
        self.accepted, self.failed = threading.Semaphore(0), threading.Semaphore(0)
        self.client = new_client(BrokerConfig(host="127.0.0.1", port=port), client_id="kept")
        self.client.on_connect = lambda *_: self.accepted.release()
        self.client.on_connect_fail = lambda *_: self.failed.release()
        self.client.connect_async("127.0.0.1", port)
        self.link = KeptConnection(self.client, name="kept", pause_max_s=1, on_failure=self.failures.append)


@pytest.fixture
def kept(broker: EmbeddedBroker) -> Iterator[Kept]:
    opened = Kept(broker.port)
    yield opened
    opened.link.stop()
    assert opened.failures == []


@pytest.mark.parametrize("moment", ["on_pre_connect", "on_socket_open", "on_connect", "on_subscribe"])
def test_a_stop_is_heard_whenever_it_is_said(kept: Kept, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """paho's own loop forgets one that is said before it has a socket, and runs for ever."""
    said, stopped = threading.Event(), threading.Event()
    disconnect = kept.client.disconnect

    def heard() -> object:
        result = disconnect()
        said.set()
        return result

    def stop() -> None:
        kept.link.stop()
        stopped.set()

    def while_connecting(*_: object) -> None:
        if not said.is_set():
            threading.Thread(target=stop).start()
            assert said.wait(_SOON_S)

    monkeypatch.setattr(kept.client, "disconnect", heard)
    if moment == "on_subscribe":
        kept.client.on_connect = lambda client, *_: client.subscribe("t")
    setattr(kept.client, moment, while_connecting)
    kept.link.start()
    assert stopped.wait(_SOON_S)


def test_a_connection_that_is_lost_is_made_again() -> None:
    first = EmbeddedBroker()
    port = first.start()
    kept = Kept(port)
    kept.link.start()
    try:
        assert kept.accepted.acquire(timeout=_SOON_S)
        first.stop()
        assert kept.failed.acquire(timeout=_SOON_S)
        with EmbeddedBroker(port):
            assert kept.accepted.acquire(timeout=_SOON_S)
            kept.link.stop()
    finally:
        first.stop()
        kept.link.stop()
    assert kept.failures == []


def test_a_broker_that_takes_nothing_any_more_does_not_hold_up_a_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_connection, "_FAREWELL_S", 0)
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        kept = Kept(deaf.getsockname()[1])
        kept.link.start()
        peer, _ = deaf.accept()
        with peer:
            peer.sendall(bytes.fromhex("2003000000"))  # CONNACK, and not a byte is read
            assert kept.accepted.acquire(timeout=_SOON_S)
            for _ in range(20):
                kept.client.publish("t", bytes(1_000_000))
            kept.link.stop()
    assert kept.failures == []


def test_a_callback_that_raises_ends_the_connection_and_is_told(kept: Kept) -> None:
    told: threading.Semaphore = threading.Semaphore(0)
    failures: list[BaseException] = []

    def tell(error: BaseException) -> None:
        failures.append(error)
        told.release()

    def refuse(*_: object) -> None:
        raise ValueError("no")

    kept.client.on_connect = refuse
    link = KeptConnection(kept.client, name="kept", pause_max_s=1, on_failure=tell)
    link.start()
    assert told.acquire(timeout=_SOON_S)
    link.stop()
    assert [str(error) for error in failures] == ["no"]
    taken = kept.client.socket()
    assert isinstance(taken, socket.socket)
    assert taken.fileno() == -1  # closed: the broker sees that nobody is there
