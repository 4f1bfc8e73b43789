"""The compiled contracts: ABI and creation code, as package data of `oracle.artifacts`."""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources

from oracle.errors import Fatal

NAMES = (
    "AccessManager",
    "AssetFactory",
    "InvestorGate",
    "AssetShare",
    "MeterRegistry",
    "RevenueDeclarations",
    "RevenueDistributor",
    "DemoStablecoin",
    "DirectSettlement",
    "Erc3643Register",
)


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract.

    Attributes:
        name: the contract's name.
        abi: its ABI as JSON-like data.
        bytecode: creation code, 0x-prefixed hex.
    """

    name: str
    abi: list[dict[str, object]]
    bytecode: str


@cache
def load(name: str) -> Artifact:
    """The artifact of one contract.

    Raises:
        Fatal: it is not there or not what the compiler writes.
    """
    try:
        text = resources.files("oracle").joinpath("artifacts", f"{name}.json").read_text("utf-8")
        found = json.loads(text)
        return Artifact(name, found["abi"], found["bytecode"])
    except (OSError, ValueError, KeyError) as error:
        raise Fatal(f"oracle/artifacts/{name}.json cannot be used ({error}); run `make contracts`") from None
