"""One asset on one chain for all tests that compare the model with it."""

from collections.abc import Iterator

import pytest

from tests.contracts.anvil_evm import running_evm
from tests.contracts.stage import GENESIS, Stage, deployed


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with running_evm(GENESIS) as evm:
        yield deployed(evm)
