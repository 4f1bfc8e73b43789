"""The registers of a simulated device at one moment, before any fault."""

from dataclasses import dataclass

from evidence.units import WattHours


@dataclass(frozen=True, slots=True)
class Registers:
    """Cumulative registers in Wh and the present power in W.

    Attributes:
        forward_wh: the forward register; an inverter has only this one.
        reverse_wh: the reverse register of a meter.
        tariff_wh: T1 to T4 of the forward register, empty for a device without tariff registers.
        power_w: present power, positive in the direction of generation.
    """

    forward_wh: WattHours
    reverse_wh: WattHours
    tariff_wh: tuple[WattHours, ...]
    power_w: int
