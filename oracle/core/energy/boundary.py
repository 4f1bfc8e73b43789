"""The boundary rule: which register stands at an instant (a day's edge, a band's edge), and how well it is known (spec/settlement.md).

With tol = half the poll interval, the register at T is
1. the first accepted reading in [T, T + tol]: measured;
2. else the last accepted one in [T - tol, T): measured;
3. else, where the registers on both sides differ by at most one step (a dark night), the later one: measured;
4. else the integer interpolation between both sides, floored: estimated.

Rules 2 to 4 are only applied once the meter's unbroken readings have passed T + tol, so nothing that arrives later can change the answer.
Two ends of a history need rules of their own:
5. before the meter's first accepted reading the register is that reading's: measured; what flowed before, nobody signed for;
6. where no accepted reading follows within a day after the settlement day (a register that fell and stays low, a meter that says nothing
   valid), or the deadline passed, the register is held at the last accepted one: estimated. What it missed lands as catch-up later. A
   retired meter's last register stands for ever: measured.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from enum import StrEnum

from evidence.units import div_floor
from oracle.core.energy.meter import LANES, Meter
from oracle.core.energy.register import NO_REGISTERS, Registers
from oracle.core.energy.vee import Accepted, Label, Series, Where

# Rule 6: how long after the end of a settlement day an accepted reading is waited for.
LOOK_AHEAD_S = 86_400


class Basis(StrEnum):
    """Whether a register is one that the meter's key signed, or computed between two."""

    MEASURED = "measured"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Boundary:
    """A meter's registers at an instant.

    Attributes:
        instant: UTC unix seconds.
        registers: as the meter shows them, Wh; None where it never showed one.
        cumulative: continued over wraps and exchanges since the day's opening boundary.
        basis: measured or estimated.
        where: the reading that the register stands in; for an estimated one the last accepted reading before it; None where there is none.
        label: how it was found, where that is worth saying (rules 3 to 6).
    """

    instant: int
    registers: Registers
    cumulative: Registers
    basis: Basis
    where: Where | None
    label: Label | None = None


@dataclass(frozen=True, slots=True)
class BoundaryRule:
    """What decides a boundary besides the readings.

    Attributes:
        poll_interval_s: slot length; tol is half of it, floored.
        horizon: an accepted reading after this instant is not waited for (rule 6).
        forced: the deadline passed: decide with what is there.
    """

    poll_interval_s: int
    horizon: int
    forced: bool = False

    @property
    def tol_s(self) -> int:
        """The tolerance in seconds."""
        return div_floor(self.poll_interval_s, 2)


def opening_of(boundary: Boundary, reading_time: int) -> Accepted | None:
    """A frozen boundary as the register before a day's readings; `reading_time` is the time of the reading it stands in.

    A held register keeps its reading's time, so that what it missed is not taken for a jump.
    """
    if boundary.registers == NO_REGISTERS or boundary.where is None:
        return None
    time = min(boundary.instant, reading_time)
    return Accepted(time, boundary.registers, boundary.registers, boundary.where)


def at(meter: Meter, series: Series, instant: int, rule: BoundaryRule) -> Boundary | None:
    """The boundary at `instant`, or None while later readings may still decide it."""
    accepted = series.accepted
    later = bisect_left(accepted, instant, key=_time)
    if later < len(accepted) and accepted[later].time <= instant + rule.tol_s:
        return _stands_in(accepted[later], instant)
    decided = rule.forced or series.ended or series.passed > instant + rule.tol_s
    if not decided:
        return None
    if later > 0 and accepted[later - 1].time >= instant - rule.tol_s:
        return _stands_in(accepted[later - 1], instant)
    before = accepted[later - 1] if later > 0 else series.opening
    after = accepted[later] if later < len(accepted) and accepted[later].time <= rule.horizon else None
    if after is not None:
        return _between(meter, before, after, instant)
    if rule.forced or series.ended or series.passed > rule.horizon:
        return _held(before, instant, retired=series.ended)
    return None


def accepted_within(series: Series, start: int, end: int) -> tuple[Accepted, ...]:
    """The accepted readings in (start, end]."""
    accepted = series.accepted
    return accepted[bisect_right(accepted, start, key=_time) : bisect_right(accepted, end, key=_time)]


def _time(accepted: Accepted) -> int:
    return accepted.time


def _stands_in(reading: Accepted, instant: int, label: Label | None = None) -> Boundary:
    return Boundary(instant, reading.registers, reading.cumulative, Basis.MEASURED, reading.where, label)


def _between(meter: Meter, before: Accepted | None, after: Accepted, instant: int) -> Boundary:
    if before is None:
        return _stands_in(after, instant, Label.COMMISSIONED)
    if all(_rise(before, after, lane) <= meter.step_wh for lane in meter.lanes):
        return _stands_in(after, instant, Label.AT_REST)
    registers: list[int | None] = list(before.registers)
    cumulative: list[int | None] = list(before.cumulative)
    for lane in LANES:
        early, late, shown = before.cumulative[lane], after.cumulative[lane], after.registers[lane]
        if early is None or late is None or shown is None:
            continue
        at_instant = early + div_floor((late - early) * (instant - before.time), after.time - before.time)
        # Counted back from the later reading, so that the rest of the rise is exactly what the next day sees, wrap or exchange or none.
        register = shown - (late - at_instant)
        cumulative[lane], registers[lane] = at_instant, register if register >= 0 else register + meter.modulus_wh
    return Boundary(
        instant,
        (registers[0], registers[1]),
        (cumulative[0], cumulative[1]),
        Basis.ESTIMATED,
        before.where,
        Label.ESTIMATED,
    )


def _rise(before: Accepted, after: Accepted, lane: int) -> int:
    return (after.cumulative[lane] or 0) - (before.cumulative[lane] or 0)


def _held(before: Accepted | None, instant: int, *, retired: bool) -> Boundary:
    if before is None:
        return Boundary(instant, NO_REGISTERS, NO_REGISTERS, Basis.ESTIMATED, None, Label.MISSING)
    if retired:
        return _stands_in(before, instant, Label.RETIRED)
    return Boundary(instant, before.registers, before.cumulative, Basis.ESTIMATED, before.where, Label.HELD)
