"""The gateway's configuration: one TOML file.

gateway = "roof-pi"
asset = "serf-east"
profile = "development"
outbox = "gateway/outbox.sqlite"
poll_interval_s = 300

[broker]
host = "127.0.0.1"
port = 1883

[oracle]
points = ["<128 hex digits>"]

[[line]]
name = "a"
protocol = "modbus-rtu"
port = "run/line-a"

[[line.meter]]
serial = "SIM-0001"
address = "1"
key = "keys/meter-1.pem"
binding = "bindings/meter-1.hex"
"""

from dataclasses import dataclass, replace
from pathlib import Path

from evidence import binding as bindings
from evidence.binding import Binding
from evidence.errors import EvidenceError
from evidence.keys import PublicKey, Signer
from evidence.reading import PROFILE_BASIC, PROFILE_TARIFFS
from evidence.tags import POINT_SIZE
from gateway.tcp_stream import TCP, tcp_address
from shell import key_files
from shell.broker import BrokerConfig, read_broker
from shell.config import Table, read_toml

_ID = r"[a-z0-9][a-z0-9-]{0,31}"
_UNIT = r"[1-9]\d{0,2}"
_METERS_MAX = 64  # of one head request
PROTOCOLS = ("modbus-rtu", "dlt645")
FRAMINGS = ("rtu", "tcp")


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterConfig:
    """`[[line.meter]]`.

    Attributes:
        serial: serial number on the meter's plate, as in its binding.
        address: Modbus unit 1..247, or the twelve digits of a DL/T 645 meter.
        signer: opened from `key`, the meter's P-256 key file.
        binding: opened from `binding`, the file with the binding record in hex; it says which way 'forward' counts.
        binding_hash: what the meter's first header names.
        profile: PROFILE_TARIFFS when `tariffs = true`: the tariff registers are read and signed too (DL/T 645 only).
    """

    serial: str
    address: str
    signer: Signer
    binding: Binding
    binding_hash: bytes
    profile: int = PROFILE_BASIC


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterPlace:
    """What it takes to ask one meter, without its key: `serial`, `address`, and the switches `tariffs` and `power`."""

    serial: str
    address: str
    tariffs: bool
    power: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineConfig:
    """`[[line]]`: one line and its meters, polled in file order.

    Attributes:
        name: unique among the lines.
        port: device file (stable names live under /dev/serial/by-id), or tcp://host:port of a converter or device.
        protocol: modbus-rtu or dlt645.
        framing: of Modbus over TCP: `tcp` for devices that speak Modbus TCP, `rtu` for converters that carry a serial line.
        baudrate: 9600 by default; like the parity, a matter of the converter when the port is TCP.
        parity: none, even or odd; a pseudo-terminal is always opened without.
        timeout_ms: how long an answer may take.
        quiet_ms: how long the line is kept quiet after a time-out, before it is flushed and asked again.
        attempts: how often a meter is asked in one slot before it counts as silent.
        with_power: addresses of the meters with `power = true`: their active power is read and signed too (DL/T 645 only;
            an inverter always says it).
        meters: at least one.
    """

    name: str
    port: str
    protocol: str
    framing: str = "rtu"
    baudrate: int = 9600
    parity: str = "none"
    timeout_ms: int = 500
    quiet_ms: int = 500
    attempts: int = 2
    with_power: frozenset[str] = frozenset()
    meters: tuple[MeterConfig, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """The whole file.

    Attributes:
        gateway: this gateway's name; its segment of every topic and the common name of its certificate.
        asset: the asset's id; every binding must name it.
        profile: demo, development or production; production refuses keys in files.
        outbox: the outbox's database; it is made when it is missing.
        poll_interval_s: between two slots; slots are its UTC multiples.
        cut_every_s: a batch ends at the UTC multiples of this; a multiple of poll_interval_s, 900 by default.
        count_max: readings a batch holds at most; bounded so that a batch fits a bundle.
        last_slot: poll no slot after this one (UTC unix seconds), seal and stay; for replays, absent otherwise.
        clock: what is known of the machine's clock: synchronised, informative, unknown, or chrony (ask it).
        window: bundles that may be unanswered at a time.
        answer_timeout_s: real seconds until an unanswered bundle is sent again; doubles up to 64 times, with jitter.
        keep_answered_s: answered batches are kept this long, in world time.
        outbox_max_bytes: when the outbox is larger, whole bodies go, oldest first.
        broker: see `shell.broker.BrokerConfig`.
        oracle_points: `[oracle] points`: the pinned public points of the oracles.
        answers_required: `[oracle]`: answers of that many oracles make a batch answered, 1 by default.
        world: socket of a stepped world (`[world]` of the simulator), for replays; absent: the machine's time.
        lines: at least one.
    """

    gateway: str
    asset: str
    profile: str
    outbox: Path
    poll_interval_s: int
    cut_every_s: int = 900
    count_max: int = 512
    last_slot: int | None = None
    clock: str = "chrony"
    window: int = 4
    answer_timeout_s: int = 10
    keep_answered_s: int = 604_800
    outbox_max_bytes: int = 1 << 30
    broker: BrokerConfig
    oracle_points: tuple[bytes, ...]
    answers_required: int = 1
    world: Path | None = None
    lines: tuple[LineConfig, ...]

    @property
    def meters(self) -> tuple[MeterConfig, ...]:
        """The meters of all lines."""
        return tuple(meter for line in self.lines for meter in line.meters)


def load(path: Path) -> GatewayConfig:
    """Read and check a gateway's TOML file, with the keys and bindings that it names.

    Raises:
        ConfigError: naming the file and the field.
    """
    table = read_toml(path)
    asset = table.text("asset", pattern=_ID)
    profile = table.choice("profile", key_files.PROFILES)
    oracle = table.table("oracle")
    config = GatewayConfig(
        gateway=table.text("gateway", pattern=_ID),
        asset=asset,
        profile=profile,
        outbox=table.file("outbox", must_exist=False),
        poll_interval_s=table.integer("poll_interval_s", minimum=1, maximum=3600),
        cut_every_s=table.integer("cut_every_s", minimum=1, maximum=86_400, default=900),
        count_max=table.integer("count_max", minimum=1, maximum=600, default=512),
        last_slot=table.integer("last_slot", minimum=0, maximum=1 << 40, default=None),
        clock=table.choice("clock", ("synchronised", "informative", "unknown", "chrony"), default="chrony"),
        window=table.integer("window", minimum=1, maximum=16, default=4),
        answer_timeout_s=table.integer("answer_timeout_s", minimum=1, maximum=3600, default=10),
        keep_answered_s=table.integer("keep_answered_s", minimum=0, maximum=366 * 86_400, default=604_800),
        outbox_max_bytes=table.integer("outbox_max_bytes", minimum=1 << 20, maximum=1 << 40, default=1 << 30),
        broker=read_broker(table.table("broker")),
        oracle_points=_oracle_points(oracle),
        answers_required=oracle.integer("answers_required", minimum=1, maximum=16, default=1),
        world=table.file("world", must_exist=False, default=None),
        lines=tuple(_line_with_meters(line, asset, profile) for line in table.tables("line", minimum=1, maximum=32)),
    )
    table.finish()
    _check(table, oracle, config)
    return config


def _oracle_points(table: Table) -> tuple[bytes, ...]:
    points = []
    for text in table.texts("points", maximum=16):
        try:
            point = bytes.fromhex(text.removeprefix("0x"))
            PublicKey(point)
        except (ValueError, EvidenceError):
            raise table.error("points", f"{text[:24]}... is not a P-256 point of {POINT_SIZE} bytes in hex") from None
        points.append(point)
    if not points:
        raise table.error("points", "is empty; without an oracle's key no answer can be believed")
    return tuple(points)


def load_lines(path: Path) -> list[tuple[LineConfig, list[MeterPlace]]]:
    """Read only the lines and where their meters are: for a first read, before there is any key or binding.

    Raises:
        ConfigError: naming the file and the field.
    """
    found = []
    for table in read_toml(path).tables("line", minimum=1, maximum=32):
        line = _line(table)
        places = [_place(meter, line.protocol) for meter in _meters(table)]
        found.append((replace(line, with_power=_with_power(places)), places))
    return found


def _line_with_meters(table: Table, asset: str, profile: str) -> LineConfig:
    line = _line(table)
    tables = _meters(table)
    places = [_place(meter, line.protocol) for meter in tables]
    meters = tuple(_meter(meter, place, asset, profile) for meter, place in zip(tables, places, strict=True))
    return replace(line, meters=meters, with_power=_with_power(places))


def _meters(table: Table) -> list[Table]:
    return table.tables("meter", minimum=1, maximum=_METERS_MAX)


def _with_power(places: list[MeterPlace]) -> frozenset[str]:
    return frozenset(place.address for place in places if place.power)


def _line(table: Table) -> LineConfig:
    protocol = table.choice("protocol", PROTOCOLS)
    port = table.text("port")
    over_tcp = port.startswith(TCP)
    return LineConfig(
        name=table.text("name", pattern=r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}"),
        # As every path: relative to this file.
        port=_tcp_port(table, port) if over_tcp else str(table.path.parent / port),
        framing=_framing(table, protocol, over_tcp=over_tcp),
        protocol=protocol,
        baudrate=table.integer("baudrate", minimum=300, maximum=4_000_000, default=9600),
        parity=table.choice("parity", ("none", "even", "odd"), default="none"),
        timeout_ms=table.integer("timeout_ms", minimum=10, maximum=60_000, default=500),
        quiet_ms=table.integer("quiet_ms", minimum=0, maximum=60_000, default=500),
        attempts=table.integer("attempts", minimum=1, maximum=10, default=2),
    )


def _tcp_port(table: Table, port: str) -> str:
    try:
        tcp_address(port)
    except ValueError:
        raise table.error("port", f"{port!r} is not of the form tcp://host:port") from None
    for key in ("baudrate", "parity"):
        if table.has(key):
            raise table.error(key, "is set in the converter: a TCP port has none; leave it out")
    return port


def _framing(table: Table, protocol: str, *, over_tcp: bool) -> str:
    if over_tcp and protocol == "modbus-rtu":
        # A wrong guess would be silence, which looks like a dead device.
        if not table.has("framing"):
            raise table.error(
                "framing", "is missing: tcp for a device that speaks Modbus TCP, rtu for a serial converter"
            )
    elif table.has("framing"):
        raise table.error("framing", "is for Modbus over TCP only; leave it out")
    return table.choice("framing", FRAMINGS, default="rtu")


def _place(table: Table, protocol: str) -> MeterPlace:
    address = table.text("address", pattern=_UNIT if protocol == "modbus-rtu" else r"\d{12}")
    if protocol == "modbus-rtu" and int(address) > 247:
        raise table.error("address", f"{address} is not a Modbus unit, 1 to 247")
    tariffs = table.boolean("tariffs", default=False)
    if tariffs and protocol == "modbus-rtu":
        raise table.error("tariffs", "a SunSpec inverter has no tariff registers")
    power = table.boolean("power", default=False)
    if power and protocol == "modbus-rtu":
        raise table.error("power", "a SunSpec inverter always says its power; leave it out")
    serial = table.text("serial", pattern=r"[ -~]{1,32}")
    return MeterPlace(serial=serial, address=address, tariffs=tariffs, power=power)


def _meter(table: Table, place: MeterPlace, asset: str, profile: str) -> MeterConfig:
    signer = key_files.read_signer(table.file("key", must_exist=False), field="key", profile=profile)
    bound, hash_ = _binding(table)
    for field, stated, wanted in (
        ("serial", bound.serial, place.serial),
        ("asset", bound.asset, asset),
    ):
        if stated != wanted:
            raise table.error("binding", f"binds {field} {stated!r}, this file says {wanted!r}")
    if bound.public_point != signer.public_point:
        raise table.error("key", f"is not the key that the binding of {place.serial} names")
    return MeterConfig(
        serial=place.serial,
        address=place.address,
        signer=signer,
        binding=bound,
        binding_hash=hash_,
        profile=PROFILE_TARIFFS if place.tariffs else PROFILE_BASIC,
    )


def _binding(table: Table) -> tuple[Binding, bytes]:
    path = table.file("binding")
    text = path.read_text("ascii", errors="replace").strip()
    try:
        record = bytes.fromhex(text)
        # The installer's key is the one the record names: whether it is to be trusted is for the oracle to say.
        named = bindings.decode(record[: -2 * 64]).installer_point
        return bindings.open_binding(record, installer_point=named)
    except (ValueError, EvidenceError) as error:
        raise table.error("binding", f"{path.name} does not open: {error}") from None


def _check(table: Table, oracle: Table, config: GatewayConfig) -> None:
    if config.cut_every_s % config.poll_interval_s:
        raise table.error("cut_every_s", f"{config.cut_every_s} is not a multiple of {config.poll_interval_s}")
    if config.answers_required > len(config.oracle_points):
        raise oracle.error(
            "answers_required", f"{config.answers_required} answers of {len(config.oracle_points)} oracles never come"
        )
    if len(config.meters) > _METERS_MAX:
        raise table.error("line", f"{len(config.meters)} meters, at most {_METERS_MAX} allowed")
    for what, values in (
        ("line", [line.name for line in config.lines]),
        ("line", [line.port for line in config.lines]),
        ("line.meter", [meter.serial for meter in config.meters]),
        ("line.meter", [meter.binding.meter_id.hex() for meter in config.meters]),
        *(("line.meter", [meter.address for meter in line.meters]) for line in config.lines),
    ):
        twins = sorted({value for value in values if values.count(value) > 1})
        if twins:
            raise table.error(what, f"{twins[0]!r} is there twice")
