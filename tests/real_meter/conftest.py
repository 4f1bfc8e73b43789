"""Fixtures: foreign devices, wires, an oracle that signs, and gateways; all are gone when a test ends."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from firmware_sim.broker import EmbeddedBroker
from gateway.lines.config import MeterConfig
from tests.plant.fake_oracle import FakeOracle
from tests.real_meter.whole_site import Device, Gateway, Wire


@pytest.fixture
def closing() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def wire(closing: ExitStack) -> Callable[[], Wire]:
    def make() -> Wire:
        made = Wire()
        closing.callback(made.close)
        return made

    return make


@pytest.fixture
def device(closing: ExitStack) -> Callable[[dict[str, Any]], Device]:
    def make(spec: dict[str, Any]) -> Device:
        made = Device(spec)
        closing.callback(made.stop)
        return made

    return make


@pytest.fixture
def gateway(closing: ExitStack) -> Callable[[Path], Gateway]:
    def make(config: Path) -> Gateway:
        made = Gateway(config)
        closing.callback(made.stop)
        return made

    return make


@pytest.fixture
def oracle(closing: ExitStack, broker: EmbeddedBroker) -> Callable[[list[MeterConfig]], FakeOracle]:
    def make(meters: list[MeterConfig]) -> FakeOracle:
        made = FakeOracle(broker.port, "roof", meters)
        made.start()
        closing.callback(made.stop)
        return made

    return make
