"""`helioracle gateway run`, a process, against devices that are not ours, over ptys and TCP: what is signed is what they serve."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.reading import Reading
from evidence.status import Status
from gateway.lines.config import MeterConfig
from tests.plant.fake_oracle import FakeOracle
from tests.real_meter.whole_site import Device, Gateway, Wire, inverter, meter, signed_readings, write_site

MakeWire = Callable[[], Wire]
MakeDevice = Callable[[dict[str, Any]], Device]
MakeGateway = Callable[[Path], Gateway]
MakeOracle = Callable[[list[MeterConfig]], FakeOracle]

FIRST, SECOND = 123_450, 123_460
DLT = "000000193600"
MODBUS_TCP = 'protocol = "modbus-rtu"\nport = "tcp://127.0.0.1:{}"\nframing = "{}"'


def dlt645(**more: Any) -> dict[str, Any]:
    return {"kind": "dlt645", "address": DLT, "energy": FIRST, "reverse": 12, "power": 15_559, **more}


def modbus(*units: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"kind": "modbus", "units": units, "energy": FIRST, **more}


def registers(readings: list[Reading]) -> list[tuple[int | None, int | None, int | None]]:
    """Each run of equal registers once."""
    out: list[tuple[int | None, int | None, int | None]] = []
    for reading in readings:
        said = (reading.export_wh, reading.import_wh, reading.power_w)
        if out[-1:] != [said]:
            out.append(said)
    return out


@pytest.mark.slow
def test_what_is_signed_is_what_the_devices_serve(
    tmp_path: Path,
    wire: MakeWire,
    device: MakeDevice,
    gateway: MakeGateway,
    oracle: MakeOracle,
) -> None:
    modbus_wire, dlt_wire = wire(), wire()
    devices = [
        device(
            modbus(inverter(1, 103, 40_000, sf=1), inverter(2, 101, 0, sf=0, before=[120]), serial=modbus_wire.ends[1])
        ),
        device(modbus(inverter(1, 103, 50_000, sf=-1, watts=-5), tcp=0, framing="tcp")),
        device(modbus(inverter(9, 102, 40_000, sf=2), inverter(10, 113, 40_000, sf=None), tcp=0, framing="rtu")),
        device(dlt645(serial=dlt_wire.ends[1])),
        device(dlt645(tcp=0)),
    ]
    # Per meter: where it is, what one step of the raw register is in Wh (as numerator, denominator), import, power.
    on = {
        "PTY-103": (meter("PTY-103", "1"), (10, 1), None, 1200),
        "PTY-101": (meter("PTY-101", "2"), (1, 1), None, 1200),
        "TCP-103": (meter("TCP-103", "1"), (1, 10), None, -5),
        "RTU-102": (meter("RTU-102", "9"), (100, 1), None, 1200),
        "DLT-PTY": (meter("DLT-PTY", DLT), (10, 1), 120, 1555),
        "DLT-TCP": (meter("DLT-TCP", DLT), (10, 1), 120, None),
    }
    floating = meter("RTU-113", "10")
    hears = oracle([row[0] for row in on.values()] + [floating])
    config = write_site(
        tmp_path,
        hears.port,
        [
            (
                f'protocol = "modbus-rtu"\nport = "{modbus_wire.ends[0]}"\nparity = "even"',
                [(on["PTY-103"][0], ""), (on["PTY-101"][0], "")],
            ),
            (MODBUS_TCP.format(devices[1].port, "tcp"), [(on["TCP-103"][0], "")]),
            (MODBUS_TCP.format(devices[2].port, "rtu"), [(on["RTU-102"][0], ""), (floating, "")]),
            (f'protocol = "dlt645"\nport = "{dlt_wire.ends[0]}"', [(on["DLT-PTY"][0], "power = true")]),
            (f'protocol = "dlt645"\nport = "tcp://127.0.0.1:{devices[4].port}"', [(on["DLT-TCP"][0], "")]),
        ],
    )
    running = gateway(config)

    def newest(raw: int) -> bool:
        return all(
            any(reading.export_wh == raw * num // den for reading in signed_readings(hears, there)[-1:])
            for there, (num, den), _, _ in on.values()
        )

    hears.wait_for(lambda: newest(FIRST), 100)
    for one in devices:
        one.show(SECOND)
    hears.wait_for(lambda: newest(SECOND), 100)
    assert running.stop() == 0, running.log

    for there, (num, den), imported, power in on.values():
        said = registers(signed_readings(hears, there))
        assert said == [(raw * num // den, imported, power) for raw in (FIRST, SECOND)], there.serial
    # The one that cannot be read is said by name, and its absence is signed.
    assert "model is 113 (floating point" in running.log
    assert {reading.export_wh for reading in signed_readings(hears, floating)} == {None}


@pytest.mark.slow
def test_devices_behind_tcp_go_away_and_come_back(
    tmp_path: Path, device: MakeDevice, gateway: MakeGateway, oracle: MakeOracle
) -> None:
    devices = [device(modbus(inverter(1, 103, 40_000), tcp=0, framing="tcp")), device(dlt645(tcp=0))]
    meters = [meter("AWAY-103", "1"), meter("AWAY-DLT", DLT)]
    hears = oracle(meters)
    config = write_site(
        tmp_path,
        hears.port,
        [
            (MODBUS_TCP.format(devices[0].port, "tcp"), [(meters[0], "")]),
            (f'protocol = "dlt645"\nport = "tcp://127.0.0.1:{devices[1].port}"', [(meters[1], "")]),
        ],
    )
    running = gateway(config)

    def newest(bit: Status) -> bool:
        return all(any(bit in said.status for said in signed_readings(hears, there)[-1:]) for there in meters)

    hears.wait_for(lambda: newest(Status.EXPORT_VALID), 100)
    for one in devices:
        one.kill()
    hears.wait_for(lambda: newest(Status.NO_ANSWER), 100)
    for one in devices:
        one.start()
    hears.wait_for(lambda: newest(Status.EXPORT_VALID), 100)
    assert running.stop() == 0, running.log
    assert "Connection refused" in running.log
    assert "alarm is over" in running.log
