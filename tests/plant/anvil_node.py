"""A real node, anvil, whose blocks a test drives by hand."""

import platform
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from tests.plant.missing import missing

_ROOT = Path(__file__).parents[2]
_MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), "none")
ANVIL = _ROOT / f"node_modules/@foundry-rs/anvil-linux-{_MACHINE}/bin/anvil"


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


@contextmanager
def running_anvil(*options: str, hardfork: str = "cancun") -> Iterator[Anvil]:
    if not ANVIL.exists():
        missing("anvil is missing: run `npm ci`")
    process = subprocess.Popen(
        [ANVIL, "--port", "0", "--host", "127.0.0.1", "--hardfork", hardfork, *options],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    # It writes a line for each question: where nobody reads them the pipe fills, and it never answers again.
    drain = Thread(target=process.stdout.read)
    try:
        for line in process.stdout:
            if found := re.search(r"Listening on (127\.0\.0\.1:\d+)", line):
                drain.start()
                yield Anvil(f"http://{found[1]}")
                break
        else:
            pytest.fail("anvil ended before it listened")
    finally:
        process.kill()  # it holds nothing that is worth a goodbye
        process.wait(30)
        if drain.ident is not None:
            drain.join(30)
        process.stdout.close()
