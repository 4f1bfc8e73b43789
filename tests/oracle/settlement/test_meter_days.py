"""Boundaries, registers, a meter's days and the points made of them: the pure rules."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.keys import MeterId
from evidence.status import Status
from evidence.units import SECONDS_PER_DAY, div_floor
from oracle.core.energy import boundary
from oracle.core.energy.boundary import Basis, BoundaryRule
from oracle.core.energy.meter import Lane, Meter
from oracle.core.energy.meter_day import MeterDay, MeterDayInputs, meter_day
from oracle.core.energy.points import check_days, lanes_of, point_day
from oracle.core.energy.register import delta_wh, energy_wh, is_plausible
from oracle.core.energy.vee import Item, Label, Marker, RegisterReading, Where, judge
from oracle.core.tariff import BandInterval
from oracle.core.terms import Point, Role, Term

POLL_S = 300
TOL_S = 150
DAY = SECONDS_PER_DAY
T = 20_000 * DAY
SYNC = Status.CLOCK_SYNCHRONISED
HORIZON_S = DAY


def meter(**changes: Any) -> Meter:
    made = Meter(
        serial="m",
        meter_id=MeterId(bytes(20)),
        binding_hash=bytes(32),
        point="p",
        custody="file",
        lanes=(Lane.EXPORT,),
        step_wh=1,
        modulus_num=10**9,
        modulus_den=1,
        multiplier_num=1,
        multiplier_den=1,
        nameplate_w=10_000,
        valid_from=0,
    )
    return replace(made, **changes)


def reading(
    time: int, export_wh: int | None, import_wh: int | None = None, status: Status = SYNC, power_w: int | None = None
) -> RegisterReading:
    word = status | (Status.EXPORT_VALID if export_wh is not None else Status(0))
    return RegisterReading(time, (export_wh, import_wh), power_w, word, Where(time.to_bytes(32, "big"), 0))


def no_answer(time: int) -> RegisterReading:
    return reading(time, None, status=SYNC | Status.NO_ANSWER)


def at(items: Sequence[Item], instant: int = T, *, forced: bool = False, m: Meter | None = None) -> Any:
    m = m or meter()
    rule = BoundaryRule(POLL_S, instant + HORIZON_S, forced)
    return boundary.at(m, judge(m, None, items, POLL_S), instant, rule)


# ---------------------------------------------------------------- the boundary rule

BEFORE, AFTER = reading(T - 600, 1000), reading(T + 600, 1100)


@pytest.mark.parametrize(
    ("items", "register", "basis", "label"),
    [
        ([reading(T - 1, 999), reading(T, 1000)], 1000, Basis.MEASURED, None),
        ([reading(T + 3, 1000), reading(T + 140, 1002)], 1000, Basis.MEASURED, None),
        ([reading(T + 150, 1000)], 1000, Basis.MEASURED, None),
        ([reading(T - 150, 1000), reading(T + 151, 1002)], 1000, Basis.MEASURED, None),
        ([reading(T - 150, 1000), no_answer(T), no_answer(T + 300)], 1000, Basis.MEASURED, None),
        ([reading(T - 150, 1000), reading(T + 20, None), no_answer(T + 300)], 1000, Basis.MEASURED, None),
        ([reading(T - 600, 1000), reading(T + 600, 1001)], 1001, Basis.MEASURED, Label.AT_REST),
        ([BEFORE, AFTER], 1050, Basis.ESTIMATED, Label.ESTIMATED),
        ([BEFORE, no_answer(T), AFTER], 1050, Basis.ESTIMATED, Label.ESTIMATED),
        ([BEFORE, reading(T + 599, 1101)], 1050, Basis.ESTIMATED, Label.ESTIMATED),
        ([reading(T + 600, 1100)], 1100, Basis.MEASURED, Label.COMMISSIONED),
        ([BEFORE, reading(T, 1001, status=SYNC | Status.SUSPECT), AFTER], 1050, Basis.ESTIMATED, Label.ESTIMATED),
        (
            [BEFORE, reading(T, 0, status=SYNC | Status.ZERO | Status.SUSPECT), AFTER],
            1050,
            Basis.ESTIMATED,
            Label.ESTIMATED,
        ),
        ([BEFORE, reading(T, 999), AFTER], 1050, Basis.ESTIMATED, Label.ESTIMATED),
        ([BEFORE, reading(T, 999_999), AFTER], 1050, Basis.ESTIMATED, Label.ESTIMATED),
        ([BEFORE, reading(T, 1001, status=Status.CLOCK_INFORMATIVE), AFTER], 1050, Basis.ESTIMATED, Label.ESTIMATED),
        ([BEFORE, no_answer(T + DAY + 300)], 1000, Basis.ESTIMATED, Label.HELD),
        ([BEFORE, Marker(Label.RETIRED, T - 500)], 1000, Basis.MEASURED, Label.RETIRED),
    ],
)
def test_the_boundary_rule(items: list[Item], register: int, basis: Basis, label: Label | None) -> None:
    found = at(items)
    assert (found.registers[0], found.basis, found.label) == (register, basis, label)


@pytest.mark.parametrize(
    "items",
    [
        [],
        [BEFORE],
        [reading(T - 150, 1000)],
        [reading(T - 150, 1000), no_answer(T + 150)],
        [BEFORE, no_answer(T + 300)],
        [BEFORE, no_answer(T + DAY)],
        [no_answer(T + DAY)],
        [BEFORE, reading(T + 600, 999)],
    ],
)
def test_a_boundary_that_later_readings_may_still_decide_is_not_decided(items: list[Item]) -> None:
    assert at(items) is None
    assert at(items, forced=True).label in {Label.HELD, Label.MISSING, None}


def test_only_the_registers_a_formula_uses_decide() -> None:
    both = [reading(T - 600, 1000, 5), reading(T, 1050, None), reading(T + 600, 1100, 9)]
    found = at(both)
    assert found.registers == (1050, 5)
    importing = meter(lanes=(Lane.IMPORT,))
    assert at(both, m=importing).registers == (1050, 7)


def test_an_interpolated_register_across_a_wrap_leaves_the_rest_for_the_next_day() -> None:
    wrapping = meter(modulus_num=1000)
    found = at([reading(T - 600, 990), reading(T + 600, 30)], m=wrapping)
    assert found.cumulative[0] == 1010
    assert found.registers[0] == 10
    found = at([reading(T - 900, 990), reading(T + 300, 1)], m=meter(modulus_num=1000, step_wh=2))
    assert found.registers[0] == 998


# ---------------------------------------------------------------- registers


def test_a_register_wraps_once_falls_or_jumps() -> None:
    small = meter(modulus_num=1_000_000, nameplate_w=1200)
    assert delta_wh(small, 999_990, 10) == (20, True)
    assert delta_wh(small, 10, 30) == (20, False)
    # 1200 W for 300 s is 100 Wh; twice that, and one step at either end.
    assert is_plausible(small, 202, 300)
    assert not is_plausible(small, 203, 300)
    labels = [
        f.label
        for f in judge(
            small,
            None,
            [
                reading(T, 999_990),
                reading(T + 300, 10),
                reading(T + 600, 5),
                reading(T + 900, 900),
                reading(T + 1200, 40),
            ],
            POLL_S,
        ).findings
    ]
    assert labels == [Label.WRAPPED, Label.FELL, Label.JUMP]


@given(
    registers=st.lists(st.integers(0, 10**12), min_size=2, max_size=20).map(sorted),
    multiplier=st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
)
def test_energies_of_any_split_add_up_whatever_the_multiplier(
    registers: list[int], multiplier: tuple[int, int]
) -> None:
    m = meter(multiplier_num=multiplier[0], multiplier_den=multiplier[1])
    parts = [energy_wh(m, a, b) for a, b in pairwise(registers)]
    assert sum(parts) == energy_wh(m, registers[0], registers[-1])
    assert all(part >= 0 for part in parts)


# ---------------------------------------------------------------- a meter's days

DAYS = 3
SLOTS = 8  # of three hours, so that examples stay small
SLOT_S = div_floor(DAY, SLOTS)


@st.composite
def histories(draw: st.DrawFn) -> tuple[Meter, list[Item]]:
    """Three days of a meter that counts, answers or not, lies now and then, and may wrap."""
    start = draw(st.integers(1, 10**6))
    wraps = draw(st.booleans())
    multiplier = (1, 1) if wraps else draw(st.tuples(st.integers(1, 50), st.integers(1, 50)))
    modulus = start + draw(st.integers(1, 500_000)) if wraps else 10**9
    nameplate = div_floor(20_000 * multiplier[0], multiplier[1]) + 1
    m = meter(
        modulus_num=modulus,
        multiplier_num=multiplier[0],
        multiplier_den=multiplier[1],
        nameplate_w=nameplate,
        step_wh=draw(st.sampled_from([1, 10])),
    )
    items: list[Item] = []
    total = start
    kinds = st.sampled_from(["good"] * 6 + ["none", "none", "clock", "zero", "garbage", "late", "gap"])
    for slot in range(-1, DAYS * SLOTS + SLOTS + 2):
        total += draw(st.integers(0, 50_000))
        time, shown = T + slot * SLOT_S, total % modulus
        match draw(kinds):
            case "good":
                items.append(reading(time + draw(st.integers(0, 200)), shown))
            case "none":
                items.append(no_answer(time))
            case "clock":
                items.append(reading(draw(st.integers(0, 2 * T)), shown, status=Status.CLOCK_UNKNOWN))
            case "zero":
                items.append(reading(time, 0, status=SYNC | Status.ZERO | Status.SUSPECT))
            case "garbage":
                items.append(reading(time, draw(st.integers(0, 10**9 - 1)) % modulus))
            case "late":
                items.append(reading(time - 100, shown))
            case "gap":
                items.append(Marker(Label.GAP, time))
    return m, items


def days_of(m: Meter, items: Sequence[Item], *, edges: tuple[int, ...] = (), end: int = DAYS) -> list[MeterDay]:
    """Settle day after day from frozen boundaries, as the pass does."""
    done: list[MeterDay] = []
    opening, opening_time = None, T
    for day in range(end):
        start, stop = T + day * DAY, T + (day + 1) * DAY
        found = meter_day(
            MeterDayInputs(
                meter=m,
                opening=opening,
                opening_time=opening_time,
                items=items,
                start=start,
                end=stop,
                edges=tuple(start + edge for edge in edges),
                rule=BoundaryRule(SLOT_S, stop + HORIZON_S),
            )
        )
        if found is None:
            break
        done.append(found)
        closing = found.boundaries[stop]
        opening = replace(closing, cumulative=closing.registers, label=None)
        times = {item.where: item.time for item in items if isinstance(item, RegisterReading)}
        opening_time = times[closing.where] if closing.where else stop
    return done


@settings(max_examples=150)
@given(history=histories())
def test_days_telescope_and_never_count_backwards(history: tuple[Meter, list[Item]]) -> None:
    m, items = history
    days = days_of(m, items)
    for number, day in enumerate(days):
        start, stop = T + number * DAY, T + (number + 1) * DAY
        energy = day.energy(Lane.EXPORT, start, stop)
        assert energy.wh >= 0
        assert 0 <= energy.estimated_wh <= energy.wh
    if len(days) == DAYS and days[0].boundaries[T].registers[0] is not None:
        first, last = days[0].boundaries[T], days[-1].boundaries[T + DAYS * DAY]
        total = sum(d.energy(Lane.EXPORT, T + n * DAY, T + (n + 1) * DAY).wh for n, d in enumerate(days))
        opening, closing = first.registers[0], last.registers[0]
        assert opening is not None
        assert closing is not None
        rise = (closing - opening) % m.modulus_wh
        if m.multiplier_num == m.multiplier_den:
            assert (total - rise) % m.modulus_wh == 0
        elif closing >= opening:
            assert total == energy_wh(m, opening, closing)


@settings(max_examples=150)
@given(history=histories(), data=st.data())
def test_what_was_decided_early_is_what_all_readings_decide(
    history: tuple[Meter, list[Item]], data: st.DataObject
) -> None:
    m, items = history
    whole = days_of(m, items, edges=(3600 * 5, 3600 * 17))
    known = data.draw(st.integers(0, len(items)))
    for early, late in zip(days_of(m, items[:known], edges=(3600 * 5, 3600 * 17)), whole, strict=False):
        assert early.boundaries == late.boundaries
        assert early.notes == late.notes
        instants = sorted(early.boundaries)
        for a, b in pairwise(instants):
            assert early.energy(Lane.EXPORT, a, b) == late.energy(Lane.EXPORT, a, b)


@settings(max_examples=150)
@given(history=histories(), edges=st.sets(st.integers(1, 1439), max_size=5))
def test_bands_add_up_to_the_day(history: tuple[Meter, list[Item]], edges: set[int]) -> None:
    m, items = history
    seconds = tuple(sorted(edge * 60 for edge in edges))
    for number, day in enumerate(days_of(m, items, edges=seconds)):
        start = T + number * DAY
        instants = [start, *(start + s for s in seconds), start + DAY]
        intervals = tuple(BandInterval(f"b{i % 2}", 1, a, b) for i, (a, b) in enumerate(pairwise(instants)))
        point = Point("p", Role.GENERATION, (Term(1, "m"),), "t")
        result = point_day(point, number, intervals, {"m": day})
        assert sum(result.bands_wh.values()) == result.export_wh == result.energy_wh
        assert result.measured_wh + result.estimated_wh == result.export_wh
        assert all(energy >= 0 for energy in result.bands_wh.values())


def test_a_register_that_falls_is_held_and_labelled_and_earns_again_above_its_old_height() -> None:
    # It stands at 1990 when it falls to 3; it is above 1990 again at slot 763, which is beyond the first day's look-ahead.
    items: list[Item] = [reading(T + 300 * s, 1000 + 10 * s) for s in range(100)]
    items += [reading(T + 300 * s, 3 * (s - 99)) for s in range(100, 870)]
    days = days_of_300(meter(), items)
    energies = [d.energy(Lane.EXPORT, *sorted(d.boundaries)) for d in days]
    # What rises from 1990 to 1992 between slots 99 and 763 is spread over that time, and estimated.
    assert [(e.wh, e.estimated_wh) for e in energies] == [(990, 0), (1, 1)]
    assert {Label.FELL, Label.HELD} <= {note.label for note in days[0].notes}
    assert {Label.FELL, Label.ESTIMATED, Label.CATCH_UP} <= {note.label for note in days[1].notes}


def days_of_300(m: Meter, items: Sequence[Item]) -> list[MeterDay]:
    days: list[MeterDay] = []
    opening, opening_time = None, T
    times = {item.where: item.time for item in items if isinstance(item, RegisterReading)}
    for day in range(2):
        start, stop = T + day * DAY, T + (day + 1) * DAY
        rule = BoundaryRule(POLL_S, stop + HORIZON_S)
        found = meter_day(MeterDayInputs(m, opening, opening_time, items, start, stop, (), rule))
        assert found is not None
        days.append(found)
        closing = found.boundaries[stop]
        opening = replace(closing, cumulative=closing.registers, label=None)
        opening_time = times[closing.where] if closing.where else stop
    return days


def test_stuck_and_disagreeing_tariff_registers_are_labelled() -> None:
    m = meter(step_wh=10)
    stuck: list[Item] = [reading(T + 300 * s, 1000, power_w=500) for s in range(2 * 288 + 1)]
    (day,) = days_of_300(m, stuck)[:1]
    assert Label.STUCK in {note.label for note in day.notes}
    shown: list[Item] = [
        replace(
            reading(T + 300 * s, 1000 + 10 * s, status=SYNC | Status.TARIFFS_VALID),
            tariffs_wh=(500 + 10 * div_floor(s, 2), 500, 0, 0, None, None, None, None),
        )
        for s in range(2 * 288 + 1)
    ]
    (day,) = days_of_300(m, shown)[:1]
    assert Label.TARIFFS_DISAGREE in {note.label for note in day.notes}
    agreeing: list[Item] = [
        replace(item, tariffs_wh=(item.registers[0], 0, 0, 0, None, None, None, None))
        for item in shown
        if isinstance(item, RegisterReading)
    ]
    (day,) = days_of_300(m, agreeing)[:1]
    assert Label.TARIFFS_DISAGREE not in {note.label for note in day.notes}


# ---------------------------------------------------------------- points


def test_points_sum_meters_with_signs_and_a_check_point_is_compared() -> None:
    items: list[Item] = [reading(T + 300 * s, 1000 + 10 * s) for s in range(2 * 288 + 1)]
    (day, _) = days_of_300(meter(), items)
    flat = (BandInterval("flat", 1, T, T + DAY),)
    net = Point("net", Role.GENERATION, (Term(1, "a"), Term(1, "b"), Term(-1, "c")), "t")
    result = point_day(net, 20_000, flat, {"a": day, "b": day, "c": day})
    assert (result.export_wh, result.measured_wh, result.estimated_wh) == (2880, 2880, 0)
    absent = point_day(net, 20_000, flat, {"c": day})
    assert (absent.export_wh, absent.measured_wh) == (-2880, -2880)
    compared = point_day(Point("grid", Role.CHECK, (Term(1, "a"),), ""), 20_000, flat, {"a": day})
    assert compared.bands_wh == {}
    (outcome,) = check_days((result, compared), 0)
    assert (outcome.difference_wh, outcome.within_tolerance) == (0, True)


def test_a_meter_needs_the_registers_that_formulas_use(lab: Any) -> None:
    two_way = (Term(1, "grid"),)
    terms = lab.terms(
        Point("in", Role.IMPORT, two_way, "flat"), Point("out", Role.EXPORT, two_way, "flat"), lab.generation("g", "pv")
    )
    assert lanes_of(terms, "grid") == (Lane.EXPORT, Lane.IMPORT)
    assert lanes_of(terms, "pv") == (Lane.EXPORT,)
    assert lanes_of(terms, "nobody") == ()
