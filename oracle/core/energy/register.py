"""Cumulative registers: how far one rose, and what energy that is.

A register only ever rises, and starts again at its modulus. A register that stands lower than before has either wrapped (the rise through
the modulus is one that this meter can have made in the time) or *fallen*. A fallen register is never negative energy: its readings are
set aside with a label, the meter is held at its highest accepted register, and it earns again once it rises above that. Its rise since then
lands as catch-up in the day that sees it.
"""

from evidence.units import div_floor
from oracle.core.energy.meter import Meter

_SECONDS_PER_HOUR = 3600
MARGIN = 2  # a meter may show twice what its nameplate gives in the time, and no more
Registers = tuple[int | None, int | None]  # (export, import) in Wh as the meter shows them
NO_REGISTERS: Registers = (None, None)


def delta_wh(meter: Meter, before_wh: int, now_wh: int) -> tuple[int, bool]:
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
    """The energy between two cumulative registers, after the multiplier.

    Each register is floored on its own and the floors are subtracted, so that energies of neighbouring intervals add up to the energy of
    the whole, whatever the multiplier.
    """
    return div_floor(closing_wh * meter.multiplier_num, meter.multiplier_den) - div_floor(
        opening_wh * meter.multiplier_num, meter.multiplier_den
    )
