"""Calendar, money and watermark: the pure rules."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.header import Header, Kind
from evidence.keys import MeterId
from evidence.status import Status
from evidence.units import SECONDS_PER_DAY, Minor, WattHours
from oracle.core import calendar
from oracle.core.energy.boundary import Basis
from oracle.core.energy.watermark import Watermark
from oracle.core.money.waterfall import Line, amount, bases, waterfall
from oracle.core.tariff import band_intervals, prices_of
from oracle.core.terms import Band, Fee, Tariff
from oracle.errors import SettlementError

DAY = SECONDS_PER_DAY
T = 20_000 * DAY
SYNC = Status.CLOCK_SYNCHRONISED

# ---------------------------------------------------------------- the calendar

ZONES = ("UTC", "Europe/Berlin", "America/Denver", "Asia/Shanghai", "Australia/Lord_Howe", "Asia/Kathmandu")


@given(instant=st.integers(0, 2**33), hours=st.integers(-12, 14))
def test_a_day_holds_its_instants(instant: int, hours: int) -> None:
    day = calendar.day_of(instant, hours * 3600)
    assert calendar.day_start(day, hours * 3600) <= instant < calendar.day_start(day + 1, hours * 3600)


@settings(max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    day=st.integers(19_000, 21_000),
    hours=st.integers(-12, 14),
    span_m=st.tuples(st.integers(0, 1438), st.integers(1, 1439)),
    weekdays=st.sets(st.integers(1, 7), min_size=1),
)
def test_bands_cover_a_day_without_holes(
    zone: str, day: int, hours: int, span_m: tuple[int, int], weekdays: set[int]
) -> None:
    from_m, length = span_m
    band = Band("peak", 7, tuple(sorted(weekdays)), from_m * 60, min(from_m + length, 1440) * 60)
    tariff = Tariff("t", 3, (band,), zone)
    start, end = (calendar.day_start(d, hours * 3600) for d in (day, day + 1))
    intervals = band_intervals(tariff, start, end)
    assert (intervals[0].start, intervals[-1].end) == (start, end)
    for a, b in pairwise(intervals):
        assert a.end == b.start
        assert a.band != b.band
    assert set(prices_of(tariff)) == {"peak", "rest"}


def test_a_band_follows_the_wall_clock_through_daylight_saving() -> None:
    tariff = Tariff("t", 1, (Band("night", 9, (1, 2, 3, 4, 5, 6, 7), 2 * 3600, 3 * 3600),), "Europe/Berlin")

    def nights(year: int, month: int, day: int) -> list[tuple[str, str]]:
        start = int(datetime(year, month, day, tzinfo=UTC).timestamp()) - 3600
        return [
            (calendar.instant_text(i.start)[11:16], calendar.instant_text(i.end)[11:16])
            for i in band_intervals(tariff, start, start + DAY)
            if i.band == "night"
        ]

    assert nights(2026, 3, 28) == [("01:00", "02:00")]
    assert nights(2026, 3, 29) == []  # 02:00-03:00 does not happen
    assert nights(2026, 10, 25) == [("00:00", "02:00")]  # it happens twice
    assert nights(2026, 7, 1) == [("00:00", "01:00")]


def test_one_name_with_two_prices_makes_two_lines() -> None:
    days = (1, 2, 3, 4, 5, 6, 7)
    tariff = Tariff("t", 1, (Band("peak", 5, days, 0, 3600), Band("peak", 6, days, 7200, 10800)), "UTC")
    assert prices_of(tariff) == {"peak-5": 5, "peak-6": 6, "rest": 1}
    assert {i.band for i in band_intervals(tariff, T, T + DAY)} == {"peak-5", "peak-6", "rest"}


def test_an_unknown_zone_holds_the_day_with_its_name() -> None:
    tariff = Tariff("t", 1, (Band("b", 1, (1,), 0, 60),), "Mars/Olympus")
    with pytest.raises(SettlementError, match="Mars/Olympus"):
        band_intervals(tariff, T, T + DAY)


# ---------------------------------------------------------------- money


def line(amount: int) -> Line:
    return Line("p", "t", "b", WattHours(0), 0, Minor(amount), Basis.MEASURED)


@given(
    amounts=st.lists(st.integers(-(10**12), 10**15), max_size=8),
    fees=st.lists(st.tuples(st.integers(0, 1_000_000), st.integers(0, 10**12)), max_size=6),
    deficit=st.integers(0, 10**15),
)
def test_the_waterfall_never_gives_more_than_came_in_and_loses_nothing(
    amounts: list[int], fees: list[tuple[int, int]], deficit: int
) -> None:
    lines = [line(amount) for amount in amounts]
    fall = waterfall(lines, [Fee(str(n), ppm, Minor(f)) for n, (ppm, f) in enumerate(fees)], deficit)
    assert 0 <= fall.distributable_minor <= fall.gross_minor
    assert fall.deficit_after_minor >= 0
    assert fall.gross_minor == sum(s.taken_minor for s in fall.steps) + fall.distributable_minor
    due = sum(s.due_minor for s in fall.steps)
    assert fall.distributable_minor - fall.deficit_after_minor == sum(amounts) - due
    assert sum(bases(lines).values()) == sum(amounts)


@given(energy=st.integers(0, 10**12), price=st.integers(0, 10**9))
def test_a_line_rounds_down_once_and_a_cost_is_never_rounded_in_favour(energy: int, price: int) -> None:
    earned = amount(energy, price, earns=True)
    assert earned * 1000 <= energy * price < (earned + 1) * 1000
    cost = amount(energy, price, earns=False)
    assert -cost * 1000 >= energy * price
    assert -cost - earned in {0, 1}


# ---------------------------------------------------------------- the watermark


def header(kind: Kind, epoch: int, seq0: int, count: int, t1: int, *, status: Status = SYNC) -> Header:
    return Header(
        kind=kind,
        profile=1,
        reason=0,
        meter_id=MeterId(b"m" * 20),
        epoch=epoch,
        seq0=seq0,
        count=count,
        t0=t1,
        t1=t1,
        status_or=status,
        status_close=status,
        export_start_wh=None,
        import_start_wh=None,
        export_end_wh=None,
        import_end_wh=None,
        boot_id=bytes(16),
        monotonic_ms=0,
        batch_root=bytes(32),
        prev=bytes(32),
    )


def test_the_watermark_moves_only_over_an_unbroken_chain() -> None:
    watermark, m = Watermark(), b"m" * 20
    assert watermark.of(m).passed == -1
    watermark.advance(header(Kind.EPOCH, 0, 0, 0, T), 0)
    watermark.advance(header(Kind.READINGS, 0, 0, 3, T + 900), 1)
    watermark.advance(header(Kind.READINGS, 0, 0, 3, T + 900), 1)  # seen before
    watermark.advance(header(Kind.READINGS, 0, 3, 3, T + 9000, status=Status.CLOCK_UNKNOWN), 2)
    assert watermark.all_reached([m], T + 900)
    assert not watermark.all_reached([m], T + 901)
    assert not watermark.all_reached([m, b"n" * 20], T)
    with pytest.raises(SettlementError, match="seq 7"):
        watermark.advance(header(Kind.READINGS, 0, 7, 3, T + 1800), 3)
    watermark.advance(header(Kind.EPOCH, 1, 0, 0, T + 900), 4)
    watermark.advance(header(Kind.RETIRE, 1, 0, 0, T + 901), 5)
    assert watermark.all_reached([m], T + 10 * DAY)
