"""One line as the poll loop asks it, and the rules that hold for every protocol.

A meter is asked at most `attempts` times. A damaged frame, another slave's answer and a late answer are counted and never become a
reading. A device that refuses is not asked again in the same slot.
"""

from collections import Counter
from typing import Protocol

from gateway.core.meter_answer import MeterAnswer, Outcome
from gateway.errors import LineUnusable
from gateway.lines.serial_port import SerialPort
from meters.errors import DeviceRefused, ForeignAnswer, FrameDamaged, MeterError, ModelMismatch

COUNTERS = (
    "asked",
    "answered",
    "no_answer",
    "damaged",
    "foreign",
    "late",
    "refused",
    "model",
    "unusable",
    "flushed_bytes",
)
# Fields of a right slave's answer that show that it answers an earlier request.
_LATE_FIELDS = frozenset({"byte count", "data identifier", "transaction"})


def counter_of(error: MeterError) -> str:
    """The counter of a problem: `late` for an answer to an earlier request of the same slave, else the error's code."""
    return "late" if isinstance(error, ForeignAnswer) and error.field in _LATE_FIELDS else error.code


class Silence(Exception):
    """No answer within the time; `MeterLine.poll` turns it into an outcome, and no caller sees it."""


class MeterProtocol(Protocol):
    """How one protocol asks one meter; it counts by itself the frames that it skips before a good answer."""

    def ask(self, address: str, *, tariffs: bool) -> MeterAnswer:
        """Ask once.

        Raises:
            Silence: nothing came in time.
            FrameDamaged, ForeignAnswer, DeviceRefused, ModelMismatch: something else than the answer came.
            LineUnusable: the port has gone away.
        """


class MeterLine:
    """One line with its meters; polled by one thread at a time."""

    def __init__(self, port: SerialPort, protocol: MeterProtocol, counts: Counter[str], *, attempts: int) -> None:
        self.name = port.line
        self.counts = counts
        self._problems: dict[str, str] = {}  # by address, of devices that cannot be read at all; "" is the port's
        self._port = port
        self._protocol = protocol
        self._attempts = attempts
        for name in COUNTERS:
            counts[name] += 0

    @property
    def problem(self) -> str:
        """A sentence on what a person has to put right, the port or devices of a wrong kind; empty where nothing is wrong."""
        return "; ".join(self._problems.values())

    def poll(self, address: str, *, tariffs: bool) -> MeterAnswer | Outcome:
        """Ask one meter, at most `attempts` times; always returns, with the answer or with the outcome that says why there is none."""
        outcome = Outcome.NO_ANSWER
        for _ in range(self._attempts):
            self.counts["asked"] += 1
            try:
                self.counts["flushed_bytes"] += self._port.wait_quiet()
                answer = self._protocol.ask(address, tariffs=tariffs)
            except LineUnusable as error:
                self.counts["unusable"] += 1
                self._problems[""] = error.problem
                return Outcome.NO_ANSWER
            except Silence:
                self.counts["no_answer"] += 1
            except DeviceRefused as error:
                self.counts[counter_of(error)] += 1
                return Outcome.REFUSED
            except MeterError as error:
                self.counts[counter_of(error)] += 1
                if isinstance(error, ModelMismatch):
                    self._problems[address] = f"the device at address {address}: {error}"
                outcome = Outcome.DAMAGED if isinstance(error, FrameDamaged) else Outcome.FOREIGN
            else:
                self.counts["answered"] += 1
                self._problems.pop("", None)
                self._problems.pop(address, None)
                return answer
            self._port.make_quiet()
        return outcome

    def close(self) -> None:
        """Close the port."""
        self._port.close()
