"""Tariff bands of a meter, and how the replayed energy falls into them.

A meter's own tariff clock runs at a fixed offset. Each tariff register counts its own energy exactly and is floored on its
own, so the four may add up to a few steps less than the total.
"""

from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

from evidence.units import SECONDS_PER_DAY, div_floor
from firmware_sim.core.replay import Replay

TARIFFS = 4
BANDS_MAX = 48


@dataclass(frozen=True, slots=True, order=True)
class Band:
    """From `start_s` seconds after local midnight the register T`tariff` (1 to 4) counts, until the next band."""

    start_s: int
    tariff: int


class TariffEnergy:
    """E(t) split into T1 to T4.

    Args:
        replay: the energy to count.
        bands: in rising order; the first starts at local midnight. Without bands T1 counts everything.
    """

    def __init__(self, replay: Replay, bands: tuple[Band, ...]) -> None:
        bands = bands or (Band(0, 1),)
        self._replay = replay
        self._edges: list[int] = []  # world times at which another register takes over
        self._tariffs: list[int] = []
        self._before: list[tuple[Fraction, ...]] = []  # T1 to T4 at each edge
        held = (Fraction(0),) * TARIFFS
        days = max(1, -div_floor(replay.origin - replay.recording.end, SECONDS_PER_DAY))
        for day in range(days):
            for band in bands:
                edge = replay.start + day * SECONDS_PER_DAY + band.start_s
                if self._edges:
                    held = self._grown(held, self._tariffs[-1], self._edges[-1], edge)
                self._edges.append(edge)
                self._tariffs.append(band.tariff)
                self._before.append(held)

    def energy_ws(self, t: int) -> tuple[Fraction, ...]:
        """The watt-seconds of T1 to T4 at world time `t`; they add up to E(t)."""
        index = max(bisect_right(self._edges, t) - 1, 0)
        return self._grown(self._before[index], self._tariffs[index], self._edges[index], t)

    def _grown(self, held: tuple[Fraction, ...], tariff: int, since: int, until: int) -> tuple[Fraction, ...]:
        more = self._replay.energy_ws(until) - self._replay.energy_ws(since)
        return tuple(energy + more if k == tariff else energy for k, energy in enumerate(held, start=1))
