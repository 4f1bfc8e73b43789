"""Chains whose time can be set: eth-tester and anvil. Time only ever moves forwards."""

from typing import Protocol

from web3 import Web3
from web3.types import RPCEndpoint


class TimeControl(Protocol):
    """What moves a development chain's time."""

    def advance_to(self, instant: int) -> None:
        """Mine a block at `instant` (unix seconds), which lies after the latest block; later where the chain's own clock is."""


class AnvilTime:
    """The time of an anvil node; Hardhat's node speaks the same two methods."""

    def __init__(self, web3: Web3) -> None:
        self._web3 = web3

    def advance_to(self, instant: int) -> None:
        """Mine a block at `instant`; the node's clock runs on from there."""
        for method, params in (("evm_setNextBlockTimestamp", [instant]), ("evm_mine", [])):
            answer = self._web3.provider.make_request(RPCEndpoint(method), params)
            if "error" in answer:
                raise OSError(f"{method} was refused: {answer['error']}")


def of_node(web3: Web3) -> TimeControl | None:
    """The time control of a node that has one, judged by what it calls itself."""
    name = web3.client_version.lower()
    return AnvilTime(web3) if name.startswith(("anvil", "hardhatnetwork")) else None
