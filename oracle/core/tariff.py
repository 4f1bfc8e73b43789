"""What energy costs at which instant: the bands of a tariff as intervals in UTC unix seconds.

Tariff bands follow an IANA zone, because that is what a supply contract says; settlement days never do (`oracle.core.calendar`).
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from evidence.units import SECONDS_PER_DAY, div_floor
from oracle.core.terms import AssetTerms, Band, Point, Tariff
from oracle.errors import SettlementError

_MINUTE_S = 60

FLAT = "flat"  # the only band of a tariff without bands

REST = "rest"  # the time that no band of a time-of-use tariff covers


@dataclass(frozen=True, slots=True)
class BandInterval:
    """A stretch of time with one price: `start` inclusive, `end` exclusive."""

    band: str
    price_minor_per_kwh: int
    start: int
    end: int


def band_intervals(tariff: Tariff, start: int, end: int) -> tuple[BandInterval, ...]:
    """The bands between two instants, without holes and in order; neighbours of the same band and price are one interval.

    Membership is asked of every whole minute: a band edge is a wall time in minutes, so a minute is never divided, and a wall time that
    daylight saving skips or repeats needs no rule of its own (an instant is in a band when a clock on the wall then says so).

    Raises:
        SettlementError: the zone is unknown to this machine's time zone database.
    """
    if not tariff.bands:
        return (BandInterval(FLAT, tariff.price_minor_per_kwh, start, end),) if start < end else ()
    intervals: list[BandInterval] = []
    for day in range(div_floor(start, SECONDS_PER_DAY), div_floor(end - 1, SECONDS_PER_DAY) + 1):
        for piece in _utc_day(tariff, day):
            clipped = BandInterval(piece.band, piece.price_minor_per_kwh, max(piece.start, start), min(piece.end, end))
            if clipped.start < clipped.end:
                _append(intervals, clipped)
    return tuple(intervals)


def intervals_of(terms: AssetTerms, point: Point, start: int, end: int) -> tuple[BandInterval, ...]:
    """A point's bands between two instants; one interval without a price for a check point."""
    tariff = terms.tariff_of(point)
    if tariff is None:
        return (BandInterval("", 0, start, end),)
    return band_intervals(tariff, start, end)


def edges(tariff: Tariff, start: int, end: int) -> tuple[int, ...]:
    """The instants strictly between `start` and `end` at which the band changes."""
    return tuple(interval.start for interval in band_intervals(tariff, start, end)[1:])


def needs_zone(terms: AssetTerms) -> bool:
    """Whether any tariff has bands, so that the version of the time zone database belongs in the statement."""
    return any(tariff.bands for tariff in terms.tariffs)


@lru_cache(maxsize=256)
def _utc_day(tariff: Tariff, day: int) -> tuple[BandInterval, ...]:
    try:
        zone = ZoneInfo(tariff.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SettlementError(f"tariff {tariff.name}: zone {tariff.zone!r} is unknown here ({error})") from None
    intervals: list[BandInterval] = []
    for start in range(day * SECONDS_PER_DAY, (day + 1) * SECONDS_PER_DAY, _MINUTE_S):
        band = _band_at(tariff, datetime.fromtimestamp(start, zone))
        name, price = (REST, tariff.price_minor_per_kwh) if band is None else (band.name, band.price_minor_per_kwh)
        _append(intervals, BandInterval(_label(tariff, name, price), price, start, start + _MINUTE_S))
    return tuple(intervals)


def _append(intervals: list[BandInterval], piece: BandInterval) -> None:
    last = intervals[-1] if intervals else None
    if last and (last.band, last.price_minor_per_kwh, last.end) == (piece.band, piece.price_minor_per_kwh, piece.start):
        intervals[-1] = BandInterval(last.band, last.price_minor_per_kwh, last.start, piece.end)
    else:
        intervals.append(piece)


def _band_at(tariff: Tariff, wall: datetime) -> Band | None:
    second = wall.hour * 3600 + wall.minute * 60 + wall.second
    for band in tariff.bands:
        if wall.isoweekday() in band.weekdays and band.from_s <= second < band.to_s:
            return band
    return None


def _label(tariff: Tariff, name: str, price: int) -> str:
    """The band's name, with its price behind it where one name stands for several prices: a label is one billing line."""
    prices = {band.price_minor_per_kwh for band in tariff.bands if band.name == name}
    if name == REST:
        prices.add(tariff.price_minor_per_kwh)
    return name if len(prices) == 1 else f"{name}-{price}"


def prices_of(tariff: Tariff) -> dict[str, int]:
    """The price of every band label that `band_intervals` can give, in the payment token's base units for one kWh."""
    if not tariff.bands:
        return {FLAT: tariff.price_minor_per_kwh}
    named = [(band.name, band.price_minor_per_kwh) for band in tariff.bands] + [(REST, tariff.price_minor_per_kwh)]
    return {_label(tariff, name, price): price for name, price in named}
