"""Proves the properties of test/symbolic with halmos and compares the outcome with docs/security/halmos.md.

What the page calls proven must be proven again, and nothing may have a counterexample. What it calls not proven is tried
again: a solver that ran out of time says nothing either way.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from markdown_table import rows

CONTRACTS = Path(__file__).resolve().parent
ROOT = CONTRACTS.parent
PAGE = ROOT / "docs" / "security" / "halmos.md"
HEAD = ("property", "proof", "bound", "outcome", "seconds")
HALMOS = ROOT / ".venv-halmos" / "bin" / "halmos"
BUILT = CONTRACTS / "out-symbolic"  # as in foundry.toml, profile symbolic
FORGE = ROOT / "node_modules" / "@foundry-rs" / "forge-linux-amd64" / "bin"
PROVEN, NOT_PROVEN, REFUTED, BROKEN = "proven", "not proven", "refuted", "broken"
# A failed assert. Every other revert, an overflow too, is a refusal that takes nothing, which the properties allow.
PANICS = "0x01"
# Each loop is followed this often; a proof that would need more is none.
LOOPS = "4"
SOLVER_SECONDS = 60
# Of halmos: every path was followed and no assertion can fail; there are values that make one fail; a solver ran out of
# time. Its other codes say that it failed itself, or that every path reverts, so that the test says nothing.
WORDS = {0: PROVEN, 1: REFUTED, 2: NOT_PROVEN}


class Outcome(NamedTuple):
    """Of one property: one of the words above, and how long it took."""

    word: str
    seconds: int


class HalmosError(Exception):
    """Halmos didn't come to an end; the message is its own."""


def run() -> dict[str, Any]:
    """Halmos's report, as its JSON has it."""
    # Halmos tests whatever was ever built there.
    shutil.rmtree(BUILT, ignore_errors=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        path = os.pathsep.join([str(ROOT / ".venv" / "bin"), str(FORGE), os.environ.get("PATH", "")])
        done = subprocess.run(
            [
                *(str(HALMOS), "--forge-build-out", BUILT.name, "--loop", LOOPS, "--panic-error-codes", PANICS),
                *("--solver-timeout-assertion", f"{SOLVER_SECONDS}s", "--early-exit", "--no-status"),
                *("--json-output", str(report)),
            ],
            cwd=CONTRACTS,
            # Solvers come with the package; none is fetched.
            env={**os.environ, "PATH": path, "FOUNDRY_PROFILE": "symbolic", "HALMOS_ALLOW_DOWNLOAD": "0"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=1_800,
        )
        if not report.is_file():
            raise HalmosError((done.stdout + done.stderr)[-3000:])
        said: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))
        return said


def outcomes(report: dict[str, Any]) -> dict[str, Outcome]:
    """`Contract.check_name` -> outcome."""
    found: dict[str, Outcome] = {}
    for contract, tests in report["test_results"].items():
        for test in tests:
            word = WORDS.get(test["exitcode"], BROKEN)
            if word == PROVEN and test["num_bounded_loops"]:
                word = NOT_PROVEN
            name = f"{contract.rpartition(':')[2]}.{test['name'].partition('(')[0]}"
            found[name] = Outcome(word, round(test["time"][0]) if test["time"] else 0)
    return found


def listed() -> dict[str, str]:
    """`Contract.check_name` -> outcome, as the page has them."""
    return {proof: outcome for _, proof, _, outcome, _ in rows(PAGE, HEAD)}


def faults(found: dict[str, Outcome], known: dict[str, str]) -> list[str]:
    """Each property that isn't on both sides, has a counterexample or a broken test, or was proven and is so no more."""
    wrong = [f"not in the table: {name}" for name in sorted(found.keys() - known.keys())]
    wrong += [f"not run: {name}" for name in sorted(known.keys() - found.keys())]
    for name in sorted(found.keys() & known.keys()):
        word = found[name].word
        if word in (REFUTED, BROKEN) or (known[name] == PROVEN and word != PROVEN):
            wrong.append(f"{name}: {word}, and the page says {known[name]}")
    return wrong


def main() -> int:
    """0 when what was proven is proven; 1 with what isn't on standard error."""
    try:
        found = outcomes(run())
    except HalmosError as error:
        sys.stderr.write(f"halmos failed: {error}\n")
        return 1
    for name, outcome in sorted(found.items()):
        sys.stdout.write(f"{outcome.seconds:4} s  {outcome.word:10}  {name}\n")
    wrong = faults(found, listed())
    if wrong:
        sys.stderr.write("\n".join(["docs/security/halmos.md and halmos differ:", *wrong, ""]))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
