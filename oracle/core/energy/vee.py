"""Validation: which signed readings settle, and which label the others get.

The edge signs every answer of a meter, suspect or not; the judgement is made here alone. A reading is *accepted* when its clock was
synchronised, every
register that a formula uses is present, and the register follows from the one accepted before: not lower (unless it wrapped), and not
higher than twice the nameplate allows. The edge's own ZERO and FELL bits are hints and become labels; where an accepted register stands
before, the comparison decides, because the good reading after a glitch looks fallen to the edge, and so does an honest wrap.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from evidence import status as st
from evidence.status import Status
from evidence.units import div_floor
from oracle.core.energy.meter import LANES, Lane, Meter
from oracle.core.energy.register import NO_REGISTERS, Registers, delta_wh, is_plausible

_SECONDS_PER_HOUR = 3600


class Label(StrEnum):
    """A label on a reading, a boundary or a day; the words are part of the statement."""

    NO_ANSWER = "no-answer"
    DAMAGED = "damaged"
    FOREIGN = "foreign"
    REFUSED = "refused"
    SENTINEL = "sentinel"
    ABSENT = "absent-register"
    SUSPECT = "suspect"
    ZERO = "zero-register"
    FELL = "fell"
    WRAPPED = "wrapped"
    JUMP = "jump"
    STUCK = "stuck"
    CLOCK = "clock-unsynchronised"
    CLOCK_BACK = "clock-went-back"
    GAP = "gap"
    BODILESS = "sealed-batch"  # the word of rule set 1, which statements in the log hold
    EPOCH = "epoch"
    EXCHANGED = "meter-exchanged"
    RETIRED = "retired"
    TARIFFS_DISAGREE = "tariff-registers-disagree"
    COMMISSIONED = "commissioned"
    AT_REST = "at-rest"
    ESTIMATED = "estimated"
    HELD = "held"
    MISSING = "missing"
    CATCH_UP = "catch-up"
    CHECK_MISMATCH = "check-mismatch"
    NEGATIVE_POINT = "negative-point"


@dataclass(frozen=True, slots=True)
class Where:
    """Where a register stands: a header, and the reading's position in its batch."""

    header_hash: bytes
    position: int


