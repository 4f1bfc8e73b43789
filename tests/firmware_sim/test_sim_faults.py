from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_sim.core.bus import Answer, Bus
from firmware_sim.core.faults import FaultKind, FaultPlan
from firmware_sim.core.inverter import Inverter
from firmware_sim.core.meter import Meter
from firmware_sim.core.replay import Counting, Replay
from firmware_sim.core.tariff import TariffEnergy
from meters import dlt645, modbus_rtu, sunspec
from meters.dlt645 import Frame, FrameDecoder
from meters.errors import DeviceRefused, ForeignAnswer, FrameDamaged
from meters.modbus_rtu import Request, RequestDecoder

NOON = 12 * 3600
ASK = modbus_rtu.encode_read_request(1, sunspec.INVERTER_BLOCK_ADDRESS, sunspec.INVERTER_BLOCK_REGISTERS)
ASK_2 = modbus_rtu.encode_read_request(2, sunspec.INVERTER_BLOCK_ADDRESS, sunspec.INVERTER_BLOCK_REGISTERS)


def inverter(replay: Replay, unit: int) -> Inverter:
    return Inverter(
        name=f"inverter-{unit}",
        unit=unit,
        counting=Counting(1_000_000, 5_000_000 * unit, 10),
        scale_factor=1,
        power_scale_factor=0,
        serial_number="1",
        replay=replay,
    )


def modbus_bus(
    replay: Replay, script: Mapping[tuple[str, int], FaultKind], units: tuple[int, ...] = (1, 2)
) -> Bus[Request]:
    return Bus(RequestDecoder(), [inverter(replay, unit) for unit in units], FaultPlan(script=script, slow_ms=7))


def meter_bus(replay: Replay, script: Mapping[tuple[str, int], FaultKind]) -> Bus[Frame]:
    meters = [
        Meter(
            name=f"meter-{number}",
            address=f"{number:012d}",
            counting=Counting(1_000_000, 40_000 * number, 10),
            tariff_start_wh=(40_000 * number, 0, 0, 0),
            tariffs=TariffEnergy(replay, ()),
            reverse_wh=70,
            replay=replay,
        )
        for number in (1, 2)
    ]
    return Bus(FrameDecoder(), meters, FaultPlan(script=script))


def energy(data: bytes, unit: int = 1) -> sunspec.InverterRegisters:
    registers = modbus_rtu.decode_read_answer(data, unit=unit, count=sunspec.INVERTER_BLOCK_REGISTERS)
    return sunspec.read_inverter(registers)


def faulty(replay: Replay, kind: FaultKind) -> list[Answer]:
    """The second answer of inverter 1, which alone goes wrong."""
    bus = modbus_bus(replay, {("inverter-1", 2): kind})
    (before,) = bus.feed(ASK, replay.start + NOON)
    energy(before.data)
    answers = bus.feed(ASK, replay.start + NOON + 300)
    assert bus.counts[kind.value] == 1
    return answers


def test_without_faults_the_answer_is_the_register(replay: Replay) -> None:
    bus = modbus_bus(replay, {})
    (answer,) = bus.feed(ASK, replay.start + NOON)
    read = energy(answer.data)
    assert (
        read.energy_raw == Counting(1_000_000, 5_000_000, 10).register_wh(replay.energy_ws(replay.start + NOON)) // 10
    )
    assert read.energy_sf == 1
    assert read.power_raw == int(replay.power_w(replay.start + NOON))


@pytest.mark.parametrize("kind", [FaultKind.CRC, FaultKind.TRUNCATE])
def test_a_damaged_answer_fails_its_check(replay: Replay, kind: FaultKind) -> None:
    (answer,) = faulty(replay, kind)
    with pytest.raises(FrameDamaged):
        energy(answer.data)


def test_a_foreign_answer_is_the_other_slaves_own(replay: Replay) -> None:
    (answer,) = faulty(replay, FaultKind.FOREIGN)
    with pytest.raises(ForeignAnswer):
        energy(answer.data)
    assert energy(answer.data, unit=2).energy_raw > 1_000_000


def test_the_only_slave_of_a_line_lends_its_answer_to_a_stranger(replay: Replay) -> None:
    bus = modbus_bus(replay, {("inverter-1", 1): FaultKind.FOREIGN}, units=(1,))
    (answer,) = bus.feed(ASK, replay.start)
    with pytest.raises(ForeignAnswer):
        energy(answer.data)


def test_an_exception_is_busy(replay: Replay) -> None:
    (answer,) = faulty(replay, FaultKind.EXCEPTION)
    with pytest.raises(DeviceRefused) as caught:
        energy(answer.data)
    assert caught.value.error == modbus_rtu.DEVICE_BUSY


def test_silence_is_no_answer(replay: Replay) -> None:
    assert faulty(replay, FaultKind.SILENCE) == []


def test_a_slow_answer_is_right_and_late(replay: Replay) -> None:
    (answer,) = faulty(replay, FaultKind.SLOW)
    assert answer.delay_ms == 7
    assert energy(answer.data).energy_sf == 1


