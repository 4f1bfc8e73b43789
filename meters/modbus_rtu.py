"""Modbus RTU frames: requests and answers of 'read holding registers', and exceptions.

Source: MODBUS Application Protocol 1.1b3 sections 6.3 and 7; MODBUS over Serial Line 1.02 section 2.5.1 (RTU, CRC-16).
A frame is `unit u8 | function u8 | data | CRC-16 low byte first`. Register values are big-endian u16.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from .errors import DeviceRefused, ForeignAnswer, FrameDamaged, Unencodable
from .framing import Damaged, Found, FrameScanner, Verdict

__all__ = [
    "Damaged",
    "Request",
    "RequestDecoder",
    "crc16",
    "decode_read_answer",
    "encode_exception",
    "encode_read_answer",
    "encode_read_request",
    "open_read_answer",
    "with_crc",
]

PROTOCOL = "Modbus RTU"
READ_HOLDING = 0x03
READ_INPUT = 0x04
EXCEPTION_BIT = 0x80
REGISTERS_MAX = 125  # of one read: the byte count of the answer is a u8

ILLEGAL_FUNCTION = 0x01
ILLEGAL_ADDRESS = 0x02
ILLEGAL_VALUE = 0x03
DEVICE_FAILURE = 0x04
DEVICE_BUSY = 0x06
# A gateway or converter answers with these codes for a device that is silent (Application Protocol 1.1b3 section 7).
PATH_UNAVAILABLE = 0x0A
TARGET_SILENT = 0x0B

# Requests whose frame is always eight bytes: unit, function, two u16, CRC.
_FIXED_REQUESTS = range(0x01, 0x07)
_FIXED_LENGTH = 8
# Writes of many coils or registers carry a byte count in their seventh byte.
_COUNTED_REQUESTS = (0x0F, 0x10)


def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
        table.append(crc)
    return tuple(table)


_CRC_TABLE = _crc_table()


def crc16(data: bytes) -> int:
    """CRC-16/MODBUS (reflected 0x8005, initial 0xFFFF); of b'123456789' it is 0x4B37."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def with_crc(body: bytes) -> bytes:
    """Append the CRC, low byte first."""
    return body + crc16(body).to_bytes(2, "little")


@dataclass(frozen=True, slots=True)
class Request:
    """A whole request with a right CRC.

    For functions 1 to 6 `address` and `count` are the two u16 of the request (for a single write `count` is the value);
    for other functions they are the bytes in the same place. A server that knows only reads answers the other functions
    with ILLEGAL_FUNCTION.
    """

    unit: int
    function: int
    address: int
    count: int


def encode_read_request(unit: int, address: int, count: int) -> bytes:
    """Ask `unit` for `count` holding registers from `address` (zero-based, as on the wire).

    Raises:
        Unencodable: unit outside 1..247, count outside 1..125, or registers past 65535.
    """
    if not 1 <= unit <= 247:
        raise Unencodable("unit", unit, "1 to 247")
    if not 1 <= count <= REGISTERS_MAX:
        raise Unencodable("count", count, f"1 to {REGISTERS_MAX}")
    if not 0 <= address <= 0x10000 - count:
        raise Unencodable("address", address, "address + count at most 65536")
    return with_crc(bytes((unit, READ_HOLDING)) + address.to_bytes(2, "big") + count.to_bytes(2, "big"))


def encode_read_answer(unit: int, registers: Sequence[int], function: int = READ_HOLDING) -> bytes:
    """Answer a read with `registers` (u16 each).

    Raises:
        Unencodable: no register, more than 125, or one outside u16.
    """
    if not 1 <= len(registers) <= REGISTERS_MAX:
        raise Unencodable("registers", len(registers), f"1 to {REGISTERS_MAX} of them")
    for register in registers:
        if not 0 <= register <= 0xFFFF:
            raise Unencodable("register", register, "0 to 65535")
    data = b"".join(register.to_bytes(2, "big") for register in registers)
    return with_crc(bytes((unit, function, len(data))) + data)


def encode_exception(unit: int, function: int, code: int) -> bytes:
    """Refuse a request of `function` with an exception code."""
    return with_crc(bytes((unit, function | EXCEPTION_BIT, code)))


def decode_read_answer(frame: bytes, *, unit: int, count: int) -> tuple[int, ...]:
    """Open one answer to `encode_read_request(unit, ..., count)`; returns the `count` registers.

    Modbus answers carry no request number: an answer to an earlier request of the same unit and count passes. The
    driver keeps the line quiet and flushes it after a time-out for that reason.

    Raises:
        FrameDamaged: too short, a wrong CRC, or a length that its own byte count contradicts.
        ForeignAnswer: another unit, function or count.
        DeviceRefused: an exception answer of this unit.
    """
    if len(frame) < 5:
        raise FrameDamaged(PROTOCOL, f"{len(frame)} bytes, an answer has at least 5")
    stated = int.from_bytes(frame[-2:], "little")
    computed = crc16(frame[:-2])
    if stated != computed:
        raise FrameDamaged(PROTOCOL, f"CRC is {stated:#06x}, the bytes give {computed:#06x}")
    return open_read_answer(frame[:-2], PROTOCOL, unit=unit, count=count)


def open_read_answer(body: bytes, protocol: str, *, unit: int, count: int) -> tuple[int, ...]:
    """Open the part of an answer that RTU and TCP share, between head and check: unit, function, registers.

    Raises:
        FrameDamaged, ForeignAnswer, DeviceRefused: as `decode_read_answer`.
    """
    if body[0] != unit:
        raise ForeignAnswer(protocol, field="unit", expected=unit, got=body[0])
    if body[1] == READ_HOLDING | EXCEPTION_BIT and len(body) == 3:
        raise DeviceRefused(protocol, address=unit, error=body[2])
    if body[1] != READ_HOLDING:
        raise ForeignAnswer(protocol, field="function", expected=READ_HOLDING, got=body[1])
    if body[2] != len(body) - 3:
        raise FrameDamaged(protocol, f"byte count is {body[2]}, {len(body) - 3} bytes follow")
    if body[2] != 2 * count:
        raise ForeignAnswer(protocol, field="byte count", expected=2 * count, got=body[2])
    return tuple(int.from_bytes(body[i : i + 2], "big") for i in range(3, 3 + 2 * count, 2))


def _match_request(buffer: bytes, position: int) -> Found[Request] | Verdict:
    available = len(buffer) - position
    if available < 2:
        return Verdict.INCOMPLETE
    function = buffer[position + 1]
    if function in _FIXED_REQUESTS:
        length = _FIXED_LENGTH
    elif function in _COUNTED_REQUESTS:
        if available < 7:
            return Verdict.INCOMPLETE
        length = 9 + buffer[position + 6]
    else:
        return Verdict.NOT_HERE
    if available < length:
        return Verdict.INCOMPLETE
    frame = buffer[position : position + length]
    if crc16(frame[:-2]) != int.from_bytes(frame[-2:], "little"):
        return Verdict.NOT_HERE
    request = Request(frame[0], function, int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big"))
    return Found(request, length)


class RequestDecoder(FrameScanner[Request]):
    """The server's side: cut a byte stream into requests.

    `feed(bytes)` returns `Request | Damaged`; `flush()` after a quiet line turns an unfinished request into `Damaged`.
    """

    def __init__(self) -> None:
        super().__init__(_match_request)
