"""SunSpec inverters over Modbus RTU: pymodbus behind this one wrapper (its interface changes from release to release).

pymodbus frames, sends and waits; what it hears goes through our own strict codec first. Only an answer with the right unit,
function, length and CRC, behind nothing but whole answers to somebody else, ends the waiting. One request brings model, energy,
power and both scale factors: a scale factor may change between two requests.
"""

from collections import Counter

from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ConnectionException, ModbusException

from gateway.core.register import MeterAnswer
from gateway.errors import LineUnusable
from gateway.meter_line import Silence, counter_of
from gateway.serial_port import SerialPort
from meters import modbus_rtu, sunspec
from meters.errors import DeviceRefused, ForeignAnswer, FrameDamaged, MeterError, ModelMismatch

_MODELS_MAX = 32
_FRAME_FIXED = 5  # unit, function, byte count or exception code, CRC
_COUNT_CYCLE = 16  # numbers of registers that a poll may ask for; all lie within model 103


class ModbusLine:
    """The inverters of one line; see `meter_line.MeterProtocol`."""

    def __init__(self, port: SerialPort, counts: Counter[str]) -> None:
        self._port = port
        self._counts = counts
        self._heard = _Heard(0, 0)
        self._client: ModbusSerialClient | None = None
        self._model_address: dict[int, int] = {}  # by unit: where its model 103 begins
        self._turn: Counter[int] = Counter()  # by unit: how many requests have been asked, for their lengths

    def ask(self, address: str, *, tariffs: bool) -> MeterAnswer:
        """Read energy and power of one inverter; see `MeterProtocol.ask`."""
        del tariffs  # a SunSpec inverter has none
        unit = int(address)
        if unit not in self._model_address:
            self._model_address[unit] = self._discover(unit)
        # An answer carries no request number, but it carries its length: no two requests in a row have the same one, so
        # that a late answer to the one before is seen to be that.
        self._turn[unit] += 1
        count = sunspec.INVERTER_BLOCK_REGISTERS + self._turn[unit] % _COUNT_CYCLE
        try:
            registers = self._read(unit, self._model_address[unit], count)
            said = sunspec.read_inverter(registers)
            return _answer_of(said)
        except ModelMismatch:
            # The device was exchanged or has another firmware: look for its models again.
            del self._model_address[unit]
            raise

    def _discover(self, unit: int) -> int:
        marker = self._read(unit, sunspec.BASE, 4)
        if marker[:2] != sunspec.MARKER:
            raise ModelMismatch(field="marker", expected=sunspec.MARKER, got=marker[:2])
        at, model, length = sunspec.BASE + 2, marker[2], marker[3]
        for number in range(_MODELS_MAX):
            if model == sunspec.END_MODEL[0]:
                break
            if model == 103:  # three-phase inverter
                return at
            at += 2 + length
            # Lengths 2 and 3 in turn, for the reason given in `ask`.
            model, length, *_ = self._read(unit, at, 2 + number % 2)
        raise ModelMismatch(field="model", expected=103, got=model)

    def _read(self, unit: int, address: int, count: int) -> tuple[int, ...]:
        client = self._open()
        self._heard = heard = _Heard(unit, count)
        try:
            client.read_holding_registers(address, count=count, device_id=unit)
        except (ConnectionException, OSError) as error:
            self._client = None
            self._port.close()
            raise LineUnusable(self._port.line, self._port.path, str(error)) from None
        except ModbusException:
            pass  # it does not say what came; `heard` does
        if heard.frame:
            for problem in heard.skipped:
                self._counts[counter_of(problem)] += 1
            return modbus_rtu.decode_read_answer(heard.frame, unit=unit, count=count)
        raise heard.problem or Silence

    def _open(self) -> ModbusSerialClient:
        opened = self._port.open()
        if self._client is None:
            self._client = ModbusSerialClient(
                self._port.path,
                baudrate=opened.baudrate,
                parity=self._port.parity,
                timeout=self._port.timeout_ms / 1000,
                retries=0,
                trace_packet=self._trace,
            )
        self._client.socket = opened
        return self._client

    def _trace(self, sending: bool, data: bytes) -> bytes:  # noqa: FBT001 pymodbus calls it so
        return data if sending else self._heard.filter(data)


class _Heard:
    """What came after one request.

    Attributes:
        frame: the answer, whole; empty as long as there is none.
        skipped: answers to somebody else before it.
        problem: the last reason why what came is no answer.
    """

    def __init__(self, unit: int, count: int) -> None:
        self._unit = unit
        self._count = count
        self.frame = b""
        self.skipped: list[MeterError] = []
        self.problem: MeterError | None = None

    def filter(self, data: bytes) -> bytes:
        """Of all bytes since the request, the answer alone; nothing while there is none, so that pymodbus waits on."""
        self.skipped, self.problem = [], None
        at = 0
        while at < len(data):
            refused = data[at + 1 : at + 2] >= b"\x80"
            length = _FRAME_FIXED if refused else _FRAME_FIXED + int.from_bytes(data[at + 2 : at + 3], "big")
            frame = data[at : at + length]
            try:
                modbus_rtu.decode_read_answer(frame, unit=self._unit, count=self._count)
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


def _answer_of(said: sunspec.InverterRegisters) -> MeterAnswer:
    forward = None if said.energy_sf is None else int(sunspec.energy_wh(said.energy_raw, said.energy_sf))
    power = None
    if said.power_raw is not None and said.power_sf is not None:
        power = sunspec.power_w(said.power_raw, said.power_sf)
    return MeterAnswer(
        forward_wh=forward, power_w=power, raw_forward=said.energy_raw, forward_missing=said.energy_sf is None
    )
