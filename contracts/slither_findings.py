"""Runs slither over src/ and compares what it finds with docs/security/slither.md, where each finding is explained.

A finding is named by its check, by contract and function, and by a digest of what slither says of it, line numbers aside,
and of the code that it points at. An explanation holds for the code that it was written for, and falls with it.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import build
from markdown_table import rows

CONTRACTS = build.CONTRACTS
ROOT = build.ROOT
PAGE = ROOT / "docs" / "security" / "slither.md"
HEAD = ("finding", "where", "digest", "why it is harmless")
SLITHER = ROOT / ".venv-slither" / "bin" / "slither"
# crytic-compile asks forge for its configuration.
FORGE = ROOT / "node_modules" / "@foundry-rs" / "forge-linux-amd64" / "bin"
# Not a check of slither's: a function that it could not read, and says nothing about.
NOT_READ = "not-read"


class Finding(NamedTuple):
    """What slither says of one place: the check, `Contract.function`, and 8 hex digits over its words and the code."""

    check: str
    where: str
    digest: str


class SlitherError(Exception):
    """Slither didn't come to an end; the message is its own."""


def compiler_input() -> dict[str, Any]:
    """The standard JSON for solc: our sources at the settings of the artifacts, and the trees that slither reads."""
    sources = sorted((CONTRACTS / "src").rglob("*.sol"))
    code = [f"evm.{part}.{what}" for part in ("bytecode", "deployedBytecode") for what in ("object", "sourceMap")]
    return {
        "language": "Solidity",
        "sources": {
            path.relative_to(CONTRACTS).as_posix(): {"content": path.read_text(encoding="utf-8")} for path in sources
        },
        "settings": {
            **build.SETTINGS,
            # File names that exist, seen from contracts/.
            "remappings": ["@openzeppelin/=../node_modules/@openzeppelin/"],
            "outputSelection": {"*": {"": ["ast"], "*": ["abi", "devdoc", "userdoc", *code]}},
        },
    }


def run() -> tuple[list[dict[str, Any]], str]:
    """Slither's results, as its JSON has them, and what it said on the way."""
    # crytic-compile looks for the project upwards from its target.
    with tempfile.TemporaryDirectory(dir=CONTRACTS, prefix="out-slither-") as folder:
        job, report = Path(folder) / "input.json", Path(folder) / "report.json"
        job.write_text(json.dumps(compiler_input()), encoding="utf-8")
        command = [SLITHER, job, "--compile-force-framework", "solc-json", "--solc", "tools/solc"]
        path = os.pathsep.join([str(ROOT / ".venv" / "bin"), str(FORGE), os.environ.get("PATH", "")])
        done = subprocess.run(
            [*map(str, command), "--filter-paths", "node_modules", "--no-fail-pedantic", "--json", str(report)],
            cwd=CONTRACTS,
            env={**os.environ, "PATH": path, "FOUNDRY_DISABLE_NIGHTLY_WARNING": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        if done.returncode != 0 or not report.is_file():
            raise SlitherError(done.stderr[-3000:])
        said: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
    if not said["success"]:
        raise SlitherError(str(said["error"]))
    return said["results"].get("detectors", []), done.stderr


def findings(results: list[dict[str, Any]], log: str) -> set[Finding]:
    """One finding for each check and place; what is said several times of a place is digested together."""
    words: dict[tuple[str, str], set[str]] = {}
    for result in results:
        said = [re.sub(r" \([^()\s]+\.sol#[\d-]+\)", "", result["description"])]
        said += [_code(element) for element in result["elements"] if element["type"] == "node"]
        words.setdefault((result["check"], _where(result["elements"][0])), set()).add("\n".join(said))
    for where in re.findall(r"Impossible to generate IR for (\S+) \(", log):
        words.setdefault((NOT_READ, where), set()).add(where)
    return {
        Finding(check, where, hashlib.sha256("\n".join(sorted(all_said)).encode()).hexdigest()[:8])
        for (check, where), all_said in words.items()
    }


def _code(node: dict[str, Any]) -> str:
    mapping = node["source_mapping"]
    start: int = mapping["start"]
    end: int = start + mapping["length"]
    source: Path = CONTRACTS / mapping["filename_relative"]
    return source.read_bytes()[start:end].decode()


def _where(element: dict[str, Any]) -> str:
    parent = element.get("type_specific_fields", {}).get("parent")
    if parent is None:
        return str(element["name"])
    return _where(parent) if element["type"] == "node" else f"{_where(parent)}.{element['name']}"


def explained() -> set[Finding]:
    """The findings that the page explains."""
    return {Finding(check, where, digest) for check, where, digest, _ in rows(PAGE, HEAD)}


def differences(found: set[Finding], known: set[Finding]) -> list[str]:
    """What is found and not explained, as rows to fill in; and what is explained and no longer found."""
    new = [f"| {check} | `{where}` | {digest} | ? |" for check, where, digest in sorted(found - known)]
    stale = [f"no longer so: {check} | {where} | {digest}" for check, where, digest in sorted(known - found)]
    return new + stale


def main() -> int:
    """0 when each finding is explained and nothing else is; 1 with the differences on standard error."""
    try:
        found = findings(*run())
    except SlitherError as error:
        sys.stderr.write(f"slither failed: {error}\n")
        return 1
    wrong = differences(found, explained())
    if wrong:
        sys.stderr.write("\n".join(["docs/security/slither.md and slither differ:", *wrong, ""]))
        return 1
    sys.stdout.write(f"{len(found)} findings, each explained in docs/security/slither.md\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
