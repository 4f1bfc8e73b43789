"""One thread writes to a connection, whoever publishes: two in one TLS connection end the process without a word."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import paho.mqtt.client as paho
import pytest

from firmware_sim.broker import EmbeddedBroker
from runtime.broker import BrokerConfig
from runtime.kept_connection import KeptConnection
from runtime.mqtt import new_client

PUBLISHERS, EACH = 4, 150
WAIT_S = 60


@contextmanager
def connected(client: paho.Client, port: int) -> Iterator[int]:
    """The identity of the thread that keeps it connected."""
    there: queue.Queue[int] = queue.Queue()
    failures: list[BaseException] = []
    client.on_connect = lambda *_: there.put(threading.get_ident())
    client.connect_async("127.0.0.1", port)
    link = KeptConnection(client, name="writer", pause_max_s=1, on_failure=failures.append)
    link.start()
    try:
        yield there.get(timeout=WAIT_S)
    finally:
        link.stop()
    assert failures == []


def test_only_the_loop_writes_while_many_threads_publish(
    broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    writers: set[int | None] = set()
    send: Callable[..., int] = paho.Client._sock_send  # only there is it seen which thread writes

    def seen(self: paho.Client, *args: Any) -> int:
        writers.add(threading.get_ident())
        return send(self, *args)

    monkeypatch.setattr(paho.Client, "_sock_send", seen)
    client = new_client(BrokerConfig(host="127.0.0.1", port=broker.port), client_id="busy")
    arrived, subscribed = threading.Semaphore(0), threading.Event()
    client.on_message = lambda *_: arrived.release()
    client.on_subscribe = lambda *_: subscribed.set()
    with connected(client, broker.port) as loop:
        client.subscribe("t", 1)
        assert subscribed.wait(WAIT_S)
        threads = [
            threading.Thread(target=lambda: [client.publish("t", bytes(2_000), qos=1) for _ in range(EACH)])
            for _ in range(PUBLISHERS)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for _ in range(PUBLISHERS * EACH):
            assert arrived.acquire(timeout=WAIT_S)
    assert writers == {loop}


def test_the_loop_is_woken_by_who_publishes(broker: EmbeddedBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    look: Callable[..., object] = paho.Client._loop
    # By itself the loop looks every ten minutes here, so that whatever goes out has woken it.
    monkeypatch.setattr(paho.Client, "_loop", lambda self, _timeout: look(self, 600))
    client = new_client(BrokerConfig(host="127.0.0.1", port=broker.port), client_id="quick")
    with connected(client, broker.port):
        sent = client.publish("t", b"x", qos=1)
        sent.wait_for_publish(WAIT_S)
        assert sent.is_published()
