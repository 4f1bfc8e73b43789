"""The simulator's configuration: which recording is replayed, on which lines, by which devices.

asset = "asset.toml"
recording = "builtin:serf-east"
nameplate_w = 6000
utc_offset = "-07:00"
first_day = 2016-07-05
days = 3

[[line]]
name = "line-a"
protocol = "modbus-rtu"
link = "run/line-a"
[[line.inverter]]
serial = "SE-0001"
unit = 1
scale_factor = 0

[[line]]
name = "line-b"
protocol = "dlt645"
link = "run/line-b"
[[line.meter]]
serial = "DL-0005"
address = "000000193600"
[[line.meter.band]]
from = "00:00"
tariff = 2
[[line.meter.band]]
from = "08:00"
tariff = 1

[world]                      # only for replays: a stepped clock that the other processes name as `world = "run/world.sock"`
socket = "run/world.sock"    # delete run/world.sock.time to begin at `start` again
start = 1796108399           # unix seconds, before the first day
expected = ["gateway", "oracle", "api", "keeper"]

The asset file says where the replay of a meter starts and how its register counts, because this decides the expected energy:

[[meter]]
serial = "SE-0001"
replay = { weight_ppm = 1_000_000, start_wh = 12_345_678, step_wh = 1 }
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from firmware_sim.core.faults import FaultKind, FaultPlan
from firmware_sim.core.recording_csv import COLUMNS
from firmware_sim.core.replay import PPM, Counting
from firmware_sim.core.tariff import BANDS_MAX, TARIFFS, Band
from runtime.config import Table, read_toml
from runtime.world.server import WorldConfig, read_world

BUILTIN_RECORDINGS: Mapping[str, str] = {"builtin:serf-east": "serf-east-3-days.csv"}

SCALE_MIN, SCALE_MAX = Decimal("1e-9"), Decimal("1e9")
DAYS_MAX = 366
_WH_MAX = 10**15
_WEIGHT_PPM_MAX = 10**12
_DEVICES_MAX = 247
_NAME = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"
_SERIAL = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,31}"  # model 1 of SunSpec shows at most 32 characters


@dataclass(frozen=True, slots=True, kw_only=True)
class InverterConfig:
    """`[[line.inverter]]`: one SunSpec inverter.

    Attributes:
        serial: unique among all devices, at most 32 characters; SunSpec model 1 shows it.
        unit: Modbus unit, 1 to 247.
        scale_factor: SunSpec WH_SF, -6 to 6; start and step of the register are multiples of 10^scale_factor Wh.
        counting: `replay` of this serial in the asset file.
    """

    serial: str
    unit: int
    scale_factor: int
    counting: Counting


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterConfig:
    """`[[line.meter]]`: one DL/T 645-2007 meter.

    Attributes:
        serial: unique among all devices.
        address: the twelve digits printed on it.
        reverse_wh: the reverse register, 0 by default.
        tariff_start_wh: `{ t1 = ..., t2, t3, t4 }`, the tariff registers before the first replayed day; together they
            are start_wh; by default it is shared out in four parts.
        bands: `[[line.meter.band]]` from = "HH:MM" (local time at `utc_offset`), tariff = 1 to 4; the first from "00:00".
            Without any, T1 counts everything.
        counting: `replay` of this serial in the asset file; start and step are multiples of 10 Wh.
    """

    serial: str
    address: str
    counting: Counting
    reverse_wh: int = 0
    tariff_start_wh: tuple[int, ...] = ()
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LineConfig:
    """`[[line]]`: one pseudo-terminal; it carries one protocol, so it has either inverters or meters.

    Attributes:
        name: unique among the lines.
        link: a symbolic link to the pty, made at start and removed at stop, so that a gateway's file can name the line.
        inverters: SunSpec inverters (protocol = "modbus-rtu").
        meters: DL/T 645 meters (protocol = "dlt645").
    """

    name: str
    link: Path | None = None
    inverters: tuple[InverterConfig, ...] = ()
    meters: tuple[MeterConfig, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SimConfig:
    """The whole file.

    `asset` names the asset file, of which the simulator reads the `[[meter]]` tables alone: `serial`, and `replay` with

    - weight_ppm: the meter's share of the recording in millionths; a grid meter sees the sum of its inverters, less losses;
    - start_wh: its register before the first replayed day, above 0, because an inverter shows 0 while it wakes up;
    - step_wh: the register moves in steps of this many Wh.

    Attributes:
        recording: the CSV to replay; `builtin:serf-east`, or a path relative to this file.
        columns: `{ time = "ts", power_kw = "meas_val_f" }`, where the file's columns have other names; "#1" is the first column.
        scale: every value is multiplied by it, 1 by default; for normalised power.
        nameplate_w: nameplate of the recorded plant; a row above twice the nameplate is absurd.
        utc_offset_s: `utc_offset`, the asset's fixed offset: of local days, of bands, and of times without an offset.
        first_day: the first local day of the recording that is replayed.
        days: how many days are settled.
        not_before: `not_before_unix_s`, the chain's time at the start; by default the world's time when the service is made.
            The first replayed day begins after this instant. A simulator that may be restarted in the middle of a replay
            needs it.
        lines: the serial lines.
        world: `[world]`: serve a stepped clock to the other processes; absent: the machine's time.
        faults: `[faults]` seed, slow_ms, `<kind>_ppm`, and `[[faults.script]]` device (its serial), answer, kind; none by default.
    """

    recording: Traversable
    columns: Mapping[str, str] = field(default_factory=dict)
    scale: Decimal = Decimal(1)
    nameplate_w: int
    utc_offset_s: int
    first_day: date
    days: int
    not_before: int | None = None
    lines: tuple[LineConfig, ...]
    faults: FaultPlan = field(default_factory=FaultPlan)
    world: WorldConfig | None = None


def builtin_recording(name: str) -> Traversable:
    """The shipped recording of a name such as `builtin:serf-east`.

    Raises:
        KeyError: there is no recording of this name.
    """
    return files("firmware_sim").joinpath("recordings", BUILTIN_RECORDINGS[name])


def load(path: Path) -> SimConfig:
    """Read the simulator's TOML file.

    Raises:
        ConfigError: naming the file and the field.
    """
    table = read_toml(path)
    countings = _countings(table.file("asset"))
    config = SimConfig(
        recording=_recording(table),
        columns=_columns(table.table("columns", optional=True)),
        scale=table.decimal("scale", minimum=SCALE_MIN, maximum=SCALE_MAX, default=Decimal(1)),
        nameplate_w=table.integer("nameplate_w", minimum=1, maximum=10**12),
        utc_offset_s=table.offset_s("utc_offset"),
        first_day=table.day("first_day"),
        days=table.integer("days", minimum=1, maximum=DAYS_MAX),
        not_before=table.integer("not_before_unix_s", minimum=0, maximum=1 << 40, default=None),
        lines=tuple(_line(line, countings) for line in table.tables("line", minimum=1, maximum=32)),
        faults=_faults(table.table("faults", optional=True)),
        world=read_world(table.table("world")) if table.has("world") else None,
    )
    table.finish()
    _refuse_twins(table, config)
    return config


def _recording(table: Table) -> Traversable:
    name = table.text("recording")
    if not name.startswith("builtin:"):
        return table.file("recording")
    if name not in BUILTIN_RECORDINGS:
        raise table.error("recording", f"{name!r} is none of {', '.join(BUILTIN_RECORDINGS)}")
    return builtin_recording(name)


def _columns(table: Table) -> dict[str, str]:
    return {name: table.text(name, pattern=".+") for name in COLUMNS if table.has(name)}


def _countings(asset: Path) -> dict[str, Counting]:
    # The oracle reads the whole asset file and refuses unknown keys; here every other key is left alone.
    countings = {}
    for meter in read_toml(asset).tables("meter"):
        serial = meter.text("serial")
        if not meter.has("replay"):
            continue
        replay = meter.table("replay")
        countings[serial] = Counting(
            weight_ppm=replay.integer("weight_ppm", minimum=1, maximum=_WEIGHT_PPM_MAX),
            start_wh=replay.integer("start_wh", minimum=1, maximum=_WH_MAX),
            step_wh=replay.integer("step_wh", minimum=1, maximum=10**9),
        )
        replay.finish()
    return countings


def _counting(table: Table, serial: str, countings: Mapping[str, Counting]) -> Counting:
    try:
        return countings[serial]
    except KeyError:
        raise table.error("serial", f"the asset file has no meter {serial!r} with `replay`") from None


def _line(table: Table, countings: Mapping[str, Counting]) -> LineConfig:
    protocol = table.choice("protocol", ("modbus-rtu", "dlt645"))
    modbus = protocol == "modbus-rtu"
    name = table.text("name", pattern=_NAME)
    link = _link(table)
    if modbus:
        inverters = table.tables("inverter", minimum=1, maximum=_DEVICES_MAX)
        return LineConfig(name=name, link=link, inverters=tuple(_inverter(item, countings) for item in inverters))
    meters = table.tables("meter", minimum=1, maximum=_DEVICES_MAX)
    return LineConfig(name=name, link=link, meters=tuple(_meter(item, countings) for item in meters))


def _link(table: Table) -> Path | None:
    # Not `table.file`, which would follow a link that a killed simulator left, and return that simulator's old pty.
    link = table.text("link", pattern=".+", default=None)
    return None if link is None else (table.path.parent / link).absolute()


def _inverter(table: Table, countings: Mapping[str, Counting]) -> InverterConfig:
    serial = table.text("serial", pattern=_SERIAL)
    return InverterConfig(
        serial=serial,
        unit=table.integer("unit", minimum=1, maximum=247),
        scale_factor=table.integer("scale_factor", minimum=-6, maximum=6),
        counting=_counting(table, serial, countings),
    )


def _meter(table: Table, countings: Mapping[str, Counting]) -> MeterConfig:
    serial = table.text("serial", pattern=_SERIAL)
    return MeterConfig(
        serial=serial,
        address=table.text("address", pattern=r"\d{12}"),
        reverse_wh=table.integer("reverse_wh", minimum=0, maximum=_WH_MAX, default=0),
        tariff_start_wh=_tariff_start(table),
        bands=_bands(table),
        counting=_counting(table, serial, countings),
    )


def _tariff_start(table: Table) -> tuple[int, ...]:
    if not table.has("tariff_start_wh"):
        return ()
    starts = table.table("tariff_start_wh")
    return tuple(starts.integer(f"t{tariff}", minimum=0, maximum=_WH_MAX) for tariff in range(1, TARIFFS + 1))


def _bands(table: Table) -> tuple[Band, ...]:
    bands = []
    for item in table.tables("band", maximum=BANDS_MAX):
        start = item.text("from", pattern=r"([01]\d|2[0-3]):[0-5]\d")
        hours, minutes = start.split(":")
        tariff = item.integer("tariff", minimum=1, maximum=TARIFFS)
        bands.append(Band(int(hours) * 3600 + int(minutes) * 60, tariff))
    starts = [band.start_s for band in bands]
    if bands and (starts[0] != 0 or starts != sorted(set(starts))):
        raise table.error("band", 'the bands must rise from = "00:00" on, each start once')
    return tuple(bands)


def _faults(table: Table) -> FaultPlan:
    rates = {kind: table.integer(f"{kind.value}_ppm", minimum=0, maximum=PPM, default=0) for kind in FaultKind}
    if sum(rates.values()) > PPM:
        raise table.error("*_ppm", f"the rates add up to {sum(rates.values())}, more than a million")
    script = {}
    for item in table.tables("script"):
        device = item.text("device", pattern=_SERIAL)
        answer = item.integer("answer", minimum=1, maximum=10**9)
        script[device, answer] = FaultKind(item.choice("kind", tuple(kind.value for kind in FaultKind)))
    return FaultPlan(
        seed=table.integer("seed", minimum=0, maximum=1 << 62, default=1),
        rates_ppm=rates,
        script=script,
        slow_ms=table.integer("slow_ms", minimum=1, maximum=60_000, default=1500),
    )


def _refuse_twins(table: Table, config: SimConfig) -> None:
    serials = [device.serial for line in config.lines for device in line.inverters]
    serials += [device.serial for line in config.lines for device in line.meters]
    for what, values in (("line", [line.name for line in config.lines]), ("line.*.serial", serials)):
        twins = sorted({value for value in values if values.count(value) > 1})
        if twins:
            raise table.error(what, f"{twins[0]!r} is there twice")
    for line in config.lines:
        addresses = [str(inverter.unit) for inverter in line.inverters] + [meter.address for meter in line.meters]
        twins = sorted({address for address in addresses if addresses.count(address) > 1})
        if twins:
            raise table.error(f"line {line.name}", f"two devices answer at {twins[0]}")
    unknown = sorted({device for device, _ in config.faults.script} - set(serials))
    if unknown:
        raise table.error("faults.script", f"there is no device {unknown[0]!r}")
