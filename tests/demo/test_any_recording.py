"""Anybody's recording: simulator, pipeline and expectation agree to the watt-hour, whatever the rows are like."""

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, assume, event, example, given, settings
from hypothesis import strategies as st

from cli import parser, site
from cli.demo.expectation import ReplayedPoint, expected_wh, produced_wh
from cli.demo.options import Replayed, parse
from firmware_sim.core.recorded_rows import RecordedRows
from firmware_sim.core.recording import Recording
from firmware_sim.core.recording_csv import HowToRead
from firmware_sim.core.replay import Counting, Replay, local_midnight
from firmware_sim.errors import RecordingRefused
from tests.demo.in_memory import settled_wh

SMA = "sma/TAEFC1044741.csv"
SMA_COLUMNS = {"time": "ts", "power_kw": "meas_val_f"}
SMA_FIRST, SMA_LAST = date(2016, 3, 5), date(2017, 7, 8)
GAP = date(2016, 11, 1)  # 274 days without a row
SENTINELS = (date(2016, 4, 5), date(2016, 7, 19), date(2016, 8, 17))  # -1000000 kW
CHAIN_NOW = 1_790_000_000
POLLS = (120, 180, 300, 450, 600, 900, 1200, 1800, 3600)

SLOW_DRAWS = settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


def arguments(*words: str) -> argparse.Namespace:
    return parser.build().parse_args(["demo", *words])


@pytest.fixture(scope="module")
def sma_text(recorded: Callable[[str], Path]) -> str:
    return recorded(SMA).read_text("utf-8")


@pytest.fixture(scope="module")
def sma(sma_text: str) -> dict[int, Recording]:
    """The SMA recording by the offset that its times are read in."""
    return {
        offset_s: RecordedRows(sma_text, HowToRead(utc_offset_s=offset_s, columns=SMA_COLUMNS)).recording(7000)
        for offset_s in (0, -7 * 3600, 20_700)
    }


# ---------------------------------------------------------------- (a) the register formula, on any days


@given(
    first=st.dates(SMA_FIRST - timedelta(days=2), SMA_LAST),
    days=st.integers(1, 5),
    offset_s=st.sampled_from((0, -7 * 3600, 20_700)),
    weight_ppm=st.integers(1, 10**9),
    start_steps=st.integers(1, 10**6),
    step_wh=st.sampled_from((1, 2, 10, 17, 100, 1000)),
)
@example(SENTINELS[0], 3, -7 * 3600, 1_000_000, 5, 1)
@example(SENTINELS[1], 3, 0, 1_500_000, 5, 10)
@example(GAP, 3, 0, 1_500_000, 5, 10)
@example(date(2016, 10, 5), 3, 20_700, 333_333, 7, 17)
@settings(max_examples=12)
@pytest.mark.slow
def test_registers_rise_by_what_the_csv_says_on_any_days(  # noqa: PLR0917 what is drawn
    sma: dict[int, Recording],
    sma_text: str,
    first: date,
    days: int,
    offset_s: int,
    weight_ppm: int,
    start_steps: int,
    step_wh: int,
) -> None:
    replay = Replay.after(sma[offset_s], first_day=first, days=days, utc_offset_s=offset_s, instant=CHAIN_NOW)
    counting = Counting(weight_ppm, start_steps * step_wh, step_wh)
    rise = counting.register_wh(replay.energy_ws(replay.end)) - counting.register_wh(replay.energy_ws(replay.start))
    produced = produced_wh(
        sma_text,
        first_day=first.isoformat(),
        days=days,
        utc_offset_s=offset_s,
        nameplate_w=7000,
        columns=SMA_COLUMNS,
    )
    assert ReplayedPoint("p", weight_ppm, start_steps * step_wh, step_wh).energy_wh(produced) == rise
    if first == GAP:
        assert rise == 0


# ---------------------------------------------------------------- (b) the pipeline in memory


@contextmanager
def metered(weights: tuple[int, ...], steps: tuple[int, ...]) -> Iterator[None]:
    """The example site with other weights and steps; steps in units of what the meter's protocol can show."""
    meters = tuple(
        replace(meter, weight_ppm=weight, step_wh=unit * step, start_wh=unit * step * 1000)
        for meter, weight, step in zip(site.METERS, weights, steps, strict=True)
        for unit in [10 ** max(meter.scale_factor, 0)]
    )
    lines = (("line-a", "modbus-rtu", meters[:4]), ("line-b", "dlt645", meters[4:]))
    with patch.multiple(site, METERS=meters, LINES=lines):
        yield


