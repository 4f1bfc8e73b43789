"""A recording of production, and its exact energy.

The rules for dirty rows, each counted:

- a row without a value (empty, or NaN) is not there: `missing`;
- power above twice the nameplate is not there: `absurd`;
- power below zero is 0: `negative` (and still used);
- rows may stand in any order; of several with one time the first usable one counts, the others are `repeated`.

Power is held until the next used row, at most for twice the median step of all distinct times in the file. Energy of an
interval (`energy_wh`, `energy_kwh`) is spread evenly until the next used row, at most over one median step.
"""

import csv
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import pairwise

from evidence.units import div_floor
from firmware_sim.errors import RecordingRefused

ROWS_MAX = 2_000_000
# Limits on what Decimal may say: a value outside them is absurd or refused before it becomes an exact fraction of that
# size.
_DIGITS_BEFORE_POINT_MAX = 15
_DIGITS_AFTER_POINT_MAX = 18
_SECONDS_PER_HOUR = 3600

# Unit of a value column: factor to W or Wh, and whether it is energy of the interval that starts at `time`.
_QUANTITIES = {"power_w": (1, False), "power_kw": (1000, False), "energy_wh": (1, True), "energy_kwh": (1000, True)}


@dataclass(frozen=True, slots=True)
class Columns:
    """Where time and value stand in a row, and what the value is (a key of `_QUANTITIES`)."""

    time: int
    value: int
    quantity: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows of a file: rows = used + absurd + missing + repeated; `negative` are among the used."""

    rows: int
    used: int
    negative: int
    absurd: int
    missing: int
    repeated: int


def columns_of(header: Sequence[str]) -> Columns:
    """Find `time` and exactly one value column by name.

    Raises:
        RecordingRefused: `time` is missing, or there is not exactly one value column.
    """
    names = [name.strip().lower() for name in header]
    if "time" not in names:
        raise RecordingRefused(1, f"the header {', '.join(header) or '(empty)'} has no column `time`")
    values = [name for name in names if name in _QUANTITIES]
    if len(values) != 1:
        raise RecordingRefused(1, f"the header needs exactly one of {', '.join(_QUANTITIES)}, it has {len(values)}")
    return Columns(names.index("time"), names.index(values[0]), values[0])


def parse_time(text: str, utc_offset_s: int) -> int:
    """Unix seconds of RFC 3339, or of `YYYY-MM-DD HH:MM:SS` at the given fixed offset.

    Raises:
        ValueError: neither of the two, or not on a whole second.
    """
    instant = datetime.fromisoformat(text.strip())
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=timezone(timedelta(seconds=utc_offset_s)))
    if instant.microsecond:
        raise ValueError("not on a whole second")
    since = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400 + since.seconds


@dataclass(frozen=True, slots=True)
class _Row:
    time: int
    value: Decimal | None  # in W or Wh, None where the cell says nothing


def _value(cell: str) -> Decimal | None:
    value = Decimal(cell.strip() or "NaN")
    if value.is_nan():
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_DIGITS_AFTER_POINT_MAX:
        raise ValueError(f"more than {_DIGITS_AFTER_POINT_MAX} digits after the point")
    return value


def _rows(text: str, utc_offset_s: int) -> tuple[list[_Row], Columns]:
    reader = csv.reader(text.removeprefix("\ufeff").splitlines())
    lines: Iterator[list[str]] = (line for line in reader if any(cell.strip() for cell in line))
    columns = columns_of(next(lines, []))
    rows: list[_Row] = []
    try:
        for line in lines:
            if len(rows) == ROWS_MAX:
                raise RecordingRefused(reader.line_num, f"more than {ROWS_MAX} rows")
            if len(line) <= columns.time:
                raise RecordingRefused(reader.line_num, "there is no time")
            # A row that ends before its value is a row whose value is missing.
            cell = line[columns.value] if len(line) > columns.value else ""
            rows.append(_Row(parse_time(line[columns.time], utc_offset_s), _value(cell)))
    except (ValueError, OverflowError, InvalidOperation, csv.Error) as error:
        raise RecordingRefused(reader.line_num, f"is not `time,{columns.quantity}`: {error}") from None
    return rows, columns


def twice_median_step(times: Sequence[int]) -> int:
    """Twice the median distance of sorted distinct times, in seconds; twice, because the median may end in a half.

    Raises:
        RecordingRefused: fewer than two times.
    """
    if len(times) < 2:
        raise RecordingRefused(0, f"{len(times)} distinct times in the recording, it needs at least 2")
    steps = sorted(later - earlier for earlier, later in pairwise(times))
    middle, odd = divmod(len(steps), 2)
    return 2 * steps[middle] if odd else steps[middle - 1] + steps[middle]


class Recording:
    """Power over time as a step function, and its exact integral.

    Times are the recording's own unix seconds. Energy is in watt-seconds, an exact fraction.
    """

    def __init__(self, starts: Sequence[int], ends: Sequence[int], watts: Sequence[Fraction], counts: Counts) -> None:
        self.counts = counts
        self._starts = starts
        self._ends = ends
        self._watts = watts
        self._before = [Fraction(0)]  # energy up to each start
        for start, end, power in zip(starts, ends, watts, strict=True):
            self._before.append(self._before[-1] + power * (end - start))

    @property
    def first(self) -> int:
        """When the first used row begins."""
        return self._starts[0]

    @property
    def end(self) -> int:
        """When the last used row stops being held: no energy after it."""
        return self._ends[-1]

    def power_w(self, t: int) -> Fraction:
        """The power at `t`; 0 where no row is held."""
        index = bisect_right(self._starts, t) - 1
        return self._watts[index] if index >= 0 and t < self._ends[index] else Fraction(0)

    def energy_ws(self, t: int) -> Fraction:
        """The energy from the first row to `t`, in watt-seconds; exact."""
        index = bisect_right(self._starts, t) - 1
        if index < 0:
            return Fraction(0)
        return self._before[index] + self._watts[index] * (min(t, self._ends[index]) - self._starts[index])


def _exceeds(value: Decimal, limit: Fraction) -> bool:
    # Size first: an exact fraction of 1e999999 would have a million digits.
    huge = value.is_infinite() or value.adjusted() >= _DIGITS_BEFORE_POINT_MAX
    return value > 0 and (huge or Fraction(value) > limit)


def parse_recording(text: str, *, utc_offset_s: int, nameplate_w: int) -> Recording:
    """Read a CSV by the rules of this module.

    Args:
        text: the whole file; a header with `time` and one of `power_w`, `power_kw`, `energy_wh`, `energy_kwh`.
        utc_offset_s: the offset of times that name none.
        nameplate_w: the nameplate of the recorded plant; beyond twice of it a value is absurd.

    Raises:
        RecordingRefused: naming the line, and what is wrong with it.
    """
    rows, columns = _rows(text, utc_offset_s)
    factor, is_energy = _QUANTITIES[columns.quantity]
    hold_twice_s = twice_median_step(sorted({row.time for row in rows}))
    step_s = max(1, div_floor(hold_twice_s, 2))
    value_max = Fraction(
        2 * nameplate_w * (step_s if is_energy else 1), factor * (_SECONDS_PER_HOUR if is_energy else 1)
    )

    missing = absurd = negative = repeated = 0
    used: dict[int, Fraction] = {}
    for row in rows:
        if row.value is None:
            missing += 1
        elif _exceeds(row.value, value_max):
            absurd += 1
        elif row.time in used:
            repeated += 1
        else:
            negative += row.value < 0
            used[row.time] = Fraction(row.value) * factor if row.value > 0 else Fraction(0)
    if not used:
        raise RecordingRefused(0, f"none of the {len(rows)} rows has a usable value")

    starts = sorted(used)
    hold_s = step_s if is_energy else hold_twice_s
    ends = [min(start + hold_s, following) for start, following in pairwise([*starts, starts[-1] + hold_s])]
    watts = [
        used[start] * Fraction(_SECONDS_PER_HOUR, end - start) if is_energy else used[start]
        for start, end in zip(starts, ends, strict=True)
    ]
    counts = Counts(len(rows), len(used), negative, absurd, missing, repeated)
    return Recording(starts, ends, watts, counts)
