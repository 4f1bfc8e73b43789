"""A real node, anvil, whose blocks a test drives by hand."""

from collections.abc import Iterator
from contextlib import contextmanager

from web3 import HTTPProvider
from web3.types import RPCEndpoint

from bench.gas.anvil import ANVIL, anvil_url
from tests.plant.missing import missing


class Anvil:
    """A node at `url`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._provider = HTTPProvider(url)

    def ask(self, method: str, *params: object) -> object:
        answer = self._provider.make_request(RPCEndpoint(method), list(params))
        assert "error" not in answer, (method, params, answer)
        return answer["result"]

    def by_hand(self, *, block_s: int = 12) -> None:
        """From now on a block comes only when `mine` is called, `block_s` seconds of chain time after the one before."""
        self.ask("evm_setAutomine", False)
        self.ask("anvil_setBlockTimestampInterval", block_s)

    def mine(self, blocks: int = 1) -> None:
        for _ in range(blocks):
            self.ask("evm_mine")

    def reorg(self, depth: int) -> None:
        """Replace the newest blocks by as many empty ones; their transactions are lost."""
        self.ask("anvil_reorg", depth, [])

    def waiting(self) -> int:
        """Transactions that the next block will hold."""
        status = self.ask("txpool_status")
        assert isinstance(status, dict)
        return int(str(status["pending"]), 16)


def needs_anvil() -> None:
    """Skip by name where it is not installed; in CI that is a failure."""
    if not ANVIL.exists():
        missing("anvil is missing: run `npm ci`")


@contextmanager
def running_anvil(*options: str, hardfork: str = "cancun") -> Iterator[Anvil]:
    """A fresh node, which ends with the block."""
    needs_anvil()
    with anvil_url(*options, hardfork=hardfork) as url:
        yield Anvil(url)
