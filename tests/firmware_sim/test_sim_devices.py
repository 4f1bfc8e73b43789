import dataclasses

import pytest

from evidence.units import WattHours
from firmware_sim.core.bus import Bus
from firmware_sim.core.faults import NO_FAULTS
from firmware_sim.core.inverter import Inverter, power_scale_factor
from firmware_sim.core.meter import Meter, start_in_tariffs
from firmware_sim.core.registers import Registers
from firmware_sim.core.replay import Counting, Replay
from firmware_sim.core.tariff import Band, TariffEnergy
from firmware_sim.errors import DeviceImpossible
from meters import dlt645, modbus_rtu, sunspec
from meters.dlt645 import Frame, FrameDecoder
from meters.errors import DeviceRefused
from meters.modbus_rtu import Request, RequestDecoder

NOON = 12 * 3600


@pytest.fixture
def inverter(replay: Replay) -> Inverter:
    return Inverter(
        name="inverter-1",
        unit=1,
        counting=Counting(1_000_000, 5_000_000, 1),
        scale_factor=-1,
        power_scale_factor=1,
        serial_number="SIM-1",
        replay=replay,
    )


@pytest.fixture
def meter(replay: Replay) -> Meter:
    return Meter(
        name="meter-1",
        address="000000193600",
        counting=Counting(2_000_000, 36_300, 10),
        tariff_start_wh=(2_560, 190, 380, 33_170),
        tariffs=TariffEnergy(replay, (Band(0, 4), Band(8 * 3600, 1), Band(16 * 3600, 3))),
        reverse_wh=990,
        replay=replay,
    )


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (Request(1, 0x10, 40000, 2), modbus_rtu.ILLEGAL_FUNCTION),
        (Request(1, 3, 40000, 0), modbus_rtu.ILLEGAL_VALUE),
        (Request(1, 3, 40000, 126), modbus_rtu.ILLEGAL_VALUE),
        (Request(1, 3, 39999, 2), modbus_rtu.ILLEGAL_ADDRESS),
        (Request(1, 3, 40123, 2), modbus_rtu.ILLEGAL_ADDRESS),
    ],
)
def test_an_inverter_refuses_what_it_does_not_have(inverter: Inverter, request_: Request, code: int) -> None:
    answer = inverter.answer(request_, inverter.registers(inverter.replay.start))
    assert answer == modbus_rtu.encode_exception(1, request_.function, code)


def test_an_inverter_scales_energy_and_power(inverter: Inverter) -> None:
    image = inverter.image(Registers(WattHours(5_012_345), WattHours(0), (), 4_567))
    read = sunspec.read_inverter(image[70:])
    assert read == sunspec.InverterRegisters(50_123_450, -1, 456, 1)
    assert sunspec.energy_wh(50_123_450, -1) == 5_012_345


def test_an_inverters_accumulator_rolls_over_at_32_bits(inverter: Inverter) -> None:
    image = inverter.image(Registers(WattHours(2**32), WattHours(0), (), 0))
    assert sunspec.read_inverter(image[70:]).energy_raw == 2**32 * 10 % 2**32


def test_an_inverter_sleeps_at_night(inverter: Inverter) -> None:
    state = sunspec.MODEL_103["St"].offset + 70
    assert inverter.image(inverter.registers(inverter.replay.start))[state] == sunspec.STATE_SLEEPING
    assert inverter.image(inverter.registers(inverter.replay.start + NOON))[state] == sunspec.STATE_MPPT


@pytest.mark.parametrize(
    ("nameplate_w", "weight_ppm", "factor"), [(6_000, 10**6, 0), (6_000, 10**7, 1), (16_384, 10**6, 1)]
)
def test_twice_the_weighted_nameplate_always_fits(nameplate_w: int, weight_ppm: int, factor: int) -> None:
    assert power_scale_factor(nameplate_w, weight_ppm) == factor


@pytest.mark.parametrize(
    "change",
    [
        {"unit": 0},
        {"unit": 248},
        {"scale_factor": 7},
        {"scale_factor": 2, "counting": Counting(1, 100, 10)},
        {"scale_factor": 2, "counting": Counting(1, 110, 100)},
    ],
)
def test_an_impossible_inverter_is_refused(inverter: Inverter, change: dict[str, object]) -> None:
    with pytest.raises(DeviceImpossible, match="device inverter-1"):
        dataclasses.replace(inverter, **change)  # type: ignore[arg-type]  # the table holds fields of several types


def ask(meter: Meter, now: int, request: bytes) -> Frame:
    bus = Bus(FrameDecoder(), [meter], NO_FAULTS)
    (answer,) = bus.feed(request, now)
    (frame,) = FrameDecoder().feed(answer.data)
    assert isinstance(frame, Frame)
    return frame


