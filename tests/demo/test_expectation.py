"""The arithmetic that the demo is held against, itself held against the simulator and against numbers worked out by hand."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from cli.demo.expectation import ReplayedPoint, produced_wh
from firmware_sim.core.recorded_rows import parse_recording

_BEGIN = datetime(2026, 7, 1, tzinfo=UTC)


def _csv(rows: list[tuple[int, str]], column: str = "power_w") -> str:
    lines = [f"{(_BEGIN + timedelta(seconds=at)).isoformat()},{value}" for at, value in rows]
    return "\n".join([f"time,{column}", *lines])


def test_power_is_held_until_the_next_row() -> None:
    text = _csv([(0, "1000"), (900, "2000"), (1800, "0")])
    assert produced_wh(text, first_day="2026-07-01", days=1, utc_offset_s=0, nameplate_w=6000) == 250 + 500


def test_a_hole_is_bridged_for_twice_the_median_step_and_no_longer() -> None:
    text = _csv([(0, "1000"), (900, "1000"), (1800, "1000"), (36_000, "0")])
    assert produced_wh(text, first_day="2026-07-01", days=1, utc_offset_s=0, nameplate_w=6000) == 500 + 500


def test_negative_is_zero_and_absurd_is_not_there() -> None:
    text = _csv([(0, "-5"), (900, "1000"), (1800, "12001"), (2700, "0")])
    assert produced_wh(text, first_day="2026-07-01", days=1, utc_offset_s=0, nameplate_w=6000) == 500


def test_a_register_moves_in_its_own_steps() -> None:
    point = ReplayedPoint("p", weight_ppm=500_000, start_wh=95, step_wh=10)
    assert point.energy_wh(Fraction(9)) == 0
    assert point.energy_wh(Fraction(10)) == 10


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 3 * 86_400), st.one_of(st.just(""), st.decimals(-100, 20_000, places=4).map(str))),
        min_size=3,
        max_size=60,
    ),
    nameplate_w=st.integers(1000, 9000),
)
def test_the_simulator_and_the_expectation_integrate_the_same_energy(
    rows: list[tuple[int, str]], nameplate_w: int
) -> None:
    times = {at for at, _ in rows}
    usable = [value for _, value in rows if value and Fraction(value) <= 2 * nameplate_w]
    if len(times) < 2 or not usable:
        return
    text = _csv(rows)
    begin = int(_BEGIN.timestamp())
    recording = parse_recording(text, utc_offset_s=0, nameplate_w=nameplate_w)
    simulated = (recording.energy_ws(begin + 2 * 86_400) - recording.energy_ws(begin + 86_400)) / 3600
    assert produced_wh(text, first_day="2026-07-02", days=1, utc_offset_s=0, nameplate_w=nameplate_w) == simulated
