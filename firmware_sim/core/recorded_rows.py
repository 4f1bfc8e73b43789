"""Judges the rows of a recording of production.

The rules for dirty rows, each counted:

- a row without a value (empty, NaN, NA, N/A, #N/A, null, none) is left out: `missing`;
- a row with power above twice the nameplate is left out: `absurd`;
- power below zero counts as 0, and the row is used: `negative`;
- rows may stand in any order (`unsorted`: earlier than the row above); of several rows with one time the first usable one
  counts, the others are `repeated`.

Power is held until the next used row, at most for twice the median step of all distinct times in the file. Energy of an
interval (`energy_wh`, `energy_kwh`) is spread evenly until the next time in the file, be that row used or not, at most over
one median step; it is absurd above twice the nameplate over that interval. A median may end in a half second.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, zip_longest
from types import MappingProxyType

from evidence.units import div_ceil
from firmware_sim.core.recording import EXACT, Counts, Recording
from firmware_sim.core.recording_csv import QUANTITIES, HowToRead, rows_of
from firmware_sim.errors import RecordingRefused

NAMEPLATE_W_MAX = 10**8
# A value with more digits is absurd, and is not made an exact fraction of that size first.
_DIGITS_BEFORE_POINT_MAX = 15
_SECONDS_PER_HOUR = 3600
_W_PER_KW = 1000
_HALF = Decimal("0.5")


def twice_median_step(times: Sequence[int]) -> int:
    """Twice the median distance of sorted distinct times, in seconds: doubled, because the median may end in a half second.

    Raises:
        RecordingRefused: fewer than two times.
    """
    if len(times) < 2:
        raise RecordingRefused(
            0, f"it needs rows at two different times or more under its header, and has {len(times) or 'none'}"
        )
    steps = sorted(later - earlier for earlier, later in pairwise(times))
    middle, odd = divmod(len(steps), 2)
    return 2 * steps[middle] if odd else steps[middle - 1] + steps[middle]


def _is_huge(value: Decimal) -> bool:
    # The size is checked first: an exact fraction of 1e999999 would have a million digits.
    return value.is_infinite() or value.adjusted() >= _DIGITS_BEFORE_POINT_MAX


class RecordedRows:
    """The rows of a file, read but not judged: which row is absurd depends on a nameplate."""

    def __init__(self, text: str, how: HowToRead) -> None:
        """Read every cell.

        Raises:
            RecordingRefused: naming the line, its fault and the remedy.
        """
        self._rows, columns = rows_of(text, how)
        factor, self._is_energy = QUANTITIES[columns.quantity]
        self._scale = EXACT.multiply(how.scale, Decimal(factor))
        self._times = sorted({row.time for row in self._rows})
        self._twice_median_s = twice_median_step(self._times)
        # How long the interval that begins at a time lasts, in half seconds.
        self._twice_interval_s = {
            time: min(self._twice_median_s, 2 * (later - time)) for time, later in pairwise(self._times)
        }

    def nameplate_w(self) -> int:
        """Estimate the nameplate of a plant of which nothing else is known, in W.

        It is the power that 99 % of the rows above zero do not exceed, rounded up to a whole kilowatt: rare sentinels do not
        change it. Energy counts as its power over a median step.

        Raises:
            RecordingRefused: no plant is that large; the values are probably in another unit.
        """
        above = sorted(row.value for row in self._rows if row.value is not None and row.value > 0)
        if not above:
            return _W_PER_KW
        value = above[div_ceil(99 * len(above), 100) - 1]
        power = None if _is_huge(value) else Fraction(value) * Fraction(self._scale)
        if power is not None and self._is_energy:
            power = power * 2 * _SECONDS_PER_HOUR * Fraction(1, self._twice_median_s)
        if power is None or power > NAMEPLATE_W_MAX:
            raise RecordingRefused(
                0,
                f"one in a hundred rows is {value:.6g} or more, above {NAMEPLATE_W_MAX} W; is it in another unit?"
                " if not, name the nameplate of the plant",
            )
        return _W_PER_KW * div_ceil(power.numerator, power.denominator * _W_PER_KW)

    def recording(self, nameplate_w: int) -> Recording:
        """Judge every row by the rules of this module.

        Args:
            nameplate_w: the nameplate of the recorded plant; a value above twice the nameplate is absurd.

        Raises:
            RecordingRefused: no row has a usable value.
        """
        missing = absurd = negative = repeated = 0
        used: dict[int, Decimal] = {}  # power in W, or energy of the interval in Wh
        for row in self._rows:
            if row.value is None:
                missing += 1
            elif row.value > 0 and self._is_absurd(row.value, row.time, nameplate_w):
                absurd += 1
            elif row.time in used:
                repeated += 1
            else:
                negative += row.value < 0
                used[row.time] = EXACT.multiply(row.value, self._scale) if row.value > 0 else Decimal(0)
        if not used:
            raise RecordingRefused(0, f"none of the {len(self._rows)} rows has a usable value")
        starts = sorted(used)
        distances = [2 * (later - start) for start, later in pairwise(starts)]
        # The last row is held for the longest time for which a row is held.
        held = [self._twice_held_s(start, room) for start, room in zip_longest(starts, distances)]
        counts = Counts(
            rows=len(self._rows),
            used=len(used),
            negative=negative,
            absurd=absurd,
            missing=missing,
            repeated=repeated,
            unsorted=sum(later.time < row.time for row, later in pairwise(self._rows)),
            irregular=sum(2 * (later - time) != self._twice_median_s for time, later in pairwise(self._times)),
            gaps=sum(twice_s < room for twice_s, room in zip(held, distances, strict=False)),
        )
        energies = [self._energy_ws(used[start], twice_s) for start, twice_s in zip(starts, held, strict=True)]
        return Recording(starts, held, energies, counts)

    def _is_absurd(self, value: Decimal, time: int, nameplate_w: int) -> bool:
        if _is_huge(value):
            return True
        scaled = EXACT.multiply(value, self._scale)
        if not self._is_energy:
            return scaled > 2 * nameplate_w
        interval = self._twice_interval_s.get(time, self._twice_median_s)
        return EXACT.multiply(scaled, Decimal(_SECONDS_PER_HOUR)) > nameplate_w * interval

    def _twice_held_s(self, start: int, room: int | None) -> int:
        if self._is_energy:
            return self._twice_interval_s.get(start, self._twice_median_s)
        longest = 2 * self._twice_median_s
        return longest if room is None else min(longest, room)

    def _energy_ws(self, value: Decimal, twice_held_s: int) -> Decimal:
        if self._is_energy:
            return EXACT.multiply(value, Decimal(_SECONDS_PER_HOUR))
        return EXACT.multiply(EXACT.multiply(value, Decimal(twice_held_s)), _HALF)


def parse_recording(
    text: str,
    *,
    utc_offset_s: int,
    nameplate_w: int,
    columns: Mapping[str, str] = MappingProxyType({}),
    scale: Decimal = Decimal(1),
) -> Recording:
    """Read a CSV by the rules of this module.

    Args:
        text: the whole file; its header has `time` and one of `power_w`, `power_kw`, `energy_wh`, `energy_kwh`, or the names
            that `columns` gives for them.
        utc_offset_s: the offset of times without an offset.
        nameplate_w: the nameplate of the recorded plant; a value above twice the nameplate is absurd.
        columns: see `HowToRead`.
        scale: every value is multiplied by it.

    Raises:
        RecordingRefused: naming the line and its fault.
    """
    how = HowToRead(utc_offset_s=utc_offset_s, columns=columns, scale=scale)
    return RecordedRows(text, how).recording(nameplate_w)
