"""What the judges of Python say of a copy of the tree: sound, faulty, without an end, and asked for a test that is not there."""

import pytest

from tests.mutants.judging import NotJudgedError, verdict
from tests.mutants.mutant import Mutant, between
from tests.mutants.results import ROOT, Verdict
from tests.mutants.tree_copy import TreeCopy

SOURCE = "evidence/units.py"
TESTS = "tests/evidence/test_units.py"
FLOOR = f"{TESTS}::test_down_is_towards_less_and_up_towards_more"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> TreeCopy:
    return TreeCopy(tmp_path_factory.mktemp("judging") / "tree")


def faulty(old: str, new: str) -> Mutant:
    text = (ROOT / SOURCE).read_text("utf-8")
    assert old in text
    return between(text, text.replace(old, new), "by hand")


def test_sources_as_they_are_survive(tree: TreeCopy) -> None:
    assert verdict(tree, SOURCE, [FLOOR, TESTS], 60) == Verdict("survived")


def test_the_test_that_failed_first_is_named_also_one_of_the_later_files(tree: TreeCopy) -> None:
    with tree.faulty(SOURCE, faulty("SECONDS_PER_DAY = 86_400", "SECONDS_PER_DAY = 86_401")):
        assert verdict(tree, SOURCE, [FLOOR, TESTS], 60) == Verdict(
            "killed", f"{TESTS}::test_a_day_and_a_kilowatt_hour"
        )
    assert (tree.top / SOURCE).read_bytes() == (ROOT / SOURCE).read_bytes()


def test_a_file_that_cannot_be_loaded_is_killed_by_the_file_that_loads_it(tree: TreeCopy) -> None:
    with tree.faulty(SOURCE, faulty("SECONDS_PER_DAY = 86_400", "SECONDS_PER_DAY = 86_400 + nothing")):
        assert verdict(tree, SOURCE, [TESTS], 60).word == "killed"


def test_a_loop_without_an_end_is_a_timeout(tree: TreeCopy) -> None:
    with tree.faulty(SOURCE, faulty("    return numerator // denominator\n", "    while True:\n        pass\n")):
        assert verdict(tree, SOURCE, [FLOOR], 10) == Verdict("timeout")


def test_a_test_that_is_not_there_judges_nothing(tree: TreeCopy) -> None:
    with pytest.raises(NotJudgedError, match="not found"):
        verdict(tree, SOURCE, [f"{TESTS}::test_of_nothing"], 60)