def expected_of(path: Path, replayed: Replayed) -> dict[str, int]:
    sun = replayed.sun
    return expected_wh(
        path,
        [ReplayedPoint(meter.point, meter.weight_ppm, meter.start_wh, meter.step_wh) for meter in site.METERS],
        first_day=sun.first_day.isoformat(),
        days=sun.days,
        utc_offset_s=sun.utc_offset_s,
        nameplate_w=sun.nameplate_w,
        columns=dict(sun.columns),
        scale=sun.scale,
    )


@given(
    first=st.dates(SMA_FIRST, SMA_LAST - timedelta(days=2)),
    weights=st.tuples(*[st.integers(1_000, 5_000_000)] * 6),
    steps=st.tuples(*[st.sampled_from((1, 2, 5, 7, 10))] * 6),
    poll_s=st.sampled_from(POLLS),
    offset=st.sampled_from(("+00:00", "-07:00", "+01:00", "-03:00")),
)
@example(GAP, (1_000_000,) * 6, (1,) * 6, 3600, "-07:00")
@example(date(2016, 10, 5), (1_000_000,) * 6, (1,) * 6, 1800, "-07:00")
@example(date(2017, 7, 6), (1_000_000, 2, 3, 4, 5, 6), (1,) * 6, 900, "+00:00")
@example(SENTINELS[0], (1_000_000,) * 6, (1, 2, 3, 4, 5, 6), 1200, "-07:00")
@example(SENTINELS[1], (5_000_000,) * 6, (1,) * 6, 450, "+00:00")
@SLOW_DRAWS
@pytest.mark.slow
def test_what_is_settled_is_what_the_csv_says_on_any_three_days(  # noqa: PLR0917 what is drawn
    recorded: Callable[[str], Path],
    tmp_path_factory: pytest.TempPathFactory,
    first: date,
    weights: tuple[int, ...],
    steps: tuple[int, ...],
    poll_s: int,
    offset: str,
) -> None:
    path = recorded(SMA)
    with metered(weights, steps):
        words = f"--columns time=ts,power_kw=meas_val_f --days {first}..{first + timedelta(days=2)} --tz {offset}"
        replayed = parse(arguments("--recording", str(path), "--poll-interval", str(poll_s), *words.split()))
        settled = settled_wh(tmp_path_factory.mktemp("site") / "site", replayed, chain_now=CHAIN_NOW)
        assert settled == expected_of(path, replayed)
    if first == GAP:
        assert set(settled.values()) == {0}
        assert replayed.days_without_rows == 3


# ---------------------------------------------------------------- recordings that are in no folder