def test_sentinels_say_not_implemented(replay: Replay) -> None:
    (answer,) = faulty(replay, FaultKind.SENTINEL)
    assert energy(answer.data) == sunspec.InverterRegisters(sunspec.NOT_IMPLEMENTED_U32, None, None, None)


def test_a_zero_register_beside_real_power(replay: Replay) -> None:
    (answer,) = faulty(replay, FaultKind.ZERO)
    read = energy(answer.data)
    assert read.energy_raw == 0
    assert read.power_raw is not None
    assert read.power_raw > 0


def test_a_falling_register_falls_below_the_last_answer(replay: Replay) -> None:
    (answer,) = faulty(replay, FaultKind.FALLING)
    last = inverter(replay, 1).registers(replay.start + NOON).forward_wh
    assert energy(answer.data).energy_raw * 10 == last - 10


def test_a_late_answer_comes_with_the_next_request_of_any_slave(replay: Replay) -> None:
    bus = modbus_bus(replay, {("inverter-1", 1): FaultKind.LATE})
    assert bus.feed(ASK, replay.start) == []
    late, own = bus.feed(ASK_2, replay.start + NOON)
    assert energy(late.data).energy_raw == 500_000
    assert energy(own.data, unit=2).energy_raw > 1_000_000
    assert len(bus.feed(ASK_2, replay.start + NOON)) == 1


def read_meter(data: bytes, di: int) -> tuple[int | None, ...]:
    (frame,) = FrameDecoder().feed(data)
    assert isinstance(frame, Frame)
    return dlt645.open_energy(frame, address="000000000001", di=di)


@pytest.mark.parametrize(
    ("kind", "registers"),
    [
        (FaultKind.ZERO, (0, 0, 0, 0, 0)),
        (FaultKind.SENTINEL, (None,) * 5),
        (FaultKind.FALLING, (39_990, 39_990, 0, 0, 0)),
    ],
)
def test_a_meters_registers_go_wrong_as_said(
    replay: Replay, kind: FaultKind, registers: tuple[int | None, ...]
) -> None:
    bus = meter_bus(replay, {("meter-1", 1): kind})
    (answer,) = bus.feed(dlt645.read_request("000000000001", dlt645.FORWARD_ALL), replay.start)
    assert read_meter(answer.data, dlt645.FORWARD_ALL) == registers


@pytest.mark.parametrize(("kind", "error"), [(FaultKind.FOREIGN, ForeignAnswer), (FaultKind.EXCEPTION, DeviceRefused)])
def test_a_meters_answer_goes_wrong_as_said(replay: Replay, kind: FaultKind, error: type[Exception]) -> None:
    bus = meter_bus(replay, {("meter-1", 1): kind})
    (answer,) = bus.feed(dlt645.read_request("000000000001", dlt645.FORWARD_TOTAL), replay.start)
    with pytest.raises(error):
        read_meter(answer.data, dlt645.FORWARD_TOTAL)


@pytest.mark.parametrize("kind", [FaultKind.CRC, FaultKind.TRUNCATE])
def test_a_meters_damaged_answer_is_no_frame(replay: Replay, kind: FaultKind) -> None:
    bus = meter_bus(replay, {("meter-1", 1): kind})
    (answer,) = bus.feed(dlt645.read_request("000000000001", dlt645.FORWARD_TOTAL), replay.start)
    decoder = FrameDecoder()
    events = decoder.feed(answer.data) + decoder.flush()
    assert not any(isinstance(event, Frame) for event in events)


@given(
    seed=st.integers(0, 2**62),
    rates=st.dictionaries(st.sampled_from(FaultKind), st.integers(0, 100_000)),
    answer=st.integers(1, 10**6),
)
def test_a_fault_depends_on_nothing_but_seed_device_and_number(
    seed: int, rates: dict[FaultKind, int], answer: int
) -> None:
    first = FaultPlan(seed=seed, rates_ppm=rates).of("meter-1", answer)
    assert FaultPlan(seed=seed, rates_ppm=dict(reversed(rates.items()))).of("meter-1", answer) == first
    assert first is None or rates[first.kind] > 0


def test_rates_are_met() -> None:
    plan = FaultPlan(seed=3, rates_ppm={FaultKind.CRC: 100_000, FaultKind.SILENCE: 50_000})
    drawn = [fault.kind for n in range(1, 4001) if (fault := plan.of("inverter-1", n))]
    assert 340 <= drawn.count(FaultKind.CRC) <= 460
    assert 150 <= drawn.count(FaultKind.SILENCE) <= 250
    assert len(drawn) == drawn.count(FaultKind.CRC) + drawn.count(FaultKind.SILENCE)


def test_faults_are_off_by_default() -> None:
    assert not any(FaultPlan().of("inverter-1", n) for n in range(1, 1000))


def test_a_rate_of_a_million_hits_every_answer() -> None:
    plan = FaultPlan(rates_ppm={FaultKind.SILENCE: 1_000_000})
    assert all(plan.of("inverter-1", n) for n in range(1, 1000))
