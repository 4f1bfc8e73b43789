"""Modbus TCP frames: answers of 'read holding registers', and exceptions.

Source: MODBUS Messaging on TCP/IP Implementation Guide 1.0b section 3.1.3 (MBAP header).
A frame is `transaction u16 | protocol u16 = 0 | length u16 | unit u8 | function u8 | data`, all big-endian; the length counts
from the unit on. There is no CRC, because TCP keeps the bytes intact. The transaction number tells a late answer from the
awaited one.
"""

from .errors import ForeignAnswer, FrameDamaged
from .modbus_rtu import open_read_answer

PROTOCOL = "Modbus TCP"
HEAD = 6  # bytes before the unit
_LENGTHS = range(3, 255)  # unit, function and at least one more byte; at most the unit and 253 bytes


def answer_length(data: bytes) -> int:
    """The length of the frame that begins with `data`, as its head states it; `HEAD` while the head is incomplete.

    Raises:
        FrameDamaged: the bytes are no Modbus head: the stream is out of step.
    """
    if len(data) < HEAD:
        return HEAD
    protocol, length = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:6], "big")
    if protocol != 0 or length not in _LENGTHS:
        raise FrameDamaged(PROTOCOL, f"head says protocol {protocol} and length {length}")
    return HEAD + length


def encode_answer(transaction: int, body: bytes) -> bytes:
    """Put the head before `body`, which begins with the unit and has no CRC."""
    return transaction.to_bytes(2, "big") + bytes(2) + len(body).to_bytes(2, "big") + body


def decode_read_answer(frame: bytes, *, transaction: int, unit: int, count: int) -> tuple[int, ...]:
    """Open one answer to a read of `count` registers of `unit`; returns the registers.

    Raises:
        FrameDamaged: too short, no Modbus head, or a length that its own byte count contradicts.
        ForeignAnswer: another transaction, unit, function or count.
        DeviceRefused: an exception answer of this unit.
    """
    stated = answer_length(frame)
    if len(frame) != stated or len(frame) == HEAD:
        raise FrameDamaged(PROTOCOL, f"{len(frame)} bytes, the head says {stated}")
    got = int.from_bytes(frame[:2], "big")
    if got != transaction:
        raise ForeignAnswer(PROTOCOL, field="transaction", expected=transaction, got=got)
    return open_read_answer(frame[HEAD:], PROTOCOL, unit=unit, count=count)
