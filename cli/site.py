"""The example site that `helioracle init` writes: five generation points and a check meter on two RS-485 lines.

It replays NREL's SERF East roof, or another recording, each point with a weight, a start register and a step of its own. Facts only;
`cli.init` renders them.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from math import gcd

GATEWAY = "roof-pi"
MONEY_SYMBOL = "dUSD"
MONEY_DECIMALS = 6
PEAK = ("16:00", "21:00")
POLL_INTERVAL_S = 300
_DAY_S = 86_400
_HOUR_S = 3600
_CUT_S = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Sun:
    """What the site replays, and the offset and the poll interval that go with it; by default the recording that is shipped.

    Attributes:
        asset: id of the asset.
        name: of the asset, for people.
        recording: `builtin:...`, or the name of a CSV in the site's folder.
        columns: the file's own column names by ours, where they differ.
        scale: every value is multiplied by it.
        utc_offset_s: the asset's fixed offset, a multiple of a quarter of an hour.
        first_day: the first recorded day that is replayed.
        days: how many.
        nameplate_w: of the recorded plant.
        poll_interval_s: every local midnight is a multiple of it.
    """

    asset: str = "serf-east"
    name: str = "SERF East rooftops"
    recording: str = "builtin:serf-east"
    columns: tuple[tuple[str, str], ...] = ()
    scale: Decimal = Decimal(1)
    utc_offset_s: int = -7 * _HOUR_S
    first_day: date = date(2016, 7, 5)
    days: int = 3
    nameplate_w: int = 6_000
    poll_interval_s: int = POLL_INTERVAL_S

    @property
    def utc_offset(self) -> str:
        """The offset as people write it, e.g. -07:00."""
        return f"{'-' if self.utc_offset_s < 0 else '+'}{_clock(abs(self.utc_offset_s))}"

    @property
    def band_zone(self) -> str:
        """A fixed zone, so that the date of a run never moves a tariff band (docs/decisions/0007).

        There are fixed zones of whole hours only; what an offset has beyond one is in `band_peak`.
        """
        hours = self.utc_offset_s // _HOUR_S
        return f"Etc/GMT{-hours:+d}" if hours else "Etc/GMT"

    @property
    def band_peak(self) -> tuple[str, str]:
        """From and to of the peak band on the clock of `band_zone`."""
        beyond = self.utc_offset_s % _HOUR_S
        start, end = (_clock(int(text[:2]) * _HOUR_S - beyond) for text in PEAK)
        return start, end

    @property
    def cut_every_s(self) -> int:
        """A batch ends at the UTC multiples of this: the least from a quarter of an hour on that hits every poll and every midnight."""
        midnights = gcd(_DAY_S, abs(self.utc_offset_s))
        for cut in range(self.poll_interval_s, midnights + 1, self.poll_interval_s):
            if cut >= _CUT_S and midnights % cut == 0:
                return cut
        raise ValueError(
            f"a poll interval of {self.poll_interval_s} s does not meet the midnights at {self.utc_offset}"
        )


def _clock(seconds: int) -> str:
    return f"{seconds // _HOUR_S:02d}:{seconds % _HOUR_S // 60:02d}"


EXAMPLE = Sun()


@dataclass(frozen=True, slots=True)
class SiteMeter:
    """One meter of the example site.

    Attributes:
        serial: on its plate; also its name in every file.
        point: the metering point it makes.
        role: generation or check.
        tariff: of the point; empty for check points.
        protocol: sunspec or dlt645.
        address: Modbus unit, or the twelve digits of a DL/T 645 meter.
        weight_ppm: its share of the recording.
        start_wh: its register before the first replayed day.
        step_wh: the step it counts in.
        scale_factor: SunSpec WH_SF; 1 for DL/T 645, whose registers count 10 Wh.
        band_registers: whether it keeps tariff registers (DL/T 645 T1..T4).
    """

    serial: str
    point: str
    role: str
    tariff: str
    protocol: str
    address: str
    weight_ppm: int
    start_wh: int
    step_wh: int
    scale_factor: int
    band_registers: bool = False

    def nameplate_w(self, sun: Sun) -> int:
        """The recorded plant's nameplate times this meter's weight, rounded up to a whole kW."""
        return -(-sun.nameplate_w * self.weight_ppm // 1_000_000_000) * 1_000

    @property
    def modulus(self) -> tuple[int, int]:
        """Where the register wraps, in Wh, as numerator and denominator: 32 bits of SunSpec, eight BCD digits of DL/T 645."""
        if self.protocol == "dlt645":
            return 1_000_000_000, 1
        if self.scale_factor < 0:
            return 1 << 32, 10**-self.scale_factor
        return (1 << 32) * 10**self.scale_factor, 1


METERS = (
    SiteMeter("SE-0001", "roof-1", "generation", "feed-in", "sunspec", "1", 1_000_000, 12_345_678, 1, 0),
    SiteMeter("SE-0002", "roof-2", "generation", "feed-in", "sunspec", "2", 750_000, 4_711_230, 10, 1),
    SiteMeter("SE-0003", "roof-3", "generation", "time-of-use", "sunspec", "3", 1_500_000, 987_600, 100, 2),
    SiteMeter("SE-0004", "roof-4", "generation", "time-of-use", "sunspec", "4", 500_000, 31_336, 2, -1),
    SiteMeter(
        "DL-0005",
        "carport",
        "generation",
        "time-of-use",
        "dlt645",
        "000000193600",
        1_250_000,
        363_000,
        10,
        1,
        band_registers=True,
    ),
    # The grid meter behind all five: it sees them less what the cables take. It is compared, never paid.
    SiteMeter("DL-0006", "grid", "check", "", "dlt645", "000000193601", 4_950_000, 26_000_000, 10, 1),
)

LINES = (("line-a", "modbus-rtu", METERS[:4]), ("line-b", "dlt645", METERS[4:]))
