"""A recording of production, and its exact energy.

The rules for dirty rows, each counted:

- a row without a value (empty, NaN, NA, N/A, null, none) is not there: `missing`;
- power above twice the nameplate is not there: `absurd`;
- power below zero is 0: `negative` (and still used);
- rows may stand in any order (`unsorted`: earlier than the row above it); of several with one time the first usable one
  counts, the others are `repeated`.

Power is held until the next used row, at most for twice the median step of all distinct times in the file. Energy of an
interval (`energy_wh`, `energy_kwh`) is spread evenly until the next time in the file, whatever stands there, at most over
one median step; it is absurd above twice the nameplate over that interval. A median may end in a half second.
"""

import csv
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from itertools import pairwise
from types import MappingProxyType

from evidence.units import div_ceil
from firmware_sim.errors import RecordingRefused

ROWS_MAX = 2_000_000
NAMEPLATE_W_MAX = 10**8
# Limits on what Decimal may say: a value outside them is absurd or refused before it becomes an exact fraction of that
# size.
_DIGITS_BEFORE_POINT_MAX = 15
_DIGITS_AFTER_POINT_MAX = 400  # the shortest way to write any double exactly enough has at most 341
_SECONDS_PER_HOUR = 3600
_W_PER_KW = 1000

# Unit of a value column: factor to W or Wh, and whether it is energy of the interval that starts at `time`.
_QUANTITIES = {"power_w": (1, False), "power_kw": (1000, False), "energy_wh": (1, True), "energy_kwh": (1000, True)}
TIME = "time"
COLUMNS = (TIME, *_QUANTITIES)
_NO_VALUE = frozenset({"", "nan", "na", "n/a", "null", "none"})
_LINE_END = re.compile("\r\n|\r|\n")
_POSITION = re.compile(r"#([1-9]\d{0,3})")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where time and value stand in a row, and what the value is (a key of `_QUANTITIES`)."""

    time: int
    value: int
    quantity: str


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows of a file: rows = used + absurd + missing + repeated; `negative` are among the used.

    Attributes:
        rows, used, negative, absurd, missing, repeated: rows; see the rules of this module.
        unsorted: rows with an earlier time than the row above them.
        irregular: steps between neighbouring distinct times that are not the median step.
        gaps: places between used rows, longer than a row is held: nothing is produced in the rest of them.
    """

    rows: int
    used: int
    negative: int
    absurd: int
    missing: int
    repeated: int
    unsorted: int = 0
    irregular: int = 0
    gaps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class HowToRead:
    """How the cells of a file are to be understood.

    Attributes:
        utc_offset_s: the offset of times that name none.
        columns: the file's own names by ours (`time`, or a quantity); `#1` is the first column.
        scale: every value is multiplied by it, above 0.
    """

    utc_offset_s: int
    columns: Mapping[str, str] = field(default_factory=dict)
    scale: Decimal = Decimal(1)


def columns_of(header: Sequence[str], named: Mapping[str, str] = MappingProxyType({})) -> Columns:
    """Find time and exactly one value column, by our names or by those that `named` gives for them.

    Raises:
        RecordingRefused: a column is missing or there twice, or there is not exactly one value column.
    """
    names = [name.strip().lower() for name in header]
    time = _place(names, named.get(TIME, TIME))
    chosen = [name for name in named if name in _QUANTITIES]
    values = chosen or [name for name in names if name in _QUANTITIES]
    if len(values) != 1:
        raise RecordingRefused(
            1,
            f"it needs exactly one of {', '.join(_QUANTITIES)}, and has {len(values)}; the header is {_shown(names)};"
            " name the column: power_kw=NAME",
        )
    return Columns(time, _place(names, named.get(values[0], values[0])), values[0])


def _place(names: Sequence[str], wanted: str) -> int:
    if position := _POSITION.fullmatch(wanted.strip()):
        place = int(position[1])
        if place > len(names):
            raise RecordingRefused(1, f"there is no column {wanted}, the header has {len(names)}: {_shown(names)}")
        return place - 1
    name = wanted.strip().lower()
    if names.count(name) > 1:
        raise RecordingRefused(1, f"two columns are named `{name}`; name one by its position, #1 is the first")
    if name not in names:
        raise RecordingRefused(1, f"there is no column `{name}`, the header is {_shown(names)}")
    return names.index(name)


def _shown(names: Sequence[str]) -> str:
    return ", ".join(names)[:200] or "(empty)"


