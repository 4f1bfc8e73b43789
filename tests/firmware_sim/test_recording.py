from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.core.recorded_rows import RecordedRows, parse_recording
from firmware_sim.core.recording import Counts, Recording
from firmware_sim.core.recording_csv import HowToRead, parse_time
from firmware_sim.errors import RecordingRefused


def parse(text: str, nameplate_w: int = 10_000, utc_offset_s: int = 0) -> Recording:
    return parse_recording(text, utc_offset_s=utc_offset_s, nameplate_w=nameplate_w)


def at(second: int) -> str:
    return f"1970-01-{1 + second // 86_400:02d} {second // 3600 % 24:02d}:{second // 60 % 60:02d}:{second % 60:02d}"


def csv_of(rows: list[tuple[int, str]], quantity: str = "power_w") -> str:
    return f"time,{quantity}\n" + "".join(f"{at(time)},{value}\n" for time, value in rows)


def test_power_is_held_until_the_next_row() -> None:
    recording = parse(csv_of([(0, "100"), (60, "200.5"), (120, "0")]))
    assert recording.energy_ws(0) == 0
    assert recording.energy_ws(30) == 3000
    assert recording.energy_ws(90) == 6000 + Fraction("200.5") * 30
    assert recording.power_w(59) == 100
    assert recording.power_w(60) == Fraction(401, 2)


def test_power_is_held_for_at_most_twice_the_median_step() -> None:
    recording = parse(csv_of([(0, "100"), (60, "100"), (120, "100"), (1000, "100")]))
    assert recording.energy_ws(1000) == 100 * (120 + 120)
    assert recording.power_w(239) == 100
    assert recording.power_w(240) == 0
    # The last row is held as long.
    assert recording.end == 1120
    assert recording.energy_ws(10**9) == 100 * (240 + 120)


def test_the_median_of_an_even_number_of_steps_lies_between_the_two_in_the_middle() -> None:
    # Steps 60 and 75: twice the median is 135.
    assert parse(csv_of([(0, "1"), (60, "1"), (135, "1")])).end == 135 + 135


def test_each_dirty_row_has_its_rule_and_is_counted() -> None:
    recording = parse(
        csv_of(
            [
                (180, "300"),
                (0, "100"),
                (60, "-3.5"),
                (120, "20000.1"),
                (240, ""),
                (300, "NaN"),
                (0, "999"),
                (360, "20000"),
            ]
        )
    )
    assert recording.counts == Counts(rows=8, used=4, negative=1, absurd=1, missing=2, repeated=1, unsorted=2, gaps=1)
    # 100 W for a minute, nothing while negative (held over the absurd row), 300 W over one missing row, then exactly twice the nameplate.
    assert recording.energy_ws(180) == 6000
    assert recording.energy_ws(360) == 6000 + 300 * 120
    assert recording.power_w(360) == 20_000


def test_an_infinite_or_astronomic_value_is_absurd() -> None:
    recording = parse(csv_of([(0, "1"), (60, "Infinity"), (120, "1e999999"), (180, "-Infinity")]))
    assert (recording.counts.absurd, recording.counts.negative) == (2, 1)


@pytest.mark.parametrize(
    ("quantity", "value", "watts"), [("power_kw", "1.5", 1500), ("power_w", "1.5", Fraction(3, 2))]
)
def test_power_has_its_unit(quantity: str, value: str, watts: Fraction) -> None:
    assert parse(csv_of([(0, value), (60, value)], quantity)).power_w(0) == watts


@pytest.mark.parametrize(("quantity", "value"), [("energy_wh", "50"), ("energy_kwh", "0.050")])
def test_energy_is_spread_over_its_interval_and_never_further(quantity: str, value: str) -> None:
    recording = parse(csv_of([(0, value), (1800, value), (3600, value), (9000, value)], quantity))
    assert recording.energy_ws(900) == 25 * 3600
    assert recording.energy_ws(5400) == 150 * 3600
    assert recording.energy_ws(9000) == 150 * 3600
    assert recording.energy_ws(10**9) == 200 * 3600


def test_energy_that_its_nameplate_could_not_make_is_absurd() -> None:
    text = csv_of([(0, "10000"), (1800, "10000.1"), (3600, "1")], "energy_wh")
    assert parse(text).counts.absurd == 1


