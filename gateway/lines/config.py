"""The lines of a gateway's configuration, `[[line]]`, and the meters on them, `[[line.meter]]`."""

from dataclasses import dataclass, replace
from pathlib import Path

from evidence import binding as bindings
from evidence.binding import Binding
from evidence.errors import EvidenceError
from evidence.keys import Signer
from evidence.reading import PROFILE_BASIC, PROFILE_TARIFFS
from gateway.lines.tcp_stream import TCP, tcp_address
from runtime import key_files
from runtime.config import Table, read_toml

METERS_MAX = 64  # of one head request
_LINES_MAX = 32
_UNIT = r"[1-9]\d{0,2}"
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
    """How to ask one meter, without its key: `serial`, `address`, and the switches `tariffs` and `power`."""

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
        parity: none, even or odd; a pseudo-terminal is always opened without parity.
        timeout_ms: how long an answer may take.
        quiet_ms: how long the line is kept quiet after a time-out, before it is flushed and asked again.
        attempts: how often a meter is asked in one slot before it counts as silent.
        with_power: addresses of the meters with `power = true`: their active power is read and signed too (DL/T 645 only;
            an inverter always sends it).
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


def read_lines(table: Table, asset: str, profile: str) -> tuple[LineConfig, ...]:
    """Read every `[[line]]` of a gateway's table, with the keys and bindings of its meters.

    Raises:
        ConfigError: naming the file and the field.
    """
    return tuple(_line_with_meters(line, asset, profile) for line in _lines(table))


def load_lines(path: Path) -> list[tuple[LineConfig, list[MeterPlace]]]:
    """Read only the lines and their meters' addresses: for a first read, before there is any key or binding.

    Raises:
        ConfigError: naming the file and the field.
    """
    found = []
    for table in _lines(read_toml(path)):
        line = _line(table)
        places = [_place(meter, line.protocol) for meter in _meters(table)]
        found.append((replace(line, with_power=_with_power(places)), places))
    return found


def _lines(table: Table) -> list[Table]:
    return table.tables("line", minimum=1, maximum=_LINES_MAX)


def _line_with_meters(table: Table, asset: str, profile: str) -> LineConfig:
    line = _line(table)
    tables = _meters(table)
    places = [_place(meter, line.protocol) for meter in tables]
    meters = tuple(_meter(meter, place, asset, profile) for meter, place in zip(tables, places, strict=True))
    return replace(line, meters=meters, with_power=_with_power(places))


def _meters(table: Table) -> list[Table]:
    return table.tables("meter", minimum=1, maximum=METERS_MAX)


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
        # With a wrong guess the device would not answer, and look dead.
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
        # The record is checked under the installer's key that it names itself; the oracle decides whether to trust that installer.
        named = bindings.decode(record[: -2 * 64]).installer_point
        return bindings.open_binding(record, installer_point=named)
    except (ValueError, EvidenceError) as error:
        raise table.error("binding", f"{path.name} does not open: {error}") from None
