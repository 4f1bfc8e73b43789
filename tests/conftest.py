"""What every test leaves behind as it found it, and the broker that many of them need."""

import logging
import signal
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from firmware_sim.broker import EmbeddedBroker
from tests.budgets import Budgets, load
from tests.plant.unheard_port import unheard_port

# Where a shell runs the tests in the background, Ctrl-C is ignored, and so it would be by every process that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How fast this machine is says nothing about what is tested; the rest is as Hypothesis has it, there and in CI.
settings.register_profile("any machine", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the process that hears of the tests of all workers
        config.pluginmanager.register(Budgets(load()), "budgets")


@pytest.fixture(autouse=True)
def _log_handlers_of_its_own() -> Iterator[None]:
    """A command that a test runs in this process logs to the test's standard error, which is closed when the test ends."""
    root = logging.getLogger()
    before = (list(root.handlers), root.level)
    yield
    for handler in root.handlers[:]:
        if type(handler) is logging.StreamHandler and handler not in before[0]:
            root.removeHandler(handler)
    root.setLevel(before[1])


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    """One for each test: it keeps what a client that was stopped has not taken, for the next one of that name."""
    with EmbeddedBroker() as running:
        yield running


@pytest.fixture
def nobodys_port() -> Iterator[int]:
    """A port that refuses connections until a broker of ours comes there."""
    with unheard_port() as port:
        yield port
