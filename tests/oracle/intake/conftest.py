"""Fixtures of the intake's tests."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from firmware_sim.broker import EmbeddedBroker
from oracle.chain.client import Chain
from tests.oracle.intake.rig import Rig
from tests.plant.gateway_client import GatewayClient
from tests.plant.running import Running
from tests.plant.signed_meter import DAY_ZERO, SignedMeter


@pytest.fixture
def meter() -> SignedMeter:
    return SignedMeter("SIM-0001")


@pytest.fixture
def open_rig(tmp_path: Path) -> Iterator[Callable[..., Rig]]:
    """Open (again) the rig of this test's ledger."""
    opened: list[Rig] = []

    def open_(*meters: SignedMeter, refusals_kept: int = 100) -> Rig:
        opened.append(Rig(tmp_path / "ledger.sqlite", meters, refusals_kept=refusals_kept))
        return opened[-1]

    yield open_
    for rig in opened:
        rig.close()


@pytest.fixture
def rig(open_rig: Callable[..., Rig], meter: SignedMeter) -> Rig:
    return open_rig(meter)


@pytest.fixture
def start() -> Iterator[Callable[..., Running]]:
    """Start an oracle from its TOML; it is stopped after the test."""
    with ExitStack() as stack:

        def start_(path: Path, *, chain: Chain | None = None, world_start: int = DAY_ZERO) -> Running:
            running = Running(path, chain=chain, world_start=world_start)
            stack.callback(running.service.stop)
            return running

        yield start_


@pytest.fixture
def connect(broker: EmbeddedBroker) -> Iterator[Callable[[bytes, str], GatewayClient]]:
    """Connect a gateway's end to the broker; it is closed after the test."""
    with ExitStack() as stack:

        def connect_(oracle_point: bytes, name: str) -> GatewayClient:
            client = GatewayClient(broker.port, oracle_point, name)
            stack.callback(client.close)
            return client

        yield connect_
