"""What the demo must arrive at, worked out straight from the CSV.

This module shares no code with simulator, gateway or oracle, on purpose: it reads the recording with `csv`, integrates it in exact
fractions, and applies the register formula. If the pipeline and this page of arithmetic agree to the watt-hour, neither has a mistake
that the other has not made independently.

Rules (also in docs/recordings.md): power is held until the next row, at most for twice the median step of all distinct times; negative
power counts as 0; power beyond twice the nameplate, and a row without a value, are as if the row were not there; of several rows with
one time the first usable one counts.
"""

import csv
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

_SCALE = {"power_w": (Fraction(1), False), "power_kw": (Fraction(1000), False)}
_SCALE |= {"energy_wh": (Fraction(1), True), "energy_kwh": (Fraction(1000), True)}


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


def produced_wh(recording: str, *, first_day: str, days: int, utc_offset_s: int, nameplate_w: int) -> Fraction:
    """The exact energy of a recording over whole local days, in Wh.

    Args:
        recording: the CSV text.
        first_day: YYYY-MM-DD at the fixed offset.
        days: how many days.
        utc_offset_s: of the days, and of times without an offset.
        nameplate_w: power beyond twice of it is not believed.
    """
    zone = timezone(timedelta(seconds=utc_offset_s))
    begin = int(datetime.fromisoformat(first_day).replace(tzinfo=zone).timestamp())
    end = begin + days * 86_400
    lines = list(csv.reader(recording.splitlines()))
    header = [name.strip().lower() for name in lines[0]]
    column = next(name for name in header if name in _SCALE)
    factor, is_energy = _SCALE[column]
    seen: set[int] = set()
    values: dict[int, Fraction] = {}
    parsed: list[tuple[int, Fraction | None]] = []
    for line in lines[1:]:
        if not any(cell.strip() for cell in line):
            continue
        moment = datetime.fromisoformat(line[header.index("time")].strip())
        at = int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())
        seen.add(at)
        text = line[header.index(column)].strip() if len(line) > header.index(column) else ""
        parsed.append((at, None if not text or not Decimal(text).is_finite() else Fraction(Decimal(text)) * factor))
    times = sorted(seen)
    steps = sorted(later - earlier for earlier, later in pairwise(times))
    median = Fraction(steps[len(steps) // 2] + steps[(len(steps) - 1) // 2], 2)
    for at, value in parsed:
        power = value if value is None or not is_energy else value * 3600 / median
        if power is None or power > 2 * nameplate_w or at in values:
            continue
        values[at] = max(Fraction(0), value or Fraction(0))
    total = Fraction(0)
    used = sorted(values)
    for number, at in enumerate(used):
        held = median if is_energy else 2 * median
        until = min(Fraction(used[number + 1]), at + held) if number + 1 < len(used) else at + held
        overlap = min(until, Fraction(end)) - max(Fraction(at), Fraction(begin))
        if overlap > 0:
            total += overlap * (values[at] / (until - at) if is_energy else values[at] / 3600)
    return total


def expected_wh(
    recording: Path, points: list[ReplayedPoint], *, first_day: str, days: int, utc_offset_s: int, nameplate_w: int
) -> dict[str, int]:
    """The energy of each point in Wh over all the days, by point id."""
    produced = produced_wh(
        recording.read_text("utf-8"), first_day=first_day, days=days, utc_offset_s=utc_offset_s, nameplate_w=nameplate_w
    )
    return {point.id: point.energy_wh(produced) for point in points}
