"""Makes of a meter's answer, or of its absence, the reading that the meter's key signs.

A well-formed answer always becomes a reading, suspect or not, with the registers exactly as the meter shows them: the oracle
judges, the edge only labels. Without a well-formed answer the reading has no values, but the outcome, so that absence is
signed too.
"""

from dataclasses import dataclass
from enum import Enum

from evidence.binding import Direction
from evidence.reading import PROFILE_TARIFFS, TARIFF_COUNT, Reading
from evidence.status import CLOCKS, Status

REGISTER_MAX = (1 << 63) - 1  # the oracle refuses larger ones, and no meter has counted that far
_POWER_MAX = (1 << 31) - 1
_SENTINELS = frozenset({0xFFFFFFFF})  # acc32 and u32 'not implemented', seen in the field beside real power


class Outcome(Enum):
    """Why there is no well-formed answer."""

    NO_ANSWER = "no answer"
    DAMAGED = "damaged"
    FOREIGN = "foreign"
    REFUSED = "refused"


_OUTCOME_BITS = {
    Outcome.NO_ANSWER: Status.NO_ANSWER,
    Outcome.DAMAGED: Status.DAMAGED,
    Outcome.FOREIGN: Status.FOREIGN,
    Outcome.REFUSED: Status.REFUSED,
}


@dataclass(frozen=True, slots=True)
class MeterAnswer:
    """A meter's answer in the meter's own terms, forward and reverse.

    Attributes:
        forward_wh: total forward register, or None when the meter has no value for it.
        reverse_wh: total reverse register, or None when the meter has none.
        power_w: active power, positive forward, or None.
        tariffs_wh: forward T1..T4 then reverse T1..T4, or empty.
        raw_forward: the register before scaling where a protocol has sentinels, or None.
        forward_missing: whether the meter answered 'not implemented' for the forward register that it should have.
    """

    forward_wh: int | None
    reverse_wh: int | None = None
    power_w: int | None = None
    tariffs_wh: tuple[int | None, ...] = ()
    raw_forward: int | None = None
    forward_missing: bool = False


@dataclass(frozen=True, slots=True)
class LastRegisters:
    """The last valid registers that are signed or will be; a lower register after them has fallen."""

    export_wh: int | None
    import_wh: int | None


def reading_of(
    answer: MeterAnswer | Outcome, *, time: int, clock: Status, direction: Direction, profile: int, last: LastRegisters
) -> Reading:
    """The reading of one slot.

    Args:
        answer: what the line's `poll` returned.
        time: UTC unix seconds when the answer, or the wait for it, ended.
        clock: exactly one of the clock bits.
        direction: of the meter's binding.
        profile: PROFILE_BASIC, or PROFILE_TARIFFS for a meter whose tariff registers are read.
        last: the registers before this reading.
    """
    if (clock & CLOCKS) != clock or clock.bit_count() != 1:
        raise ValueError(f"{clock!r} is not one clock state")
    no_tariffs: tuple[int | None, ...] = (None,) * TARIFF_COUNT if profile == PROFILE_TARIFFS else ()
    if isinstance(answer, Outcome):
        return Reading(time, None, None, None, clock | _OUTCOME_BITS[answer], no_tariffs)
    forward, reverse = _carried(answer.forward_wh), _carried(answer.reverse_wh)
    power = answer.power_w
    tariffs = (
        tuple(map(_carried, answer.tariffs_wh)) if profile == PROFILE_TARIFFS and answer.tariffs_wh else no_tariffs
    )
    export, imported = forward, reverse
    if direction is Direction.FORWARD_IS_IMPORT:
        export, imported = reverse, forward
        power = None if power is None else -power
        half = TARIFF_COUNT >> 1
        tariffs = tariffs[half:] + tariffs[:half]
    if power is not None and not -_POWER_MAX <= power <= _POWER_MAX:
        power = None
    status = clock | _suspicion(answer, forward, export, imported, last)
    for value, bit in (
        (export, Status.EXPORT_VALID),
        (imported, Status.IMPORT_VALID),
        (power, Status.POWER_VALID),
        (next((t for t in tariffs if t is not None), None), Status.TARIFFS_VALID),
    ):
        if value is not None:
            status |= bit
    return Reading(time, export, imported, power, status, tariffs)


def _carried(register: int | None) -> int | None:
    return register if register is not None and 0 <= register <= REGISTER_MAX else None


def _suspicion(
    answer: MeterAnswer, forward: int | None, export: int | None, imported: int | None, last: LastRegisters
) -> Status:
    found = Status(0)
    if answer.forward_missing or answer.raw_forward in _SENTINELS or answer.forward_wh != forward:
        found |= Status.SENTINEL
    if forward == 0:
        found |= Status.ZERO
    if _fell(export, last.export_wh) or _fell(imported, last.import_wh):
        found |= Status.FELL
    return found | Status.SUSPECT if found else found


def _fell(now: int | None, before: int | None) -> bool:
    return now is not None and before is not None and now < before
