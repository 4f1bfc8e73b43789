"""Ten commits in a row run most of what is long, and each a tenth of it."""

import pytest

from tests.contracts.length import chosen, seed_of

NAMES = [f"test_{number}" for number in range(95)]


def test_without_a_commit_everything_is_chosen() -> None:
    assert chosen(NAMES, "") == NAMES


@pytest.mark.parametrize(("count", "taken"), [(1, 1), (9, 1), (10, 1), (11, 2), (95, 10), (0, 0)])
def test_a_tenth_is_a_tenth_rounded_up(count: int, taken: int) -> None:
    found = chosen(NAMES[:count], "5f2a")
    assert len(found) == taken
    assert found == [name for name in NAMES[:count] if name in found]


def test_the_commit_decides() -> None:
    tenths = [chosen(NAMES, f"{commit:040x}") for commit in range(40)]
    assert chosen(NAMES, f"{7:040x}") == tenths[7]
    assert len({tuple(tenth) for tenth in tenths}) == 40
    assert len({name for tenth in tenths for name in tenth}) > 90
    assert len({seed_of(f"{commit:040x}") for commit in range(40)}) == 40