@pytest.mark.parametrize(
    ("text", "offset_s", "unix"),
    [
        ("1970-01-01T00:00:00Z", 3600, 0),
        ("1970-01-01 00:00:00-07:00", 0, 7 * 3600),
        ("1970-01-01 08:00:00", 8 * 3600, 0),
        ("1969-12-31T23:59:59+00:00", 0, -1),
        ("1970-01-01t00:00:01z", 3600, 1),
        ("1970-01-01 00:00:00.000000000Z", 3600, 0),
        ("1970-01-01 00:05", 0, 300),
        ("1970-01-02", 3600, 82_800),
        ("1970-01-01 01:00:00 +0100", 0, 0),
        ("1970-01-01 01:00:00+01", 0, 0),
    ],
)
def test_times_are_rfc_3339_or_local_at_the_given_offset(text: str, offset_s: int, unix: int) -> None:
    assert parse_time(text, offset_s) == unix


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", 1, "no column `time`"),
        ("when,power_w\n", 1, "no column `time`"),
        ("time,watts\n", 1, "exactly one of"),
        ("time,power_w,power_kw\n", 1, "exactly one of"),
        ("time,power_w\nyesterday,1\n", 2, "yesterday"),
        ("time,power_w\n1970-01-01 00:00:00.5,1\n", 2, "whole second"),
        ("time,power_w\n1970-01-01,1\n1970-01-02,many\n", 3, "not a number"),
        ("time,power_w\n1970-01-01,1e-999\n", 2, "400 digits"),
        ("power_w,time\n5\n", 2, "no time"),
        ("time,power_w\n1970-01-01,1\n", 0, "two different times or more under its header, and has 1"),
        ("time,power_w\n", 0, "two different times or more under its header, and has none"),
        ("time;power_w\n1970-01-01;1,5\n", 1, "separated by semicolons; save it with commas, and with points"),
        ("\n\ntime\tpower_w\n1970-01-01\t1\n", 3, "separated by tabs"),
        # A quote that is never closed, or that another one closes lines below, must not swallow rows.
        ('time,power_w,note\n1970-01-01,1,"hail\n1970-01-02,1,\n1970-01-03,1,\n', 2, "a quote opens on this line"),
        ('time,power_w,note\n1970-01-01,1,\n1970-01-02,1,"a\n1970-01-03,1,b"\n', 3, "a quote opens on this line"),
        ("time,power_w,note\n1970-01-01,1," + "x" * 140_000 + "\n", 2, "is not CSV"),
        # What Python's own readers would take.
        ("time,power_w\n1412101200000,1\n", 2, "not a time"),
        ("time,power_w\n2026-W10-4,1\n", 2, "not a time"),
        ("time,power_w\n20260310,1\n", 2, "not a time"),
        ("time,power_w\n1970-01-01 24:00:00,1\n", 2, "not a time"),
        ("time,power_w\n1970-02-30 00:00:00,1\n", 2, "not a time"),
        ("time,power_w\n1970-01-01 00:00:00.0000001,1\n", 2, "whole second"),
        ("time,power_w\n1970-01-01,1_000\n", 2, "not a number"),
        ("time,power_w\n1970-01-01,\uff11\uff12\n", 2, "not a number"),
        ("time,power_w\n1970-01-01,\n1970-01-02,\n", 0, "none of the 2 rows"),
    ],
)
def test_what_cannot_be_replayed_is_refused_with_its_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(RecordingRefused, match=problem) as caught:
        parse(text)
    assert caught.value.line == line


def test_blank_lines_a_byte_order_mark_and_a_short_row_do_no_harm() -> None:
    recording = parse("\ufeffTime , Power_W\n\n1970-01-01 00:00:00,5\n1970-01-01 00:01:00\n\n")
    assert recording.counts == Counts(rows=2, used=1, negative=0, absurd=0, missing=1, repeated=0)


@pytest.mark.parametrize("word", ["", " ", "NaN", "na", "N/A", "NULL", "None", "-nan", "#N/A", "<NA>"])
def test_a_cell_that_says_nothing_is_missing(word: str) -> None:
    assert parse(csv_of([(0, "1"), (60, word)])).counts.missing == 1


