import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from dlt645.common.transform import float_to_bcd
from dlt645.protocol.protocol import DLT645Protocol
from hypothesis import example, given
from hypothesis import strategies as st

from meters import dlt645
from meters.dlt645 import Damaged, Frame, FrameDecoder
from meters.errors import DeviceRefused, ForeignAnswer, FrameDamaged, Unencodable

RECORDED: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data/dlt645_frames.json").read_text())["frames"]

ADDRESSES = st.text("0123456789", min_size=12, max_size=12)
REGISTERS = st.integers(0, 10**8 - 1).map(lambda steps: 10 * steps)


def one_frame(data: bytes) -> Frame:
    (frame,) = FrameDecoder().feed(data)
    assert isinstance(frame, Frame)
    return frame


def recorded(number: int) -> Frame:
    return one_frame(bytes.fromhex(RECORDED[number]["frame"]))


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: str(case["means"])[:40])
def test_each_recorded_frame_is_whole_or_damaged_as_the_record_says(case: dict[str, Any]) -> None:
    decoder = FrameDecoder()
    events = decoder.feed(bytes.fromhex(case["frame"])) + decoder.flush()
    assert any(isinstance(event, Frame) for event in events) is case["valid"]
    assert any(isinstance(event, Damaged) for event in events) is not case["valid"]


def test_the_recorded_requests_are_what_we_would_send() -> None:
    assert dlt645.address_request() == bytes.fromhex(RECORDED[0]["frame"])
    assert dlt645.read_request("000000193600", dlt645.FORWARD_ALL, wake_ups=1) == bytes.fromhex(RECORDED[2]["frame"])
    assert dlt645.read_request("000000000161", dlt645.FORWARD_TOTAL) == bytes.fromhex(RECORDED[4]["frame"])


def test_the_recorded_answers_open_to_their_values() -> None:
    assert dlt645.open_address(recorded(1)) == "000000193600"
    registers = dlt645.open_energy(recorded(3), address="000000193600", di=dlt645.FORWARD_ALL)
    assert registers == (36_300, 2_560, 190, 380, 33_170)
    assert dlt645.open_energy(recorded(5), address="000000000161", di=dlt645.FORWARD_TOTAL) == (260,)
    assert dlt645.open_energy(recorded(7), address="398192000337", di=dlt645.FORWARD_TOTAL) == (70,)


def test_a_recorded_voltage_is_no_energy() -> None:
    with pytest.raises(ForeignAnswer, match="02010100"):
        dlt645.open_energy(recorded(6), address="000000000161", di=dlt645.FORWARD_TOTAL)


def test_our_answer_is_the_recorded_one() -> None:
    answer = dlt645.energy_answer("000000193600", dlt645.FORWARD_ALL, [36_300, 2_560, 190, 380, 33_170])
    assert answer == bytes.fromhex(RECORDED[3]["frame"])


@given(address=ADDRESSES, control=st.integers(0, 255), data=st.binary(max_size=200), wake_ups=st.integers(0, 4))
def test_frames_round_trip_and_the_dlt645_package_agrees(
    address: str, control: int, data: bytes, wake_ups: int
) -> None:
    encoded = dlt645.encode_frame(address, control, data, wake_ups=wake_ups)
    assert one_frame(encoded) == Frame(address, control, data)
    wire_address = bytes(reversed(bytes.fromhex(address)))
    assert encoded == bytes(DLT645Protocol.build_frame(wire_address, control, data, wake_ups))


# The checksum of this frame is 0x16 itself, where an older library stops one byte early.
CHECKSUM_16 = next(
    f"{n:012d}" for n in range(10_000) if dlt645.read_request(f"{n:012d}", dlt645.FORWARD_TOTAL)[-2] == 0x16
)


@given(frames=st.lists(st.tuples(ADDRESSES, REGISTERS), max_size=4), data=st.data())
@example(frames=[(CHECKSUM_16, 0), ("000000000001", 160)], data=None)
def test_frames_come_out_in_order_however_the_stream_is_cut(
    frames: list[tuple[str, int]], data: st.DataObject | None
) -> None:
    stream = b"".join(dlt645.read_request(a, dlt645.FORWARD_TOTAL) for a, _ in frames)
    stream += b"".join(dlt645.energy_answer(a, dlt645.FORWARD_TOTAL, [wh]) for a, wh in frames)
    decoder = FrameDecoder()
    out: list[Frame | Damaged] = []
    while stream:
        cut = data.draw(st.integers(1, len(stream))) if data else 1
        out += decoder.feed(stream[:cut])
        stream = stream[cut:]
    assert [frame.address for frame in out if isinstance(frame, Frame)] == 2 * [address for address, _ in frames]
    assert len(out) == 2 * len(frames)