BEGIN = date(2026, 7, 1)
INSTANTS = st.integers(0, 3 * 86_400)
POWERS = st.decimals(-100, 20_000, places=4).map(str)
WORDS = st.sampled_from(
    ["", "NaN", "NA", "null", " ", "-Infinity", "Infinity", "1e999999", "-1000000.0", "0", "-0", "65535"]
)
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def nasty_csv(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A file with rows in any order, twice, at odd distances, without values, and columns named in one of three ways."""
    quantity = draw(st.sampled_from(["power_w", "power_kw", "energy_wh", "energy_kwh"]))
    naming = draw(st.sampled_from(["ours", "theirs", "place"]))
    rows = draw(st.lists(st.tuples(INSTANTS, st.one_of(POWERS, WORDS), st.integers(0, 3)), min_size=3, max_size=40))
    header = {"ours": f"site,TIME , {quantity}", "theirs": "power_kw,stamp,val", "place": "x,x,x"}[naming]
    columns = {
        "ours": {},
        "theirs": {"time": "Stamp", quantity: "val"},
        "place": {"time": "#2", quantity: "#3"},
    }[naming]
    zone_s = 5 * 3600 + 45 * 60
    lines = [header]
    for at, value, form in rows:
        utc = f"{BEGIN + timedelta(days=at // 86_400)} {_clock(at % 86_400)}"
        local = at + zone_s
        here = f"{BEGIN + timedelta(days=local // 86_400)} {_clock(local % 86_400)}"
        stamp = [f"{utc}Z", f"{utc}+00:00".replace(" ", "T"), here, f'"{here}+05:45"'][form]
        lines.append(f'"a,b",{stamp},{value}' if value or form else f"c,{stamp}")
        lines += [""] * (form == 1)
    return draw(st.sampled_from(["", "\ufeff"])) + draw(LINE_ENDS).join(lines), columns


def _clock(second: int) -> str:
    return f"{second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


@given(
    made=nasty_csv(),
    nameplate_w=st.integers(1000, 9000),
    scale=st.sampled_from([Decimal(1), Decimal("0.001"), Decimal("2.5"), Decimal(1000)]),
    offset_s=st.just(20_700),
    days=st.integers(1, 3),
)
@settings(max_examples=300)
def test_simulator_and_expectation_agree_on_every_rule(
    made: tuple[str, dict[str, str]], nameplate_w: int, scale: Decimal, offset_s: int, days: int
) -> None:
    text, columns = made
    try:
        rows = RecordedRows(text, HowToRead(utc_offset_s=offset_s, columns=columns, scale=scale))
        recording = rows.recording(nameplate_w)
    except RecordingRefused as refused:
        event(refused.problem[-30:])
        assume(refused.line > 0)  # the whole file has too little in it; no cell of these is ever refused
        raise
    first = BEGIN + timedelta(days=1)
    start = local_midnight(first, offset_s)
    simulated = (recording.energy_ws(start + days * 86_400) - recording.energy_ws(start)) / 3600
    told = produced_wh(
        text,
        first_day=first.isoformat(),
        days=days,
        utc_offset_s=offset_s,
        nameplate_w=nameplate_w,
        columns=columns,
        scale=scale,
    )
    assert told == simulated
    counts = recording.counts
    assert counts.rows == counts.used + counts.absurd + counts.missing + counts.repeated
    assert 0 <= counts.negative <= counts.used
    assert recording.energy_ws(recording.end) == recording.energy_ws(10**12)
    # No settlement takes a plausible recording for a jump: no moment is above twice the nameplate.
    assert all(recording.power_w(at) <= 2 * nameplate_w for at in range(start, start + 86_400, 977))


def test_energy_rows_at_odd_distances_are_never_stretched_and_keep_their_sum() -> None:
    # Steps 10, 11, 11, 10: the median is 10.5 s.
    stamps = [0, 10, 21, 32, 42]
    text = "time,energy_wh\n" + "".join(f"2026-07-01 00:00:{at:02d}Z,3\n" for at in stamps)
    recording = RecordedRows(text, HowToRead(utc_offset_s=0)).recording(10_000)
    begin = local_midnight(BEGIN, 0)
    assert recording.energy_ws(begin + 86_400) == 5 * 3 * 3600
    assert recording.energy_ws(begin + 10) == 3 * 3600
    assert recording.energy_ws(begin + 21) - recording.energy_ws(begin + 20) == Fraction(3 * 3600, 21)
    assert produced_wh(text, first_day="2026-07-01", days=1, utc_offset_s=0, nameplate_w=10_000) == 15


@given(made=nasty_csv())
@settings(max_examples=8)
@pytest.mark.slow
def test_a_nasty_recording_is_settled_to_the_watt_hour(
    made: tuple[str, dict[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    text, columns = made
    folder = tmp_path_factory.mktemp("nasty")
    path = folder / "nasty.csv"
    # Two rows more that no nameplate refuses, so that every draw can be replayed.
    path.write_bytes((text + f"\nz,{BEGIN + timedelta(days=1)} 12:00:00Z,0\nz,{BEGIN} 12:00:00Z,0").encode())
    words = ["--recording", str(path), "--days", f"{BEGIN}..{BEGIN + timedelta(days=2)}", "--tz", "+05:45"]
    words += ["--columns", ",".join(f"{ours}={theirs}" for ours, theirs in columns.items())] if columns else []
    replayed = parse(arguments(*words, "--poll-interval", "900", "--nameplate", "9000"))
    assert settled_wh(folder / "site", replayed, chain_now=CHAIN_NOW) == expected_of(path, replayed)
