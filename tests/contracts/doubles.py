"""What the contracts meet in tests only, compiled by the project's own compiler: a payment token and a gate with moods."""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.missing import missing

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "oracle" / "artifacts"
MOODS = Path(__file__).resolve().parent / "moods"
DOUBLES = ("MoodyToken", "MoodyGate")
OUTPUT = {"*": {"*": ["abi", "evm.bytecode.object"]}}


def artifact(name: str) -> dict[str, Any]:
    """What was compiled and committed of one of our contracts."""
    loaded: dict[str, Any] = json.loads((ARTIFACTS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def compiled_doubles() -> dict[str, dict[str, Any]]:
    """The doubles in moods/, in the shape of our artifacts."""
    if not (ROOT / "node_modules" / "solc").is_dir():
        missing("npm's solc is not installed; run `npm ci`")
    units = {f"{name}.sol": (MOODS / f"{name}.sol").read_text("utf-8") for name in DOUBLES}
    job = {
        "language": "Solidity",
        "sources": {unit: {"content": content} for unit, content in units.items()},
        "settings": {"evmVersion": "cancun", "outputSelection": OUTPUT},
    }
    done = subprocess.run(
        [ROOT / "contracts" / "tools" / "solc", "--standard-json"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    output = json.loads(done.stdout)
    assert not output.get("errors"), output["errors"]
    return {name: _artifact(name, output["contracts"][f"{name}.sol"][name]) for name in DOUBLES}


def _artifact(name: str, made: dict[str, Any]) -> dict[str, Any]:
    return {"contractName": name, "abi": made["abi"], "bytecode": "0x" + made["evm"]["bytecode"]["object"]}
