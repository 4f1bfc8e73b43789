"""The waterfall by numbers that a person can check: what each fee takes, what is short, and what an amount stands on."""

import pytest

from evidence.units import Minor, WattHours
from oracle.core.energy.boundary import Basis
from oracle.core.money.waterfall import Line, bases, waterfall
from oracle.core.terms import Fee


def line(amount: int, basis: Basis = Basis.MEASURED) -> Line:
    return Line("roof", "day", "flat", WattHours(0), 0, Minor(amount), basis)


@pytest.mark.parametrize(
    ("gross", "ppm", "fixed", "taken", "left"),
    [
        (1_000_000, 1, 0, 1, 999_999),
        (999_999, 1, 0, 0, 999_999),
        (1_000_001, 999_999, 0, 999_999, 2),
        (20_000_000, 50_000, 7, 1_000_007, 18_999_993),
        (10, 1_000_000, 0, 10, 0),
        (10, 1_000_000, 5, 10, 0),
    ],
)
def test_a_fee_takes_its_parts_of_a_million_floored_and_its_fixed_part(
    gross: int, ppm: int, fixed: int, taken: int, left: int
) -> None:
    found = waterfall([line(gross)], [Fee("service", ppm, Minor(fixed))], 0)
    assert [(step.name, step.taken_minor) for step in found.steps] == [("service", taken)]
    assert (found.gross_minor, found.distributable_minor) == (gross, left)


def test_what_is_short_is_carried_and_taken_first_in_the_next_period() -> None:
    costs = waterfall([line(-300), line(100)], [Fee("service", 0, Minor(40))], 0)
    assert (costs.lines_minor, costs.gross_minor, costs.distributable_minor, costs.deficit_after_minor) == (
        -200,
        0,
        0,
        240,
    )
    after = waterfall([line(1_000)], [Fee("service", 100_000, Minor(0))], int(costs.deficit_after_minor))
    assert [(step.name, step.due_minor, step.taken_minor) for step in after.steps] == [
        ("deficit carried", 240, 240),
        ("service", 100, 100),
    ]
    assert (after.distributable_minor, after.deficit_after_minor) == (660, 0)


def test_an_amount_is_proven_only_where_every_register_under_it_was_measured() -> None:
    lines = [line(70), line(20, Basis.ESTIMATED), line(-5), line(3, Basis.ESTIMATED)]
    assert bases(lines) == {"register-proven": 65, "estimated": 23}
