"""DL/T 645-2007 frames of Chinese electricity meters: reading energy registers, power and the address.

Source: DL/T 645-2007 sections 5 (frame), 7.1 to 7.3 (read data, read address), annex A tables A.1 (energy) and A.3 (variables).
A frame is `FE... 68 A0..A5 68 C L DATA CS 16`: the address travels low byte first, each data byte travels with 0x33
added, the checksum is the sum of all bytes from the first 68 to the last of DATA, modulo 256. The checksum may itself
be 0x16: the length decides where a frame ends, never the end byte.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.units import WattHours, div_floor

from .errors import DeviceRefused, ForeignAnswer, FrameDamaged, Unencodable
from .framing import Damaged, Found, FrameScanner, Verdict

__all__ = [
    "Damaged",
    "Frame",
    "FrameDecoder",
    "address_answer",
    "address_request",
    "encode_frame",
    "energy_answer",
    "error_answer",
    "open_address",
    "open_energy",
    "open_power",
    "power_answer",
    "read_request",
    "requested_identifier",
]

PROTOCOL = "DL/T 645"

READ = 0x11
READ_ADDRESS = 0x13
ANSWER_BIT = 0x80
ERROR_BIT = 0x40
MORE_BIT = 0x20  # of an answer: further frames follow

WAKE_UP = 0xFE
START = 0x68
END = 0x16
OFFSET = 0x33
DATA_MAX = 200  # section 5.2.5: L <= 200 when reading
WAKE_UPS = 4

ANY_ADDRESS = "AAAAAAAAAAAA"

FORWARD_TOTAL = 0x00010000
REVERSE_TOTAL = 0x00020000
FORWARD_ALL = 0x0001FF00  # total, then tariffs T1 to T4
POWER_TOTAL = 0x02030000  # instantaneous active power of all phases
REGISTERS_OF = {FORWARD_TOTAL: 1, REVERSE_TOTAL: 1, FORWARD_ALL: 5}

# Error word of an error answer (section 7.1.3): bit 1 says that the meter has no such data.
NO_SUCH_DATA = 0x02
OTHER_ERROR = 0x01

WH_PER_STEP = 10  # XXXXXX.XX kWh
STEPS_MODULUS = 10**8
MODULUS_WH = STEPS_MODULUS * WH_PER_STEP
POWER_TENTHS_MAX = 799_999
_POWER_SIZE = 3  # XX.XXXX kW; the highest bit is the sign
_POWER_PER_W = 10
_NEGATIVE = 0x80
_EMPTY = b"\xff\xff\xff\xff"  # meters send this for a value that they do not have


@dataclass(frozen=True, slots=True)
class Frame:
    """A whole frame with a right checksum.

    `address` is the twelve digits as printed on the meter (high first; 'A' where a request has a wildcard), `data` is
    without 0x33.
    """

    address: str
    control: int
    data: bytes


def encode_frame(address: str, control: int, data: bytes, *, wake_ups: int = 0) -> bytes:
    """One frame, after `wake_ups` bytes FE.

    Raises:
        Unencodable: an address that is not twelve digits (or A for a wildcard), more than 200 data bytes, a control
            code past u8.
    """
    if len(address) != 12 or not set(address) <= set("0123456789A"):
        raise Unencodable("address", address, "twelve digits, or A for a wildcard")
    if len(data) > DATA_MAX:
        raise Unencodable("data", len(data), f"at most {DATA_MAX} bytes")
    if not 0 <= control <= 0xFF:
        raise Unencodable("control", control, "0 to 255")
    body = bytes((START, *reversed(bytes.fromhex(address)), START, control, len(data)))
    body += bytes(byte + OFFSET & 0xFF for byte in data)
    return bytes((WAKE_UP,)) * wake_ups + body + bytes((sum(body) & 0xFF, END))


def _match_frame(buffer: bytes, position: int) -> Found[Frame] | Verdict:
    first = buffer[position]
    if first != START:
        return Verdict.FILLER if first == WAKE_UP else Verdict.NOT_HERE
    frame = buffer[position : position + 12 + DATA_MAX]
    if frame[7:8] not in {b"", bytes((START,))} or frame[9:10] > bytes((DATA_MAX,)):
        return Verdict.NOT_HERE
    end = 10 + (frame[9] if len(frame) > 9 else 0)
    if len(frame) < end + 2:
        return Verdict.INCOMPLETE
    if frame[end] != sum(frame[:end]) & 0xFF or frame[end + 1] != END:
        return Verdict.NOT_HERE
    data = bytes(byte - OFFSET & 0xFF for byte in frame[10:end])
    return Found(Frame(bytes(reversed(frame[1:7])).hex().upper(), frame[8], data), end + 2)


class FrameDecoder(FrameScanner[Frame]):
    """Cuts a byte stream into frames; used by master and meter alike.

    `feed(bytes)` returns `Frame | Damaged` and starts again at the next 68 after damage; FE bytes before a frame are
    no damage.
    """

    def __init__(self) -> None:
        super().__init__(_match_frame)


def _identifier(di: int) -> bytes:
    return di.to_bytes(4, "little")


def read_request(address: str, di: int, *, wake_ups: int = WAKE_UPS) -> bytes:
    """Ask the meter `address` for the data item `di` (C = 11)."""
    return encode_frame(address, READ, _identifier(di), wake_ups=wake_ups)


def address_request(*, wake_ups: int = WAKE_UPS) -> bytes:
    """Ask the only meter on a line for its address (C = 13)."""
    return encode_frame(ANY_ADDRESS, READ_ADDRESS, b"", wake_ups=wake_ups)


def requested_identifier(frame: Frame) -> int:
    """The data item that a read request asks for.

    Raises:
        FrameDamaged: the request has fewer than four data bytes.
    """
    if len(frame.data) < 4:
        raise FrameDamaged(PROTOCOL, f"a read request with {len(frame.data)} data bytes, it needs 4")
    return int.from_bytes(frame.data[:4], "little")


def encode_energy(register_wh: int) -> bytes:
    """Four BCD bytes, low byte first, in steps of 0.01 kWh; rolls over at 1 000 000 kWh.

    Raises:
        Unencodable: a negative register, or one that is not a whole number of steps.
    """
    steps, rest = divmod(register_wh, WH_PER_STEP)
    if rest or register_wh < 0:
        raise Unencodable("register", register_wh, f"a multiple of {WH_PER_STEP} Wh, not negative")
    return bytes(reversed(bytes.fromhex(f"{steps % STEPS_MODULUS:08d}")))


def decode_energy(data: bytes) -> WattHours | None:
    """Four BCD bytes in Wh; None for FF FF FF FF (the meter has no value).

    Raises:
        FrameDamaged: not four bytes, or a nibble above 9.
    """
    if data == _EMPTY:
        return None
    digits = bytes(reversed(data)).hex()
    if len(digits) != 8 or not digits.isdecimal():
        raise FrameDamaged(PROTOCOL, f"{data.hex(' ')} is not four BCD bytes")
    return WattHours(int(digits) * WH_PER_STEP)


def energy_answer(address: str, di: int, registers_wh: Sequence[int | None], *, more: bool = False) -> bytes:
    """Answer `read_request(address, di)` with registers in Wh; None is sent as FF FF FF FF.

    Raises:
        Unencodable: a register that is not a whole number of 0.01 kWh.
    """
    values = b"".join(_EMPTY if wh is None else encode_energy(wh) for wh in registers_wh)
    return encode_frame(address, READ | ANSWER_BIT | (MORE_BIT if more else 0), _identifier(di) + values)


def power_answer(address: str, tenths_w: int) -> bytes:
    """Answer `read_request(address, POWER_TOTAL)` with a power in tenths of a watt, negative in reverse.

    Raises:
        Unencodable: more than 79.9999 kW: the highest bit is the sign.
    """
    if abs(tenths_w) > POWER_TENTHS_MAX:
        raise Unencodable("power", tenths_w, f"at most {POWER_TENTHS_MAX} tenths of a watt")
    digits = bytearray(bytes.fromhex(f"{abs(tenths_w):06d}"))
    digits[0] |= _NEGATIVE if tenths_w < 0 else 0
    return encode_frame(address, READ | ANSWER_BIT, _identifier(POWER_TOTAL) + bytes(reversed(digits)))


def error_answer(address: str, error: int, *, request: int = READ) -> bytes:
    """Refuse a request with an error word (C = D1 for a read)."""
    return encode_frame(address, request | ANSWER_BIT | ERROR_BIT, bytes((error,)))


def address_answer(address: str) -> bytes:
    """Answer `address_request` (C = 93)."""
    return encode_frame(address, READ_ADDRESS | ANSWER_BIT, bytes(reversed(bytes.fromhex(address))))


def _check_answer(frame: Frame, *, address: str | None, request: int) -> None:
    if address is not None and frame.address != address:
        raise ForeignAnswer(PROTOCOL, field="address", expected=address, got=frame.address)
    if frame.control == request | ANSWER_BIT | ERROR_BIT:
        raise DeviceRefused(PROTOCOL, address=frame.address, error=frame.data[0] if frame.data else 0)
    if frame.control & ~MORE_BIT != request | ANSWER_BIT:
        raise ForeignAnswer(
            PROTOCOL, field="control", expected=f"{request | ANSWER_BIT:02X}", got=f"{frame.control:02X}"
        )


def _open_item(frame: Frame, *, address: str, di: int) -> bytes:
    """The bytes of the data item `di`, without its identifier."""
    _check_answer(frame, address=address, request=READ)
    if len(frame.data) < 4:
        raise FrameDamaged(PROTOCOL, f"an answer with {len(frame.data)} data bytes has no data identifier")
    got = int.from_bytes(frame.data[:4], "little")
    if got != di:
        raise ForeignAnswer(PROTOCOL, field="data identifier", expected=f"{di:08X}", got=f"{got:08X}")
    if frame.control & MORE_BIT:
        raise FrameDamaged(PROTOCOL, f"data item {di:08X} fits one frame, the answer says that more follow")
    return frame.data[4:]


def open_energy(frame: Frame, *, address: str, di: int) -> tuple[WattHours | None, ...]:
    """The registers in Wh of an answer to `read_request`: one, or five for FORWARD_ALL (total, T1 to T4).

    None stands where the meter sent FF FF FF FF. Extra bytes are refused: a total answer and a tariff answer never
    pass for one another.

    Raises:
        ForeignAnswer: another meter, another control code, or another data item.
        DeviceRefused: the meter answered with an error word.
        FrameDamaged: a length that is not that of the data item, the more-follows bit (these items fit one frame), or
            no BCD.
    """
    values = _open_item(frame, address=address, di=di)
    expected = REGISTERS_OF.get(di, div_floor(len(values), 4))
    if len(values) != 4 * expected:
        raise FrameDamaged(PROTOCOL, f"data item {di:08X} has {4 * expected} bytes, the answer has {len(values)}")
    return tuple(decode_energy(values[i : i + 4]) for i in range(0, len(values), 4))


def open_power(frame: Frame, *, address: str) -> int | None:
    """The power in W, floored, of an answer to `read_request(address, POWER_TOTAL)`; None for FF FF FF.

    Raises:
        ForeignAnswer, DeviceRefused: as `open_energy`.
        FrameDamaged: not three BCD bytes.
    """
    values = _open_item(frame, address=address, di=POWER_TOTAL)
    if values == _EMPTY[:_POWER_SIZE]:
        return None
    if len(values) != _POWER_SIZE:
        raise FrameDamaged(
            PROTOCOL, f"data item {POWER_TOTAL:08X} has {_POWER_SIZE} bytes, the answer has {len(values)}"
        )
    negative = values[-1] & _NEGATIVE
    digits = bytes((values[-1] & ~_NEGATIVE, *reversed(values[:-1]))).hex()
    if not digits.isdecimal():
        raise FrameDamaged(PROTOCOL, f"{values.hex(' ')} is not three BCD bytes")
    return div_floor(-int(digits) if negative else int(digits), _POWER_PER_W)


def open_address(frame: Frame) -> str:
    """The twelve digits of an answer to `address_request`.

    Raises:
        ForeignAnswer, DeviceRefused: as `open_energy`.
        FrameDamaged: the data are not an address, or not the address in the frame's head.
    """
    _check_answer(frame, address=None, request=READ_ADDRESS)
    address = bytes(reversed(frame.data)).hex().upper()
    if len(address) != 12 or not address.isdecimal() or address != frame.address:
        raise FrameDamaged(PROTOCOL, f"address {address or 'missing'} in a frame of {frame.address}")
    return address