def parse_time(text: str, utc_offset_s: int) -> int:
    """Unix seconds of RFC 3339, or of `YYYY-MM-DD HH:MM:SS` at the given fixed offset.

    Raises:
        ValueError: neither of the two, or not on a whole second.
    """
    instant = datetime.fromisoformat(text.strip())
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=timezone(timedelta(seconds=utc_offset_s)))
    since = instant - datetime(1970, 1, 1, tzinfo=UTC)
    if since.microseconds:
        raise ValueError("not on a whole second")
    return since.days * 86_400 + since.seconds


@dataclass(frozen=True, slots=True)
class _Row:
    time: int
    value: Decimal | None  # in the file's own unit, None where the cell says nothing


def _time(cell: str, line: int, utc_offset_s: int) -> int:
    try:
        return parse_time(cell, utc_offset_s)
    except (ValueError, OverflowError) as error:
        why = "not on a whole second" if "whole second" in str(error) else "not a time"
        raise RecordingRefused(
            line, f"{cell[:40]!r} is {why}; write 2016-03-10T12:05:00-07:00 or 2016-03-10 12:05:00"
        ) from None


def _value(cell: str, line: int) -> Decimal | None:
    text = cell.strip()
    if text.lower() in _NO_VALUE:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise RecordingRefused(line, f"{cell[:40]!r} is not a number; write 1234.5, or leave it empty") from None
    if value.is_nan():
        return None
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_DIGITS_AFTER_POINT_MAX:
        raise RecordingRefused(line, f"{cell[:40]!r} has more than {_DIGITS_AFTER_POINT_MAX} digits after the point")
    return value


def _rows(text: str, how: HowToRead) -> tuple[list[_Row], Columns]:
    reader = csv.reader(_LINE_END.split(text.removeprefix("\ufeff")))
    lines: Iterator[list[str]] = (line for line in reader if any(cell.strip() for cell in line))
    rows: list[_Row] = []
    try:
        header = next(lines, [])
        columns = columns_of(header, how.columns)
        _refuse_no_header(header, columns, how)
        for line in lines:
            if len(rows) == ROWS_MAX:
                raise RecordingRefused(reader.line_num, f"more than {ROWS_MAX} rows; cut the file")
            if len(line) <= columns.time:
                raise RecordingRefused(reader.line_num, "there is no time; every row needs one")
            # A row that ends before its value is a row whose value is missing.
            cell = line[columns.value] if len(line) > columns.value else ""
            at = _time(line[columns.time], reader.line_num, how.utc_offset_s)
            rows.append(_Row(at, _value(cell, reader.line_num)))
    except csv.Error as error:
        raise RecordingRefused(reader.line_num, f"is not CSV: {error}") from None
    return rows, columns


def _refuse_no_header(header: Sequence[str], columns: Columns, how: HowToRead) -> None:
    # Columns by position would take the first row of a file without a header for one, and lose it without a word.
    try:
        parse_time(header[columns.time], how.utc_offset_s)
    except (ValueError, OverflowError):
        return
    raise RecordingRefused(1, "is a row, and the first line must be a header; put one above it")


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

    def __init__(
        self, starts: Sequence[int], ends: Sequence[Fraction], watts: Sequence[Fraction], counts: Counts
    ) -> None:
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
        """When the last used row stops being held, up to the next whole second: no energy after it."""
        return div_ceil(self._ends[-1].numerator, self._ends[-1].denominator)

    def rows_within(self, start: int, end: int) -> int:
        """How many used rows begin in [start, end)."""
        return bisect_left(self._starts, end) - bisect_left(self._starts, start)

    def power_w(self, t: int) -> Fraction:
        """The power at `t`; 0 where no row is held."""
        index = bisect_right(self._starts, t) - 1
        return self._watts[index] if index >= 0 and t < self._ends[index] else Fraction(0)

    def energy_ws(self, t: int) -> Fraction:
        """The energy from the first row to `t`, in watt-seconds; exact."""
        index = bisect_right(self._starts, t) - 1
        if index < 0:
            return Fraction(0)
        return self._before[index] + self._watts[index] * (min(Fraction(t), self._ends[index]) - self._starts[index])


def _is_huge(value: Decimal) -> bool:
    # Size first: an exact fraction of 1e999999 would have a million digits.
    return value.is_infinite() or value.adjusted() >= _DIGITS_BEFORE_POINT_MAX


