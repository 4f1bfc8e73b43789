"""What a period comes to, from days that are settled: which energy counts, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from evidence.keys import MeterId
from evidence.sum_tree import SumLeaf
from evidence.units import SECONDS_PER_DAY, SettlementDay, WattHours
from oracle.core.energy.boundary import Basis, Boundary
from oracle.core.energy.meter import Lane, Meter
from oracle.core.energy.points import PointDay
from oracle.core.energy.vee import Where
from oracle.core.money.figures import FrozenInputs, PeriodInputs, PointTotal, figures_of
from oracle.core.money.statement import document_of
from oracle.core.tariff import prices_of
from oracle.core.terms import AssetTerms, Point, Role, Tariff, Term
from oracle.errors import SettlementError

FIRST = 20_000
TERMS = AssetTerms(
    asset="a",
    name="A",
    utc_offset_s=0,
    poll_interval_s=300,
    first_day=SettlementDay(FIRST),
    days_per_period=3,
    money_decimals=2,
    money_symbol="X",
    points=(Point("one", Role.EXPORT, (Term(1, "m"),), "flat"), Point("two", Role.EXPORT, (Term(1, "n"),), "flat")),
    tariffs=(Tariff("flat", 1_000, (), "UTC"),),
    fees=(),
    check_tolerance_ppm=0,
)
(BAND,) = prices_of(TERMS.tariffs[0])


def day(point: str, number: int, energy_wh: int) -> PointDay:
    energy = WattHours(energy_wh)
    return PointDay(
        SettlementDay(FIRST + number), point, Role.EXPORT, energy, WattHours(0), energy, WattHours(0), {BAND: energy}
    )


def inputs(*days: PointDay) -> PeriodInputs:
    return PeriodInputs(TERMS, 0, FrozenInputs(1, 0, ""), days, {}, (), {}, 0)


def meter(custody: str) -> Meter:
    registers = {"step_wh": 1, "modulus_num": 10**9, "modulus_den": 1, "multiplier_num": 1, "multiplier_den": 1}
    names = {"serial": "m", "meter_id": MeterId(bytes(20)), "binding_hash": bytes(32), "point": "one"}
    fields: dict[str, Any] = {**names, **registers, "lanes": (Lane.EXPORT,), "nameplate_w": 1, "valid_from": 0}
    return Meter(custody=custody, **fields)


def total(role: Role, export_wh: int, import_wh: int) -> PointTotal:
    energies = (WattHours(export_wh), WattHours(import_wh), WattHours(0), WattHours(0))
    return PointTotal(Point("p", role, (Term(1, "m"),), "t"), (), *energies)


@pytest.mark.parametrize(("role", "energy"), [(Role.EXPORT, 7), (Role.GENERATION, 7), (Role.IMPORT, 5)])
def test_a_point_counts_the_energy_of_its_role(role: Role, energy: int) -> None:
    assert total(role, 7, 5).energy_wh == energy


@pytest.mark.parametrize(("export_wh", "import_wh"), [(-3, -4), (-1, -1), (0, 0)])
def test_an_energy_below_nothing_is_nothing_in_the_tree(export_wh: int, import_wh: int) -> None:
    assert total(Role.EXPORT, export_wh, import_wh).leaf == SumLeaf("p", 0, 0)


def test_each_point_has_its_own_days_in_whatever_order_they_come() -> None:
    days = [day(point, number, energy + number) for number in range(3) for point, energy in (("one", 10), ("two", 500))]
    for order in (days, days[::-1]):
        figures = figures_of(inputs(*order))
        assert [sum_of.export_wh for sum_of in figures.totals] == [33, 1503]
        assert [line.energy_wh for line in figures.lines] == [33, 1503]


def test_the_first_day_that_is_missing_is_named() -> None:
    with pytest.raises(SettlementError, match="point one: day 2024-10-04 is not settled"):
        figures_of(inputs(day("one", 2, 1)))


def test_an_energy_that_no_tree_holds_is_refused_with_its_period() -> None:
    days = [day(point, number, 1) for number in range(3) for point in ("one", "two")]
    days[0] = replace(days[0], export_wh=WattHours(2**64))
    with pytest.raises(SettlementError, match="period 0: "):
        figures_of(inputs(*days))


def test_the_first_band_that_is_unknown_is_named() -> None:
    strange = {"later": WattHours(1), "early": WattHours(1), "never": WattHours(1)}
    days = [replace(day(point, number, 1), bands_wh=strange) for number in range(3) for point in ("one", "two")]
    with pytest.raises(SettlementError, match=r"point one: .*the band 'early', which tariff 'flat' has no more"):
        figures_of(inputs(*days))


@pytest.mark.parametrize(("custody", "signed_at"), [("meter", "meter"), ("sealed", "gateway"), ("file", "gateway")])
def test_a_statement_says_who_signed(custody: str, signed_at: str) -> None:
    days = [day(point, number, 1) for number in range(3) for point in ("one", "two")]
    figures = figures_of(replace(inputs(*days), meters=(meter(custody),)))
    document: Any = document_of(figures)
    (told,) = document["meters"]
    assert (told["custody"], told["signed_at"]) == (custody, signed_at)


def test_a_statement_shows_each_meter_at_both_ends_of_the_period() -> None:
    days = [day(point, number, 1) for number in range(3) for point in ("one", "two")]
    start, end = FIRST * SECONDS_PER_DAY, (FIRST + 3) * SECONDS_PER_DAY
    opening = Boundary(start, (7, None), (0, None), Basis.MEASURED, Where(bytes(32), 4))
    closing = Boundary(end, (None, 9), (None, 2), Basis.ESTIMATED, None)
    both: dict[int, Boundary] = {start: opening, end: closing}
    for frozen in (both, {end: closing}, {}):
        given = replace(inputs(*days), meters=(meter("file"),), boundaries={"m": frozen})
        document: Any = document_of(figures_of(given))
        (told,) = document["meters"]
        assert ("opening" in told, "closing" in told) == (start in frozen, end in frozen)
        if start in frozen:
            measured = {"basis": "measured", "export_wh": 7, "header": bytes(32), "position": 4}
            assert told["opening"] == {"instant": "2024-10-04T00:00:00Z", **measured}
        if end in frozen:
            assert told["closing"] == {"instant": "2024-10-07T00:00:00Z", "basis": "estimated", "import_wh": 9}
