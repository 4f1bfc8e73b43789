"""The example site that `helioracle init` writes: five generation points and a check meter on two RS-485 lines.

It replays NREL's SERF East roof, each point with a weight, a start register and a step of its own. Facts only; `cli.init` renders them.
"""

from dataclasses import dataclass

ASSET = "serf-east"
NAME = "SERF East rooftops"
GATEWAY = "roof-pi"
UTC_OFFSET = "-07:00"
UTC_OFFSET_S = -7 * 3600
# A fixed zone, so that the date of a run never moves a tariff band (docs/decisions/0007).
BAND_ZONE = "Etc/GMT+7"
RECORDING = "builtin:serf-east"
RECORDING_FIRST_DAY = "2016-07-05"
RECORDING_DAYS = 3
RECORDING_NAMEPLATE_W = 6_000
POLL_INTERVAL_S = 300
MONEY_SYMBOL = "dUSD"
MONEY_DECIMALS = 6
PEAK = ("16:00", "21:00")


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

    @property
    def nameplate_w(self) -> int:
        """The recorded plant's nameplate times this meter's weight, rounded up to a whole kW."""
        return -(-RECORDING_NAMEPLATE_W * self.weight_ppm // 1_000_000_000) * 1_000

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
