"""An installed meter as settlement sees it: what its binding says of its registers, and which of them a formula counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from evidence.binding import Binding
from evidence.keys import MeterId
from evidence.units import div_floor


class Lane(IntEnum):
    """Which register of a reading: the index into `Registers`."""

    EXPORT = 0
    IMPORT = 1


LANES = (Lane.EXPORT, Lane.IMPORT)


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


def in_force(meters: Iterable[Meter], end: int) -> list[Meter]:
    """Those meters whose binding holds before an instant."""
    return [meter for meter in meters if meter.valid_from < end]
