"""Money: billing lines, gross, and the waterfall. Integers of the payment token's base units; one rounding per line, always down."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from evidence.units import WATT_HOURS_PER_KWH, Minor, WattHours, div_floor
from oracle.core.energy.boundary import Basis
from oracle.core.terms import Fee

_PPM = 1_000_000


@dataclass(frozen=True, slots=True)
class Line:
    """One billing line: a point's energy in one band over the whole payout period.

    Attributes:
        point: its id.
        tariff: the tariff's name.
        band: the band's label.
        energy_wh: the role's energy in the band.
        price_minor_per_kwh: base units for one kWh.
        amount_minor: floor(energy x price / 1000), negative for an import point: what it takes costs.
        basis: measured where every register that the line stands on is signed, else estimated.
    """

    point: str
    tariff: str
    band: str
    energy_wh: WattHours
    price_minor_per_kwh: int
    amount_minor: Minor
    basis: Basis


def amount(energy_wh: int, price_minor_per_kwh: int, *, earns: bool) -> Minor:
    """The amount of one line; a cost is floored as the negative number it is, so rounding never favours the payer of dividends."""
    signed = energy_wh if earns else -energy_wh
    return Minor(div_floor(signed * price_minor_per_kwh, WATT_HOURS_PER_KWH))


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the waterfall: what is due, and what was there to take. What is short becomes part of the deficit."""

    name: str
    due_minor: Minor
    taken_minor: Minor


@dataclass(frozen=True, slots=True)
class Waterfall:
    """How a period's money is divided.

    Always: gross = sum of what the steps took + distributable, and
    distributable - deficit after = sum of the lines - sum of what was due.

    Attributes:
        lines_minor: sum of the billing lines, below 0 where costs outweigh.
        gross_minor: lines_minor, but never below 0: what is declared.
        steps: the carried deficit first, then the fees in the order of the terms.
        distributable_minor: what holders are owed; never negative, never above gross.
        deficit_after_minor: what the next period starts with.
    """

    lines_minor: Minor
    gross_minor: Minor
    steps: tuple[Step, ...]
    distributable_minor: Minor
    deficit_after_minor: Minor


def waterfall(lines: Iterable[Line], fees: Sequence[Fee], deficit_before_minor: int) -> Waterfall:
    """Take the carried deficit and each fee in order: `ppm` of the gross, floored, and the fixed part."""
    total = sum(int(line.amount_minor) for line in lines)
    gross = max(0, total)
    dues: list[tuple[str, int]] = [("deficit carried", deficit_before_minor)] if deficit_before_minor else []
    dues += [(fee.name, div_floor(gross * fee.ppm, _PPM) + fee.fixed_minor) for fee in fees]
    left, deficit = gross, gross - total
    steps = []
    for name, due in dues:
        taken = min(due, left)
        left -= taken
        deficit += due - taken
        steps.append(Step(name, Minor(due), Minor(taken)))
    return Waterfall(Minor(total), Minor(gross), tuple(steps), Minor(left), Minor(deficit))


def bases(lines: Iterable[Line]) -> Mapping[str, int]:
    """The lines' amounts by what they stand on."""
    sums = {"register-proven": 0, "estimated": 0}
    for line in lines:
        sums["register-proven" if line.basis is Basis.MEASURED else "estimated"] += line.amount_minor
    return sums
