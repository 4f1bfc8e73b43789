"""From a device that is not ours to the oracle's ledger: `init`, `oracle create`, `oracle run` and `gateway run` as people type them."""

import queue
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from cli.main import run
from evidence import answer as answers
from evidence import header, tags, topics
from evidence.answer import Verdict
from evidence.keys import PublicKey
from firmware_sim.broker import EmbeddedBroker
from gateway import config as gateway_config
from gateway.lines.config import MeterConfig
from oracle.ledger.reader import LedgerReader
from runtime.broker import BrokerConfig
from runtime.clock import RealClock
from runtime.key_files import read_signer
from runtime.mqtt import new_client
from tests.real_meter.whole_site import ROOT, Device, Gateway, inverter

METERS = {"SE-0001": 12_345_670, "DL-0005": 1_234_560}  # Wh, in steps that both protocols carry


def device_lines(ports: list[int]) -> str:
    keys = 'key = "keys/{0}.key"\nbinding = "bindings/{0}.hex"\n'
    return (
        f'[[line]]\nname = "a"\nprotocol = "modbus-rtu"\nport = "tcp://127.0.0.1:{ports[0]}"\nframing = "tcp"\ntimeout_ms = 5000\n'
        f'[[line.meter]]\nserial = "SE-0001"\naddress = "1"\n{keys.format("SE-0001")}'
        f'[[line]]\nname = "b"\nprotocol = "dlt645"\nport = "tcp://127.0.0.1:{ports[1]}"\ntimeout_ms = 5000\n'
        f'[[line.meter]]\nserial = "DL-0005"\naddress = "000000193600"\npower = true\n{keys.format("DL-0005")}'
    )


@contextmanager
def stored_headers(port: int, asset: str, oracle_key: PublicKey) -> Iterator["queue.Queue[bytes]"]:
    """The header hashes that the oracle says, under its signature, are stored."""
    hashes: queue.Queue[bytes] = queue.Queue()
    listening: queue.Queue[None] = queue.Queue()

    def on_message(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        if message.payload[:4] != tags.HEAD:
            for item in answers.open_answer(bytes(message.payload), oracle_key).items:
                if item.verdict is Verdict.STORED:
                    hashes.put(item.header_hash)

    client = new_client(BrokerConfig(host="127.0.0.1", port=port), client_id="onlooker")
    client.on_connect = lambda client, *_: client.subscribe(topics.subscription(asset, topics.DOWN), 1)
    client.on_subscribe = lambda *_: listening.put(None)
    client.on_message = on_message
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        listening.get(timeout=60)
        yield hashes
    finally:
        client.disconnect()
        client.loop_stop()


@pytest.mark.slow
def test_the_registers_in_the_ledger_are_those_of_the_devices(
    tmp_path: Path,
    broker: EmbeddedBroker,
    device: Callable[[dict[str, Any]], Device],
    gateway: Callable[[Path], Gateway],
    closing: ExitStack,
) -> None:
    folder = tmp_path / "site"
    # Bindings are valid from a day before the first settled day.
    first_day = datetime.fromtimestamp(RealClock().now(), UTC).date()
    assert run(["init", str(folder), "--first-day", first_day.isoformat()]) == 0
    roof = inverter(1, 101, 50_000, sf=1)
    devices = [
        device({"kind": "modbus", "units": [roof], "energy": METERS["SE-0001"] // 10, "tcp": 0, "framing": "tcp"}),
        device(
            {
                "kind": "dlt645", "address": "000000193600", "energy": METERS["DL-0005"] // 10, "reverse": 12,
                "power": 15_559, "tcp": 0,
            }
        ),
    ]  # fmt: skip
    for name in ("gateway", "oracle"):
        path = folder / f"{name}.toml"
        text = re.sub(r"port = 18830.*", f"port = {broker.port}", path.read_text())
        if name == "gateway":
            text = re.sub(r"poll_interval_s = \d+", "poll_interval_s = 1", text)
            text = re.sub(r"cut_every_s = \d+", "cut_every_s = 1", text)
            text = text[: text.index("[[line]]")] + device_lines([one.port for one in devices])
        else:
            text = text.replace("\n[chain]", "\n# [chain]")
        path.write_text(text)
    config = gateway_config.load(folder / "gateway.toml")
    oracle_key = PublicKey(read_signer(folder / "keys/oracle.key", field="key", profile="development").public_point)

    assert run(["oracle", "create", "--config", str(folder / "oracle.toml")]) == 0
    command = [sys.executable, "-m", "cli.main", "oracle", "run", "--config", str(folder / "oracle.toml")]
    oracle = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    closing.callback(oracle.communicate, timeout=60)
    closing.callback(oracle.send_signal, signal.SIGTERM)
    with stored_headers(broker.port, config.asset, oracle_key) as stored:
        ledger = closing.enter_context(LedgerReader(folder / "oracle/ledger.sqlite"))

        def has_register(meter: MeterConfig) -> bool:
            newest = ledger.headers.newest(meter.binding.meter_id)
            return newest is not None and newest.export_end_wh is not None

        running = gateway(folder / "gateway.toml")
        found: set[bytes] = set()
        # Of a gateway that had to wait for the oracle the first bundle may be one meter's alone: eight headers say nothing of the other.
        while len(found) < 8 or not all(map(has_register, config.meters)):
            found.add(stored.get(timeout=100))
        assert running.stop() == 0, running.log

        for meter in config.meters:
            newest = ledger.headers.newest(meter.binding.meter_id)
            assert newest is not None
            assert newest.export_end_wh == METERS[meter.serial]
            opened = header.open_header(newest.header, newest.signature, PublicKey(meter.signer.public_point))
            assert opened.export_end_wh == METERS[meter.serial]
        assert set(ledger.headers.known(found)) == found
