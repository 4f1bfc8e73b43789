"""The simulated plant over real ptys, judged by libraries that are not ours."""

import gc
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import dlt645 as dlt645_package
import pytest
import serial
import sunspec2.modbus.client
from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusIOException

from firmware_sim.config import SimConfig
from firmware_sim.service import SimService
from meters import dlt645, modbus_rtu, sunspec
from meters.dlt645 import Frame, FrameDecoder

WriteConfig = Callable[..., SimConfig]
NOON = 12 * 3600


class SettableWorld:
    def __init__(self) -> None:
        self.instant = 1_795_341_600

    def now(self) -> int:
        return self.instant


@pytest.fixture
def settable() -> SettableWorld:
    return SettableWorld()


@pytest.fixture
def plant(write_config: WriteConfig, settable: SettableWorld) -> Iterator[SimService]:
    service = SimService(write_config(), settable)
    service.start()
    yield service
    service.stop()


def descriptors() -> int:
    """How many are open, once those are closed that an earlier test's garbage holds: collected later, they would be missed in between."""
    gc.collect()
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def ask(port: serial.Serial, request: bytes, size: int) -> bytes:
    port.write(request)
    data: bytes = port.read(size)
    return data


def test_pymodbus_reads_every_inverter_to_the_watt_hour(plant: SimService, settable: SettableWorld) -> None:
    settable.instant = plant.replay.start + NOON
    produced_wh = plant.replay.energy_ws(settable.instant) / 3600
    client = ModbusSerialClient(plant.lines["a"], baudrate=115200, timeout=10)
    assert client.connect()
    try:
        for unit, start, weight, step in (
            (1, 12_345_678, 1_000_000, 1),
            (2, 7_654_320, 2_400_000, 10),
            (3, 42_000, 800_000, 1),
        ):
            answer = client.read_holding_registers(
                sunspec.INVERTER_BLOCK_ADDRESS, count=sunspec.INVERTER_BLOCK_REGISTERS, device_id=unit
            )
            read = sunspec.read_inverter(answer.registers)
            assert read.energy_sf is not None
            register = sunspec.energy_wh(read.energy_raw, read.energy_sf)
            assert register == (start + weight * produced_wh / 10**6) // step * step
        refused = client.read_holding_registers(0, count=2, device_id=1)
        assert refused.isError()
        assert refused.exception_code == modbus_rtu.ILLEGAL_ADDRESS
    finally:
        client.close()  # type: ignore[no-untyped-call]  # pymodbus leaves it untyped


def test_pymodbus_takes_no_faulty_answer_for_registers(write_config: WriteConfig, settable: SettableWorld) -> None:
    kinds = ("crc", "truncate", "foreign", "silence", "exception")
    script = "".join(
        f'[[faults.script]]\ndevice = "SIM-0001"\nanswer = {n}\nkind = "{kind}"\n'
        for n, kind in enumerate(kinds, start=1)
    )
    service = SimService(write_config(extra="\n[faults]\n" + script), settable)
    service.start()
    try:
        for kind in (*kinds, "none"):
            # A new client each time: pymodbus gives a connection up after a few time-outs. It waits in vain for all but the last two,
            # and these are awaited as long as a busy machine may take.
            timeout_s = 10 if kind in {"exception", "none"} else 0.3
            client = ModbusSerialClient(service.lines["a"], baudrate=115200, timeout=timeout_s, retries=0)
            assert client.connect()
            try:
                registers = client.read_holding_registers(40000, count=2, device_id=1).registers
            except ModbusIOException:
                registers = []
            finally:
                client.close()  # type: ignore[no-untyped-call]  # pymodbus leaves it untyped
            assert registers == (list(sunspec.MARKER) if kind == "none" else []), kind
    finally:
        service.stop()
    assert {kind: service.counts["a"][kind] for kind in kinds} == dict.fromkeys(kinds, 1)