def test_rows_in_no_order_at_odd_distances_and_with_holes_are_counted() -> None:
    counts = parse(csv_of([(120, "1"), (0, "1"), (60, "1"), (180, "1"), (200, "1"), (900, "1"), (900, "2")])).counts
    # Steps 60, 60, 60, 20, 700; from 200 on a row is held until 320.
    assert (counts.unsorted, counts.irregular, counts.gaps, counts.repeated) == (1, 2, 1, 1)


@pytest.mark.parametrize(
    "columns",
    [
        {"time": "When", "power_kw": "kW now"},
        {"time": "#2", "power_kw": "#3"},
        {"time": " when ", "power_kw": "#3"},
    ],
)
def test_columns_have_the_names_that_the_file_gives_them(columns: dict[str, str]) -> None:
    text = "power_w,when,kW now,when it rained\n7,1970-01-01 00:00:00,1.5,x\n7,1970-01-01 00:01:00,2,y\n"
    recording = parse_recording(text, utc_offset_s=0, nameplate_w=9000, columns=columns, scale=Decimal("0.5"))
    assert [recording.power_w(0), recording.power_w(60)] == [Fraction(750), Fraction(1000)]


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"time": "#5"}, "no column #5, the header has 3"),
        ({"power_w": "b"}, "no column `b`, the header is time, a, a"),
        ({"power_w": "a"}, "two columns are named `a`; name one by its position"),
        ({"power_w": "#2", "power_kw": "#3"}, "exactly one of"),
    ],
)
def test_columns_that_are_not_there_or_there_twice_are_refused(columns: dict[str, str], problem: str) -> None:
    with pytest.raises(RecordingRefused, match=problem) as caught:
        parse_recording("time,a,a\n", utc_offset_s=0, nameplate_w=1, columns=columns)
    assert caught.value.line == 1


def test_a_file_without_a_header_is_refused_before_a_row_is_taken_for_one() -> None:
    with pytest.raises(RecordingRefused, match="must be a header"):
        parse_recording("1970-01-01,5\n", utc_offset_s=0, nameplate_w=1, columns={"time": "#1", "power_w": "#2"})


def test_energy_reaches_to_the_next_time_in_the_file_even_where_no_value_stands_there() -> None:
    recording = parse(csv_of([(0, "60"), (600, ""), (1800, "60"), (3600, "60"), (5400, "0")], "energy_wh"))
    assert recording.power_w(599) == 360
    assert recording.power_w(600) == 0
    assert recording.energy_ws(1800) == 60 * 3600


@pytest.mark.parametrize(
    ("quantity", "values", "nameplate_w"),
    [
        ("power_w", ["3400"] * 199 + ["65535000"], 4000),
        ("power_kw", ["-1000000"] * 50 + ["3.0"] * 50, 3000),
        ("energy_wh", ["850"] * 100, 4000),
        ("power_w", ["0", "-1", ""], 1000),
    ],
)
def test_a_plant_of_which_nothing_else_is_known_gets_a_nameplate(
    quantity: str, values: list[str], nameplate_w: int
) -> None:
    text = csv_of([(900 * number, value) for number, value in enumerate(values)], quantity)
    assert RecordedRows(text, HowToRead(utc_offset_s=0)).nameplate_w() == nameplate_w


@pytest.mark.parametrize("value", ["200000", "1e400", "Infinity"])
def test_a_plant_that_is_too_large_is_in_another_unit(value: str) -> None:
    with pytest.raises(RecordingRefused, match="another unit"):
        RecordedRows(csv_of([(0, value), (60, value)], "power_kw"), HowToRead(utc_offset_s=0)).nameplate_w()


POWERS = st.decimals(min_value=-10, max_value=30_000, places=3).map(str)
ROWS = st.lists(st.tuples(st.integers(0, 86_399), POWERS), min_size=2, max_size=30, unique_by=lambda row: row[0])


