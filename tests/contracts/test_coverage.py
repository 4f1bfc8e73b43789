"""The table of what no Solidity test reaches, and the judge that compares a measurement with it.

The measurement itself takes minutes and is `make coverage`.
"""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "docs" / "security" / "coverage.md"
PAUSE = "src/base/ExpiringPause.sol"


def _judge() -> ModuleType:
    spec = importlib.util.spec_from_file_location("contracts_coverage", ROOT / "contracts" / "coverage.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


coverage = _judge()
ROWS = coverage.read_table(TABLE.read_text("utf-8"))


def line_of(text: str) -> int:
    lines = (ROOT / "contracts" / PAUSE).read_text("utf-8").splitlines()
    return next(number for number, line in enumerate(lines, 1) if text in line)


def lcov(*records: str) -> str:
    return "\n".join(["TN:", f"SF:{PAUSE}", f"DA:{line_of('function pause')},1", *records, "end_of_record", ""])


def test_the_table_has_rows() -> None:
    assert len(ROWS) == TABLE.read_text("utf-8").count("| `src/") > 0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.file} {row.function}")
def test_a_row_names_a_line_of_a_function_that_is_there(row: object) -> None:
    place = row.place()  # type: ignore[attr-defined]
    assert row == coverage.Exempt(place.file, place.function, place.kind, place.code, row.why)  # type: ignore[attr-defined]
    assert len(row.why.split()) > 5, "a reason, in words"  # type: ignore[attr-defined]


def test_what_no_row_speaks_of_is_named_by_file_and_line() -> None:
    line = line_of("revert PauseCoolsDown")
    _, missed = coverage.read_lcov(lcov(f"DA:{line},3", f"BRDA:{line},0,0,-", f"BRDA:{line},0,1,3"))
    (said,) = coverage.complaints(missed, [])
    assert said.startswith(f"contracts/{PAUSE}:{line}: branch never reached: if (block.timestamp < pauseReadyAt)")


def test_a_line_and_a_branch_are_two_things() -> None:
    line = line_of("emit Paused")
    counts, missed = coverage.read_lcov(lcov(f"DA:{line},0", f"BRDA:{line},0,0,0"))
    assert [place.kind for place in missed] == ["branch", "line"]
    assert counts == coverage.Counts(lines=2, lines_hit=1, branches=1, branches_hit=0)


def test_a_row_covers_its_place_and_is_stale_without_it() -> None:
    line = line_of("emit Paused")
    (place,) = coverage.read_lcov(lcov(f"DA:{line},0"))[1]
    row = coverage.Exempt(PAUSE, "pause", "line", place.code, "because of a test")
    assert list(coverage.complaints([place], [row])) == []
    (stale,) = coverage.complaints([], [row])
    assert "nothing is unreached at this row any more" in stale
    assert place.code in stale


def test_a_report_without_our_sources_is_no_report() -> None:
    with pytest.raises(coverage.CoverageError, match="no line of contracts/src"):
        coverage.read_lcov("SF:lib/Other.sol\nDA:1,1\nend_of_record\n")


def test_every_if_gets_an_else_and_no_line_moves() -> None:
    for path in sorted((ROOT / "contracts" / "src").rglob("*.sol")):
        before = path.read_text("utf-8")
        after = coverage.with_else(before)
        assert after.replace(coverage.NOTHING, "") == before, path
        # Yul's `if` has no `else`, and is followed by no parenthesis.
        ifs = sum(line.lstrip().startswith(("if (", "} else if (")) for line in before.splitlines())
        elses = sum(line.lstrip().startswith(("else ", "} else")) for line in before.splitlines())
        assert after.count(coverage.NOTHING) == ifs - elses, path
