"""The peers as code: what npm packages publish compiled, and a few lines of ours over OpenZeppelin, compiled as our contracts are."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from bench.gas.asset import artifact
from bench.gas.solc import ROOT, solc

MODULES = ROOT / "node_modules"
# T-REX and OnchainID come under the GPL: their compiled artifacts are loaded and nothing of theirs is copied or shipped.
TREX = "@tokenysolutions/t-rex/artifacts/contracts"
ONCHAIN_ID = "@onchain-id/solidity/artifacts/contracts"
# The last version that has a PaymentSplitter; MIT.
OPENZEPPELIN_4 = "openzeppelin-contracts-4/build/contracts"


def published(path: str) -> dict[str, Any]:
    """An artifact of an npm package, by its path below node_modules."""
    found: dict[str, Any] = json.loads((MODULES / path).read_text("utf-8"))
    return found


def trex(path: str) -> dict[str, Any]:
    """An artifact of T-REX, such as `token/Token`."""
    return published(f"{TREX}/{path}.sol/{Path(path).name}.json")


@cache
def peers() -> dict[str, dict[str, Any]]:
    """The contracts of the `.sol` files beside this one, by name, compiled with the compiler and the settings of our artifacts."""
    sources = {path.name: {"content": path.read_text("utf-8")} for path in sorted(Path(__file__).parent.glob("*.sol"))}
    job = {
        "language": "Solidity",
        "sources": sources,
        "settings": {
            **artifact("AssetShare")["compiler"]["settings"],
            "outputSelection": {name: {"*": ["abi", "evm.bytecode.object"]} for name in sources},
        },
    }
    output = solc(job)
    faults = [fault["formattedMessage"] for fault in output.get("errors", []) if fault["severity"] == "error"]
    assert not faults, "\n".join(faults)
    return {
        name: {"abi": made["abi"], "bytecode": "0x" + made["evm"]["bytecode"]["object"]}
        for unit in output["contracts"].values()
        for name, made in unit.items()
        if made["evm"]["bytecode"]["object"]
    }
