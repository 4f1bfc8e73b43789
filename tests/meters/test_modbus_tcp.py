from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse

from meters import modbus_tcp
from meters.errors import DeviceRefused, ForeignAnswer, FrameDamaged, MeterError

registers = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=125)


@given(transaction=st.integers(0, 0xFFFF), unit=st.integers(1, 247), values=registers)
def test_what_pymodbus_frames_is_opened(transaction: int, unit: int, values: list[int]) -> None:
    answer = ReadHoldingRegistersResponse(registers=values, dev_id=unit, transaction_id=transaction)
    frame = FramerSocket(DecodePDU(True)).buildFrame(answer)
    assert modbus_tcp.answer_length(frame) == len(frame)
    opened = modbus_tcp.decode_read_answer(frame, transaction=transaction, unit=unit, count=len(values))
    assert opened == tuple(values)
    assert modbus_tcp.encode_answer(transaction, frame[modbus_tcp.HEAD :]) == frame


@given(data=st.binary(max_size=300))
def test_any_bytes_are_registers_or_a_typed_error(data: bytes) -> None:
    with suppress(MeterError):
        assert len(modbus_tcp.decode_read_answer(data, transaction=1, unit=1, count=2)) == 2


def answer(body: str, *, transaction: int = 1) -> bytes:
    return modbus_tcp.encode_answer(transaction, bytes.fromhex(body))


@pytest.mark.parametrize(
    ("frame", "error"),
    [
        (answer("070302"), FrameDamaged),
        (answer("07030200aa")[:-1], FrameDamaged),
        (answer("07030200aa") + b"\0", FrameDamaged),
        (answer("07030200aa")[:6], FrameDamaged),
        (b"", FrameDamaged),
        (b"\0\1\0\1" + answer("07030200aa")[4:], FrameDamaged),
        (answer("07030200aa", transaction=2), ForeignAnswer),
        (answer("08030200aa"), ForeignAnswer),
        (answer("07040200aa"), ForeignAnswer),
        (answer("07030400aa00bb"), ForeignAnswer),
        (answer("078302"), DeviceRefused),
    ],
)
def test_what_is_no_answer_is_named(frame: bytes, error: type[MeterError]) -> None:
    with pytest.raises(error):
        modbus_tcp.decode_read_answer(frame, transaction=1, unit=7, count=1)
