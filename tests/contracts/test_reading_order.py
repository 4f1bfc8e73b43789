"""The reading order at the head of RevenueDistributor.sol: each file and each function that it names is there."""

import re
from pathlib import Path

import pytest

SOURCES = Path(__file__).resolve().parents[2] / "contracts" / "src"
DISTRIBUTOR = SOURCES / "RevenueDistributor.sol"
# Headings and steps, as in `/// An amount is funded:` and `///   2. base/Governed.sol `_checkCanCall`: why`.
HEADING = re.compile(r"^/// (An amount is (\w+)):$")
STEP = re.compile(r"^///   (\d+)\. (\S+\.sol) (`\w+`(?:, `\w+`)*): \S.*$")


def steps() -> dict[str, list[tuple[int, str, list[str]]]]:
    """What happens to the amount -> its steps: number, file under `contracts/src`, functions."""
    found: dict[str, list[tuple[int, str, list[str]]]] = {}
    way: list[tuple[int, str, list[str]]] = []
    for line in DISTRIBUTOR.read_text("utf-8").splitlines():
        if heading := HEADING.match(line):
            way = found.setdefault(heading[2], [])
        elif step := STEP.match(line):
            way.append((int(step[1]), step[2], re.findall(r"\w+", step[3])))
        elif re.match(r"^///\s+\d", line):
            pytest.fail(f"not a step of the reading order: {line}")
    return found


WAYS = steps()
NAMED = sorted({(file, function) for way in WAYS.values() for _, file, functions in way for function in functions})


def test_it_follows_an_amount_that_is_funded_claimed_and_pushed() -> None:
    assert list(WAYS) == ["funded", "claimed", "pushed"]
    for way in WAYS.values():
        assert [number for number, _, _ in way] == list(range(1, len(way) + 1))


@pytest.mark.parametrize(("file", "function"), NAMED)
def test_each_function_is_in_its_file(file: str, function: str) -> None:
    source = (SOURCES / file).read_text("utf-8")
    assert re.search(rf"^    (?:function|modifier) {function}\(", source, re.MULTILINE)


def test_no_part_of_the_distributor_is_left_out() -> None:
    parts = {path.relative_to(SOURCES).as_posix() for path in (SOURCES / "distributor").glob("*.sol")}
    assert parts <= {file for file, _ in NAMED}
