"""Devices that are not ours, in a process of their own: pymodbus' server with SunSpec maps, the dlt645 package's meter.

Started with one JSON argument; says `ready PORT` on standard output when it can be asked. Each line on standard input, a number,
is the new lifetime register of every device, and is answered with `ok`. It ends when standard input does.

Nothing of `meters` is used here: the maps come from the model files that pysunspec2 carries.
"""

import asyncio
import json
import logging
import struct
import sys
import threading
import warnings
from importlib.resources import files
from typing import Any

from dlt645 import MeterServerService
from pymodbus import FramerType
from pymodbus.constants import ExcCodes
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

Registers = list[int]


def model(number: int, values: dict[str, Any]) -> Registers:
    """The registers of a SunSpec model by its published file; what has no value is not implemented."""
    group = json.loads(files("sunspec2").joinpath("models", "json", f"model_{number}.json").read_text())["group"]
    out: Registers = []
    length = sum(point["size"] for point in group["points"]) - 2
    for point in group["points"]:
        value = {"ID": number, "L": length, **values}.get(point["name"])
        out += _point(point["type"], point["size"], value)
    return out


def _point(kind: str, size: int, value: Any) -> Registers:
    if kind == "string":
        data = (value or "").encode().ljust(2 * size, b"\0")
    elif kind == "float32":
        data = struct.pack(">f", float("nan") if value is None else value)
    elif value is None:
        missing = {"int16": 0x8000, "sunssf": 0x8000, "pad": 0x8000, "acc32": 0}.get(kind, (1 << 16 * size) - 1)
        data = missing.to_bytes(2 * size, "big")
    else:
        data = (value % (1 << 16 * size)).to_bytes(2 * size, "big")
    return list(struct.unpack(f">{size}H", data))


def sunspec_map(unit: dict[str, Any], energy: int) -> Registers:
    out = [0x5375, 0x6E53, *model(1, {"Mn": "Foreign", "Md": "Inverter", "SN": unit["serial"]})]
    for number in unit.get("before", []):
        out += model(number, {})
    out += model(unit["model"], {"WH": energy, "WH_SF": unit["sf"], "W": unit["w"], "W_SF": 0})
    return [*out, 0xFFFF, 0]


async def serve_modbus(spec: dict[str, Any]) -> None:
    energy = {"wh": spec["energy"]}

    def device(unit: dict[str, Any]) -> SimDevice:
        async def fill(
            _function: int, start: int, _address: int, _count: int, registers: list[int], _values: object
        ) -> ExcCodes | None:
            fresh = sunspec_map(unit, energy["wh"])
            registers[unit["base"] - start : unit["base"] - start + len(fresh)] = fresh
            return None

        image = sunspec_map(unit, energy["wh"])
        block = SimData(unit["base"], values=list(image), datatype=DataType.REGISTERS)
        return SimDevice(id=unit["unit"], simdata=[block], action=fill)

    devices = [device(unit) for unit in spec["units"]]
    server: ModbusSerialServer | ModbusTcpServer
    if "serial" in spec:
        server = ModbusSerialServer(devices, framer=FramerType.RTU, port=spec["serial"], baudrate=115200)
    else:
        framer = FramerType.RTU if spec["framing"] == "rtu" else FramerType.SOCKET
        server = ModbusTcpServer(devices, framer=framer, address=("127.0.0.1", spec["tcp"]))
    await server.serve_forever(background=True)
    sockets = getattr(server.transport, "sockets", None)
    say(f"ready {sockets[0].getsockname()[1] if sockets else 0}")
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        energy["wh"] = int(line)
        say("ok")
    await server.shutdown()  # type: ignore[no-untyped-call] # of pymodbus


def serve_dlt645(spec: dict[str, Any]) -> None:
    if "serial" in spec:
        meter = MeterServerService.new_rtu_server(spec["serial"], 8, 1, 115200, "N", 1.0)
    else:
        meter = MeterServerService.new_tcp_server("127.0.0.1", spec["tcp"], 1.0)
    # The package keeps the address as it travels, low byte first.
    meter.set_address(bytes(reversed(bytes.fromhex(spec["address"]))))
    # Two decimals of kWh, four of kW: the package takes floats.
    meter.set_00(0x00010000, spec["energy"] / 100)
    meter.set_00(0x00020000, spec["reverse"] / 100)
    meter.set_02(0x02030000, spec["power"] / 10000)
    assert meter.server.start()
    say(f"ready {getattr(meter.server, 'port', 0) if 'tcp' in spec else 0}")
    for line in sys.stdin:
        meter.set_00(0x00010000, int(line) / 100)
        say("ok")
    meter.server.stop()


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    threading.current_thread().name = "device"
    asked = json.loads(sys.argv[1])
    if asked["kind"] == "modbus":
        asyncio.run(serve_modbus(asked))
    else:
        serve_dlt645(asked)
