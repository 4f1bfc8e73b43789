"""What the contracts meet in tests only, compiled by the project's own compiler: a payment token and a gate that misbehave."""

from pathlib import Path
from typing import Any

from bench.gas.solc import ROOT, solc
from tests.plant.missing import missing

MISBEHAVING = Path(__file__).resolve().parent / "misbehaving"
DOUBLES = ("MisbehavingToken", "MisbehavingGate")
OUTPUT = {"*": {"*": ["abi", "evm.bytecode.object"]}}


def compiled_doubles() -> dict[str, dict[str, Any]]:
    """The doubles in misbehaving/, in the shape of our artifacts."""
    if not (ROOT / "node_modules" / "solc").is_dir():
        missing("npm's solc is not installed; run `npm ci`")
    units = {f"{name}.sol": (MISBEHAVING / f"{name}.sol").read_text("utf-8") for name in DOUBLES}
    job = {
        "language": "Solidity",
        "sources": {unit: {"content": content} for unit, content in units.items()},
        "settings": {"evmVersion": "cancun", "outputSelection": OUTPUT},
    }
    output = solc(job)
    assert not output.get("errors"), output["errors"]
    return {name: _artifact(name, output["contracts"][f"{name}.sol"][name]) for name in DOUBLES}


def _artifact(name: str, made: dict[str, Any]) -> dict[str, Any]:
    return {"contractName": name, "abi": made["abi"], "bytecode": "0x" + made["evm"]["bytecode"]["object"]}
