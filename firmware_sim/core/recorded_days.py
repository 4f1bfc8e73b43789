"""Chooses the local days of a recording that are replayed where none are named."""

from dataclasses import dataclass
from datetime import date, timedelta

from evidence.units import SECONDS_PER_DAY, div_ceil, div_floor
from firmware_sim.core.recording import Recording

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class RecordedDays:
    """Local days in a row, `count` of them from `first` on."""

    first: date
    count: int


def first_whole_days(recording: Recording, *, utc_offset_s: int, wanted: int) -> RecordedDays | None:
    """The first `wanted` whole days in a row with at least one used row each, or else the longest such run of days.

    A day is whole when it lies between the first used row and the end of the last one. None where there is no such day.
    """
    begin = div_ceil(recording.first + utc_offset_s, SECONDS_PER_DAY)
    end = div_floor(recording.end + utc_offset_s, SECONDS_PER_DAY)
    best = (0, 0)
    run = 0
    for day in range(begin, end):
        midnight = day * SECONDS_PER_DAY - utc_offset_s
        run = run + 1 if recording.rows_within(midnight, midnight + SECONDS_PER_DAY) else 0
        if run > best[1]:
            best = (day - run + 1, run)
        if run == wanted:
            break
    return RecordedDays(_EPOCH + timedelta(days=best[0]), best[1]) if best[1] else None


def days_without_rows(recording: Recording, *, start: int, count: int) -> int:
    """How many of `count` days from unix second `start` on have no used row."""
    starts = range(start, start + count * SECONDS_PER_DAY, SECONDS_PER_DAY)
    return sum(recording.rows_within(midnight, midnight + SECONDS_PER_DAY) == 0 for midnight in starts)
