import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU

from meters import modbus_rtu
from meters.errors import DeviceRefused, ForeignAnswer, FrameDamaged, Unencodable
from meters.modbus_rtu import Damaged, Request, RequestDecoder

UNITS = st.integers(1, 247)
REGISTERS = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=125)


@st.composite
def requests(draw: st.DrawFn) -> Request:
    count = draw(st.integers(1, 125))
    return Request(draw(UNITS), 3, draw(st.integers(0, 0x10000 - count)), count)


def encode(request: Request) -> bytes:
    return modbus_rtu.encode_read_request(request.unit, request.address, request.count)


def test_the_crc_has_its_published_check_value() -> None:
    assert modbus_rtu.crc16(b"123456789") == 0x4B37


@given(data=st.binary(max_size=64))
def test_the_crc_is_the_one_pymodbus_computes(data: bytes) -> None:
    assert modbus_rtu.with_crc(data)[-2:] == FramerRTU.compute_CRC(data).to_bytes(2, "big")


def test_a_request_is_the_example_of_the_specification() -> None:
    # MODBUS Application Protocol 1.1b3, section 6.3: read registers 108-110 (zero-based 0x006B); unit 1 added here.
    assert modbus_rtu.encode_read_request(1, 0x6B, 3)[:-2] == bytes.fromhex("0103006B0003")


@given(sent=st.lists(requests(), max_size=4), data=st.data())
def test_requests_come_out_in_order_however_the_stream_is_cut(sent: list[Request], data: st.DataObject) -> None:
    stream = b"".join(encode(request) for request in sent)
    decoder = RequestDecoder()
    out: list[Request | Damaged] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        out += decoder.feed(stream[:cut])
        stream = stream[cut:]
    assert out == sent
    assert decoder.pending == 0


@given(request=requests(), bit=st.integers(0, 63))
def test_a_request_with_one_flipped_bit_is_damage_and_never_another_request(request: Request, bit: int) -> None:
    frame = bytearray(encode(request))
    frame[bit // 8] ^= 1 << bit % 8
    decoder = RequestDecoder()
    events = decoder.feed(bytes(frame)) + decoder.flush()
    assert events
    assert all(isinstance(event, Damaged) for event in events)


@given(noise=st.binary(min_size=1, max_size=40), request=requests())
def test_a_request_after_noise_is_found(noise: bytes, request: Request) -> None:
    decoder = RequestDecoder()
    events = decoder.feed(noise + encode(request)) + decoder.flush()
    assert request in events


def test_an_incomplete_request_is_not_damage_until_the_line_is_quiet() -> None:
    decoder = RequestDecoder()
    frame = encode(Request(1, 3, 40000, 10))
    assert decoder.feed(frame[:5]) == []
    assert decoder.pending == 5
    assert decoder.flush() == [Damaged(5)]
    assert decoder.feed(frame) == [Request(1, 3, 40000, 10)]


def test_a_write_request_is_heard_so_that_it_can_be_refused() -> None:
    frame = modbus_rtu.with_crc(bytes.fromhex("01100001000204000A0102"))
    assert RequestDecoder().feed(frame) == [Request(1, 0x10, 1, 2)]


@given(unit=UNITS, registers=REGISTERS)
def test_an_answer_reads_back(unit: int, registers: list[int]) -> None:
    frame = modbus_rtu.encode_read_answer(unit, registers)
    assert modbus_rtu.decode_read_answer(frame, unit=unit, count=len(registers)) == tuple(registers)


@given(unit=UNITS, registers=REGISTERS, data=st.data())
def test_an_answer_with_one_flipped_bit_is_damaged(unit: int, registers: list[int], data: st.DataObject) -> None:
    frame = bytearray(modbus_rtu.encode_read_answer(unit, registers))
    bit = data.draw(st.integers(0, 8 * len(frame) - 1))
    frame[bit // 8] ^= 1 << bit % 8
    with pytest.raises(FrameDamaged):
        modbus_rtu.decode_read_answer(bytes(frame), unit=unit, count=len(registers))


@given(unit=UNITS, registers=REGISTERS, data=st.data())
def test_a_truncated_answer_is_damaged(unit: int, registers: list[int], data: st.DataObject) -> None:
    frame = modbus_rtu.encode_read_answer(unit, registers)
    with pytest.raises(FrameDamaged):
        modbus_rtu.decode_read_answer(
            frame[: data.draw(st.integers(0, len(frame) - 1))], unit=unit, count=len(registers)
        )


def test_another_units_answer_is_foreign() -> None:
    with pytest.raises(ForeignAnswer) as caught:
        modbus_rtu.decode_read_answer(modbus_rtu.encode_read_answer(2, [1]), unit=1, count=1)
    assert (caught.value.field, caught.value.expected, caught.value.got) == ("unit", 1, 2)


def test_an_answer_of_another_length_or_function_is_foreign() -> None:
    with pytest.raises(ForeignAnswer, match="byte count"):
        modbus_rtu.decode_read_answer(modbus_rtu.encode_read_answer(1, [1, 2]), unit=1, count=1)
    with pytest.raises(ForeignAnswer, match="function"):
        modbus_rtu.decode_read_answer(modbus_rtu.encode_read_answer(1, [1], function=4), unit=1, count=1)


def test_an_exception_answer_is_a_refusal_with_its_code() -> None:
    with pytest.raises(DeviceRefused) as caught:
        modbus_rtu.decode_read_answer(modbus_rtu.encode_exception(1, 3, 6), unit=1, count=1)
    assert caught.value.error == modbus_rtu.DEVICE_BUSY


@pytest.mark.parametrize(("unit", "address", "count"), [(0, 0, 1), (248, 0, 1), (1, 0, 0), (1, 0, 126), (1, 65535, 2)])
def test_an_impossible_request_is_refused(unit: int, address: int, count: int) -> None:
    with pytest.raises(Unencodable):
        modbus_rtu.encode_read_request(unit, address, count)


@pytest.mark.parametrize("registers", [[], [0] * 126, [-1], [0x10000]])
def test_an_impossible_answer_is_refused(registers: list[int]) -> None:
    with pytest.raises(Unencodable):
        modbus_rtu.encode_read_answer(1, registers)
