"""One anvil with nothing left to chance: its keys, its clock and its hardfork are fixed, so the same code uses the same gas.

Every figure is `gasUsed` of a receipt: the 21,000 of a transaction, its calldata, and every slot as cold as on a chain.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from web3 import HTTPProvider, Web3
from web3.types import RPCEndpoint

from bench.gas.anvil import anvil_url

# Osaka has the P-256 precompile (EIP-7951), and no transaction that uses more gas than this (EIP-7825).
HARDFORK = "osaka"
GAS_LIMIT = 1 << 24
GENESIS = 1_800_000_000
BLOCK_S = 12
DAY = 86_400


class Chain:
    """A chain whose accounts are unlocked and rich, and that mines a block for each transaction, 12 s after the one before.

    Attributes:
        accounts: addresses; the first one deploys.
    """

    def __init__(self, web3: Web3) -> None:
        self.web3 = web3
        self.accounts = list(web3.eth.accounts)
        self._ask("anvil_setBlockTimestampInterval", BLOCK_S)

    def create(self, artifact: dict[str, Any], *arguments: object) -> Any:
        """A contract made of what a compiler wrote (`abi`, `bytecode`), by the first account."""
        made: Any = self.web3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
        receipt = self._receipt(made.constructor(*arguments), self.accounts[0])
        return self.at(artifact, str(receipt["contractAddress"]))

    def at(self, artifact: dict[str, Any], address: str) -> Any:
        """A contract that is there already."""
        return self.web3.eth.contract(address=Web3.to_checksum_address(address), abi=artifact["abi"])

    def send(self, call: Any, sender: str | None = None) -> int:
        """Gas of a transaction that must succeed."""
        return int(self._receipt(call, sender or self.accounts[0])["gasUsed"])

    @property
    def now(self) -> int:
        """Unix seconds of the newest block."""
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def travel(self, instant: int) -> None:
        """Mine an empty block at `instant`, unix seconds, which lies ahead."""
        self._ask("evm_setNextBlockTimestamp", instant)
        self._ask("evm_mine")

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever happens in the block has not happened after it: one figure does not warm up the next."""
        snapshot = self._ask("evm_snapshot")
        try:
            yield
        finally:
            assert self._ask("evm_revert", snapshot) is True

    def _receipt(self, call: Any, sender: str) -> Any:
        sent = call.transact({"from": sender, "gas": GAS_LIMIT, "gasPrice": 2 * 10**9})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent, poll_latency=0.01)
        assert receipt["status"] == 1, getattr(call, "fn_name", "constructor")
        return receipt

    def _ask(self, method: str, *parameters: object) -> Any:
        answer = self.web3.provider.make_request(RPCEndpoint(method), list(parameters))
        assert "error" not in answer, (method, answer)
        return answer["result"]


@contextmanager
def fixed_chain() -> Iterator[Chain]:
    """The chain that all figures of one run come from."""
    with anvil_url("--timestamp", str(GENESIS), hardfork=HARDFORK) as url:
        # web3 asks for the chain's id before every transaction, which were a third of all requests.
        provider = HTTPProvider(url, cache_allowed_requests=True, cacheable_requests={"eth_chainId"})
        yield Chain(Web3(provider))
