"""An oracle service that runs in a stepped world."""

import queue
from pathlib import Path

from oracle import config
from oracle.chain.client import Chain
from oracle.service import OracleService
from runtime.clock import SteppedClock
from tests.plant.gateway_client import WAIT_S
from tests.plant.signed_meter import DAY_ZERO


class Running:
    """An oracle that runs, and what its threads died of."""

    def __init__(self, path: Path, *, chain: Chain | None = None, world_start: int = DAY_ZERO) -> None:
        self.failures: queue.Queue[BaseException] = queue.Queue()
        self.world = SteppedClock(world_start)
        self.config = config.load(path)
        self.service = OracleService(self.config, self.world, chain=chain, on_failure=self.failures.put)
        self.service.start()
        assert self.service.wait_ready(WAIT_S)

    def wait_idle(self, *, until: int = 0) -> None:
        """Until the world could move on: everything that arrived is stored, answered, settled and declared."""
        waiter = self.world.join("test")
        waiter.wait_until(max(until, self.world.now() + 1))
        waiter.leave()
