"""Makes the mutants of Solidity files with the mutators of slither-mutate; runs in `.venv-slither`, which has them.

`solidity_faults.py FILE ...` prints one JSON object: file -> list of [line, was, becomes, operator]. The command
`slither-mutate` itself judges each mutant in place and forgets it; so its mutators are asked, and the judging is ours.
"""

import json
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import slither_findings
from slither import Slither
from slither.tools.mutator.mutators import all_mutators

from tests.mutants.mutant import Mutant, between

CONTRACTS = slither_findings.CONTRACTS
# slither-mutate replaces an operator, a number, a type by each other one. What two of them show of a line, the rest shows
# again, and each takes forge twenty seconds.
MOST_A_LINE = 2
# It changes the heads of functions, and most of what it makes doesn't compile.
LEFT_OUT = {"FHR"}
# Its mutators take what they would judge with; none of it is used.
UNUSED = {"timeout": 0, "testing_command": "", "testing_directory": "", "solc_remappings": None, "verbose": False}


def compiled() -> Slither:
    """All contracts, at the settings of the artifacts."""
    with tempfile.TemporaryDirectory(dir=CONTRACTS, prefix="out-slither-") as folder:
        job = Path(folder) / "input.json"
        job.write_text(json.dumps(slither_findings.compiler_input()), "utf-8")
        os.chdir(CONTRACTS)  # crytic-compile takes the names in the job from where it stands
        return Slither(str(job), compile_force_framework="solc-json", solc="tools/solc")


def patches(project: Slither, path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of a mutator and what it would replace, for each contract, library and modifier of the file."""
    mutators: list[Any] = [
        kind for kind in vars(all_mutators).values() if isinstance(kind, type) and kind.__name__ not in LEFT_OUT
    ]
    for unit in project.compilation_units:
        for contract in unit.contracts:
            if contract.is_interface or Path(contract.source_mapping.filename.absolute) != path:
                continue
            for kind in mutators:
                mutator = kind(
                    unit, contract_instance=contract, output_folder=path.parent, dont_mutate_line=[], **UNUSED
                )
                try:
                    made = mutator._mutate()
                except Exception as error:  # noqa: BLE001 - slither-mutate takes anything here, and goes on without
                    sys.stderr.write(f"{kind.NAME} makes nothing of {contract.name}: {error!r}\n")
                    continue
                for patch in made.get("patches", {}).get(str(path), []):
                    yield kind.NAME, patch


def faults(project: Slither, path: Path) -> list[Mutant]:
    """The mutants of a file, each once, in the order of the text."""
    source = path.read_bytes()
    found: dict[tuple[int, str, str], Mutant] = {}
    of_line: Counter[tuple[str, int]] = Counter()
    for name, patch in sorted(
        patches(project, path), key=lambda made: (made[0], made[1]["start"], made[1]["new_string"])
    ):
        faulty = source[: patch["start"]] + patch["new_string"].encode() + source[patch["end"] :]
        if faulty == source:
            continue
        mutant = between(source.decode(), faulty.decode(), name)
        if mutant.fault in found or of_line[name, mutant.line] == MOST_A_LINE:
            continue
        of_line[name, mutant.line] += 1
        found[mutant.fault] = mutant
    return sorted(found.values())


if __name__ == "__main__":
    root, everything = Path.cwd(), compiled()
    json.dump({path: faults(everything, root / path) for path in sys.argv[1:]}, sys.stdout)
