"""SunSpec inverters over Modbus: pymodbus behind this one wrapper (its interface changes from release to release).

RTU frames go over a serial port or, through a converter, over TCP; Modbus TCP has frames of its own.

pymodbus frames, sends and waits; the bytes that it receives go through our own strict codec first. Waiting ends with an answer of
the right unit, function, length and CRC; before it only whole answers of other units may stand. One request reads model, energy,
power and both scale factors, because a scale factor may change between two requests.
"""

import logging
from collections import Counter
from typing import TypeAlias

from pymodbus.client import ModbusSerialClient, ModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException

from gateway.core.meter_answer import MeterAnswer
from gateway.errors import LineUnusable
from gateway.lines.meter_line import Silence, counter_of
from gateway.lines.serial_port import SerialPort
from gateway.lines.tcp_stream import TcpStream
from meters import modbus_rtu, modbus_tcp, sunspec
from meters.errors import DeviceRefused, ForeignAnswer, FrameDamaged, MeterError, ModelMismatch

_MODELS_MAX = 32
_FRAME_FIXED = 5  # unit, function, byte count or exception code, CRC
_COUNT_CYCLE = 16  # how many different register counts polls use in turn; all lie within an inverter's model
_REGISTERS = 0x10000
# A device refuses registers that it does not have with these codes; any other refusal tells nothing of where its map begins.
_NOT_THERE = (modbus_rtu.ILLEGAL_ADDRESS, modbus_rtu.ILLEGAL_VALUE)
_SAID_FOR_IT = (modbus_rtu.PATH_UNAVAILABLE, modbus_rtu.TARGET_SILENT)
_HEARD_MAX = 4096  # bytes after one request: more than an answer and all late answers before it take

# pymodbus logs 'No response received after 0 retries' as an error at every silence, and names no meter. The gateway counts silences
# itself, signs them as readings, and logs them with their meter.
logging.getLogger("pymodbus").setLevel(logging.CRITICAL)

_Client: TypeAlias = ModbusSerialClient | ModbusTcpClient


