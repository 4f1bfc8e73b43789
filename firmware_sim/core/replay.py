"""A recording shifted to the world's time, and the register that counts its energy.

register_i(t) = r_i x floor((R_i + w_i E(t) / 10^6) / r_i), with E in Wh from the start of the first replayed day, the
weight w_i in millionths, the start R_i and the step r_i in Wh. The floor is the only rounding.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from evidence.units import SECONDS_PER_DAY, WattHours, div_exact, div_floor
from firmware_sim.core.recording import Recording

_WEEK_S = 7 * SECONDS_PER_DAY
_SECONDS_PER_HOUR = 3600
PPM = 1_000_000
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


def local_midnight(day: date, utc_offset_s: int) -> int:
    """Unix seconds at which `day` begins at a fixed UTC offset."""
    return (day.toordinal() - _EPOCH_ORDINAL) * SECONDS_PER_DAY - utc_offset_s


@dataclass(frozen=True, slots=True)
class Replay:
    """Whole local days of a recording, moved by whole weeks so that weekdays and band edges stay where they are.

    Attributes:
        recording: the recording to replay.
        origin: the recording's own unix seconds at which the first replayed day begins.
        days: how many days are settled; a longer recording is replayed on after them.
        shift_s: world time minus recording time, whole weeks.
    """

    recording: Recording
    origin: int
    days: int
    shift_s: int

    @classmethod
    def after(cls, recording: Recording, *, first_day: date, days: int, utc_offset_s: int, instant: int) -> "Replay":
        """Let `first_day` become the first day that begins after `instant` (unix seconds) and lies whole weeks away."""
        origin = local_midnight(first_day, utc_offset_s)
        weeks = div_floor(instant - origin, _WEEK_S) + 1
        return cls(recording, origin, days, weeks * _WEEK_S)

    @property
    def start(self) -> int:
        """World time at which the first replayed day begins."""
        return self.origin + self.shift_s

    @property
    def end(self) -> int:
        """World time of the closing boundary of the last replayed day."""
        return self.start + self.days * SECONDS_PER_DAY

    @property
    def shift_days(self) -> int:
        """The shift in days, a multiple of 7."""
        return div_exact(self.shift_s, SECONDS_PER_DAY)

    def energy_ws(self, t: int) -> Fraction:
        """E(t): energy from the start of the first replayed day to world time `t`, in watt-seconds; 0 before it."""
        recorded = max(t - self.shift_s, self.origin)
        return self.recording.energy_ws(recorded) - self.recording.energy_ws(self.origin)

    def power_w(self, t: int) -> Fraction:
        """Power at world time `t`; 0 before the first replayed day."""
        recorded = t - self.shift_s
        return self.recording.power_w(recorded) if recorded >= self.origin else Fraction(0)


@dataclass(frozen=True, slots=True)
class Counting:
    """How one register counts the replayed energy: weight in ppm, start and step in Wh."""

    weight_ppm: int
    start_wh: int
    step_wh: int

    def register_wh(self, energy_ws: Fraction) -> WattHours:
        """The register in Wh when `energy_ws` watt-seconds have been produced; a multiple of the step."""
        steps = Fraction(
            self.start_wh * PPM * _SECONDS_PER_HOUR * energy_ws.denominator + self.weight_ppm * energy_ws.numerator,
            PPM * _SECONDS_PER_HOUR * energy_ws.denominator * self.step_wh,
        )
        return WattHours(self.step_wh * div_floor(steps.numerator, steps.denominator))

    def power_w(self, power: Fraction) -> int:
        """This point's share of the recorded power, floored to a watt."""
        return div_floor(self.weight_ppm * power.numerator, PPM * power.denominator)
