"""Cumulative registers: how far one rose, and what energy that is.

A register only ever rises, and starts again at its modulus. A register that stands lower than before has either wrapped (the rise through
the modulus is one that this meter can have made in the time) or *fallen*. A fallen register is never negative energy: its readings are
set aside with a label, the meter is held at its highest accepted register, and it earns again once it rises above that. What it then has
risen lands as catch-up in the day in which it is seen.
"""

from dataclasses import dataclass
from enum import IntEnum

from evidence.binding import Binding
from evidence.keys import MeterId
from evidence.units import div_floor

_SECONDS_PER_HOUR = 3600
MARGIN = 2  # a meter may show twice what its nameplate gives in the time, and no more


class Lane(IntEnum):
    """Which register of a reading: the index into `Registers`."""

    EXPORT = 0
    IMPORT = 1


LANES = (Lane.EXPORT, Lane.IMPORT)
Registers = tuple[int | None, int | None]  # (export, import) in Wh as the meter shows them
NO_REGISTERS: Registers = (None, None)


@dataclass(frozen=True, slots=True)
class Meter:
    """What settlement needs of an installed meter.

    Attributes:
        serial: its plate.
        meter_id: its key's id.
        binding_hash: the binding that says the rest.
        point: the metering point it is bound to.
        custody: how its key is kept, for the statement.
        lanes: the registers that a formula uses; a reading without one of them settles nothing.
        step_wh: the smallest step of the register.
        modulus_num: the register wraps at modulus_num / modulus_den Wh.
        modulus_den: its denominator.
        multiplier_num: energy = register difference x multiplier_num / multiplier_den.
        multiplier_den: its denominator.
        nameplate_w: the most that can flow, in W after the multiplier.
        valid_from: UTC unix seconds.
    """

    serial: str
    meter_id: MeterId
    binding_hash: bytes
    point: str
    custody: str
    lanes: tuple[Lane, ...]
    step_wh: int
    modulus_num: int
    modulus_den: int
    multiplier_num: int
    multiplier_den: int
    nameplate_w: int
    valid_from: int

    @property
    def modulus_wh(self) -> int:
        """The modulus in whole Wh, floored."""
        return div_floor(self.modulus_num, self.modulus_den)


def meter_of(binding: Binding, binding_hash: bytes, lanes: tuple[Lane, ...]) -> Meter:
    """The settlement's view of a binding.

    `Reading.export_wh` is already the energy that left towards the grid (the gateway maps forward and reverse by the same binding), so
    the direction is not applied a second time here.
    """
    return Meter(
        serial=binding.serial,
        meter_id=binding.meter_id,
        binding_hash=binding_hash,
        point=binding.point,
        custody=binding.custody.name.lower(),
        lanes=lanes,
        step_wh=binding.step_wh,
        modulus_num=binding.modulus_num,
        modulus_den=binding.modulus_den,
        multiplier_num=binding.multiplier_num,
        multiplier_den=binding.multiplier_den,
        nameplate_w=binding.nameplate_w,
        valid_from=binding.valid_from,
    )


def rise_wh(meter: Meter, before_wh: int, now_wh: int) -> tuple[int, bool]:
    """How far a register rose between two readings, and whether it wrapped on the way (once at most)."""
    if now_wh >= before_wh:
        return now_wh - before_wh, False
    return div_floor((now_wh - before_wh) * meter.modulus_den + meter.modulus_num, meter.modulus_den), True


def is_plausible(meter: Meter, rise: int, seconds: int) -> bool:
    """Whether a rise is at most twice what the nameplate gives in `seconds`, with one step at either end."""
    beyond_steps = rise - 2 * meter.step_wh
    return (
        beyond_steps * meter.multiplier_num * _SECONDS_PER_HOUR
        <= MARGIN * meter.nameplate_w * seconds * meter.multiplier_den
    )


def energy_wh(meter: Meter, opening_wh: int, closing_wh: int) -> int:
    """The energy between two running registers, after the multiplier.

    Each register is floored on its own and the floors are subtracted, so that energies of neighbouring intervals add up to the energy of
    the whole, whatever the multiplier.
    """
    return div_floor(closing_wh * meter.multiplier_num, meter.multiplier_den) - div_floor(
        opening_wh * meter.multiplier_num, meter.multiplier_den
    )
