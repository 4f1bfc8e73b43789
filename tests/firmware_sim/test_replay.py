from datetime import date
from decimal import ROUND_FLOOR, Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.core.recording import Recording
from firmware_sim.core.replay import Counting, Replay, local_midnight
from firmware_sim.core.tariff import Band, TariffEnergy

DAY = 86_400
OFFSET = -7 * 3600


@given(instant=st.integers(0, 4_000_000_000))
def test_the_first_day_becomes_the_first_day_after_the_chains_time(serf_east: Recording, instant: int) -> None:
    replay = Replay.after(serf_east, first_day=date(2016, 7, 5), days=3, utc_offset_s=OFFSET, instant=instant)
    assert instant < replay.start <= instant + 7 * DAY
    assert replay.shift_s % (7 * DAY) == 0
    assert (replay.start + OFFSET) % DAY == 0
    assert replay.end == replay.start + 3 * DAY


def test_a_local_day_begins_at_its_fixed_offset() -> None:
    assert local_midnight(date(1970, 1, 1), 8 * 3600) == -8 * 3600
    assert local_midnight(date(2016, 7, 5), OFFSET) == 1_467_702_000


def test_nothing_is_produced_before_the_first_replayed_day(serf_east: Recording) -> None:
    replay = Replay.after(serf_east, first_day=date(2016, 7, 6), days=2, utc_offset_s=OFFSET, instant=0)
    noon_before = replay.start - DAY // 2
    assert replay.energy_ws(noon_before) == 0
    assert replay.power_w(noon_before) == 0
    assert replay.energy_ws(replay.start) == 0
    assert replay.power_w(replay.start + DAY // 2) > 0


def test_the_replayed_energy_is_the_recorded_one(serf_east: Recording, replay: Replay) -> None:
    noon = replay.start + DAY // 2
    assert replay.energy_ws(noon) == serf_east.energy_ws(noon - replay.shift_s)
    assert replay.power_w(noon) == serf_east.power_w(noon - replay.shift_s)
    assert replay.shift_days * DAY == replay.shift_s


@given(
    weight=st.integers(1, 10**8),
    start=st.integers(1, 10**10),
    step=st.integers(1, 10**5),
    seconds=st.integers(-DAY, 4 * DAY),
)
def test_a_register_is_the_issues_formula(replay: Replay, weight: int, start: int, step: int, seconds: int) -> None:
    energy = replay.energy_ws(replay.start + seconds)
    # The formula in Decimal, to more digits than any value here has.
    with localcontext() as context:
        context.prec = 80
        watt_seconds = Decimal(energy.numerator) / Decimal(energy.denominator)
        exact = Decimal(start) + Decimal(weight) * watt_seconds / Decimal(3600 * 10**6)
        naive = step * int((exact / step).to_integral_value(ROUND_FLOOR))
        near_a_step = abs(exact / step - (exact / step).to_integral_value()) < Decimal(10) ** -40
    register = Counting(weight, start, step).register_wh(energy)
    if not near_a_step:
        assert register == naive
    assert register % step == 0
    assert 0 <= Fraction(start) + Fraction(weight) * energy / (3600 * 10**6) - register < step


@given(weight=st.integers(1, 10**8), step=st.integers(1, 1000), times=st.tuples(*[st.integers(0, 4 * DAY)] * 2))
def test_a_register_never_falls(replay: Replay, weight: int, step: int, times: tuple[int, int]) -> None:
    earlier, later = sorted(times)
    counting = Counting(weight, 1, step)
    assert counting.register_wh(replay.energy_ws(replay.start + earlier)) <= counting.register_wh(
        replay.energy_ws(replay.start + later)
    )


@pytest.mark.parametrize(("watts", "weight", "share"), [(Fraction(1001, 2), 1_000_000, 500), (Fraction(3), 333_333, 0)])
def test_a_share_of_power_is_floored(watts: Fraction, weight: int, share: int) -> None:
    assert Counting(weight, 1, 1).power_w(watts) == share


BANDS = st.lists(st.tuples(st.integers(1, DAY - 1), st.integers(1, 4)), max_size=6, unique_by=lambda band: band[0]).map(
    lambda rest: (Band(0, 2), *(Band(start, tariff) for start, tariff in sorted(rest)))
)


@given(bands=BANDS, seconds=st.integers(-DAY, 5 * DAY))
def test_tariff_energies_add_up_to_the_total(replay: Replay, bands: tuple[Band, ...], seconds: int) -> None:
    t = replay.start + seconds
    assert sum(TariffEnergy(replay, bands).energy_ws(t)) == replay.energy_ws(t)


@given(bands=BANDS, day=st.integers(0, 2), second=st.integers(0, DAY - 60))
def test_the_register_of_the_band_in_force_counts(
    replay: Replay, bands: tuple[Band, ...], day: int, second: int
) -> None:
    inside = [band for band in bands if band.start_s <= second]
    until = next((band.start_s for band in bands if band.start_s > second), DAY)
    since = replay.start + day * DAY + second
    tariffs = TariffEnergy(replay, bands)
    grown = [
        b - a for a, b in zip(tariffs.energy_ws(since), tariffs.energy_ws(since + min(60, until - second)), strict=True)
    ]
    in_force = max(inside).tariff
    assert all(energy == 0 for tariff, energy in enumerate(grown, start=1) if tariff != in_force)


def test_without_bands_t1_counts_everything(replay: Replay) -> None:
    energies = TariffEnergy(replay, ()).energy_ws(replay.end)
    assert energies == (replay.energy_ws(replay.end), *[Fraction(0)] * 3)
