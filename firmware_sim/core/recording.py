"""A recording of production: energy over time, and its exact integral."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, Inexact, InvalidOperation
from fractions import Fraction
from itertools import accumulate, pairwise

from evidence.units import div_ceil

# Exact decimals, because with a fraction for each row a million rows would take minutes. A value has at most 415 digits, a
# scale 27, and all other factors and the sum over all rows add less than a hundred: no digit is lost. If one ever were, the
# context would raise an exception rather than give a wrong energy.
EXACT = Context(prec=1000, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[Inexact, InvalidOperation])
# A counter taken for the energy of each interval rises nearly always. Real production falls about as often as it rises.
_RISES_OF_A_COUNTER_MIN = 24
_RISES_A_FALL_OF_A_COUNTER_MIN = 20


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the rows of a file: rows = used + absurd + missing + repeated; `negative` rows are among the used.

    Attributes:
        rows, used, negative, absurd, missing, repeated: numbers of rows; see the rules of `firmware_sim.core.recorded_rows`.
        unsorted: rows with an earlier time than the row above them.
        irregular: steps between neighbouring distinct times that are not the median step.
        gaps: distances between used rows that are longer than a row is held; no energy is produced in the rest of them.
    """

    rows: int
    used: int
    negative: int
    absurd: int
    missing: int
    repeated: int
    unsorted: int = 0
    irregular: int = 0
    gaps: int = 0


class Recording:
    """Energy over time, where each row's energy is spread evenly over the time that the row is held; and its exact integral.

    Times are the recording's own unix seconds. Energy is in watt-seconds, an exact fraction.

    Args:
        starts: when each used row begins, rising.
        twice_held_s: how long each row is held, in half seconds; no row reaches into the next one.
        energies_ws: the energy of each row over that time.
        counts: what became of all rows.
    """

    def __init__(
        self, starts: Sequence[int], twice_held_s: Sequence[int], energies_ws: Sequence[Decimal], counts: Counts
    ) -> None:
        self.counts = counts
        self._starts = starts
        self._twice_held_s = twice_held_s
        self._energies_ws = energies_ws
        # Energy up to each start.
        self._before_ws = list(accumulate(energies_ws, EXACT.add, initial=Decimal(0)))

    @property
    def first(self) -> int:
        """When the first used row begins."""
        return self._starts[0]

    @property
    def end(self) -> int:
        """When the last used row stops being held, rounded up to a whole second: there is no energy after it."""
        return self._starts[-1] + div_ceil(self._twice_held_s[-1], 2)

    @property
    def looks_cumulative(self) -> bool:
        """Whether the values nearly always rise, so that they are probably a counter and not the energy of each interval."""
        changes = [later > earlier for earlier, later in pairwise(self._energies_ws) if later != earlier]
        rises = sum(changes)
        falls = len(changes) - rises
        return rises >= max(_RISES_OF_A_COUNTER_MIN, _RISES_A_FALL_OF_A_COUNTER_MIN * falls)

    def rows_within(self, start: int, end: int) -> int:
        """How many used rows begin in [start, end)."""
        return bisect_left(self._starts, end) - bisect_left(self._starts, start)

    def power_w(self, t: int) -> Fraction:
        """The power at `t`; 0 where no row is held."""
        index = bisect_right(self._starts, t) - 1
        if index < 0 or 2 * (t - self._starts[index]) >= self._twice_held_s[index]:
            return Fraction(0)
        return Fraction(self._energies_ws[index]) * Fraction(2, self._twice_held_s[index])

    def energy_ws(self, t: int) -> Fraction:
        """The energy from the first row to `t`, in watt-seconds; exact."""
        index = bisect_right(self._starts, t) - 1
        if index < 0:
            return Fraction(0)
        twice_held_s = self._twice_held_s[index]
        passed = Fraction(min(2 * (t - self._starts[index]), twice_held_s), twice_held_s)
        return Fraction(self._before_ws[index]) + Fraction(self._energies_ws[index]) * passed
