"""The poll loop: at every slot the gateway asks all meters, and makes one reading of each, even where a meter does not answer."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

from evidence.keys import MeterId
from evidence.reading import PROFILE_TARIFFS, Reading
from evidence.status import OUTCOMES, REASONS, Status
from evidence.units import div_floor
from gateway.alarms import Alarms
from gateway.core import schedule
from gateway.core.meter_answer import MeterAnswer, Outcome, reading_of
from gateway.lines.meter_line import MeterLine
from gateway.lines.serial_port import now_ms
from gateway.outbox import Outbox
from gateway.sealing import SealedMeter, Sealing
from runtime.clock import WorldClock
from runtime.errors import ClockClosed
from runtime.logs import facts
from runtime.worker import Worker

_FORGET_STEPS_MAX = 4
_PAUSE_S = 0.5  # real time between two requests to a meter that is asked again
_ASLEEP_SLOTS = 3  # a meter that gave nothing usable for so many slots is taken to be off, as an inverter at night, and not asked again
_MAY_CHANGE = frozenset({Outcome.NO_ANSWER, Outcome.DAMAGED, Outcome.FOREIGN})  # a refusal is an answer
_LABELS = OUTCOMES | REASONS

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PolledMeter:
    """A meter at its place on a line."""

    address: str
    meter: SealedMeter


_LineAndMeters: TypeAlias = tuple[MeterLine, Sequence[PolledMeter]]
_PollResult: TypeAlias = tuple[
    PolledMeter, MeterAnswer | Outcome, int
]  # the meter, its answer or outcome, and the world's time then


class PollLoop:
    """Polls all lines at every slot, in parallel, each line's meters in order.

    Args:
        lines: each line with its meters.
        outbox: where answered batches are deleted after their time.
        sealing: takes the readings.
        world: the time in which the slots lie.
        interval_s: seconds between two slots.
        cut_every_s: a slot at a multiple of this may be a boundary of a day or of a tariff band.
        ask_again_s: for how many real seconds a meter is asked again that gave nothing usable at such a slot.
        last_slot: the last slot to poll, or None.
        keep_answered_s: how long answered batches are kept, in world time.
        clock: gives the clock bit of the present moment.
        alarms: shows a person what needs attention.
        notify: called after batches were sealed, before the world's time may advance.
        on_failure: called when the thread dies.
    """

    def __init__(
        self,
        lines: Sequence[tuple[MeterLine, Sequence[PolledMeter]]],
        outbox: Outbox,
        sealing: Sealing,
        world: WorldClock,
        *,
        interval_s: int,
        cut_every_s: int,
        ask_again_s: int,
        last_slot: int | None,
        keep_answered_s: int,
        clock: Callable[[], Status],
        alarms: Alarms,
        notify: Callable[[], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self.slots = 0
        self.readings = 0
        self.batches = 0
        self.bodies_let_go = 0
        self.labels: Counter[str] = Counter(dict.fromkeys((str(bit.name) for bit in _LABELS), 0))
        self.finished = threading.Event()
        self._trouble: dict[MeterId, str] = {}
        self._newest: Mapping[MeterId, Reading] = {}
        self._without: Counter[MeterId] = Counter()  # for how many slots in a row a meter gave nothing usable
        self._lines = lines
        self._outbox = outbox
        self._sealing = sealing
        self._world = world
        self._interval_s = interval_s
        self._cut_every_s = cut_every_s
        # The boundary rule accepts a reading within half an interval of the boundary.
        self._ask_again_ms = 1000 * min(ask_again_s, div_floor(interval_s, 2))
        self._last_slot = last_slot
        self._keep_answered_s = keep_answered_s
        self._clock = clock
        self._alarms = alarms
        self._notify = notify
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(max_workers=len(lines), thread_name_prefix="gateway line")
        self._participant = world.join("gateway poll")
        self._worker = Worker("gateway poll", self._run, on_failure)

    @property
    def newest(self) -> Mapping[MeterId, Reading]:
        """The reading of every meter at the newest slot."""
        return self._newest

    def start(self) -> None:
        """Start polling at the next slot."""
        self._worker.start()

    def stop(self) -> None:
        """Stop after the slot that is being polled, and join."""
        self._stopping.set()
        # Wakes the loop when it waits for its next slot.
        self._participant.leave()
        self._worker.join()
        self._pool.shutdown()
        self._participant.leave()
        for line, _ in self._lines:
            line.close()

    def _run(self) -> None:
        try:
            self._poll_slots()
        except ClockClosed:
            log.info("polling ends", extra=facts(slots=self.slots))

    def _poll_slots(self) -> None:
        slot = schedule.first_slot(self._world.now(), self._interval_s, self._outbox.open.last_slot())
        while not self._stopping.is_set() and (self._last_slot is None or slot <= self._last_slot):
            self._participant.wait_until(slot)
            self._poll(slot, final=slot == self._last_slot)
            slot = schedule.next_slot(slot, self._world.now(), self._interval_s)
        if not self._stopping.is_set():
            self.finished.set()
            self._participant.idle()

    def _poll(self, slot: int, *, final: bool) -> None:
        clock = self._clock()
        results = self._ask(self._lines)
        if schedule.ends_batch(slot, self._cut_every_s):
            results = self._ask_again(results)
        self._without = Counter(
            {p.meter.id: self._without[p.meter.id] + 1 for p, answer, _ in results if answer in _MAY_CHANGE}
        )
        readings = {
            polled.meter.id: reading_of(
                answer,
                time=time,
                clock=clock,
                direction=polled.meter.direction,
                profile=polled.meter.profile,
                last=self._sealing.last_registers(polled.meter.id),
            )
            for polled, answer, time in results
        }
        sealed = self._sealing.append(slot, readings.items(), final=final)
        self._newest = readings
        self.slots += 1
        self.readings += len(readings)
        self.batches += sealed
        for polled, _, _ in results:
            self._note(slot, polled.meter, readings[polled.meter.id])
        if sealed:
            self._notify()
        self._tidy()

    def _ask(self, lines: Sequence[_LineAndMeters]) -> list[_PollResult]:
        return [one for answers in self._pool.map(self._poll_line, lines) for one in answers]

    def _ask_again(self, results: list[_PollResult]) -> list[_PollResult]:
        """Ask the awake meters without a usable answer again, until all have answered or the time is over.

        Between two boundaries a lost reading costs nothing; at a boundary it would leave the energy on both sides estimated. Trouble on
        a line often lasts for several slots, so a meter counts as asleep only after `_ASLEEP_SLOTS` of them.
        """
        until_ms = now_ms() + self._ask_again_ms
        asleep = {meter for meter, slots in self._without.items() if slots >= _ASLEEP_SLOTS}
        while fallen := {p.meter.id for p, answer, _ in results if answer in _MAY_CHANGE} - asleep:
            if now_ms() >= until_ms or self._stopping.wait(_PAUSE_S):
                break
            left = [(line, [one for one in meters if one.meter.id in fallen]) for line, meters in self._lines]
            newer = {one[0].meter.id: one for one in self._ask([line for line in left if line[1]])}
            results = [newer.get(one[0].meter.id, one) for one in results]
        return results

    def _poll_line(self, line_and_meters: _LineAndMeters) -> list[_PollResult]:
        line, meters = line_and_meters
        out = []
        for polled in meters:
            answer = line.poll(polled.address, tariffs=polled.meter.profile == PROFILE_TARIFFS)
            out.append((polled, answer, self._world.now()))
        return out

    def _note(self, slot: int, meter: SealedMeter, reading: Reading) -> None:
        """Count a reading's faults, and log them only when they change: an inverter that sleeps all night is logged once."""
        labels = [str(bit.name) for bit in reading.status & _LABELS]
        self.labels.update(labels)
        trouble = ",".join(labels)
        if trouble == self._trouble.get(meter.id, ""):
            return
        self._trouble[meter.id] = trouble
        if trouble:
            log.warning("no good reading", extra=facts(meter=meter.serial, slot=slot, status=trouble))
        else:
            log.info("good readings again", extra=facts(meter=meter.serial, slot=slot))

    def _tidy(self) -> None:
        before = self._world.now() - self._keep_answered_s
        for _ in range(_FORGET_STEPS_MAX):
            if self._outbox.sealed.forget_answered(before) == 0:
                break
        self.bodies_let_go += self._outbox.sealed.let_go()
        if self.bodies_let_go:
            self._alarms.stand("outbox bodies", f"the outbox is full: {self.bodies_let_go} bodies were let go")
        if self._outbox.sealed.over_bound:
            self._alarms.stand("outbox full", "the outbox is full and nothing in it may be let go")
        else:
            self._alarms.over("outbox full")
        for line, _ in self._lines:
            if line.problem:
                self._alarms.stand(f"line {line.name}", f"line {line.name}: {line.problem}")
            else:
                self._alarms.over(f"line {line.name}")