class ModbusLine:
    """The inverters of one line; see `meter_line.MeterProtocol`.

    Args:
        port: of the line.
        counts: of the line.
        mbap: whether frames are those of Modbus TCP; else they are RTU frames, over a serial port or over TCP.
    """

    def __init__(self, port: SerialPort, counts: Counter[str], *, mbap: bool = False) -> None:
        self._port = port
        self._counts = counts
        self._mbap = mbap
        self._heard = _Heard(0, 0, mbap=mbap)
        self._client: _Client | None = None
        self._model_address: dict[int, int] = {}  # by unit: where its inverter model begins
        self._bases: dict[int, tuple[int, ...]] = {}  # by unit: where its map may begin, the likeliest first
        self._turn: Counter[int] = Counter()  # by unit: how many requests were sent; it chooses the next one's length

    def ask(self, address: str, *, tariffs: bool) -> MeterAnswer:
        """Read energy and power of one inverter; see `MeterProtocol.ask`."""
        del tariffs  # a SunSpec inverter has none
        unit = int(address)
        if unit not in self._model_address:
            self._model_address[unit] = self._discover(unit)
        # An answer carries no request number, but it carries its length. No two requests in a row ask for the same length, so a late
        # answer to the request before is recognised.
        self._turn[unit] += 1
        count = sunspec.INVERTER_BLOCK_REGISTERS + self._turn[unit] % _COUNT_CYCLE
        try:
            registers = self._read(unit, self._model_address[unit], count)
            said = sunspec.read_inverter(registers)
            return _answer_of(said)
        except (ModelMismatch, DeviceRefused) as error:
            if isinstance(error, ModelMismatch) or error.error in _NOT_THERE:
                # The device was exchanged or has another firmware: look for its models again.
                del self._model_address[unit]
            raise

    def _discover(self, unit: int) -> int:
        bases = self._bases.setdefault(unit, sunspec.BASES)
        for base in bases:
            # Each base has a request length of its own, for the reason given in `ask`.
            count = 4 + sunspec.BASES.index(base)
            try:
                head = self._read(unit, base, count)
            except Silence:
                # Some devices do not answer for registers that they do not have: begin at another base next time.
                self._bases[unit] = (*bases[bases.index(base) + 1 :], *bases[: bases.index(base) + 1])
                raise
            except DeviceRefused as error:
                if error.error not in _NOT_THERE:
                    raise
            else:
                if head[:2] == sunspec.MARKER:
                    return self._find_inverter(unit, base + 2, *head[2:4])
        raise ModelMismatch(field="marker", expected=f"'SunS' at {', '.join(map(str, sunspec.BASES))}", got="none")

    def _find_inverter(self, unit: int, at: int, model: int, length: int) -> int:
        last = model
        for number in range(_MODELS_MAX):
            if model == sunspec.END_MODEL[0]:
                break
            if model in sunspec.INVERTER_MODELS:
                return at
            if last not in sunspec.FLOAT_INVERTER_MODELS:
                last = model
            at += 2 + length
            # Lengths 2 and 3 in turn, for the reason given in `ask`.
            count = 2 + number % 2
            if at + count > _REGISTERS:
                raise ModelMismatch(field=f"length of model {model}", expected=f"less than {_REGISTERS}", got=length)
            try:
                model, length, *_ = self._read(unit, at, count)
            except DeviceRefused as error:
                if error.error not in _NOT_THERE:
                    raise
                break  # the map ends without saying so, or right behind its end model
        raise sunspec.no_inverter(last)

    def _read(self, unit: int, address: int, count: int) -> tuple[int, ...]:
        client = self._open()
        self._heard = heard = _Heard(unit, count, mbap=self._mbap)
        try:
            client.read_holding_registers(address, count=count, device_id=unit)
        except (ConnectionException, OSError):
            # pymodbus' own words name addresses in memory: an alarm would be a new one each time.
            self._client = None
            self._port.close()
            raise LineUnusable(self._port.line, self._port.path, "it went away during a request") from None
        except ModbusException:
            pass  # it does not say what came; `heard` does
        if heard.frame:
            for problem in heard.skipped:
                self._counts[counter_of(problem)] += 1
            try:
                return heard.open(heard.frame)
            except DeviceRefused as error:
                if error.error in _SAID_FOR_IT:
                    raise Silence from None  # it is not the device that refuses
                raise
        raise heard.problem or Silence

    def _open(self) -> _Client:
        opened = self._port.open()
        if self._client is None:
            self._client = self._new_client(opened.baudrate)
        self._client.socket = opened.socket if self._mbap and isinstance(opened, TcpStream) else opened
        return self._client

    def _new_client(self, baudrate: int) -> _Client:
        timeout_s = self._port.timeout_ms / 1000
        if self._mbap:
            return ModbusTcpClient(self._port.path, timeout=timeout_s, retries=0, trace_packet=self._trace)
        return ModbusSerialClient(
            self._port.path,
            baudrate=baudrate,
            parity=self._port.parity,
            timeout=timeout_s,
            retries=0,
            trace_packet=self._trace,
        )

    def _trace(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 pymodbus calls it so
        if not sending:
            return self._heard.filter(data)
        self._heard.transaction = int.from_bytes(data[:2], "big")
        return data


class _Heard:
    """The bytes that came after one request.

    Attributes:
        frame: the whole answer; empty as long as there is none.
        skipped: answers of other units or to other requests, which came before it.
        problem: the last reason why the bytes are no answer.
        transaction: the request's number in Modbus TCP.
    """

    def __init__(self, unit: int, count: int, *, mbap: bool) -> None:
        self._unit = unit
        self._count = count
        self._mbap = mbap
        self.transaction = 0
        self.frame = b""
        self.skipped: list[MeterError] = []
        self.problem: MeterError | None = None

    def filter(self, data: bytes) -> bytes:
        """Return the answer alone out of all bytes since the request, or no bytes while there is none, so that pymodbus waits on."""
        self.skipped, self.problem = [], None
        if len(data) > _HEARD_MAX:
            self.problem = FrameDamaged(
                modbus_rtu.PROTOCOL, f"more than {_HEARD_MAX} bytes came, none of them the answer"
            )
            raise ModbusException(str(self.problem))  # ends the waiting: the line is babbling
        at = 0
        while at < len(data):
            length = _FRAME_FIXED
            try:
                length = self._length(data[at:])
                frame = data[at : at + length]
                self.open(frame)
            except ForeignAnswer as problem:
                self.skipped.append(problem)
                self.problem = problem
                at += length
                continue
            except DeviceRefused:
                pass
            except FrameDamaged as problem:
                self.problem = problem
                return b""
            if at + length != len(data):
                self.problem = FrameDamaged(modbus_rtu.PROTOCOL, f"{len(data) - at - length} bytes follow the answer")
                return b""
            self.frame = frame
            return frame
        return b""

    def open(self, frame: bytes) -> tuple[int, ...]:
        """The registers of a whole frame; errors as `decode_read_answer` of the frame's kind."""
        if self._mbap:
            return modbus_tcp.decode_read_answer(
                frame, transaction=self.transaction, unit=self._unit, count=self._count
            )
        return modbus_rtu.decode_read_answer(frame, unit=self._unit, count=self._count)

    def _length(self, data: bytes) -> int:
        if self._mbap:
            return modbus_tcp.answer_length(data)
        refused = data[1:2] >= b"\x80"
        return _FRAME_FIXED if refused else _FRAME_FIXED + int.from_bytes(data[2:3], "big")


def _answer_of(said: sunspec.InverterRegisters) -> MeterAnswer:
    forward = None if said.energy_sf is None else int(sunspec.energy_wh(said.energy_raw, said.energy_sf))
    power = None
    if said.power_raw is not None and said.power_sf is not None:
        power = sunspec.power_w(said.power_raw, said.power_sf)
    return MeterAnswer(
        forward_wh=forward, power_w=power, raw_forward=said.energy_raw, forward_missing=said.energy_sf is None
    )
