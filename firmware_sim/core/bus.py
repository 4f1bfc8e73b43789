"""One serial line with its slaves: bytes of the master in, answers out.

Pure: the bus knows neither port nor time. Its caller reads and writes, passes the world's time, and calls `flush` when the
line was quiet.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Generic, Protocol, TypeVar

from evidence.units import WattHours
from firmware_sim.core.faults import Fault, FaultKind, FaultPlan, flip_bit, truncate
from firmware_sim.core.registers import Registers
from firmware_sim.core.replay import Counting
from meters.framing import Damaged, FrameScanner

R = TypeVar("R")


class Device(Protocol[R]):
    """A slave: hears requests of type R and answers with bytes of its protocol."""

    @property
    def name(self) -> str:
        """The device's name in configuration and counters."""

    @property
    def counting(self) -> Counting:
        """How its total register counts."""

    def hears(self, request: R) -> bool:
        """Whether the request is for this device."""

    def registers(self, now: int) -> Registers:
        """The device's registers at world time `now` (unix seconds)."""

    def answer(self, request: R, registers: Registers) -> bytes:
        """The device's answer with these registers."""

    def answer_without_values(self, request: R) -> bytes:
        """A whole answer whose values say 'not implemented'."""

    def refuse(self, request: R) -> bytes:
        """The device's exception or error answer."""

    def stranger(self) -> "Device[R]":
        """The same device at another address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes for the line, after `delay_ms` of real time."""

    data: bytes
    delay_ms: int = 0


class Bus(Generic[R]):
    """The slaves of one line behind one decoder.

    Attributes:
        counts: requests, damaged (runs of bytes that were no request), unheard (requests that no slave heard), answers, and
            one entry for each kind of fault that happened.
    """

    def __init__(self, decoder: FrameScanner[R], devices: Sequence[Device[R]], faults: FaultPlan) -> None:
        self.counts: Counter[str] = Counter()
        self._decoder = decoder
        self._devices = devices
        self._faults = faults
        self._asked: Counter[str] = Counter()
        self._last: dict[str, Registers] = {}
        self._late: list[Answer] = []

    @property
    def pending(self) -> int:
        """Bytes of an unfinished request; while there are any, the caller watches for a quiet line."""
        return self._decoder.pending

    def feed(self, chunk: bytes, now: int) -> list[Answer]:
        """Take bytes of the master at world time `now`; returns the answers in the order in which they go out."""
        return self._handle(self._decoder.feed(chunk), now)

    def flush(self, now: int) -> list[Answer]:
        """Drop an unfinished request, because the line was quiet; returns the answers that are due."""
        return self._handle(self._decoder.flush(), now)

    def _handle(self, events: Sequence[R | Damaged], now: int) -> list[Answer]:
        answers: list[Answer] = []
        for event in events:
            if isinstance(event, Damaged):
                self.counts["damaged"] += 1
                continue
            self.counts["requests"] += 1
            answers += self._late
            self._late = []
            hearing = [device for device in self._devices if device.hears(event)]
            self.counts["unheard"] += not hearing
            for device in hearing:
                answers += self._answer(device, event, now)
        self.counts["answers"] += len(answers)
        return answers

    def _answer(self, device: Device[R], request: R, now: int) -> list[Answer]:
        self._asked[device.name] += 1
        fault = self._faults.of(device.name, self._asked[device.name])
        registers = device.registers(now)
        if fault is None:
            self._last[device.name] = registers
            return [Answer(device.answer(request, registers))]
        self.counts[fault.kind.value] += 1
        answer = self._faulty(device, request, registers, fault, now)
        if fault.kind is FaultKind.SILENCE:
            return []
        if fault.kind is FaultKind.LATE:
            self._late.append(Answer(answer))
            return []
        return [Answer(answer, self._faults.slow_ms if fault.kind is FaultKind.SLOW else 0)]

    def _faulty(self, device: Device[R], request: R, registers: Registers, fault: Fault, now: int) -> bytes:
        match fault.kind:
            case FaultKind.EXCEPTION:
                return device.refuse(request)
            case FaultKind.SENTINEL:
                return device.answer_without_values(request)
            case FaultKind.FOREIGN:
                other = next((d for d in self._devices if d.name != device.name), None) or device.stranger()
                return other.answer(request, other.registers(now))
            case FaultKind.ZERO:
                registers = _zero(registers)
            case FaultKind.FALLING:
                registers = _fallen(self._last.get(device.name, registers), device.counting.step_wh)
        answer = device.answer(request, registers)
        if fault.kind is FaultKind.CRC:
            return flip_bit(answer, fault.entropy)
        if fault.kind is FaultKind.TRUNCATE:
            return truncate(answer, fault.entropy)
        return answer


def _zero(registers: Registers) -> Registers:
    zero = WattHours(0)
    return replace(registers, forward_wh=zero, reverse_wh=zero, tariff_wh=(zero,) * len(registers.tariff_wh))


def _fallen(last: Registers, step_wh: int) -> Registers:
    def lower(wh: WattHours) -> WattHours:
        return WattHours(max(wh - step_wh, 0))

    return replace(last, forward_wh=lower(last.forward_wh), tariff_wh=tuple(lower(wh) for wh in last.tariff_wh))