def test_pysunspec2_discovers_an_inverter_and_reads_its_models(plant: SimService, settable: SettableWorld) -> None:
    settable.instant = plant.replay.start + NOON
    device = sunspec2.modbus.client.SunSpecModbusClientDeviceRTU(slave_id=4, name=plant.lines["a"], timeout=10)
    try:
        device.scan()
        common, inverter = device.models[1][0], device.models[103][0]
        assert (common.Mn.value, common.SN.value, common.DA.value) == ("helioracle", "SIM-0004", 4)
        expected = (990_000_000 + 9 * plant.replay.energy_ws(settable.instant) / 3600) // 100
        assert (inverter.WH.value, inverter.WH_SF.value) == (expected, 2)
        assert inverter.W.value * 10**inverter.W_SF.value == int(9 * plant.replay.power_w(settable.instant)) // 10 * 10
        assert inverter.St.value == sunspec.STATE_MPPT
        assert inverter.DCW.value is None
    finally:
        device.close()


def test_the_dlt645_package_reads_the_meter(plant: SimService, settable: SettableWorld) -> None:
    settable.instant = plant.replay.end
    client = dlt645_package.MeterClientService.new_rtu_client(plant.lines["b"], 115200, 8, 1, "N", 3.0)
    # The package takes the address in the order of the wire, low byte first.
    assert client.set_address("003619000000")
    try:
        item = client.read_00(dlt645.FORWARD_TOTAL)
        assert item is not None
        total = (36_300 + plant.replay.energy_ws(settable.instant) * 3 / 2 / 3600) // 10 * 10
        assert round(item.value * 1000) == total
        assert client.read_00(0x00030000) is None
    finally:
        client.disconnect()


def test_a_meter_is_read_with_its_tariffs_and_the_devices_of_a_line_do_not_mix(plant: SimService) -> None:
    with serial.Serial(plant.lines["b"], 115200, timeout=10) as port:
        for address, registers in (
            ("000000193600", (36_300, 2_560, 190, 380, 33_170)),
            ("000000000042", (1_000_000, *[250_000] * 4)),
        ):
            data = ask(port, dlt645.read_request(address, dlt645.FORWARD_ALL), 36)
            (frame,) = FrameDecoder().feed(data)
            assert isinstance(frame, Frame)
            assert dlt645.open_energy(frame, address=address, di=dlt645.FORWARD_ALL) == registers


def test_a_device_shows_the_worlds_time_of_the_request(plant: SimService, settable: SettableWorld) -> None:
    request = modbus_rtu.encode_read_request(1, sunspec.INVERTER_BLOCK_ADDRESS, sunspec.INVERTER_BLOCK_REGISTERS)
    seen = []
    with serial.Serial(plant.lines["a"], 115200, timeout=10) as port:
        for hour in (0, 12, 24):
            settable.instant = plant.replay.start + hour * 3600
            data = ask(port, request, 5 + 2 * sunspec.INVERTER_BLOCK_REGISTERS)
            registers = modbus_rtu.decode_read_answer(data, unit=1, count=sunspec.INVERTER_BLOCK_REGISTERS)
            seen.append(sunspec.read_inverter(registers).energy_raw)
    assert seen[0] == 12_345_678
    assert seen[0] < seen[1] < seen[2]


def test_bytes_that_are_no_request_are_counted_and_the_next_request_is_answered(plant: SimService) -> None:
    request = modbus_rtu.encode_read_request(1, 40000, 2)
    with serial.Serial(plant.lines["a"], 115200, timeout=10) as port:
        data = ask(port, b"\x00" + request, 9)
        assert modbus_rtu.decode_read_answer(data, unit=1, count=2) == sunspec.MARKER
    assert plant.counts["a"]["damaged"] == 1


def test_an_unfinished_request_is_given_up_when_the_line_is_quiet(plant: SimService) -> None:
    request = modbus_rtu.encode_read_request(1, 40000, 2)
    with serial.Serial(plant.lines["a"], 115200, timeout=0.1) as port:
        # Six bytes of a request, then silence: within the time-out of a real master the line has forgotten them.
        port.write(request[:6])
        while not plant.counts["a"].get("damaged"):
            assert port.read(1) == b""
        port.timeout = 10
        assert modbus_rtu.decode_read_answer(ask(port, request, 9), unit=1, count=2) == sunspec.MARKER


