"""What the demo must arrive at, worked out straight from the CSV.

This module shares no code with simulator, gateway or oracle, on purpose: it reads the recording with `csv`, integrates it in exact
fractions, and applies the register formula. If the pipeline and this page of arithmetic agree to the watt-hour, neither has a mistake
that the other has not made independently.

The rules are those of docs/recordings.md. What this page is not told it takes for granted: a recording that the simulator refuses
never gets here.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

_WH_OR_W = {"power_w": 1, "power_kw": 1000, "energy_wh": 1, "energy_kwh": 1000}
_SAYS_NOTHING = ("", "nan", "-nan", "na", "n/a", "#n/a", "<na>", "null", "none")
# A number with more digits than this before the point is beyond any nameplate, and is not made a fraction.
_DIGITS_MAX = 15


@dataclass(frozen=True, slots=True)
class ReplayedPoint:
    """How one point replays the recording: register(t) = step * floor((start + weight_ppm * E(t) / 10^6) / step)."""

    id: str
    weight_ppm: int
    start_wh: int
    step_wh: int

    def energy_wh(self, produced_wh: Fraction) -> int:
        """What its register counts up by while the recording produces `produced_wh`."""
        return self._register(produced_wh) - self._register(Fraction(0))

    def _register(self, produced_wh: Fraction) -> int:
        exact = self.start_wh + self.weight_ppm * produced_wh / 1_000_000
        return self.step_wh * int(exact // self.step_wh)


def produced_wh(
    recording: str,
    *,
    first_day: str,
    days: int,
    utc_offset_s: int,
    nameplate_w: int,
    columns: Mapping[str, str] = MappingProxyType({}),
    scale: Decimal = Decimal(1),
) -> Fraction:
    """The exact energy of a recording over whole local days, in Wh.

    Args:
        recording: the CSV text.
        first_day: YYYY-MM-DD at the fixed offset.
        days: how many days.
        utc_offset_s: of the days, and of times without an offset.
        nameplate_w: power beyond twice of it is not believed.
        columns: names of the file by ours; #1 is the first column.
        scale: every value is multiplied by it.
    """
    zone = timezone(timedelta(seconds=utc_offset_s))
    begin = Fraction(round(datetime.fromisoformat(first_day).replace(tzinfo=zone).timestamp()))
    end = begin + days * 86_400
    quantity, cells = _cells(recording, columns, zone)
    factor = Fraction(scale) * _WH_OR_W[quantity]
    times = sorted({at for at, _ in cells})
    steps = sorted(after - at for at, after in pairwise(times))
    median = Fraction(steps[len(steps) // 2] + steps[(len(steps) - 1) // 2], 2)
    longest = median if quantity.startswith("energy") else 2 * median
    # How long the interval of an energy row is: up to the next time in the file, whatever stands there.
    interval = {at: min(median, Fraction(after - at)) for at, after in pairwise(times)}

    watts: dict[int, Fraction] = {}
    for at, cell in cells:
        # Before this a row is over when the days begin, and after them it does not matter.
        if at in watts or cell.is_nan() or not begin - longest < at < end:
            continue
        if cell <= 0:
            watts[at] = Fraction(0)
        elif cell.is_finite() and cell.adjusted() < _DIGITS_MAX:
            power = Fraction(cell) * factor
            if quantity.startswith("energy"):
                power = power * 3600 / interval.get(at, median)
            if power <= 2 * nameplate_w:
                watts[at] = power

    total = Fraction(0)
    used = sorted(watts)
    for number, at in enumerate(used):
        until = at + (interval.get(at, median) if quantity.startswith("energy") else longest)
        if number + 1 < len(used):
            until = min(until, Fraction(used[number + 1]))
        overlap = min(until, end) - max(Fraction(at), begin)
        if overlap > 0:
            total += overlap * watts[at]
    return total / 3600


def _cells(recording: str, columns: Mapping[str, str], zone: timezone) -> tuple[str, list[tuple[int, Decimal]]]:
    lines = csv.reader(io.StringIO(recording.lstrip("\ufeff"), newline=""))
    header: list[str] = []
    while not "".join(header).strip():
        header = [name.strip().lower() for name in next(lines)]
    quantity = next((name for name in columns if name != "time"), None) or next(
        name for name in header if name in _WH_OR_W
    )
    time_at, value_at = (_at(header, columns.get(name, name)) for name in ("time", quantity))
    cells = []
    for line in lines:
        if "".join(line).strip():
            moment = datetime.fromisoformat(line[time_at].strip().upper())
            since = (moment if moment.tzinfo else moment.replace(tzinfo=zone)) - datetime.fromtimestamp(0, UTC)
            text = line[value_at].strip() if value_at < len(line) else ""
            cells.append((since // timedelta(seconds=1), Decimal("NaN" if text.lower() in _SAYS_NOTHING else text)))
    return quantity, cells


def _at(header: list[str], name: str) -> int:
    name = name.strip().lower()
    return int(name[1:]) - 1 if name.startswith("#") and name[1:].isdigit() else header.index(name)


def expected_wh(
    recording: Path,
    points: list[ReplayedPoint],
    *,
    first_day: str,
    days: int,
    utc_offset_s: int,
    nameplate_w: int,
    columns: Mapping[str, str] = MappingProxyType({}),
    scale: Decimal = Decimal(1),
) -> dict[str, int]:
    """The energy of each point in Wh over all the days, by point id."""
    produced = produced_wh(
        recording.read_bytes().decode("utf-8"),
        first_day=first_day,
        days=days,
        utc_offset_s=utc_offset_s,
        nameplate_w=nameplate_w,
        columns=columns,
        scale=scale,
    )
    return {point.id: point.energy_wh(produced) for point in points}
