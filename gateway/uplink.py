"""The uplink: one thread that reads the connection's events, and sends signed batches until answers say that they are stored.

`gateway.sending` decides what is sent, `gateway.heads` asks where the oracles stand, and `gateway.answers` acts on answers.
"""

import logging
import queue
import threading
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from evidence import tags
from evidence.errors import EvidenceError
from evidence.keys import PublicKey
from evidence.status import Status
from gateway.alarms import Alarms
from gateway.answers import Answers
from gateway.heads import Heads
from gateway.lines.serial_port import now_ms
from gateway.mqtt import FAILURE, NO_MATCHING_SUBSCRIBERS, Arrived, Connected, Disconnected, Event, MqttLink, Published
from gateway.outbox import Outbox
from gateway.sealing import Sealing
from gateway.sending import Sending
from runtime.clock import WorldClock
from runtime.logs import facts
from runtime.worker import Worker

_IDLE_WAIT_MS = 1_000
_EVENTS_PER_TURN = 256

log = logging.getLogger(__name__)


class UplinkConfig(Protocol):
    """The part of `GatewayConfig` that the uplink uses."""

    @property
    def oracle_points(self) -> tuple[bytes, ...]:
        """Pinned public points."""

    @property
    def answers_required(self) -> int:
        """How many oracles must store a batch."""

    @property
    def window(self) -> int:
        """Bundles that may be unanswered."""

    @property
    def answer_timeout_s(self) -> int:
        """Real seconds until an unanswered bundle is sent again."""


class Uplink:
    """Sends the outbox to the oracles.

    Args:
        config: pinned oracle keys, window, time-outs.
        link: the connection.
        outbox: holds the batches to send.
        sealing: learns where the oracles stand.
        world: the world's time; it stands still while any batch is unanswered.
        clock: gives the clock bit of the present moment.
        alarms: shows a person what needs attention.
        on_failure: called when the thread dies.
    """

    def __init__(
        self,
        config: UplinkConfig,
        link: MqttLink,
        outbox: Outbox,
        sealing: Sealing,
        world: WorldClock,
        *,
        clock: Callable[[], Status],
        alarms: Alarms,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        required, answer_ms = config.answers_required, config.answer_timeout_s * 1000
        self._own_counts: Counter[str] = Counter(
            unpinned=0, unopened=0, disconnects=0, no_subscriber=0, broker_refused=0
        )
        self._oracles = {bytes(key.meter_id): key for key in map(PublicKey, config.oracle_points)}
        self._link = link
        self._outbox = outbox
        self._sealing = sealing
        self._alarms = alarms
        self._sending = Sending(link, outbox, sealing, window=config.window, answer_ms=answer_ms)
        self._heads = Heads(link, sealing, self._sending, world, clock=clock, alarms=alarms, required=required)
        self._answers = Answers(
            outbox,
            sealing,
            self._sending,
            self._heads,
            world,
            alarms=alarms,
            required=required,
            answer_ms=answer_ms,
        )
        self._connected = False
        self._stopping = threading.Event()
        self._gate = threading.Lock()
        self._noticed = 0
        self._participant = world.join("gateway uplink")
        self._worker = Worker("gateway uplink", self._run, on_failure)
        self._started = False

    def start(self) -> None:
        """Start the connection and the loop."""
        self._started = True
        self._link.start()
        self._worker.start()

    def stop(self) -> None:
        """Stop both; unanswered batches stay in the outbox. Does nothing when not started."""
        if self._started:
            self._started = False
            self._stopping.set()
            self._link.wake()
            self._worker.join()
            self._link.stop()
        self._participant.leave()

    def notify(self) -> None:
        """Hold the world's time and send what is new in the outbox. To be called after the commit."""
        with self._gate:
            self._noticed += 1
            self._participant.busy()
        self._link.wake()

    @property
    def counts(self) -> dict[str, int]:
        """Counters since the start of bundles sent, and of answers, heads and other messages received."""
        return {**self._sending.counts, **self._answers.counts, **self._heads.counts, **self._own_counts}

    def status(self) -> dict[str, object]:
        """Connection, window, and counters."""
        return {
            "connected": self._connected,
            "heads_known": self._sealing.ready,
            "in_flight": self._sending.in_flight,
            "events_dropped": self._link.dropped,
            **self.counts,
        }

    def _run(self) -> None:
        while not self._stopping.is_set():
            noticed = self._noticed
            for event in self._events():
                self._handle(event)
            if self._connected:
                self._heads.ask()
                self._sending.send_overdue()
                self._sending.fill_window()
            if self._sealing.ready and not self._sending.in_flight and self._outbox.sealed.unanswered_count() == 0:
                with self._gate:
                    # A call of `notify` since the turn began holds the world's time; a later turn releases it.
                    if self._noticed == noticed:
                        self._participant.idle()

    def _events(self) -> list[Event]:
        found: list[Event] = []
        try:
            found.append(self._link.events.get(timeout=self._wait_ms() / 1000))
            while len(found) < _EVENTS_PER_TURN:
                found.append(self._link.events.get_nowait())
        except queue.Empty:
            pass
        return found

    def _wait_ms(self) -> int:
        if not self._connected:
            return _IDLE_WAIT_MS
        now = now_ms()
        instants = (self._sending.next_due_ms(now), self._heads.next_due_ms(), now + _IDLE_WAIT_MS)
        return max(min(instant for instant in instants if instant is not None) - now, 0)

    def _handle(self, event: Event) -> None:
        if isinstance(event, Connected):
            self._connected = True
            self._heads.ask_at(0)
            self._alarms.over("broker")
        elif isinstance(event, Disconnected):
            self._connected = False
            self._own_counts["disconnects"] += 1
            self._alarms.stand("broker", f"no connection to the broker: {event.reason}")
        elif isinstance(event, Published):
            self._take_puback(event)
        elif isinstance(event, Arrived):
            self._take_message(event.payload)

    def _take_puback(self, event: Published) -> None:
        # An oracle that did not get a bundle does not answer it, and the bundle is sent again; so the reason code is only for people.
        if event.code == NO_MATCHING_SUBSCRIBERS:
            self._own_counts["no_subscriber"] += 1
            self._alarms.stand("oracle", "no oracle listens: the broker has no subscriber for our bundles")
        elif event.code >= FAILURE:
            self._own_counts["broker_refused"] += 1
            self._alarms.stand("broker acl", f"the broker does not let us publish: {event.reason}")
        else:
            self._alarms.over("broker acl")

    def _take_message(self, payload: bytes) -> None:
        key = self._oracles.get(payload[4:24])
        if key is None:
            self._own_counts["unpinned"] += 1
            return
        try:
            if payload[:4] == tags.HEAD:
                self._heads.take(payload, key)
            else:
                self._answers.take(payload, key)
        except EvidenceError as error:
            # Any client that may publish on this topic can send such a message; it changes nothing.
            self._own_counts["unopened"] += 1
            log.warning("a message does not open", extra=facts(code=error.code, problem=error))