def test_a_slow_answer_comes_after_the_masters_time_out(write_config: WriteConfig, settable: SettableWorld) -> None:
    extra = '\n[faults]\nslow_ms = 1500\n[[faults.script]]\ndevice = "SIM-0001"\nanswer = 1\nkind = "slow"\n'
    service = SimService(write_config(extra=extra), settable)
    service.start()
    try:
        request = modbus_rtu.encode_read_request(1, 40000, 2)
        with serial.Serial(service.lines["a"], 115200, timeout=0.05) as port:
            assert ask(port, request, 9) == b""
            port.timeout = 60
            assert modbus_rtu.decode_read_answer(port.read(9), unit=1, count=2) == sunspec.MARKER
    finally:
        service.stop()


def test_the_link_names_the_line_while_it_is_served(
    write_config: WriteConfig, settable: SettableWorld, tmp_path: Path
) -> None:
    link = tmp_path / "run/line-a"
    service = SimService(write_config(), settable)
    assert service.lines == {"a": "", "b": ""}
    service.start()
    assert str(link.readlink()) == service.lines["a"]
    service.stop()
    assert not link.is_symlink()
    service.stop()


def test_a_link_of_a_killed_simulator_is_replaced(
    write_config: WriteConfig, settable: SettableWorld, tmp_path: Path
) -> None:
    link = tmp_path / "run/line-a"
    link.parent.mkdir()
    link.symlink_to("/dev/pts/nowhere")
    service = SimService(write_config(), settable)
    service.start()
    assert str(link.readlink()) == service.lines["a"]
    service.stop()


def test_a_file_in_the_place_of_the_link_is_never_overwritten(
    write_config: WriteConfig, settable: SettableWorld, tmp_path: Path
) -> None:
    link = tmp_path / "run/line-a"
    link.parent.mkdir()
    link.write_text("precious")
    before = descriptors()
    with pytest.raises(FileExistsError, match="not a symbolic link"):
        SimService(write_config(), settable).start()
    assert link.read_text() == "precious"
    assert descriptors() == before


def test_a_line_that_nobody_reads_does_not_block_the_stop(plant: SimService) -> None:
    fd = os.open(plant.lines["a"], os.O_RDWR | os.O_NOCTTY)
    try:
        # Far more answers than a terminal buffers.
        for _ in range(400):
            os.write(fd, modbus_rtu.encode_read_request(1, 40000, 100))
        while not plant.counts["a"]["bytes_dropped"]:
            os.write(fd, modbus_rtu.encode_read_request(1, 40000, 100))
        plant.stop()
    finally:
        os.close(fd)


def test_no_thread_and_no_descriptor_is_left(write_config: WriteConfig, settable: SettableWorld) -> None:
    before = descriptors()
    # By name and not by number: a thread of an earlier test may end meanwhile.
    threads = set(threading.enumerate())
    service = SimService(write_config(), settable)
    service.start()
    assert len(set(threading.enumerate()) - threads) == 2
    service.stop()
    assert set(threading.enumerate()) <= threads
    assert descriptors() == before


def test_the_death_of_a_line_is_heard(write_config: WriteConfig) -> None:
    class BrokenWorld:
        def __init__(self) -> None:
            self.asked = 0

        def now(self) -> int:
            self.asked += 1
            if self.asked > 1:
                raise RuntimeError("the world ended")
            return 1_795_341_600

    died = threading.Event()
    causes: list[BaseException] = []

    def on_failure(error: BaseException) -> None:
        causes.append(error)
        died.set()

    service = SimService(write_config(), BrokenWorld(), on_failure=on_failure)
    service.start()
    with serial.Serial(service.lines["a"], 115200, timeout=10) as port:
        port.write(modbus_rtu.encode_read_request(1, 40000, 2))
        assert died.wait(60)
    service.stop()
    assert str(causes[0]) == "the world ended"
