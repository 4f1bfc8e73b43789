"""How mutants are written down, applied and kept, and what `make mutants` says to a name that it doesn't know."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.mutants import results, sources
from tests.mutants.mutant import Mutant, between
from tests.mutants.results import ROOT, Judged, Verdict

TEXT = "a = 1\nb = 2\nc = 3\nc = 3\n"


@pytest.mark.parametrize(
    ("faulty", "line", "was", "becomes"),
    [
        ("a = 1\nb = 3\nc = 3\nc = 3\n", 2, "b = 2\n", "b = 3\n"),
        ("b = 2\nc = 3\nc = 3\n", 1, "a = 1\n", ""),
        ("a = 1\nb = 2\nc = 3\n", 4, "c = 3\n", ""),
        ("a = 1\nb = 2\nb = 2\nc = 3\nc = 3\n", 3, "c = 3\n", "b = 2\nc = 3\n"),
        ("a = 1\nx\ny\nc = 3\n", 2, "b = 2\nc = 3\n", "x\ny\n"),
    ],
)
def test_a_mutant_is_the_lines_that_differ(faulty: str, line: int, was: str, becomes: str) -> None:
    mutant = between(TEXT, faulty, "an operator")
    assert mutant == Mutant(line, was, becomes, "an operator")
    assert mutant.applied(TEXT) == faulty


def test_a_mutant_of_another_text_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2"):
        Mutant(2, "b = 4\n", "", "an operator").applied(TEXT)


def test_results_come_back_as_they_were_and_only_of_this_text(tmp_path: Path) -> None:
    one, two, three = (Mutant(line, "x\n", "y\n", "an operator") for line in (1, 2, 3))
    judged = Judged("aa", 3, {two: Verdict("survived"), one: Verdict("killed", "tests/test_x.py::test_y[a - b]")})
    results.write(tmp_path / "f.jsonl", {"z.py": judged, "a.py": Judged("bb", 0, {})})
    first = (tmp_path / "f.jsonl").read_bytes()
    found = results.read(tmp_path / "f.jsonl")
    assert found == {"a.py": Judged("bb", 0, {}), "z.py": judged}
    assert found["z.py"].left == 1
    results.write(tmp_path / "f.jsonl", found)
    assert (tmp_path / "f.jsonl").read_bytes() == first
    assert results.fitting(judged, "aa", [two, three]) == Judged("aa", 2, {two: Verdict("survived")})
    assert (
        results.fitting(judged, "cc", [two, three]) == results.fitting(None, "cc", [two, three]) == Judged("cc", 2, {})
    )


def test_the_committed_results_are_of_their_sources_and_in_order() -> None:
    found = results.everything()
    old = results.stale(found)
    for path in results.FOLDER.glob("*.jsonl"):
        assert all(results.result_file(source) == path for source in results.read(path))
    for source in found.keys() - old:
        text = (ROOT / source).read_text("utf-8")
        assert found[source].left >= 0
        for mutant, said in found[source].verdicts.items():
            assert mutant.applied(text) != text
            assert bool(said.killer) == (said.word == "killed"), f"{source}:{mutant.line}"


def test_every_source_has_judges_that_exist() -> None:
    wanted = sources.all_sources()
    assert {"evidence/merkle.py", "oracle/core/money/waterfall.py", "contracts/src/lib/Rfc9162.sol"} <= set(wanted)
    for source in wanted:
        folder = ROOT / "contracts" / "test" if source.endswith(".sol") else ROOT
        assert all(list(folder.glob(test)) for test in sources.judges(source)), source


def test_what_is_explained_survived() -> None:
    found = results.everything()
    fresh = found.keys() - results.stale(found)
    survived = {
        (source, mutant.was.strip(), mutant.becomes.strip())
        for source in fresh
        for mutant, said in found[source].verdicts.items()
        if said.word == "survived"
    }
    rows = tomllib.loads(results.EXPLAINED.read_text("utf-8")).get("equivalent", [])
    assert all(len(row["why"]) > 20 for row in rows)
    assert {row for row in results.explained() if row[0] in fresh} <= survived


def test_a_folder_a_file_and_a_file_without_its_ending_can_be_chosen() -> None:
    assert sources.chosen("evidence/merkle") == sources.chosen("evidence/merkle.py") == ["evidence/merkle.py"]
    assert "oracle/core/money/report.py" in sources.chosen("oracle/core/money")
    assert not sources.chosen("oracle/core/mon")
    assert sources.chosen("") == sources.all_sources()


def test_a_name_that_nothing_has_is_one_line() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.mutants", "oracle/core/mony"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "mutants: no source file or folder that gets mutants is called 'oracle/core/mony'\n"
