"""A SunSpec inverter as a Modbus slave: register image in, answer bytes out."""

from dataclasses import dataclass, replace

from evidence.units import WattHours, div_floor
from firmware_sim.core.registers import Registers
from firmware_sim.core.replay import PPM, Counting, Replay
from firmware_sim.errors import DeviceImpossible
from meters import modbus_rtu, sunspec
from meters.modbus_rtu import Request

_INT16_MAX = 0x7FFF
_SCALE_FACTOR_MAX = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Inverter:
    """A three-phase inverter (models 1 and 103) that replays its share of a recording.

    Attributes:
        name: the inverter's name in configuration and counters.
        unit: Modbus unit, 1 to 247.
        counting: weight, start and step of the lifetime register.
        scale_factor: scale factor of WH; start and step of the register must be multiples of 10^scale_factor Wh.
        power_scale_factor: scale factor of W; see `power_scale_factor`.
        serial_number: as SunSpec model 1 shows it.
        replay: the recording in world time.
    """

    name: str
    unit: int
    counting: Counting
    scale_factor: int
    power_scale_factor: int
    serial_number: str
    replay: Replay

    def __post_init__(self) -> None:
        if not 1 <= self.unit <= 247:
            raise DeviceImpossible(self.name, "address", f"{self.unit} is not a Modbus unit of 1 to 247")
        if not -_SCALE_FACTOR_MAX <= self.scale_factor <= _SCALE_FACTOR_MAX:
            raise DeviceImpossible(self.name, "scale_factor", f"{self.scale_factor} is not between -6 and 6")
        unit_wh = 10 ** max(self.scale_factor, 0)
        if self.counting.step_wh % unit_wh or self.counting.start_wh % unit_wh:
            raise DeviceImpossible(self.name, "step_wh and start_wh", f"must be multiples of {unit_wh} Wh")

    def hears(self, request: Request) -> bool:
        """Whether the request is for this unit."""
        return request.unit == self.unit

    def registers(self, now: int) -> Registers:
        """The inverter's registers at world time `now`."""
        forward = self.counting.register_wh(self.replay.energy_ws(now))
        return Registers(forward, WattHours(0), (), self.counting.power_w(self.replay.power_w(now)))

    def answer(self, request: Request, registers: Registers) -> bytes:
        """Answer a read of the SunSpec map; every other request is refused with the Modbus exception for it."""
        return self._read(request, self.image(registers))

    def answer_without_values(self, request: Request) -> bytes:
        """Answer as an inverter without its metering part: with sentinels for energy, power and scale."""
        image = list(self.image(Registers(WattHours(0), WattHours(0), (), 0)))
        energy = sunspec.MODEL_103_ADDRESS - sunspec.BASE + sunspec.MODEL_103["WH"].offset
        image[energy : energy + 2] = [0xFFFF, 0xFFFF]
        for name in ("WH_SF", "W", "W_SF"):
            offset = sunspec.MODEL_103_ADDRESS - sunspec.BASE + sunspec.MODEL_103[name].offset
            image[offset] = sunspec.NOT_IMPLEMENTED_I16
        return self._read(request, tuple(image))

    def refuse(self, request: Request, code: int = modbus_rtu.DEVICE_BUSY) -> bytes:
        """Answer with an exception; by default 'busy'."""
        return modbus_rtu.encode_exception(self.unit, request.function & 0x7F, code)

    def stranger(self) -> "Inverter":
        """The same inverter at another unit."""
        return replace(self, unit=self.unit % 247 + 1)

    def image(self, registers: Registers) -> tuple[int, ...]:
        """All registers of the map from 40000 on."""
        watts = registers.power_w
        if self.scale_factor >= 0:
            energy_raw = div_floor(registers.forward_wh, 10**self.scale_factor)
        else:
            energy_raw = registers.forward_wh * 10**-self.scale_factor
        power_raw = div_floor(watts, 10**self.power_scale_factor)
        volts = 230
        # Tenths of an ampere, scaled like power, the same on each phase: a recording of total power allows no other.
        phase_current = div_floor(10 * watts, 3 * volts * 10**self.power_scale_factor)
        common: dict[str, sunspec.Value] = {
            "Mn": "helioracle",
            "Md": "simulated inverter",
            "Vr": "1",
            "SN": self.serial_number,
            "DA": self.unit,
        }
        inverter: dict[str, sunspec.Value] = {
            "A": 3 * phase_current,
            "AphA": phase_current,
            "AphB": phase_current,
            "AphC": phase_current,
            "A_SF": self.power_scale_factor - 1,
            "PhVphA": 10 * volts,
            "PhVphB": 10 * volts,
            "PhVphC": 10 * volts,
            "V_SF": -1,
            "W": power_raw,
            "W_SF": self.power_scale_factor,
            "Hz": 5000,
            "Hz_SF": -2,
            "WH": energy_raw % sunspec.ACC32_MODULUS,
            "WH_SF": self.scale_factor,
            "TmpCab": 30,
            "Tmp_SF": 0,
            "St": sunspec.STATE_MPPT if watts > 0 else sunspec.STATE_SLEEPING,
            "Evt1": 0,
            "Evt2": 0,
        }
        return sunspec.build_image(common, inverter)

    def _read(self, request: Request, image: tuple[int, ...]) -> bytes:
        if request.function != modbus_rtu.READ_HOLDING:
            return self.refuse(request, modbus_rtu.ILLEGAL_FUNCTION)
        if not 1 <= request.count <= modbus_rtu.REGISTERS_MAX:
            return self.refuse(request, modbus_rtu.ILLEGAL_VALUE)
        start = request.address - sunspec.BASE
        if start < 0 or start + request.count > len(image):
            return self.refuse(request, modbus_rtu.ILLEGAL_ADDRESS)
        return modbus_rtu.encode_read_answer(self.unit, image[start : start + request.count])


def power_scale_factor(nameplate_w: int, weight_ppm: int) -> int:
    """The smallest scale factor of W with which twice the weighted nameplate, the most that a row may hold, fits an int16."""
    watts_max = -div_floor(-2 * nameplate_w * weight_ppm, PPM)
    factor = 0
    while div_floor(watts_max, 10**factor) > _INT16_MAX:
        factor += 1
    return factor