class RecordedRows:
    """The rows of a file, read but not judged: what is absurd depends on a nameplate."""

    def __init__(self, text: str, how: HowToRead) -> None:
        """Read every cell.

        Raises:
            RecordingRefused: naming the line, what is wrong with it, and what to do.
        """
        self._rows, columns = _rows(text, how)
        self._factor, self._is_energy = _QUANTITIES[columns.quantity]
        self._scale = Fraction(how.scale) * self._factor
        self._times = sorted({row.time for row in self._rows})
        self._twice_median_s = twice_median_step(self._times)
        following = {time: later - time for time, later in pairwise(self._times)}
        median = Fraction(self._twice_median_s, 2)
        self._interval_s = {time: min(median, Fraction(following.get(time, median))) for time in self._times}

    def nameplate_w(self) -> int:
        """A nameplate for a plant of which nothing else is known, in W.

        The power that 99 % of the rows above zero do not exceed, rounded up to a whole kilowatt: rare sentinels do not
        move it. Energy counts as its power over a median step.

        Raises:
            RecordingRefused: no plant is that large; the unit will be another.
        """
        above = sorted(row.value for row in self._rows if row.value is not None and row.value > 0)
        if not above:
            return _W_PER_KW
        value = above[div_ceil(99 * len(above), 100) - 1]
        power = None if _is_huge(value) else Fraction(value) * self._scale
        if power is not None and self._is_energy:
            power = power * 2 * _SECONDS_PER_HOUR * Fraction(1, self._twice_median_s)
        if power is None or power > NAMEPLATE_W_MAX:
            raise RecordingRefused(
                0, f"one in a hundred rows is {value:.6g} or more, above {NAMEPLATE_W_MAX} W; is it in another unit?"
            )
        return _W_PER_KW * div_ceil(power.numerator, power.denominator * _W_PER_KW)

    def recording(self, nameplate_w: int) -> Recording:
        """Judge every row by the rules of this module.

        Args:
            nameplate_w: the nameplate of the recorded plant; beyond twice of it a value is absurd.

        Raises:
            RecordingRefused: no row has a usable value.
        """
        missing = absurd = negative = repeated = 0
        used: dict[int, Fraction] = {}
        for row in self._rows:
            if row.value is None:
                missing += 1
            elif row.value > 0 and self._is_absurd(row.value, row.time, nameplate_w):
                absurd += 1
            elif row.time in used:
                repeated += 1
            else:
                negative += row.value < 0
                used[row.time] = self._power_w(row.value, row.time) if row.value > 0 else Fraction(0)
        if not used:
            raise RecordingRefused(0, f"none of the {len(self._rows)} rows has a usable value")
        starts = sorted(used)
        ends = [self._end(start, later) for start, later in pairwise([*starts, starts[-1] + self._twice_median_s])]
        counts = Counts(
            rows=len(self._rows),
            used=len(used),
            negative=negative,
            absurd=absurd,
            missing=missing,
            repeated=repeated,
            unsorted=sum(later.time < row.time for row, later in pairwise(self._rows)),
            irregular=sum(2 * (later - time) != self._twice_median_s for time, later in pairwise(self._times)),
            gaps=sum(end < later for end, later in zip(ends, starts[1:], strict=False)),
        )
        return Recording(starts, ends, [used[start] for start in starts], counts)

    def _is_absurd(self, value: Decimal, time: int, nameplate_w: int) -> bool:
        return _is_huge(value) or self._power_w(value, time) > 2 * nameplate_w

    def _power_w(self, value: Decimal, time: int) -> Fraction:
        scaled = Fraction(value) * self._scale
        return scaled * _SECONDS_PER_HOUR * Fraction(1, self._interval_s[time]) if self._is_energy else scaled

    def _end(self, start: int, later: int) -> Fraction:
        if self._is_energy:
            return start + self._interval_s[start]
        return Fraction(min(start + self._twice_median_s, later))


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
        text: the whole file; a header with `time` and one of `power_w`, `power_kw`, `energy_wh`, `energy_kwh`, or with
            what `columns` names for them.
        utc_offset_s: the offset of times that name none.
        nameplate_w: the nameplate of the recorded plant; beyond twice of it a value is absurd.
        columns: see `HowToRead`.
        scale: every value is multiplied by it.

    Raises:
        RecordingRefused: naming the line, and what is wrong with it.
    """
    how = HowToRead(utc_offset_s=utc_offset_s, columns=columns, scale=scale)
    return RecordedRows(text, how).recording(nameplate_w)