@dataclass(frozen=True, slots=True)
class RegisterReading:
    """A signed reading as settlement sees it; times are UTC unix seconds, registers Wh as the meter shows them."""

    time: int
    registers: Registers
    power_w: int | None
    status: Status
    where: Where
    tariffs_wh: tuple[int | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Marker:
    """A signed fact between readings: a gap, an epoch, a bodiless batch, a retirement.

    `registers` are the new meter's start registers, when a meter was exchanged and its header states them.
    """

    label: Label
    time: int
    header_hash: bytes = b""
    registers: Registers = NO_REGISTERS


Item = RegisterReading | Marker


@dataclass(frozen=True, slots=True)
class Accepted:
    """A reading that settles.

    Attributes:
        time: UTC unix seconds.
        registers: as the meter shows them.
        cumulative: the same, continued over wraps and exchanged meters since the start of the day; energies are differences of these.
        where: the proof.
    """

    time: int
    registers: Registers
    cumulative: Registers
    where: Where


@dataclass(frozen=True, slots=True)
class Finding:
    """A label on one item; `index` is the item's position among the judged items."""

    label: Label
    time: int
    index: int


@dataclass(frozen=True, slots=True)
class Series:
    """One meter's judged readings, from the opening boundary of a day on.

    Attributes:
        opening: the opening boundary as a register that stands before all readings; None at the start of the meter's history.
        accepted: rising in time.
        findings: in order of the readings.
        passed: the time of the last reading whose clock was synchronised, accepted or not; -1 before the first.
        ended: the meter is retired; nothing follows.
    """

    opening: Accepted | None
    accepted: tuple[Accepted, ...]
    findings: tuple[Finding, ...]
    passed: int
    ended: bool


_OUTCOMES = {
    Status.NO_ANSWER: Label.NO_ANSWER,
    Status.DAMAGED: Label.DAMAGED,
    Status.FOREIGN: Label.FOREIGN,
    Status.REFUSED: Label.REFUSED,
}
_REASONS = Status.SENTINEL | Status.ZERO | Status.FELL


def judge(meter: Meter, opening: Accepted | None, items: Sequence[Item], poll_interval_s: int) -> Series:
    """Judge one meter's items in the order of its headers."""
    accepted: list[Accepted] = []
    findings: list[Finding] = []
    before, rebased, passed, ended = opening, False, -1, False
    for index, item in enumerate(items):
        if isinstance(item, Marker):
            findings.append(Finding(item.label, item.time, index))
            ended |= item.label is Label.RETIRED
            if item.label is Label.EXCHANGED and before is not None:
                # The old meter's last register stays as energy; the new meter counts from its signed start.
                before = Accepted(item.time, item.registers, before.cumulative, Where(item.header_hash, 0))
                rebased = True
                accepted.append(before)
            continue
        if not item.status & Status.CLOCK_SYNCHRONISED:
            findings.append(Finding(Label.CLOCK, item.time, index))
            continue
        if passed >= 0 and 2 * (item.time - passed) > 3 * poll_interval_s:
            findings.append(Finding(Label.GAP, passed, index))
        passed = max(passed, item.time)
        refused = _refusal(meter, item, has_before=before is not None)
        if refused is not None:
            findings.append(Finding(refused, item.time, index))
            continue
        if before is None:
            candidate: Accepted | Label = Accepted(item.time, item.registers, item.registers, item.where)
        else:
            candidate = _follow(meter, before, item, poll_interval_s)
        if isinstance(candidate, Label):
            findings.append(Finding(candidate, item.time, index))
            continue
        if before is not None and _wrapped(meter, before, candidate) and not rebased:
            findings.append(Finding(Label.WRAPPED, item.time, index))
        before, rebased = candidate, False
        accepted.append(candidate)
    return Series(opening, tuple(accepted), tuple(findings), passed, ended)


def _refusal(meter: Meter, item: RegisterReading, *, has_before: bool) -> Label | None:
    """Why a reading cannot settle by itself, before it is compared with the one before; the first that holds."""
    status, used = item.status, [item.registers[lane] for lane in meter.lanes]
    reasons = (
        *((label, bool(status & bit)) for bit, label in _OUTCOMES.items()),
        (Label.SENTINEL, bool(status & Status.SENTINEL)),
        (Label.ABSENT, None in used),
        # A register that no formula uses may well be 0: the reverse register of a plant that never draws.
        (Label.ZERO, 0 in used),
        (Label.SUSPECT, bool(status & Status.SUSPECT) and not status & _REASONS),
        (Label.FELL, bool(status & Status.FELL) and not has_before),
    )
    return next((label for label, holds in reasons if holds), None)


def _follow(meter: Meter, before: Accepted, item: RegisterReading, poll_interval_s: int) -> Accepted | Label:
    if item.time < before.time:
        return Label.CLOCK_BACK
    seconds = item.time - before.time + poll_interval_s
    registers: list[int | None] = [None, None]
    cumulative: list[int | None] = [None, None]
    for lane in LANES:
        old, old_cumulative, new = before.registers[lane], before.cumulative[lane], item.registers[lane]
        registers[lane], cumulative[lane] = old, old_cumulative
        if new is None:
            continue
        if old is None or old_cumulative is None:
            # After an exchange without a signed start the new register counts from its first accepted reading.
            registers[lane], cumulative[lane] = new, new if old_cumulative is None else old_cumulative
            continue
        rise, wrapped = delta_wh(meter, old, new)
        if is_plausible(meter, rise, seconds):
            registers[lane], cumulative[lane] = new, old_cumulative + rise
        elif lane in meter.lanes:
            return Label.FELL if wrapped else Label.JUMP
    return Accepted(item.time, (registers[0], registers[1]), (cumulative[0], cumulative[1]), item.where)


def _wrapped(meter: Meter, before: Accepted, after: Accepted) -> bool:
    for lane in meter.lanes:
        old, new = before.registers[lane], after.registers[lane]
        if old is not None and new is not None and new < old:
            return True
    return False


def is_stuck(meter: Meter, items: Sequence[Item], rise: int, poll_interval_s: int) -> bool:
    """Whether a register stood still although the meter reported power for at least four of its steps."""
    watt_seconds = sum(
        max(0, item.power_w) * poll_interval_s
        for item in items
        if isinstance(item, RegisterReading) and item.power_w is not None
    )
    return (
        rise == 0 and watt_seconds * meter.multiplier_den > 4 * meter.step_wh * meter.multiplier_num * _SECONDS_PER_HOUR
    )


def tariffs_disagree(meter: Meter, items: Sequence[Item]) -> bool:
    """Whether the meter's own export tariff registers rose by something else than its total did.

    Each of the four and the total may be short by one step at either end.
    """
    shown = [
        item
        for item in items
        if isinstance(item, RegisterReading)
        and item.status & Status.TARIFFS_VALID
        and item.registers[Lane.EXPORT] is not None
        and not item.status & (Status.SUSPECT | st.OUTCOMES)
    ]
    if not shown:
        return False
    first, last = shown[0], shown[-1]
    total = (last.registers[Lane.EXPORT] or 0) - (first.registers[Lane.EXPORT] or 0)
    half = div_floor(len(last.tariffs_wh), 2)
    parts = sum(t or 0 for t in last.tariffs_wh[:half]) - sum(t or 0 for t in first.tariffs_wh[:half])
    return total >= 0 and abs(total - parts) > 2 * (half + 1) * meter.step_wh
