"""Which lines and branches of contracts/src no Solidity test reaches, against the table of what may stay unreached.

`coverage.py` runs `forge coverage` and fails on any line or branch that is not in docs/security/coverage.md, and on any
row there that is reached by now. `--lcov FILE` judges a report that is there already.

forge measures code that is compiled without the optimiser, and OpenZeppelin's P-256 in Solidity doesn't compile so: its
variables don't fit on the stack. The measurement therefore runs on a copy of the tree in a temporary folder, where
`P256.sol` is a few lines around the precompile of EIP-7951, on a chain that has it.

forge counts an `if` without an `else` as one branch, the side taken. In the copy each of ours has an `else` that does
nothing, so that walking past it counts too. Both sides of `&&`, `||` and `?:` are not told apart by forge.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ROOT / "contracts"
TABLE = ROOT / "docs" / "security" / "coverage.md"
FORGE_MAX_S = 1_800
P256 = """\
// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

library P256 {
    uint256 internal constant N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551;
    uint256 internal constant P = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF;
    uint256 internal constant B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B;

    function verify(bytes32 h, bytes32 r, bytes32 s, bytes32 x, bytes32 y) internal view returns (bool) {
        (bool done, bytes memory answer) = address(0x100).staticcall(abi.encode(h, r, s, x, y));
        return done && answer.length == 32 && uint256(s) <= N / 2;
    }

    function verifySolidity(bytes32 h, bytes32 r, bytes32 s, bytes32 x, bytes32 y) internal view returns (bool) {
        return verify(h, r, s, x, y);
    }

    function isValidPublicKey(bytes32 x, bytes32 y) internal pure returns (bool) {
        (uint256 u, uint256 v) = (uint256(x), uint256(y));
        if (u >= P || v >= P) return false;
        uint256 right = addmod(addmod(mulmod(mulmod(u, u, P), u, P), mulmod(P - 3, u, P), P), B, P);
        return mulmod(v, v, P) == right;
    }
}
"""


class CoverageError(Exception):
    """The figures could not be had, or are not what the table says; the message says which."""


@dataclass(frozen=True, order=True)
class Place:
    """A line of a source of ours that is never run, or a branch on it that is never taken.

    Attributes:
        file: below contracts/, such as `src/AssetShare.sol`.
        line: counted from 1.
        kind: `line` or `branch`.
    """

    file: str
    line: int
    kind: str

    def __str__(self) -> str:
        return f"contracts/{self.file}:{self.line}: {self.kind} never reached: {self.code}"

    @property
    def code(self) -> str:
        """The text of the line."""
        return _lines(self.file)[self.line - 1].strip()

    @property
    def function(self) -> str:
        """The function around the line, or `constructor`; empty outside of any."""
        for text in reversed(_lines(self.file)[: self.line]):
            if found := FUNCTION.match(text):
                return found["name"] or "constructor"
        return ""


# Where a function begins; forge fmt keeps this on one line. Library and contract functions are one level deep.
FUNCTION = re.compile(r"^    (?:function (?P<name>\w+)|constructor|modifier (?P<modifier>\w+))\b")


@dataclass(frozen=True)
class Exempt:
    """A row of the table: what may stay unreached, and why.

    Attributes:
        file: below contracts/.
        function: the function that it is in.
        kind: `line` or `branch`.
        code: the text of the line.
        why: the reason, in words.
    """

    file: str
    function: str
    kind: str
    code: str
    why: str

    def place(self) -> Place:
        """The first line that the row can mean; raises CoverageError where there is none."""
        if (CONTRACTS / self.file).is_file():
            for number, text in enumerate(_lines(self.file), 1):
                found = Place(self.file, number, self.kind)
                if text.strip() == self.code and found.function == self.function:
                    return found
        raise CoverageError(f"{TABLE.relative_to(ROOT)}: there is no {self.code} in {self.function} of {self.file}")

    def covers(self, place: Place) -> bool:
        """Whether the row speaks of this place. Line numbers move, so it is found by its text."""
        return (self.file, self.function, self.kind, self.code) == (place.file, place.function, place.kind, place.code)


@dataclass(frozen=True)
class Counts:
    """How much there is and how much of it is reached."""

    lines: int
    lines_hit: int
    branches: int
    branches_hit: int


@cache
def _lines(file: str) -> list[str]:
    return (CONTRACTS / file).read_text(encoding="utf-8").splitlines()


# ---------------------------------------------------------------- the report


def read_lcov(text: str) -> tuple[Counts, list[Place]]:
    """What an lcov tracefile (geninfo(1)) says of `src/`, with every unreached place.

    A branch of a block that was never entered has `-` for its count, and counts as unreached.
    """
    seen: dict[str, tuple[int, int]] = {"line": (0, 0), "branch": (0, 0)}
    missed: set[Place] = set()
    file = ""
    for record in text.splitlines():
        tag, _, rest = record.partition(":")
        if tag == "SF":
            file = rest
        if tag not in ("DA", "BRDA") or not file.startswith("src/"):
            continue
        fields = rest.split(",")
        if _lines(file)[int(fields[0]) - 1].strip() == "}":
            continue  # an `else` of ours that stands behind a block
        kind, count = ("line", fields[1]) if tag == "DA" else ("branch", fields[3])
        hit = count not in ("0", "-")
        there, reached = seen[kind]
        seen[kind] = (there + 1, reached + hit)
        if not hit:
            missed.add(Place(file, int(fields[0]), kind))
    if seen["line"][0] == 0:
        raise CoverageError("the report has no line of contracts/src")
    return Counts(*seen["line"], *seen["branch"]), sorted(missed)


def read_table(text: str) -> list[Exempt]:
    """The rows of docs/security/coverage.md: `| file | function | line or branch | code | why |`, the first four as code."""
    rows = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) != 5 or cells[0] in ("file", "---"):
            continue
        file, function, kind, code, why = (cell.replace("\\|", "|") for cell in cells)
        rows.append(Exempt(file.strip("`"), function.strip("`"), kind, code.strip("`"), why))
    return rows


def complaints(missed: Iterable[Place], table: Iterable[Exempt]) -> Iterator[str]:
    """Every place that no row speaks of, and every row that speaks of no place."""
    places, rows = list(missed), list(table)
    for place in places:
        if not any(row.covers(place) for row in rows):
            yield str(place)
    for row in rows:
        if not any(row.covers(place) for place in places):
            yield f"{TABLE.relative_to(ROOT)}: nothing is unreached at this row any more: {row.file} {row.function} {row.code}"


# ---------------------------------------------------------------- the run

# As forge fmt writes them: an `if` begins its line, and what ends it stands in the same column.
IF = re.compile(r"^(?P<indent> +)(?:\} else )?if \(")
NOTHING = " else { 0; }"


def with_else(source: str) -> str:
    """The same Solidity with an `else` at every `if` that has none, on the line where the `if` ends."""
    lines = source.splitlines()
    for number, line in enumerate(lines):
        found = IF.match(line)
        if found is None:
            continue
        end = _end_of_if(lines, number, found["indent"])
        goes_on = lines[end + 1].startswith(f"{found['indent']}else ") or lines[end].endswith("{")
        if not goes_on:
            lines[end] += NOTHING
    return "\n".join(lines) + "\n"


def _end_of_if(lines: list[str], first: int, indent: str) -> int:
    """The line that ends the statement or the block of an `if`, or that has its `} else`."""
    if lines[first].endswith(";"):
        return first
    for number in range(first + 1, len(lines)):
        text = lines[number]
        if text.startswith(f"{indent}}}") or (text.startswith(f"{indent})") and text.endswith(";")):
            return number
    raise CoverageError(f"no end of the if in: {lines[first]}")


def _forge() -> str:
    bundled = ROOT / "node_modules" / "@foundry-rs" / "forge-linux-amd64" / "bin" / "forge"
    found = str(bundled) if bundled.is_file() else shutil.which("forge")
    if found is None:
        raise CoverageError("forge is not installed; run `npm ci`")
    return found


def _copy_into(scratch: Path) -> Path:
    """The tree as forge needs it, with the one file replaced; returns the copy of contracts/."""
    contracts = scratch / "contracts"
    for name in ("src", "test"):
        shutil.copytree(CONTRACTS / name, contracts / name)
    for source in (contracts / "src").rglob("*.sol"):
        source.write_text(with_else(source.read_text(encoding="utf-8")), encoding="utf-8")
    shutil.copytree(ROOT / "spec" / "vectors", scratch / "spec" / "vectors")
    modules = ROOT / "node_modules"
    if not (modules / "@openzeppelin").is_dir():
        raise CoverageError("OpenZeppelin is not installed; run `npm ci`")
    # forge's analysis opens imports below the project's root only.
    shutil.copytree(modules / "@openzeppelin", contracts / "lib" / "@openzeppelin")
    settings = (CONTRACTS / "foundry.toml").read_text(encoding="utf-8")
    (contracts / "foundry.toml").write_text(
        settings.replace("../node_modules/@openzeppelin/", "lib/@openzeppelin/"), encoding="utf-8"
    )
    for package in ("@tokenysolutions/t-rex", "@onchain-id/solidity"):
        shutil.copytree(modules / package / "artifacts", scratch / "node_modules" / package / "artifacts")
    replaced = contracts / "lib" / "@openzeppelin" / "contracts" / "utils" / "cryptography" / "P256.sol"
    replaced.write_text(P256, encoding="utf-8")
    return contracts


def measure() -> str:
    """Runs every Solidity test but those of gas; returns the tracefile."""
    with tempfile.TemporaryDirectory(prefix="coverage-") as folder:
        contracts = _copy_into(Path(folder).resolve())
        report = contracts / "lcov.info"
        command = [
            *(_forge(), "coverage", "--root", str(contracts)),
            # What unoptimised code costs is no figure, and a line that only a random walk comes to has no test of its own.
            *("--no-match-contract", "Gas|Invariants"),
            *("--no-match-test", "fit_into_a_transaction"),
            *("--evm-version", "osaka"),
            *("--report", "lcov", "--report-file", str(report)),
        ]
        environment = {
            **os.environ,
            "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
            "FOUNDRY_SOLC": str(CONTRACTS / "tools" / "solc"),
            "FOUNDRY_DISABLE_NIGHTLY_WARNING": "1",
            "NO_COLOR": "1",
        }
        try:
            done = subprocess.run(
                command,
                cwd=contracts,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=FORGE_MAX_S,
            )
        except subprocess.TimeoutExpired as late:
            raise CoverageError(f"forge was not done after {late.timeout} s") from late
        if done.returncode != 0:
            raise CoverageError(f"forge coverage failed:\n{done.stdout[-4000:]}{done.stderr[-2000:]}")
        return report.read_text(encoding="utf-8")


def main() -> int:
    """The command line; 0 when everything is reached or explained, 1 with the places on standard error."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lcov", type=Path, help="judge this tracefile instead of running forge")
    parser.add_argument("--save", type=Path, help="keep the tracefile here")
    arguments = parser.parse_args()
    try:
        table = read_table(TABLE.read_text(encoding="utf-8"))
        for row in table:
            row.place()  # before minutes are spent
        text = arguments.lcov.read_text(encoding="utf-8") if arguments.lcov else measure()
        if arguments.save:
            arguments.save.write_text(text, encoding="utf-8")
        counts, missed = read_lcov(text)
    except CoverageError as error:
        sys.stderr.write(f"contracts/coverage.py: {error}\n")
        return 1
    found = list(complaints(missed, table))
    for complaint in found:
        sys.stderr.write(f"{complaint}\n")
    sys.stdout.write(
        f"lines {counts.lines_hit} of {counts.lines}, branches {counts.branches_hit} of {counts.branches}, "
        f"{len(table)} rows explain what is left\n"
    )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
