"""Faults are sown into the contracts, and each must be noticed by the one test that is named for it (`mutants.toml`).

A mutant is compiled with that test alone; that the test passes on the contracts as they are, `test_forge.py` shows. Every third one
runs by default, as it stands in the table. With HELIORACLE_LONG=1 (`make test-long`) all of them run, those that are marked `long`
too, or a tenth of those that do not run by default (`length.py`). What a mutant `says`, if anything, is a regular expression for the
reason that the test must give.
"""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.contracts.forge_binary import forge
from tests.contracts.length import LONG, TENTH, chosen

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"
MUTANTS = tomllib.loads((Path(__file__).parent / "mutants.toml").read_text("utf-8"))["mutant"]
BY_DEFAULT = [mutant for number, mutant in enumerate(MUTANTS) if number % 3 == 0 and not mutant.get("long")]
AT_LENGTH = set(chosen(mutant["name"] for mutant in MUTANTS if not TENTH or mutant not in BY_DEFAULT))
RUN = [mutant for mutant in MUTANTS if mutant["name"] in AT_LENGTH] if LONG else BY_DEFAULT


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contracts in a folder of their own, with what they are compiled with beside them."""
    top = tmp_path_factory.mktemp("mutants")
    for name in ("node_modules", ".venv", "spec"):
        (top / name).symlink_to(ROOT / name)
    shutil.copytree(CONTRACTS, top / "contracts", ignore=shutil.ignore_patterns("out", "cache"))
    return top / "contracts"


def run(folder: Path, killer: str) -> subprocess.CompletedProcess[str]:
    path, test = killer.split(":")
    return subprocess.run(
        [forge(), "test", "--match-path", f"test/{path}", "--match-test", f"^{test}\\("],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
        env={**os.environ, "NO_COLOR": "1", "FOUNDRY_DISABLE_NIGHTLY_WARNING": "1"},
    )


def test_there_are_twenty_mutants_and_each_changes_one_place() -> None:
    assert len({mutant["name"] for mutant in MUTANTS}) == len(MUTANTS) >= 20
    for mutant in MUTANTS:
        source = (CONTRACTS / "src" / mutant["file"]).read_text("utf-8")
        assert source.count(mutant["text"]) == 1, mutant["name"]
        path, test = mutant["killer"].split(":")
        assert f"function {test}(" in (CONTRACTS / "test" / path).read_text("utf-8"), mutant["name"]


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("mutant", RUN, ids=lambda mutant: str(mutant["name"]))
def test_a_mutant_is_noticed(copy: Path, mutant: dict[str, str]) -> None:
    path = copy / "src" / mutant["file"]
    source = path.read_text("utf-8")
    path.write_text(source.replace(mutant["text"], mutant["becomes"]), "utf-8")
    try:
        sick = run(copy, mutant["killer"])
    finally:
        path.write_text(source, "utf-8")
    assert "Compiler run successful" in sick.stdout or "No files changed" in sick.stdout, (
        sick.stdout[-3000:] + sick.stderr[-2000:]
    )
    assert sick.returncode != 0, f"{mutant['killer']} passes although {mutant['name']}"
    assert "[FAIL" in sick.stdout, sick.stdout[-2000:]
    assert re.search(mutant.get("says", ""), sick.stdout), sick.stdout[-2000:]


def test_every_invariant_notices_a_mutant() -> None:
    sentences = {
        f"{path.relative_to(CONTRACTS / 'test').as_posix()}:{name}"
        for path in (CONTRACTS / "test" / "invariants").glob("*.t.sol")
        for name in re.findall(r"function (invariant_\w+)", path.read_text("utf-8"))
    }
    assert sentences
    assert sentences <= {mutant["killer"] for mutant in MUTANTS if "says" in mutant}
