"""Reads the cells of a CSV of production: its columns, times and values.

Only a cell that cannot be read is refused here; `firmware_sim.core.recorded_rows` judges the rows.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from types import MappingProxyType

from firmware_sim.errors import RecordingRefused

ROWS_MAX = 2_000_000
_DIGITS_AFTER_POINT_MAX = 400  # the shortest way to write any double exactly enough has at most 341

# Unit of a value column: factor to W or Wh, and whether it is energy of the interval that starts at `time`.
QUANTITIES = {"power_w": (1, False), "power_kw": (1000, False), "energy_wh": (1, True), "energy_kwh": (1000, True)}
TIME = "time"
COLUMNS = (TIME, *QUANTITIES)
_NO_VALUE = frozenset({"", "nan", "-nan", "na", "n/a", "#n/a", "<na>", "null", "none"})
_LINE_END = re.compile("\r\n|\r|\n")
_SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
# Python's own parsers differ between its versions, and take much that is not meant as a time or a number: '1412101200000' would
# be a day in the year 1412, '1_000' a thousand.
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)(?:[ T]((?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?)(\.\d+)? ?(Z|[+-]\d\d(?::?[0-5]\d)?)?)?", re.ASCII
)
_NUMBER = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:E[+-]?\d+)?|INF(?:INITY)?)", re.ASCII)
_POSITION = re.compile(r"#([1-9]\d{0,3})")


@dataclass(frozen=True, slots=True)
class Columns:
    """The positions of time and value in a row, and the value's quantity (a key of `QUANTITIES`)."""

    time: int
    value: int
    quantity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HowToRead:
    """How to read the cells of a file.

    Attributes:
        utc_offset_s: the offset of times without an offset.
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
    chosen = [name for name in named if name in QUANTITIES]
    values = chosen or [name for name in names if name in QUANTITIES]
    if len(values) != 1:
        raise RecordingRefused(
            1,
            f"it needs exactly one of {', '.join(QUANTITIES)}, and has {len(values)}; the header is {_shown(names)};"
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
    """Unix seconds of RFC 3339, or of `YYYY-MM-DD[ HH:MM[:SS]]` at the given fixed offset.

    Raises:
        ValueError: neither of the two, or not on a whole second.
    """
    match = _TIME.fullmatch(text.strip().upper())
    if match is None:
        raise ValueError("not a time")
    day, clock, fraction, offset = match.groups()
    if fraction is not None and fraction.strip(".0"):
        raise ValueError("not on a whole second")
    instant = datetime.fromisoformat(f"{day} {clock or '00:00'}{offset or ''}")
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=timezone(timedelta(seconds=utc_offset_s)))
    since = instant - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400 + since.seconds


@dataclass(frozen=True, slots=True)
class Row:
    """A row: unix seconds, and the value in the file's own unit; None where the cell has no value."""

    time: int
    value: Decimal | None


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
    if _NUMBER.fullmatch(text.upper()) is None:
        raise RecordingRefused(line, f"{cell[:40]!r} is not a number; write 1234.5, or leave it empty")
    value = Decimal(text)
    exponent = value.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_DIGITS_AFTER_POINT_MAX:
        raise RecordingRefused(line, f"{cell[:40]!r} has more than {_DIGITS_AFTER_POINT_MAX} digits after the point")
    return value


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The lines that hold anything, with their numbers, 1 is the first."""
    reader = csv.reader(_LINE_END.split(text.removeprefix("\ufeff")))
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise RecordingRefused(number, f"is not CSV: {error}; is a quote left open?") from None
        if reader.line_num > number:
            # A forgotten quote would swallow the rows up to the next quote, and their loss would not show.
            raise RecordingRefused(number, "a quote opens on this line and closes on none or on another; close it here")
        if any(cell.strip() for cell in cells):
            yield number, cells


def rows_of(text: str, how: HowToRead) -> tuple[list[Row], Columns]:
    """Read every cell; the rows stand in the order of the file.

    Raises:
        RecordingRefused: naming the line, its fault and the remedy.
    """
    lines = _lines(text)
    number, header = next(lines, (1, []))
    for mark, name in _SEPARATORS.items():
        if len(header) == 1 and mark in header[0]:
            raise RecordingRefused(
                number, f"its columns are separated by {name}; save it with commas, and with points in the numbers"
            )
    columns = columns_of(header, how.columns)
    _refuse_no_header(header, columns, how)
    rows: list[Row] = []
    for number, line in lines:
        if len(rows) == ROWS_MAX:
            raise RecordingRefused(number, f"more than {ROWS_MAX} rows; cut the file")
        if len(line) <= columns.time:
            raise RecordingRefused(number, "there is no time; every row needs one")
        # In a row that ends before the value's column, the value is missing.
        cell = line[columns.value] if len(line) > columns.value else ""
        at = _time(line[columns.time], number, how.utc_offset_s)
        rows.append(Row(at, _value(cell, number)))
    return rows, columns


def _refuse_no_header(header: Sequence[str], columns: Columns, how: HowToRead) -> None:
    # With columns by position, a file without a header would lose its first row, which would be taken for the header.
    try:
        parse_time(header[columns.time], how.utc_offset_s)
    except (ValueError, OverflowError):
        return
    raise RecordingRefused(1, "is a row, and the first line must be a header; put one above it")
