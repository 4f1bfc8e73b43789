"""Fixtures: slaves on real ptys, an oracle and a gateway's end that are stopped after the test."""

import queue
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from firmware_sim.broker import EmbeddedBroker
from tests.plant.gateway_client import GatewayClient
from tests.plant.running import Running
from tests.plant.scripted_slave import ScriptedSlave
from tests.refusals.edge_to_oracle import EdgeToOracle, wire


@pytest.fixture
def slave() -> Iterator[Callable[..., ScriptedSlave]]:
    with ExitStack() as stack:

        def make(*script: bytes | Callable[[bytes], bytes]) -> ScriptedSlave:
            one = ScriptedSlave(*script)
            stack.callback(one.close)
            return one

        yield make


@pytest.fixture
def wired(
    tmp_path: Path, broker: EmbeddedBroker, slave: Callable[..., ScriptedSlave], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., EdgeToOracle]]:
    """Wire pty, gateway, broker and oracle; a thread that died fails the test."""
    # No head request is lost here. One that is only answered late is not asked again either: the late answer would be to an older
    # request then, and be counted as a message that does not open.
    monkeypatch.setattr("gateway.heads.HEADS_BASE_MS", 60_000)
    died: queue.Queue[BaseException] = queue.Queue()
    with ExitStack() as stack:

        def make(**options: object) -> EdgeToOracle:
            one = wire(tmp_path, slave, port=broker.port, on_failure=died.put, **options)  # type: ignore[arg-type] # keywords of wire
            stack.callback(one.stop)
            return one

        yield make
    if not died.empty():
        raise died.get()


@pytest.fixture
def start() -> Iterator[Callable[[Path], Running]]:
    with ExitStack() as stack:

        def start_(path: Path) -> Running:
            running = Running(path)
            stack.callback(running.service.stop)
            return running

        yield start_


@pytest.fixture
def connect(broker: EmbeddedBroker) -> Iterator[Callable[[bytes], GatewayClient]]:
    with ExitStack() as stack:

        def connect_(oracle_point: bytes) -> GatewayClient:
            client = GatewayClient(broker.port, oracle_point, "roof-pi")
            stack.callback(client.close)
            return client

        yield connect_