def naive_energy_ws(rows: list[tuple[int, str]], until: int) -> Decimal:
    """Second by second, from the sentence of the issue alone."""
    times = sorted(time for time, _ in rows)
    steps = sorted(b - a for a, b in pairwise(times))
    middle = len(steps) // 2
    hold = 2 * steps[middle] if len(steps) % 2 else steps[middle - 1] + steps[middle]
    present = sorted((time, max(Decimal(value), Decimal(0))) for time, value in rows if Decimal(value) <= 20_000)
    total = Decimal(0)
    for index, (time, power) in enumerate(present):
        following = present[index + 1][0] if index + 1 < len(present) else time + hold
        total += power * max(0, min(following, time + hold, until) - time)
    return total


@given(rows=ROWS, until=st.integers(-10, 300_000))
def test_energy_is_the_naive_sum(rows: list[tuple[int, str]], until: int) -> None:
    if all(Decimal(value) > 20_000 for _, value in rows):
        return
    assert parse(csv_of(rows)).energy_ws(until) == Fraction(naive_energy_ws(rows, until))


@given(rows=ROWS, instants=st.lists(st.integers(-10, 200_000), min_size=3, max_size=3).map(sorted))
def test_energy_never_falls_and_adds_up_over_any_split(rows: list[tuple[int, str]], instants: list[int]) -> None:
    rows = [(time, value) for time, value in rows if Decimal(value) <= 20_000] or [(0, "1"), (1, "1")]
    if len(rows) < 2:
        return
    recording = parse(csv_of(rows))
    a, b, c = (recording.energy_ws(instant) for instant in instants)
    assert 0 <= a <= b <= c
    middle = sum(recording.power_w(t) for t in range(instants[0], min(instants[0] + 50, instants[1])))
    assert recording.energy_ws(max(instants[0], min(instants[0] + 50, instants[1]))) - a == middle


@given(rows=ROWS, seed=st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(rows: list[tuple[int, str]], seed: Random) -> None:
    rows = [(time, value) for time, value in rows if Decimal(value) <= 20_000] + [(86_400, "1"), (86_460, "1")]
    shuffled = seed.sample(rows, len(rows))
    assert parse(csv_of(shuffled)).energy_ws(100_000) == parse(csv_of(rows)).energy_ws(100_000)


def test_the_shipped_recording_is_three_whole_days_and_its_closing_boundary(serf_east: Recording) -> None:
    assert serf_east.counts == Counts(rows=293, used=293, negative=123, absurd=0, missing=0, repeated=0)
    midnight = parse_time("2016-07-05 00:00:00-07:00", 0)
    assert serf_east.first == midnight
    assert serf_east.end == midnight + 3 * 86_400 + 3600 + 1800
    # 29783.691125, 25256.950500 and 33745.742750 Wh: summed from the file with awk, positive values over a quarter of an hour.
    days = [
        serf_east.energy_ws(midnight + (n + 1) * 86_400) - serf_east.energy_ws(midnight + n * 86_400) for n in range(3)
    ]
    assert [int(day) // 3600 for day in days] == [29_783, 25_256, 33_745]


@pytest.mark.parametrize(
    ("values", "cumulative"),
    [
        ([5 * n for n in range(60)], True),
        ([5 * (n % 30) for n in range(90)], True),  # a counter of the day
        ([5 * (n % 15) for n in range(90)], False),
        ([0, 5, 9, 5, 0] * 20, False),
        ([7] * 60, False),
        (list(range(20)), False),  # a short morning
    ],
)
def test_values_that_nearly_always_rise_look_like_a_counter(values: list[int], cumulative: bool) -> None:
    text = csv_of([(900 * n, str(value)) for n, value in enumerate(values)], "energy_wh")
    assert parse(text, nameplate_w=10_000).looks_cumulative is cumulative


def test_no_digit_is_lost_at_the_ends_of_what_is_taken() -> None:
    small, large = "0." + "0" * 399 + "7", "999999999999999.9"
    how = HowToRead(utc_offset_s=0, scale=Decimal("1.23456789012345678e-9"))
    rows = RecordedRows(csv_of([(0, small), (61, large), (122, small), (183, "0")]), how)
    energy_ws = rows.recording(10**8).energy_ws(10**6)
    assert energy_ws == (2 * Fraction(small) + Fraction(large)) * Fraction(how.scale) * 61
