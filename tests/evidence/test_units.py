"""The verbs of division, against fractions."""

import math
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.units import SECONDS_PER_DAY, WATT_HOURS_PER_KWH, div_ceil, div_exact, div_floor

Divide = Callable[[int, int], int]

numerators = st.integers(-(10**40), 10**40)
denominators = st.integers(1, 10**20)


def test_a_day_and_a_kilowatt_hour() -> None:
    assert SECONDS_PER_DAY == 24 * 60 * 60
    assert WATT_HOURS_PER_KWH == 10**3


@given(numerators, denominators)
def test_a_quotient_is_rounded_down_or_up(numerator: int, denominator: int) -> None:
    assert div_floor(numerator, denominator) == math.floor(Fraction(numerator, denominator))
    assert div_ceil(numerator, denominator) == math.ceil(Fraction(numerator, denominator))


@pytest.mark.parametrize(("numerator", "floor", "ceil"), [(7, 3, 4), (-7, -4, -3), (8, 4, 4), (0, 0, 0)])
def test_down_is_towards_less_and_up_towards_more(numerator: int, floor: int, ceil: int) -> None:
    assert (div_floor(numerator, 2), div_ceil(numerator, 2)) == (floor, ceil)


@given(st.integers(-(10**20), 10**20), denominators)
def test_a_division_that_comes_out_is_exact(quotient: int, denominator: int) -> None:
    assert div_exact(quotient * denominator, denominator) == quotient


@pytest.mark.parametrize(("numerator", "denominator"), [(7, 2), (-7, 2), (1, 3)])
def test_a_division_that_leaves_a_rest_is_refused(numerator: int, denominator: int) -> None:
    with pytest.raises(ValueError, match="not a whole multiple"):
        div_exact(numerator, denominator)


@pytest.mark.parametrize("divide", [div_floor, div_ceil, div_exact])
@pytest.mark.parametrize("denominator", [-1, -2])
def test_a_negative_denominator_is_refused(divide: Divide, denominator: int) -> None:
    with pytest.raises(ValueError, match=str(denominator)):
        divide(4, denominator)


@pytest.mark.parametrize("divide", [div_floor, div_ceil, div_exact])
def test_nothing_is_divided_by_zero_and_one_divides_everything(divide: Divide) -> None:
    with pytest.raises(ZeroDivisionError):
        divide(4, 0)
    assert divide(4, 1) == 4
