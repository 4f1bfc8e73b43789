"""Compile the contracts with the npm package `solc` into oracle/artifacts.

`build.py` writes, `build.py --check` compiles and says what differs, `build.py --digest` prints the digest of sources
and settings alone, which needs no Node. The output depends on the sources, the settings and the pinned versions only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
ARTIFACTS = ROOT / "oracle" / "artifacts"
SOLC_VERSION = "0.8.37"
OPENZEPPELIN = "@openzeppelin/contracts"

SETTINGS: dict[str, Any] = {
    "evmVersion": "cancun",
    "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
    "optimizer": {"enabled": True, "runs": 10_000},
    "viaIR": False,
}
# Contract name -> source unit. The AccessManager is OpenZeppelin's own, unchanged: every asset has one.
WANTED: dict[str, str] = {
    "AccessManager": "@openzeppelin/contracts/access/manager/AccessManager.sol",
    "AssetFactory": "src/AssetFactory.sol",
    "AssetShare": "src/AssetShare.sol",
    "DemoStablecoin": "src/demo/DemoStablecoin.sol",
    "DirectSettlement": "src/DirectSettlement.sol",
    "Erc3643Register": "src/Erc3643Register.sol",
    "InvestorGate": "src/InvestorGate.sol",
    "MeterRegistry": "src/MeterRegistry.sol",
    "RevenueDeclarations": "src/RevenueDeclarations.sol",
    "RevenueDistributor": "src/RevenueDistributor.sol",
}
# solc warns of every use of transient storage. Ours is OpenZeppelin's reentrancy guard, which clears it, and which that
# very warning calls safe.
TRANSIENT_STORAGE = "2394"
# EIP-170: a contract above this can't be deployed.
CODE_SIZE_LIMIT = 24_576


class BuildError(Exception):
    """The build cannot go on; the message says what to do."""


def digest_input() -> dict[str, Any]:
    """Everything the artifacts depend on: settings, versions, and SHA-256 of each of our sources."""
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    packages = lock["packages"]
    return {
        "compiler": {"package": "solc", **_pinned(packages, "solc", SOLC_VERSION)},
        "dependencies": {OPENZEPPELIN: _pinned(packages, OPENZEPPELIN, None)},
        "settings": SETTINGS,
        "sources": {
            path.relative_to(CONTRACTS).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted((CONTRACTS / "src").rglob("*.sol"))
        },
        "wanted": WANTED,
    }


def _pinned(packages: dict[str, Any], name: str, want: str | None) -> dict[str, str]:
    entry = packages[f"node_modules/{name}"]
    if want is not None and entry["version"] != want:
        raise BuildError(f"package-lock.json pins {name} {entry['version']}, build.py wants {want}")
    return {"version": entry["version"], "integrity": entry["integrity"]}


def source_digest() -> str:
    """SHA-256 over the canonical JSON of `digest_input`, as hex."""
    canonical = json.dumps(digest_input(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def compile_contracts() -> dict[str, Any]:
    """Runs solc over all of our sources and returns its output, or raises with its messages."""
    units = {unit: _source(unit) for unit in WANTED.values()}
    for path in sorted((CONTRACTS / "src").rglob("*.sol")):
        unit = path.relative_to(CONTRACTS).as_posix()
        units[unit] = _source(unit)
    job = {
        "language": "Solidity",
        "sources": {unit: {"content": content} for unit, content in sorted(units.items())},
        "settings": {
            **SETTINGS,
            "outputSelection": {"*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}},
        },
    }
    environment = {**os.environ, "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"}
    try:
        done = subprocess.run(
            [str(CONTRACTS / "tools" / "solc"), "--standard-json"],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            check=True,
            env=environment,
            timeout=300,
        )
    except FileNotFoundError as missing:
        raise BuildError(f"{missing.filename} is missing") from missing
    except subprocess.CalledProcessError as failed:
        raise BuildError(f"solc did not run; is `npm ci` done? {failed.stderr.strip()[-2000:]}") from failed
    output: dict[str, Any] = json.loads(done.stdout)
    complaints = [
        entry["formattedMessage"] for entry in output.get("errors", []) if entry.get("errorCode") != TRANSIENT_STORAGE
    ]
    if complaints:
        # Warnings count: a contract that holds money compiles without a word.
        raise BuildError("\n".join(complaints))
    return output


def _source(unit: str) -> str:
    folder = ROOT / "node_modules" if unit.startswith("@") else CONTRACTS
    try:
        return (folder / unit).read_text(encoding="utf-8")
    except FileNotFoundError as missing:
        raise BuildError(f"{missing.filename} is missing; run `npm ci`") from missing


def artifacts() -> dict[str, str]:
    """File name -> text of every artifact, freshly compiled."""
    output = compile_contracts()
    digest = source_digest()
    described = digest_input()
    files: dict[str, str] = {}
    for name, unit in WANTED.items():
        contract = output["contracts"][unit][name]
        deployed = contract["evm"]["deployedBytecode"]["object"]
        size = len(deployed) // 2
        if size > CODE_SIZE_LIMIT:
            raise BuildError(f"{name} has {size} bytes of code; the limit is {CODE_SIZE_LIMIT} (EIP-170)")
        artifact = {
            "contractName": name,
            "sourceUnit": unit,
            "abi": contract["abi"],
            "bytecode": "0x" + contract["evm"]["bytecode"]["object"],
            "deployedBytecodeSize": size,
            "compiler": {"version": SOLC_VERSION, "settings": SETTINGS},
            "sourceDigest": digest,
        }
        files[f"{name}.json"] = json.dumps(artifact, indent=1, sort_keys=False) + "\n"
    files["digest.json"] = json.dumps({"sourceDigest": digest, **described}, indent=1) + "\n"
    return files


def write() -> None:
    """Writes the artifacts; a file that no source stands behind any more is removed."""
    files = artifacts()
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    for stale in ARTIFACTS.glob("*.json"):
        if stale.name not in files:
            stale.unlink()
    for name, text in files.items():
        (ARTIFACTS / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"oracle/artifacts/{name}\n")


def check() -> None:
    """Raises unless a fresh build equals, byte for byte, what is committed."""
    files = artifacts()
    committed = {path.name: path.read_text(encoding="utf-8") for path in ARTIFACTS.glob("*.json")}
    wrong = sorted(name for name in files.keys() | committed.keys() if files.get(name) != committed.get(name))
    if wrong:
        raise BuildError(f"oracle/artifacts drifted from contracts/src: {', '.join(wrong)}; run contracts/build.py")


def main() -> int:
    """The command line; 0 when done, 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--check", action="store_true", help="compile and compare, write nothing")
    chosen.add_argument("--digest", action="store_true", help="print the digest of sources and settings")
    arguments = parser.parse_args()
    try:
        if arguments.digest:
            sys.stdout.write(source_digest() + "\n")
        elif arguments.check:
            check()
        else:
            write()
    except BuildError as error:
        sys.stderr.write(f"contracts/build.py: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
