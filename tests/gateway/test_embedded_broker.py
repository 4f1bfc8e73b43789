"""The embedded broker: on 127.0.0.1 alone, MQTT 5, and never longer there than whoever started it."""

import os
import select
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from firmware_sim.broker import EmbeddedBroker
from firmware_sim.errors import BrokerNotReady

ROOT = Path(__file__).parents[2]


def accepts(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_it_carries_a_64_kib_message_over_mqtt_5(broker: EmbeddedBroker) -> None:
    arrived = threading.Event()
    subscribed = threading.Event()
    got: list[bytes] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id="carry", protocol=paho.MQTTv5)
    client.on_connect = lambda c, *_: c.subscribe("t", 1)
    client.on_subscribe = lambda *_: subscribed.set()

    def on_message(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        got.append(bytes(message.payload))
        arrived.set()

    client.on_message = on_message
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    assert subscribed.wait(60)
    client.publish("t", b"x" * 65_536, qos=1)
    assert arrived.wait(60)
    assert got == [b"x" * 65_536]
    client.disconnect()
    client.loop_stop()


def test_stop_releases_the_port_and_may_be_called_twice() -> None:
    broker = EmbeddedBroker()
    port = broker.start()
    assert accepts(port)
    assert broker.start() == port
    broker.stop()
    broker.stop()
    assert not broker.alive
    assert not accepts(port)


def test_a_port_in_use_is_an_error_that_names_it(broker: EmbeddedBroker) -> None:
    with pytest.raises(BrokerNotReady, match=str(broker.port)):
        EmbeddedBroker(broker.port).start()


def test_it_dies_with_its_parent() -> None:
    script = "from firmware_sim.broker import EmbeddedBroker; b = EmbeddedBroker(); print(b.start(), b._process.pid, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        port, child = map(int, parent.stdout.readline().split())
        # Taken while it surely lives: whoever adopts it may have forgotten it a moment after its end.
        gone = os.pidfd_open(child)
        try:
            assert accepts(port)
            parent.send_signal(signal.SIGKILL)
            parent.wait(30)
            assert select.select([gone], [], [], 60)[0]
        finally:
            os.close(gone)
    assert not accepts(port)