@given(
    address=ADDRESSES,
    item=st.sampled_from(sorted(dlt645.REGISTERS_OF.items())),
    registers=st.lists(REGISTERS, min_size=5, max_size=5),
    data=st.data(),
)
def test_an_energy_answer_with_one_flipped_bit_is_never_a_frame(
    address: str, item: tuple[int, int], registers: list[int], data: st.DataObject
) -> None:
    # BCD data plus 0x33 never holds the end byte 0x16, so even a flipped length finds no other end.
    di, count = item
    frame = bytearray(dlt645.energy_answer(address, di, registers[:count]))
    bit = data.draw(st.integers(0, 8 * len(frame) - 1))
    frame[bit // 8] ^= 1 << bit % 8
    decoder = FrameDecoder()
    events = decoder.feed(bytes(frame)) + decoder.flush()
    assert events
    assert all(isinstance(event, Damaged) for event in events)


@given(noise=st.binary(max_size=60), address=ADDRESSES, wh=REGISTERS)
def test_a_frame_after_noise_is_found(noise: bytes, address: str, wh: int) -> None:
    decoder = FrameDecoder()
    answer = dlt645.energy_answer(address, dlt645.FORWARD_TOTAL, [wh])
    events = decoder.feed(noise + answer) + decoder.flush()
    assert one_frame(answer) in events


def test_wake_up_bytes_are_no_damage_however_many() -> None:
    events = FrameDecoder().feed(b"\xfe" * 9 + dlt645.read_request("000000000001", dlt645.FORWARD_TOTAL))
    assert [type(event) for event in events] == [Frame]


def test_an_incomplete_frame_waits_and_hides_nothing() -> None:
    decoder = FrameDecoder()
    request = dlt645.read_request("000000000001", dlt645.FORWARD_TOTAL, wake_ups=0)
    assert decoder.feed(request[:-1]) == []
    assert decoder.pending == len(request) - 1
    # What looks like a long frame swallows the next one until the line is quiet.
    head = bytes.fromhex("68 11 11 11 11 11 11 68 91 C8")
    decoder = FrameDecoder()
    assert decoder.feed(head + request) == []
    assert decoder.flush() == [Damaged(len(head)), one_frame(request)]


@given(register=REGISTERS)
def test_energy_round_trips(register: int) -> None:
    assert dlt645.decode_energy(dlt645.encode_energy(register)) == register


def test_energy_rolls_over_at_a_million_kilowatt_hours() -> None:
    assert dlt645.decode_energy(dlt645.encode_energy(dlt645.MODULUS_WH + 70)) == 70


@pytest.mark.parametrize("register", [-10, 5])
def test_a_register_between_steps_is_refused(register: int) -> None:
    with pytest.raises(Unencodable, match="multiple of 10 Wh"):
        dlt645.encode_energy(register)


def test_ff_is_no_value_and_other_non_bcd_is_damage() -> None:
    assert dlt645.decode_energy(b"\xff\xff\xff\xff") is None
    for data in (b"\xff\xff\xff\x00", b"\x0a\x00\x00\x00", b"\x00\x00\x00"):
        with pytest.raises(FrameDamaged, match="not four BCD bytes"):
            dlt645.decode_energy(data)


ADDRESS = "000000000001"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (dlt645.energy_answer("000000000002", dlt645.FORWARD_TOTAL, [10]), ForeignAnswer),
        (dlt645.energy_answer(ADDRESS, dlt645.REVERSE_TOTAL, [10]), ForeignAnswer),
        (dlt645.read_request(ADDRESS, dlt645.FORWARD_TOTAL), ForeignAnswer),
        (dlt645.address_answer(ADDRESS), ForeignAnswer),
        (dlt645.error_answer(ADDRESS, dlt645.NO_SUCH_DATA), DeviceRefused),
        (dlt645.energy_answer(ADDRESS, dlt645.FORWARD_TOTAL, [10], more=True), FrameDamaged),
        (dlt645.energy_answer(ADDRESS, dlt645.FORWARD_TOTAL, [10, 20]), FrameDamaged),
        (dlt645.energy_answer(ADDRESS, dlt645.FORWARD_TOTAL, []), FrameDamaged),
        (dlt645.encode_frame(ADDRESS, 0x91, b"\x00"), FrameDamaged),
    ],
)
def test_an_answer_that_is_not_ours_is_refused_by_its_reason(answer: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        dlt645.open_energy(one_frame(answer), address=ADDRESS, di=dlt645.FORWARD_TOTAL)


def test_an_address_answer_must_agree_with_its_head() -> None:
    with pytest.raises(FrameDamaged):
        dlt645.open_address(one_frame(dlt645.encode_frame(ADDRESS, 0x93, bytes(6))))


@pytest.mark.parametrize("address", ["1", "00000000000B", "0000000000000"])
def test_an_impossible_address_is_refused(address: str) -> None:
    with pytest.raises(Unencodable, match="address"):
        dlt645.encode_frame(address, 0x11, b"")


def test_a_request_without_an_identifier_is_damaged() -> None:
    with pytest.raises(FrameDamaged):
        dlt645.requested_identifier(Frame(ADDRESS, 0x11, b"\x00"))


@given(address=ADDRESSES, tenths=st.integers(-799_999, 799_999))
def test_power_is_what_the_packages_codec_says(address: str, tenths: int) -> None:
    from_package = float_to_bcd(float(Decimal(tenths) / 10_000), "XX.XXXX", "little")
    frame = one_frame(dlt645.power_answer(address, tenths))
    assert frame.data[4:] == bytes(from_package)
    assert dlt645.open_power(frame, address=address) == tenths // 10


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("00000302 ff00", FrameDamaged),
        ("00000302 1a0000", FrameDamaged),
        ("00000302 00000000", FrameDamaged),
        ("00000100 000000", ForeignAnswer),
    ],
)
def test_a_power_that_is_none_is_refused(data: str, error: type[Exception]) -> None:
    frame = one_frame(dlt645.encode_frame("000000193600", 0x91, bytes.fromhex(data)))
    with pytest.raises(error):
        dlt645.open_power(frame, address="000000193600")


def test_a_meter_without_a_power_and_one_that_cannot_carry_it() -> None:
    frame = one_frame(dlt645.encode_frame("000000193600", 0x91, bytes.fromhex("00000302ffffff")))
    assert dlt645.open_power(frame, address="000000193600") is None
    with pytest.raises(Unencodable):
        dlt645.power_answer("000000193600", 800_000)
