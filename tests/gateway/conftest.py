"""Fixtures of the gateway's tests: slaves on real ptys, and a place for threads that died."""

from collections.abc import Callable, Iterator

import pytest

from tests.plant.edge_site import Failures
from tests.plant.scripted_slave import ScriptedSlave


@pytest.fixture
def failures() -> Iterator[Failures]:
    kept = Failures()
    yield kept
    if kept.errors:
        raise kept.errors[0]


@pytest.fixture
def slave() -> Iterator[Callable[..., ScriptedSlave]]:
    made: list[ScriptedSlave] = []

    def make(*script: bytes | Callable[[bytes], bytes]) -> ScriptedSlave:
        made.append(ScriptedSlave(*script))
        return made[-1]

    yield make
    for one in made:
        one.close()
