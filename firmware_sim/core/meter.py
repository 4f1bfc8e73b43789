"""A DL/T 645-2007 electricity meter: frames in, answer bytes out."""

from dataclasses import dataclass, replace

from evidence.units import WattHours, div_exact
from firmware_sim.core.registers import Registers
from firmware_sim.core.replay import Counting, Replay
from firmware_sim.core.tariff import TARIFFS, TariffEnergy
from firmware_sim.errors import DeviceImpossible
from meters import dlt645
from meters.dlt645 import Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """A meter with total, reverse and four tariff registers that replays its share of a recording.

    Attributes:
        name: the meter's name in configuration and counters.
        address: the twelve digits printed on the meter.
        counting: weight, start and step of the total forward register.
        tariff_start_wh: T1 to T4 at the start; they add up to the total's start.
        tariffs: how the energy falls into the bands.
        reverse_wh: the constant reverse register; nothing flows backwards in a recording of production.
        replay: the recording in world time.
    """

    name: str
    address: str
    counting: Counting
    tariff_start_wh: tuple[int, ...]
    tariffs: TariffEnergy
    reverse_wh: int
    replay: Replay

    def __post_init__(self) -> None:
        if len(self.address) != 12 or not (self.address.isascii() and self.address.isdecimal()):
            raise DeviceImpossible(self.name, "address", f"{self.address!r} is not twelve digits")
        if len(self.tariff_start_wh) != TARIFFS or sum(self.tariff_start_wh) != self.counting.start_wh:
            raise DeviceImpossible(
                self.name,
                "tariff_start_wh",
                f"must be {TARIFFS} numbers that add up to start_wh {self.counting.start_wh}",
            )
        for value in (self.counting.step_wh, self.counting.start_wh, self.reverse_wh, *self.tariff_start_wh):
            if value % dlt645.WH_PER_STEP or value < 0:
                raise DeviceImpossible(
                    self.name, "registers", f"{value} Wh is no multiple of the {dlt645.WH_PER_STEP} Wh of this protocol"
                )

    def hears(self, request: Frame) -> bool:
        """Whether the frame is a request to this meter, or to any meter."""
        is_answer = request.control & dlt645.ANSWER_BIT
        return not is_answer and request.address in {self.address, dlt645.ANY_ADDRESS}

    def registers(self, now: int) -> Registers:
        """The meter's registers at world time `now`; on the wire they roll over at 1 000 000 kWh."""
        total = self.counting.register_wh(self.replay.energy_ws(now))
        tariffs = tuple(
            replace(self.counting, start_wh=start).register_wh(energy)
            for start, energy in zip(self.tariff_start_wh, self.tariffs.energy_ws(now), strict=True)
        )
        return Registers(total, WattHours(self.reverse_wh), tariffs, self.counting.power_w(self.replay.power_w(now)))

    def answer(self, request: Frame, registers: Registers) -> bytes:
        """Answer a read of address, energy or power; anything else is refused with an error word."""
        if request.control == dlt645.READ_ADDRESS:
            return dlt645.address_answer(self.address)
        values = self._values(request, registers)
        if values is not None:
            return dlt645.energy_answer(self.address, dlt645.requested_identifier(request), values)
        tenths_w = 10 * registers.power_w
        if _asks_power(request) and abs(tenths_w) <= dlt645.POWER_TENTHS_MAX:
            return dlt645.power_answer(self.address, tenths_w)
        return self.refuse(request, dlt645.NO_SUCH_DATA)

    def answer_without_values(self, request: Frame) -> bytes:
        """Answer as a meter that has lost its values: FF in the place of every register."""
        values = self._values(request, Registers(WattHours(0), WattHours(0), (WattHours(0),) * TARIFFS, 0))
        if values is None:
            return self.refuse(request, dlt645.NO_SUCH_DATA)
        return dlt645.energy_answer(self.address, dlt645.requested_identifier(request), [None] * len(values))

    def refuse(self, request: Frame, error: int = dlt645.OTHER_ERROR) -> bytes:
        """Answer with an error word; by default 'other error'."""
        return dlt645.error_answer(self.address, error, request=request.control)

    def stranger(self) -> "Meter":
        """The same meter at another address."""
        return replace(self, address=f"{(int(self.address) + 1) % 10**12:012d}")

    def _values(self, request: Frame, registers: Registers) -> tuple[WattHours, ...] | None:
        if request.control != dlt645.READ or len(request.data) != 4:
            return None
        total = registers.forward_wh
        return {
            dlt645.FORWARD_TOTAL: (total,),
            dlt645.REVERSE_TOTAL: (registers.reverse_wh,),
            dlt645.FORWARD_ALL: (total, *registers.tariff_wh),
        }.get(dlt645.requested_identifier(request))


def _asks_power(request: Frame) -> bool:
    return (
        request.control == dlt645.READ
        and len(request.data) == 4
        and dlt645.requested_identifier(request) == dlt645.POWER_TOTAL
    )


def start_in_tariffs(total_wh: int, step_wh: int) -> tuple[int, ...]:
    """Share a start register out to T1 to T4 in whole steps; T1 gets the remainder."""
    quarter = div_exact(total_wh - total_wh % (TARIFFS * step_wh), TARIFFS)
    return (total_wh - 3 * quarter, quarter, quarter, quarter)
