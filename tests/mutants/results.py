"""What became of each mutant, in one file of JSON lines a folder of sources.

A source file has one line with its SHA-256 and the number of its mutants, then a line for each mutant that was judged, in
the order of the text. A source whose hash is another one is stale: its lines say nothing about the file of today.
"""

import hashlib
import json
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, NamedTuple

from tests.mutants.mutant import Mutant

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "results"
# Survivors that are no gap in the tests, each with the reason.
EXPLAINED = Path(__file__).parent / "explained.toml"

Word = Literal["killed", "survived", "timeout", "invalid"]


class Verdict(NamedTuple):
    """What the tests said of a mutant.

    `killer` is the test that failed, as pytest or `mutants.toml` names it, or "" if none did. A `timeout` counts as killed:
    a loop without an end is noticed. `invalid` is a mutant of Solidity that doesn't compile.
    """

    word: Word
    killer: str = ""


class Judged(NamedTuple):
    """The state of one source file's mutants."""

    sha256: str
    mutants: int
    verdicts: dict[Mutant, Verdict]

    @property
    def left(self) -> int:
        """How many of its mutants no test has judged yet."""
        return self.mutants - len(self.verdicts)


def digest(source: str) -> str:
    """SHA-256 of a source file of this repository, as hex."""
    return hashlib.sha256((ROOT / source).read_bytes()).hexdigest()


def result_file(source: str) -> Path:
    """The file that has the results of a source file and of its neighbours."""
    return FOLDER / f"{'-'.join(Path(source).parent.parts)}.jsonl"


def read(path: Path) -> dict[str, Judged]:
    """Source file -> its results, as one file of results has them; nothing if there is no such file."""
    found: dict[str, Judged] = {}
    judged: Judged | None = None
    for line in path.read_text("utf-8").splitlines() if path.is_file() else ():
        row = json.loads(line)
        if "file" in row:
            judged = found[row["file"]] = Judged(row["sha256"], row["mutants"], {})
        else:
            assert judged is not None, f"{path} doesn't begin with a source file"
            mutant = Mutant(row["line"], row["was"], row["becomes"], row["operator"])
            judged.verdicts[mutant] = Verdict(row["verdict"], row.get("killer", ""))
    return found


def write(path: Path, found: dict[str, Judged]) -> None:
    """Writes one file of results in its stable order; who interrupts finds the file of before or of after."""
    lines: list[str] = []
    for source, judged in sorted(found.items()):
        lines.append(_line({"file": source, "sha256": judged.sha256, "mutants": judged.mutants}))
        for mutant, verdict in sorted(judged.verdicts.items()):
            row = {**mutant._asdict(), "verdict": verdict.word}
            lines.append(_line({**row, "killer": verdict.killer} if verdict.killer else row))
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text("".join(lines), "utf-8")
    new.replace(path)


def _line(row: dict[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def everything() -> dict[str, Judged]:
    """Source file -> its results, of all files."""
    return {source: judged for path in sorted(FOLDER.glob("*.jsonl")) for source, judged in read(path).items()}


def stale(found: dict[str, Judged]) -> set[str]:
    """The source files that are gone or have changed since their mutants were judged."""
    return {
        source for source, judged in found.items() if not (ROOT / source).is_file() or digest(source) != judged.sha256
    }


def fitting(judged: Judged | None, sha256: str, mutants: Iterable[Mutant]) -> Judged:
    """The results to go on from: those of this very text and of mutants that are still made of it."""
    made = list(mutants)
    known = judged.verdicts if judged is not None and judged.sha256 == sha256 else {}
    return Judged(sha256, len(made), {mutant: known[mutant] for mutant in made if mutant in known})


def explained() -> set[tuple[str, str, str]]:
    """The explained survivors, as source file, old lines and new lines, blanks around them aside: line numbers move."""
    rows = tomllib.loads(EXPLAINED.read_text("utf-8")).get("equivalent", [])
    return {(row["file"], row["was"].strip(), row["becomes"].strip()) for row in rows}


def unexplained(found: dict[str, Judged]) -> list[tuple[str, Mutant]]:
    """The survivors that nobody has explained, in order."""
    known = explained()
    return [
        (source, mutant)
        for source, judged in sorted(found.items())
        for mutant, said in sorted(judged.verdicts.items())
        if said.word == "survived" and (source, mutant.was.strip(), mutant.becomes.strip()) not in known
    ]