def test_a_meter_counts_total_and_tariffs(meter: Meter, replay: Replay) -> None:
    before = ask(meter, replay.start, dlt645.read_request(meter.address, dlt645.FORWARD_ALL))
    assert dlt645.open_energy(before, address=meter.address, di=dlt645.FORWARD_ALL) == (36_300, 2_560, 190, 380, 33_170)
    after = ask(meter, replay.end, dlt645.read_request(meter.address, dlt645.FORWARD_ALL))
    total, t1, t2, t3, t4 = dlt645.open_energy(after, address=meter.address, di=dlt645.FORWARD_ALL)
    assert None not in {total, t1, t2, t3, t4}
    expected = 36_300 + 2 * replay.energy_ws(replay.end) / 3600
    assert 0 <= expected - (total or 0) < 10
    assert t2 == 190
    # Four registers, each floored on its own.
    assert 0 <= (total or 0) - sum(tariff or 0 for tariff in (t1, t2, t3, t4)) <= 30


def test_a_meter_shows_its_total_reverse_register_and_address(meter: Meter, replay: Replay) -> None:
    answer = ask(meter, replay.start, dlt645.read_request(meter.address, dlt645.REVERSE_TOTAL))
    assert dlt645.open_energy(answer, address=meter.address, di=dlt645.REVERSE_TOTAL) == (990,)
    answer = ask(meter, replay.start, dlt645.read_request("AAAAAAAAAAAA", dlt645.FORWARD_TOTAL))
    assert dlt645.open_energy(answer, address=meter.address, di=dlt645.FORWARD_TOTAL) == (36_300,)
    assert dlt645.open_address(ask(meter, replay.start, dlt645.address_request())) == meter.address


@pytest.mark.parametrize("di", [0x00030000, 0x02010100])
def test_a_meter_refuses_data_that_it_does_not_have(meter: Meter, replay: Replay, di: int) -> None:
    with pytest.raises(DeviceRefused) as caught:
        dlt645.open_energy(
            ask(meter, replay.start, dlt645.read_request(meter.address, di)), address=meter.address, di=di
        )
    assert caught.value.error == dlt645.NO_SUCH_DATA


def test_a_meter_refuses_other_commands(meter: Meter, replay: Replay) -> None:
    frame = ask(meter, replay.start, dlt645.encode_frame(meter.address, 0x14, b"\x00" * 12))
    assert frame.control == 0xD4


@pytest.mark.parametrize(
    "change",
    [
        {"address": "12"},
        {"address": "00000000000A"},
        {"tariff_start_wh": (0, 0, 0, 0)},
        {"tariff_start_wh": (36_300,)},
        {"reverse_wh": 5},
        {"reverse_wh": -10},
        {"counting": Counting(1, 36_300, 5)},
    ],
)
def test_an_impossible_meter_is_refused(meter: Meter, change: dict[str, object]) -> None:
    with pytest.raises(DeviceImpossible, match="device meter-1"):
        dataclasses.replace(meter, **change)  # type: ignore[arg-type]  # the table holds fields of several types


def test_a_start_register_is_shared_out_in_whole_steps() -> None:
    assert start_in_tariffs(1_000_030, 10) == (250_030, 250_000, 250_000, 250_000)


def test_only_the_addressed_slave_answers_and_damage_is_counted(inverter: Inverter) -> None:
    bus = Bus(RequestDecoder(), [inverter], NO_FAULTS)
    start = inverter.replay.start
    assert bus.feed(modbus_rtu.encode_read_request(9, 40000, 2), start) == []
    damaged = bytearray(modbus_rtu.encode_read_request(1, 40000, 2))
    damaged[4] ^= 1
    assert bus.feed(bytes(damaged), start) == []
    assert bus.flush(start) == []
    assert bus.feed(modbus_rtu.encode_read_request(1, 40000, 2), start) != []
    assert dict(bus.counts) == {"requests": 2, "unheard": 1, "answers": 1, "damaged": bus.counts["damaged"]}
    assert bus.counts["damaged"] >= 1


def test_a_request_in_pieces_is_answered_once_it_is_whole(inverter: Inverter) -> None:
    bus = Bus(RequestDecoder(), [inverter], NO_FAULTS)
    request = modbus_rtu.encode_read_request(1, 40000, 2)
    for byte in request[:-1]:
        assert bus.feed(bytes((byte,)), inverter.replay.start) == []
    (answer,) = bus.feed(request[-1:], inverter.replay.start)
    assert modbus_rtu.decode_read_answer(answer.data, unit=1, count=2) == sunspec.MARKER


def test_answers_of_other_meters_on_the_line_are_not_requests(meter: Meter, replay: Replay) -> None:
    bus = Bus(FrameDecoder(), [meter], NO_FAULTS)
    assert bus.feed(dlt645.energy_answer(meter.address, dlt645.FORWARD_TOTAL, [10]), replay.start) == []


def test_a_meter_says_its_power_as_far_as_its_digits_go(meter: Meter, replay: Replay) -> None:
    noon = replay.start + NOON
    request = dlt645.read_request(meter.address, dlt645.POWER_TOTAL)
    watts = meter.registers(noon).power_w
    assert watts > 0
    assert dlt645.open_power(ask(meter, noon, request), address=meter.address) == watts
    beyond = dataclasses.replace(meter, counting=Counting(10**9, 36_300, 10))
    with pytest.raises(DeviceRefused):
        dlt645.open_power(ask(beyond, noon, request), address=meter.address)
