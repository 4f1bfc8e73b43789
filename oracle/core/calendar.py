"""Settlement days and payout periods, as instants in UTC unix seconds.

A settlement day has a fixed UTC offset, the same constant as on chain (`SettlementDay.sol`), so no daylight saving rule moves the edge of
a day that somebody is paid for.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from evidence.units import SECONDS_PER_DAY, SettlementDay, div_floor

_EPOCH = date(1970, 1, 1)


def day_of(instant: int, utc_offset_s: int) -> SettlementDay:
    """The settlement day an instant belongs to."""
    return SettlementDay(div_floor(instant + utc_offset_s, SECONDS_PER_DAY))


def day_start(day: int, utc_offset_s: int) -> int:
    """The first second of a settlement day."""
    return day * SECONDS_PER_DAY - utc_offset_s


def day_text(day: int) -> str:
    """A settlement day as a calendar date, `2026-07-01`."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def instant_text(instant: int) -> str:
    """An instant as RFC 3339 in UTC, `2026-07-01T07:00:00Z`."""
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Schedule(Protocol):
    """What says which days make a payout period: an asset's terms, or the history of its shares."""

    @property
    def first_day(self) -> SettlementDay:
        """The first day of period 0."""

    @property
    def days_per_period(self) -> int:
        """Whole days of a period."""


def period_of(schedule: Schedule, day: int) -> int:
    """The payout period of a day; negative before the first."""
    return div_floor(day - schedule.first_day, schedule.days_per_period)


def period_days(schedule: Schedule, period: int) -> range:
    """The settlement days of a payout period."""
    first = schedule.first_day + period * schedule.days_per_period
    return range(first, first + schedule.days_per_period)
