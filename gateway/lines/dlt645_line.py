"""DL/T 645-2007 meters: our own codec over the line's port.

An answer names its meter and its data item, but not its request. A meter answers in the order in which it is asked. So after an
overdue answer the gateway first asks for another item: when that answer arrives, the overdue one has arrived before it or never will.
"""

from collections import Counter
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import partial
from typing import TypeVar

from gateway.core.meter_answer import MeterAnswer
from gateway.errors import LineUnusable
from gateway.lines.meter_line import Silence, counter_of
from gateway.lines.serial_port import SerialPort, now_ms
from meters import dlt645
from meters.errors import DeviceRefused, ForeignAnswer, FrameDamaged, MeterError

T = TypeVar("T")

_TARIFFS = 4
_SKIPPED_MAX = 64  # how many other frames may precede an answer; a line with more is babbling
_PROBES = (dlt645.REVERSE_TOTAL, dlt645.FORWARD_TOTAL, dlt645.FORWARD_ALL)


class Dlt645Line:
    """The meters of one line; see `meter_line.MeterProtocol`.

    Args:
        port: of the line.
        counts: of the line.
        with_power: addresses of the meters whose power is read too.
    """

    def __init__(self, port: SerialPort, counts: Counter[str], *, with_power: AbstractSet[str] = frozenset()) -> None:
        self._with_power = with_power
        self._port = port
        self._counts = counts
        self._overdue: dict[str, set[int]] = {}  # by address: items whose answers may still come

    def ask(self, address: str, *, tariffs: bool) -> MeterAnswer:
        """Read the forward and reverse registers of one meter; see `MeterProtocol.ask`.

        A meter without a reverse register refuses that item, which is an answer.
        """
        self._wait_for_overdue(address)
        forward = self._read(address, dlt645.FORWARD_ALL if tariffs else dlt645.FORWARD_TOTAL)
        try:
            reverse = self._read(address, dlt645.REVERSE_TOTAL)[0]
        except DeviceRefused:
            reverse = None
        power = self._power(address) if address in self._with_power else None
        return MeterAnswer(
            forward_wh=forward[0],
            reverse_wh=reverse,
            power_w=power,
            tariffs_wh=(*forward[1:], *(None,) * _TARIFFS) if tariffs else (),
            forward_missing=forward[0] is None,
        )

    def _power(self, address: str) -> int | None:
        """Read the power. A failure here returns None, so that the registers, which are the money, are kept all the same."""
        try:
            return self._read_item(address, dlt645.POWER_TOTAL, partial(dlt645.open_power, address=address))
        except DeviceRefused:
            return None
        except Silence:
            self._counts["no_answer"] += 1
        except (FrameDamaged, ForeignAnswer) as error:
            self._counts[counter_of(error)] += 1
        self._port.make_quiet()
        return None

    def _wait_for_overdue(self, address: str) -> None:
        overdue = self._overdue.get(address)
        if not overdue:
            return
        probe = next((item for item in _PROBES if item not in overdue), None)
        if probe is not None:
            with suppress(DeviceRefused):
                self._read(address, probe)
        # Where no item is left to ask for, the quiet time before this request must suffice.
        overdue.clear()

    def _read(self, address: str, item: int) -> tuple[int | None, ...]:
        return self._read_item(address, item, partial(dlt645.open_energy, address=address, di=item))

    def _read_item(self, address: str, item: int, opener: Callable[[dlt645.Frame], T]) -> T:
        port = self._port.open()
        decoder = dlt645.FrameDecoder()
        skipped: list[MeterError] = []
        self._overdue.setdefault(address, set()).add(item)
        try:
            port.write(dlt645.read_request(address, item))
            deadline_ms = now_ms() + self._port.timeout_ms
            while now_ms() < deadline_ms:
                # Wait for one byte; the decoder keeps what has arrived until the frame is whole.
                chunk = port.read(1)
                chunk += port.read(port.in_waiting)
                for event in decoder.feed(chunk):
                    try:
                        return self._take(event, opener, self._overdue[address], item, skipped)
                    except (FrameDamaged, ForeignAnswer) as error:
                        # The answer may still follow this frame: listen on until the time is over.
                        skipped.append(error)
                        if len(skipped) >= _SKIPPED_MAX:
                            raise
        except OSError as error:
            self._port.close()
            raise LineUnusable(self._port.line, self._port.path, str(error)) from None
        for event in decoder.flush():
            try:
                return self._take(event, opener, self._overdue[address], item, skipped)
            except (FrameDamaged, ForeignAnswer) as error:
                skipped.append(error)
        if not skipped:
            raise Silence
        raise skipped[-1]

    def _take(
        self,
        event: dlt645.Frame | dlt645.Damaged,
        opener: Callable[[dlt645.Frame], T],
        overdue: set[int],
        item: int,
        skipped: list[MeterError],
    ) -> T:
        if isinstance(event, dlt645.Damaged):
            raise FrameDamaged(dlt645.PROTOCOL, f"{event.skipped} bytes are in no frame")
        try:
            values = opener(event)
        except DeviceRefused:
            overdue.discard(item)
            raise
        overdue.discard(item)
        for problem in skipped:
            self._counts[counter_of(problem)] += 1
        return values
