"""Twenty of the mutants that the last run of `make mutants` killed are killed again, each by the test that noticed it then.

Which twenty follows from the commit, so that in time all have their turn, and two runs of one commit say the same. A file
that has changed since is left out: its lines are not those that were judged. `make mutants` judges it again.
"""

import hashlib
import subprocess
import warnings
from pathlib import Path

import pytest

from tests.mutants import results
from tests.mutants.judging import verdict
from tests.mutants.mutant import Mutant
from tests.mutants.results import ROOT
from tests.mutants.tree_copy import TreeCopy

TWENTY = 20
# A mutant of a contract is compiled anew, which takes as long as all of the others together; `tests/contracts` runs many.
CONTRACTS = 1
SECONDS = 120


def commit() -> str:
    """What the choice follows: the commit, or where there is none the sources that the results are of."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ",".join(judged.sha256 for _, judged in sorted(results.everything().items()))
    return done.stdout.strip()


def still_there(killer: str) -> bool:
    """Whether the test is where it was when it killed."""
    path, _, name = killer.removeprefix("test/").replace("::", ":").partition(":")
    file = ROOT / path if path.startswith("tests/") else ROOT / "contracts" / "test" / path
    # A test in a class, or with parameters.
    name = name.split("[")[0].rpartition(":")[2]
    return file.is_file() and (not name or f" {name}(" in file.read_text("utf-8"))


def killed() -> list[tuple[str, Mutant, str]]:
    """All that were killed, in an order that the commit shuffles: source file, mutant, killer."""
    found, seed = results.everything(), commit()
    old = results.stale(found)
    all_killed = [
        (source, mutant, said.killer)
        for source, judged in found.items()
        if source not in old
        for mutant, said in judged.verdicts.items()
        if said.word == "killed" and still_there(said.killer)
    ]
    return sorted(all_killed, key=lambda one: hashlib.sha256(f"{seed} {one!r}".encode()).digest())


def chosen() -> list[tuple[str, Mutant, str]]:
    """Twenty of them, and at most one of a contract among them."""
    every = killed()
    contracts = [one for one in every if one[0].endswith(".sol")][:CONTRACTS]
    python = [one for one in every if not one[0].endswith(".sol")]
    return [*python[: TWENTY - len(contracts)], *contracts]


@pytest.mark.slow
# What is left out is said in the summary, and is no reason to fail.
@pytest.mark.filterwarnings("default:mutants")
@pytest.mark.timeout(600)
def test_twenty_mutants_are_killed_again(tmp_path: Path) -> None:
    found = results.everything()
    if old := results.stale(found):
        warnings.warn(f"mutants: {len(old)} of {len(found)} files have changed since `make mutants` ran", stacklevel=1)
    again = chosen()
    if len(again) < TWENTY:
        warnings.warn(f"mutants: only {len(again)} mutants can be run, {TWENTY} were wanted", stacklevel=1)
    tree = TreeCopy(tmp_path / "tree")
    alive = []
    for source, mutant, killer in again:
        with tree.faulty(source, mutant):
            said = verdict(tree, source, [killer], SECONDS)
        # Solidity that does not compile, which the last run would have called invalid, is no kill either.
        if said.word not in ("killed", "timeout"):
            alive.append(f"{source}:{mutant.line} {mutant.becomes.strip()!r} {said.word}, not killed by {killer}")
    assert not alive
