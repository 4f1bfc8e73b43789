"""Which source files get mutants, and which tests judge them."""

import json
import os
import subprocess
import tomllib
from pathlib import Path

from tests.mutants.mutant import Mutant
from tests.mutants.results import ROOT

PYTHON = ("oracle/core", "evidence", "gateway/core", "meters", "firmware_sim/core")
SOLIDITY = "contracts/src"
# Interfaces have nothing to run; what stands in neither list of tests is constants alone.
LEFT_OUT = ("contracts/src/interfaces", "contracts/src/lib/Roles.sol")
JUDGES = tomllib.loads((Path(__file__).parent / "judges.toml").read_text("utf-8"))["judges"]
# crytic-compile asks forge for its configuration, and the compiler runs in the Node of .venv.
FORGE = ROOT / "node_modules" / "@foundry-rs" / "forge-linux-amd64" / "bin"


class NoMutantsError(Exception):
    """The program that makes mutants failed, or is not there; the message is its own."""


def all_sources() -> list[str]:
    """The pure cores and the contracts, in the order in which they are run: what is quick comes first."""
    python = [path for room in PYTHON for path in sorted((ROOT / room).rglob("*.py")) if path.read_bytes().strip()]
    solidity = sorted((ROOT / SOLIDITY).rglob("*.sol"))
    names = [path.relative_to(ROOT).as_posix() for path in [*python, *solidity]]
    return [name for name in names if not name.startswith(LEFT_OUT)]


def chosen(only: str) -> list[str]:
    """The sources that `only` names: a folder, a file, or a file without its ending; all of them if it is empty."""
    wanted = only.strip("/")
    return [
        source
        for source in all_sources()
        if not wanted or source == wanted or source.startswith(f"{wanted}/") or source.rpartition(".")[0] == wanted
    ]


def judges(source: str) -> list[str]:
    """The tests of the first row that the source fits.

    Raises:
        LookupError: no row has it.
    """
    for row in JUDGES:
        if any(
            Path(source).match(pattern) and Path(source).parent == Path(pattern).parent for pattern in row["sources"]
        ):
            tests: list[str] = row["tests"]
            return tests
    raise LookupError(f"tests/mutants/judges.toml says nothing of {source}")


def mutants(sources: list[str]) -> dict[str, list[Mutant]]:
    """Source file -> its mutants, made by cosmic-ray and by slither-mutate.

    Raises:
        NoMutantsError: one of them is not installed or failed.
    """
    solidity = [source for source in sources if source.endswith(".sol")]
    python = [source for source in sources if not source.endswith(".sol")]
    return {**_made(".venv-mutants", "python_faults", python), **_made(".venv-slither", "solidity_faults", solidity)}


def _made(environment: str, program: str, sources: list[str]) -> dict[str, list[Mutant]]:
    interpreter = ROOT / environment / "bin" / "python"
    if not sources:
        return {}
    if not interpreter.is_file():
        raise NoMutantsError(f"{environment} is missing; `make mutants` makes it")
    paths = [str(ROOT / ".venv" / "bin"), str(FORGE), os.environ.get("PATH", "")]
    done = subprocess.run(
        [str(interpreter), f"tests/mutants/{program}.py", *sources],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PATH": os.pathsep.join(paths),
            "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'contracts'}",
            "FOUNDRY_DISABLE_NIGHTLY_WARNING": "1",
        },
    )
    if done.returncode != 0:
        raise NoMutantsError(done.stderr[-2000:])
    return {source: [Mutant(*fields) for fields in found] for source, found in json.loads(done.stdout).items()}
