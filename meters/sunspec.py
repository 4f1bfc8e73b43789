"""SunSpec models 1 (common) and 101, 102, 103 (single, split and three-phase inverter, integers with scale factors).

Source: SunSpec Device Information Model specification 1.1 and the model files 1 and 101 to 103 of github.com/sunspec/models.
The map starts at holding register 40000, 0 or 50000 (zero-based, as on the wire): 'SunS', model 1 (length 66, in old devices
65), one of the inverter models (length 50, the same points at the same places in all three), end model (0xFFFF, length 0).
Models 111 to 113 have the same points in floating point, where a lifetime register has 24 bits: they are no source of money.
Energy and its scale factor are always read in one request: a scale factor may change between two.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from evidence.units import WattHours, div_floor

from .errors import ModelMismatch, Unencodable

BASE = 40000  # of the maps that `build_image` makes
BASES = (40000, 0, 50000)  # where a map may begin, the usual place first
MARKER = (0x5375, 0x6E53)  # 'SunS'
END_MODEL = (0xFFFF, 0)

NOT_IMPLEMENTED_U16 = 0xFFFF
NOT_IMPLEMENTED_I16 = 0x8000
NOT_IMPLEMENTED_U32 = 0xFFFFFFFF
# 0 in an accumulator means 'not implemented'. An inverter that wakes up shows 0 too, so 0 stays 0 here and the caller
# judges.
NOT_IMPLEMENTED_ACC32 = 0

ACC32_MODULUS = 1 << 32
SCALE_FACTOR_MAX = 10

INVERTER_MODELS = (101, 102, 103)
FLOAT_INVERTER_MODELS = (111, 112, 113)

STATE_SLEEPING = 2
STATE_MPPT = 4

PointType = Literal["uint16", "int16", "sunssf", "acc32", "enum16", "bitfield32", "string", "pad"]

_SIZE: Mapping[PointType, int] = {
    "uint16": 1,
    "int16": 1,
    "sunssf": 1,
    "acc32": 2,
    "enum16": 1,
    "bitfield32": 2,
    "pad": 1,
}


@dataclass(frozen=True, slots=True)
class Point:
    """One point of a model: `offset` in registers from the model's ID, `scale` the name of its scale factor's point."""

    name: str
    offset: int
    type: PointType
    scale: str | None = None
    registers: int = 1


def _points(*rows: tuple[str, PointType] | tuple[str, PointType, str] | tuple[str, PointType, int]) -> dict[str, Point]:
    points: dict[str, Point] = {}
    offset = 0
    for name, kind, *rest in rows:
        extra = rest[0] if rest else None
        registers = extra if isinstance(extra, int) else _SIZE[kind]
        points[name] = Point(name, offset, kind, extra if isinstance(extra, str) else None, registers)
        offset += registers
    return points


MODEL_1 = _points(
    ("ID", "uint16"),
    ("L", "uint16"),
    ("Mn", "string", 16),
    ("Md", "string", 16),
    ("Opt", "string", 8),
    ("Vr", "string", 8),
    ("SN", "string", 16),
    ("DA", "uint16"),
    ("Pad", "pad"),
)
MODEL_103 = _points(
    ("ID", "uint16"),
    ("L", "uint16"),
    ("A", "uint16", "A_SF"),
    ("AphA", "uint16", "A_SF"),
    ("AphB", "uint16", "A_SF"),
    ("AphC", "uint16", "A_SF"),
    ("A_SF", "sunssf"),
    ("PPVphAB", "uint16", "V_SF"),
    ("PPVphBC", "uint16", "V_SF"),
    ("PPVphCA", "uint16", "V_SF"),
    ("PhVphA", "uint16", "V_SF"),
    ("PhVphB", "uint16", "V_SF"),
    ("PhVphC", "uint16", "V_SF"),
    ("V_SF", "sunssf"),
    ("W", "int16", "W_SF"),
    ("W_SF", "sunssf"),
    ("Hz", "uint16", "Hz_SF"),
    ("Hz_SF", "sunssf"),
    ("VA", "int16", "VA_SF"),
    ("VA_SF", "sunssf"),
    ("VAr", "int16", "VAr_SF"),
    ("VAr_SF", "sunssf"),
    ("PF", "int16", "PF_SF"),
    ("PF_SF", "sunssf"),
    ("WH", "acc32", "WH_SF"),
    ("WH_SF", "sunssf"),
    ("DCA", "uint16", "DCA_SF"),
    ("DCA_SF", "sunssf"),
    ("DCV", "uint16", "DCV_SF"),
    ("DCV_SF", "sunssf"),
    ("DCW", "int16", "DCW_SF"),
    ("DCW_SF", "sunssf"),
    ("TmpCab", "int16", "Tmp_SF"),
    ("TmpSnk", "int16", "Tmp_SF"),
    ("TmpTrns", "int16", "Tmp_SF"),
    ("TmpOt", "int16", "Tmp_SF"),
    ("Tmp_SF", "sunssf"),
    ("St", "enum16"),
    ("StVnd", "enum16"),
    ("Evt1", "bitfield32"),
    ("Evt2", "bitfield32"),
    ("EvtVnd1", "bitfield32"),
    ("EvtVnd2", "bitfield32"),
    ("EvtVnd3", "bitfield32"),
    ("EvtVnd4", "bitfield32"),
)
MODEL_1_LENGTH = 66
MODEL_103_LENGTH = 50

MODEL_1_ADDRESS = BASE + 2
MODEL_103_ADDRESS = MODEL_1_ADDRESS + 2 + MODEL_1_LENGTH
END_ADDRESS = MODEL_103_ADDRESS + 2 + MODEL_103_LENGTH
IMAGE_REGISTERS = END_ADDRESS + 2 - BASE

# The one request of a poll: from model 103's ID to WH_SF, so that model, power, energy and both scale factors are one
# answer.
INVERTER_BLOCK_ADDRESS = MODEL_103_ADDRESS
INVERTER_BLOCK_REGISTERS = MODEL_103["WH_SF"].offset + 1

Value = int | str | None


def _encode_integer(point: Point, value: int) -> tuple[int, ...]:
    bits = 16 * point.registers
    signed = point.type in {"int16", "sunssf"}
    low, high = (-(1 << bits - 1) + 1, (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)
    if not low <= value <= high:
        raise Unencodable(point.name, value, f"{point.type} holds {low} to {high}")
    raw = value & ((1 << bits) - 1)
    return tuple(raw >> shift & 0xFFFF for shift in range(bits - 16, -1, -16))


def encode_point(point: Point, value: Value) -> tuple[int, ...]:
    """The registers of one point; None is its 'not implemented' sentinel.

    Raises:
        Unencodable: a value of the wrong kind or size, or a string that is too long or not ASCII.
    """
    if point.type == "string":
        if not isinstance(value, str | None):
            raise Unencodable(point.name, value, "a string")
        text = value or ""
        if not text.isascii() or len(text) > 2 * point.registers:
            raise Unencodable(point.name, value, f"at most {2 * point.registers} ASCII characters")
        data = text.encode("ascii").ljust(2 * point.registers, b"\0")
        return tuple(int.from_bytes(data[i : i + 2], "big") for i in range(0, len(data), 2))
    if isinstance(value, str):
        raise Unencodable(point.name, value, "an integer")
    if value is None:
        if point.type in {"int16", "sunssf", "pad"}:
            return (NOT_IMPLEMENTED_I16,)
        return (0, 0) if point.type == "acc32" else (0xFFFF,) * point.registers
    return _encode_integer(point, value)


def decode_point(point: Point, registers: Sequence[int]) -> Value:
    """The value of one point in the registers of its model (index 0 = the model's ID).

    Sentinels are None, except an accumulator's 0, which stays 0.

    Raises:
        ModelMismatch: the registers end before the point does.
    """
    own = registers[point.offset : point.offset + point.registers]
    if len(own) < point.registers:
        raise ModelMismatch(field="length", expected=point.offset + point.registers, got=len(registers))
    if point.type == "string":
        data = b"".join(register.to_bytes(2, "big") for register in own)
        return data.rstrip(b"\0 ").decode("ascii", "replace") or None
    raw = 0
    for register in own:
        raw = raw << 16 | register
    if point.type == "acc32":
        return raw
    if point.type in {"int16", "sunssf", "pad"}:
        return None if raw == NOT_IMPLEMENTED_I16 else raw - 0x10000 if raw & 0x8000 else raw
    return None if raw == (1 << 16 * point.registers) - 1 else raw


def _model(points: Mapping[str, Point], identity: int, length: int, values: Mapping[str, Value]) -> tuple[int, ...]:
    unknown = values.keys() - points.keys()
    if unknown:
        raise Unencodable(f"model {identity}", min(unknown), "not a point of this model")
    registers: tuple[int, ...] = ()
    fixed: dict[str, Value] = {**values, "ID": identity, "L": length}
    for point in points.values():
        registers += encode_point(point, fixed.get(point.name))
    return registers


def build_image(common: Mapping[str, Value], inverter: Mapping[str, Value]) -> tuple[int, ...]:
    """All registers of an inverter from `BASE` on: marker, model 1, model 103, end model.

    Args:
        common: values by name of model 1's points; a point that is left out is not implemented.
        inverter: the same for model 103, before scaling (register values, not engineering units).

    Raises:
        Unencodable: an unknown point, or a value that does not fit.
    """
    return (
        *MARKER,
        *_model(MODEL_1, 1, MODEL_1_LENGTH, common),
        *_model(MODEL_103, 103, MODEL_103_LENGTH, inverter),
        *END_MODEL,
    )


@dataclass(frozen=True, slots=True)
class InverterRegisters:
    """Energy and power in one answer, before scaling; None where the device says 'not implemented'.

    `energy_raw` is never None: 0 may be 'not implemented' or an inverter that has just woken up, and 0xFFFFFFFF is
    seen in the field beside real power. Both stand here as the device sent them, and the caller decides.
    """

    energy_raw: int
    energy_sf: int | None
    power_raw: int | None
    power_sf: int | None


def read_inverter(registers: Sequence[int]) -> InverterRegisters:
    """Read energy and power from the one block of a poll.

    Args:
        registers: `INVERTER_BLOCK_REGISTERS` (or more) registers from the model's ID on.

    Raises:
        ModelMismatch: not model 101, 102 or 103 of length 50, or too few registers.
    """
    if len(registers) < INVERTER_BLOCK_REGISTERS:
        raise ModelMismatch(field="block length", expected=INVERTER_BLOCK_REGISTERS, got=len(registers))
    if registers[0] not in INVERTER_MODELS:
        raise no_inverter(registers[0])
    if registers[1] != MODEL_103_LENGTH:
        raise ModelMismatch(field=f"length of model {registers[0]}", expected=MODEL_103_LENGTH, got=registers[1])

    def integer(name: str) -> int | None:
        value = decode_point(MODEL_103[name], registers)
        return value if isinstance(value, int) else None

    return InverterRegisters(integer("WH") or 0, integer("WH_SF"), integer("W"), integer("W_SF"))


def no_inverter(model: int) -> ModelMismatch:
    """The error for a device without a model that can be read; `model` is the (last) one it has."""
    got = f"{model} (floating point, whose energy is not exact)" if model in FLOAT_INVERTER_MODELS else model
    return ModelMismatch(field="model", expected="101, 102 or 103 (integers)", got=got)


def energy_wh(raw: int, sf: int) -> WattHours:
    """Give raw x 10^sf in Wh, floored where sf is negative.

    Raises:
        ModelMismatch: a scale factor outside -10..10, which SunSpec does not have.
    """
    if not -SCALE_FACTOR_MAX <= sf <= SCALE_FACTOR_MAX:
        raise ModelMismatch(field="scale factor", expected="-10 to 10", got=sf)
    return WattHours(raw * 10**sf if sf >= 0 else div_floor(raw, 10**-sf))


def power_w(raw: int, sf: int) -> int:
    """Give raw x 10^sf in W, floored where sf is negative; errors as `energy_wh`."""
    return int(energy_wh(raw, sf))
