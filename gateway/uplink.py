"""The uplink: sends what is sealed and signed, until signed answers say that it is stored.

A broker's acknowledgement is not delivery. What is not answered is sent again, with back-off, for ever; what is refused is kept
apart and somebody is told. One thread owns the window, reads the events of the connection and writes the answers down.
"""

import logging
import os
import queue
import secrets
import threading
from collections import Counter
from collections.abc import Callable
from typing import Protocol

from evidence import answer as answers
from evidence import head as heads
from evidence import tags
from evidence.answer import AnswerItem, Code, Verdict
from evidence.bundle import encode_bundle
from evidence.errors import EvidenceError
from evidence.head import Head
from evidence.keys import MeterId, PublicKey
from evidence.status import Status
from gateway.alarms import Alarms
from gateway.core import resend
from gateway.core.window import Flight, Window
from gateway.mqtt import FAILURE, NO_MATCHING_SUBSCRIBERS, Arrived, Connected, Disconnected, Event, MqttLink, Published
from gateway.outbox import Outbox
from gateway.sealing import Sealing
from gateway.serial_port import now_ms
from shell.clock import WorldClock
from shell.logs import facts
from shell.worker import Worker

_HEADS_BASE_MS = 1_000
_HOLD_BASE_MS = 50
_IDLE_WAIT_MS = 1_000
_EVENTS_PER_TURN = 256

COUNTERS = (
    "bundles", "resent", "stored", "duplicate", "retry", "refused", "stored_sealed", "heads", "unpinned", "unopened",
    "disconnects", "no_subscriber", "broker_refused",
)  # fmt: skip

log = logging.getLogger(__name__)


class UplinkConfig(Protocol):
    """What the uplink needs of `GatewayConfig`."""

    @property
    def oracle_points(self) -> tuple[bytes, ...]:
        """Pinned public points."""

    @property
    def answers_required(self) -> int:
        """Oracles that must have a batch."""

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
        outbox: what is sent.
        sealing: is told where the oracles stand.
        world: the world's time; it stands still while anything is unanswered.
        clock: the clock bit of now.
        alarms: where what a person should see is said.
        on_failure: told when the thread dies.
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
        self.counts: Counter[str] = Counter(dict.fromkeys(COUNTERS, 0))
        self._required = config.answers_required
        self._answer_ms = config.answer_timeout_s * 1000
        self._oracles = {bytes(key.meter_id): key for key in map(PublicKey, config.oracle_points)}
        self._link = link
        self._outbox = outbox
        self._sealing = sealing
        self._world = world
        self._clock = clock
        self._alarms = alarms
        self._window = Window(config.window)
        self._connected = False
        self._heads: dict[MeterId, dict[bytes, Head]] = {}
        self._nonce = b""
        self._heads_attempt = 0
        self._heads_due_ms = 0
        self._held: dict[MeterId, tuple[int, int]] = {}  # meters the oracle asked to wait: (attempt, until real ms)
        self._refusals: Counter[MeterId] = Counter()  # since a batch of the meter was last stored
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
        """Stop both; what is unanswered stays in the outbox. Does nothing when not started."""
        if self._started:
            self._started = False
            self._stopping.set()
            self._link.wake()
            self._worker.join()
            self._link.stop()
        self._participant.leave()

    def notify(self) -> None:
        """There is something new in the outbox: hold the world's time and send it. Call it after the commit."""
        with self._gate:
            self._noticed += 1
            self._participant.busy()
        self._link.wake()

    def status(self) -> dict[str, object]:
        """Connection, window, and counters."""
        return {
            "connected": self._connected,
            "heads_known": self._sealing.ready,
            "in_flight": len(self._window.flights),
            "events_dropped": self._link.dropped,
            **self.counts,
        }

    # ------------------------------------------------------------ the loop

    def _run(self) -> None:
        while not self._stopping.is_set():
            noticed = self._noticed
            for event in self._events():
                self._handle(event)
            if self._connected:
                self._ask_heads()
                self._send_overdue()
                self._fill_window()
            if self._sealing.ready and not self._window.flights and self._outbox.unanswered_count() == 0:
                with self._gate:
                    # Whoever called `notify` meanwhile holds the world's time; it is let go next time around.
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
        instants = [until for _, until in self._held.values() if until > now]
        if (due := self._window.next_due_ms()) is not None:
            instants.append(due)
        if not self._sealing.ready:
            instants.append(self._heads_due_ms)
        return min(max(min(instants, default=now + _IDLE_WAIT_MS) - now, 0), _IDLE_WAIT_MS)

    def _handle(self, event: Event) -> None:
        if isinstance(event, Connected):
            self._connected = True
            self._heads_due_ms = 0
            self._alarms.over("broker")
        elif isinstance(event, Disconnected):
            self._connected = False
            self.counts["disconnects"] += 1
            self._alarms.stand("broker", f"no connection to the broker: {event.reason}")
        elif isinstance(event, Published):
            self._take_puback(event)
        elif isinstance(event, Arrived):
            self._take_message(event.payload)

    # ------------------------------------------------------------ what comes

    def _take_puback(self, event: Published) -> None:
        # Whoever has not got a bundle does not answer it, and what is not answered is sent again; so this is only for people.
        if event.code == NO_MATCHING_SUBSCRIBERS:
            self.counts["no_subscriber"] += 1
            self._alarms.stand("oracle", "no oracle listens: the broker has no subscriber for our bundles")
        elif event.code >= FAILURE:
            self.counts["broker_refused"] += 1
            self._alarms.stand("broker acl", f"the broker does not let us publish: {event.reason}")
        else:
            self._alarms.over("broker acl")

    def _take_message(self, payload: bytes) -> None:
        key = self._oracles.get(payload[4:24])
        if key is None:
            self.counts["unpinned"] += 1
            return
        try:
            if payload[:4] == tags.HEAD:
                self._take_head(heads.open_head(payload, key, nonce=self._nonce))
            else:
                self._take_answer(payload, key)
        except EvidenceError as error:
            # Anybody who may publish there can send such a thing; it changes nothing.
            self.counts["unopened"] += 1
            log.warning("a message does not open", extra=facts(code=error.code, problem=error))

    def _take_head(self, head: Head) -> None:
        self.counts["heads"] += 1
        said = self._heads.setdefault(head.meter_id, {})
        said[head.oracle_id] = head
        if len(said) < self._required or head.meter_id not in self._sealing.unready:
            return
        self._sealing.reconcile({head.meter_id: list(said.values())}, now=self._world.now(), clock=self._clock())
        self._held.pop(head.meter_id, None)
        self._heads.pop(head.meter_id)
        # What of this meter was in flight may have been put aside; the rest goes again, in order.
        self._window.answered(self._outbox.hashes_of(head.meter_id, self._window.rows))

    def _take_answer(self, payload: bytes, key: PublicKey) -> None:
        answer = answers.open_answer(payload, key)
        self._alarms.over("oracle")
        done: list[bytes] = []
        refused: list[AnswerItem] = []
        with self._outbox.transaction():
            for item in answer.items:
                self.counts[item.verdict.name.lower()] += 1
                if item.verdict in (Verdict.STORED, Verdict.DUPLICATE):
                    # A power cut before this commit sends the batch again, and the oracle says 'duplicate'.
                    if self._outbox.put_stored(
                        item.header_hash, answer.oracle_id, required=self._required, at=self._world.now()
                    ):
                        done.append(item.header_hash)
                elif item.verdict is Verdict.REFUSED and self._outbox.put_refused(
                    item.header_hash, item.code, at=self._world.now()
                ):
                    refused.append(item)
                    done.append(item.header_hash)
        # Durable from here: what is answered is not sent again.
        for item in answer.items:
            if item.verdict is Verdict.RETRY:
                self._take_retry(item)
            elif item.code is Code.SEALED:
                self.counts["stored_sealed"] += 1
        for item in answer.items:
            if item.verdict in (Verdict.STORED, Verdict.DUPLICATE):
                self._held.pop(meter_id := self._outbox.meter_of(item.header_hash), None)
                self._refusals.pop(meter_id, None)
        self._window.answered(done)
        for item in refused:
            self._take_refusal(item)

    def _take_retry(self, item: AnswerItem) -> None:
        meter_id = self._outbox.meter_of(item.header_hash)
        if not meter_id:
            return
        attempt, until = self._held.get(meter_id, (-1, 0))
        if until <= now_ms():
            base = _HOLD_BASE_MS if item.code is Code.PREV_UNKNOWN else self._answer_ms
            until = now_ms() + resend.delay_ms(attempt + 1, base, secrets.randbelow)
            self._held[meter_id] = (attempt + 1, until)
            if item.code is Code.PREV_UNKNOWN and item.header_hash == self._outbox.first_unanswered(meter_id):
                # It has answered the header before this one and does not know it: it has lost something.
                self._sealing.suspend(meter_id)
                self._heads_due_ms = until
        # The meter's batches leave the window, so that they go again from the first unanswered one.
        self._window.answered(self._outbox.hashes_of(meter_id, self._window.rows))

    def _take_refusal(self, item: AnswerItem) -> None:
        meter_id = self._outbox.meter_of(item.header_hash)
        serial = self._sealing.serial_of(meter_id)
        self._alarms.stand(
            f"refused {serial}",
            f"meter {serial}: the oracle refuses batch {item.header_hash.hex()[:16]} ({item.code.name}); it is kept",
        )
        self._window.answered(self._outbox.hashes_of(meter_id, self._window.rows))
        # The chain cannot go on past a refused header: ask where the oracle stands, and go on from there.
        self._sealing.suspend(meter_id)
        # A meter that is refused again and again (its binding is not registered) is not worth a storm.
        refusals = self._refusals[meter_id]
        self._refusals[meter_id] += 1
        wait_ms = resend.delay_ms(refusals - 1, _HEADS_BASE_MS, secrets.randbelow) if refusals else 0
        self._heads_due_ms = now_ms() + wait_ms

    # ------------------------------------------------------------ what goes

    def _ask_heads(self) -> None:
        unready = self._sealing.unready
        if not unready:
            self._heads_attempt = 0
            return
        if now_ms() < self._heads_due_ms:
            return
        if self._heads_attempt:
            log.info("still no oracle heads", extra=facts(attempt=self._heads_attempt, meters=len(unready)))
        self._nonce = os.urandom(heads.NONCE_SIZE)
        self._heads.clear()
        self._link.publish_request(heads.encode_request(self._nonce, unready[: heads.METERS_MAX]))
        self._heads_due_ms = now_ms() + resend.delay_ms(self._heads_attempt, _HEADS_BASE_MS, secrets.randbelow)
        self._heads_attempt += 1

    def _send_overdue(self) -> None:
        for flight in self._window.due(now_ms()):
            self.counts["resent"] += 1
            flight.attempt += 1
            self._publish(flight)

    def _fill_window(self) -> None:
        while self._window.room:
            limit = tags.BUNDLE_ITEMS_MAX * (self._window.size + 1)
            new_data = resend.is_for_new_data(self._window.next_number)
            waiting = self._outbox.waiting_of_newest_meter(limit) if new_data else []
            waiting = self._sendable(waiting) or self._sendable(self._outbox.waiting(limit))
            chosen = resend.pick(waiting, new_data=new_data)
            if not chosen:
                return
            going = self._outbox.outgoing([item.row for item in chosen])
            flight = self._window.send({item.header_hash: item.row for item in going}, due_ms=0)
            self._publish(flight)

    def _sendable(self, waiting: list[resend.Waiting]) -> list[resend.Waiting]:
        flying = self._window.rows
        now = now_ms()
        self._held = {meter: hold for meter, hold in self._held.items() if hold[1] > now or hold[0] > 0}
        held = {meter for meter, (_, until) in self._held.items() if until > now}
        # Where the oracle stands comes first: until then nothing of a meter is sent.
        held.update(self._sealing.unready)
        return [item for item in waiting if item.row not in flying and item.meter_id not in held]

    def _publish(self, flight: Flight) -> None:
        going = self._outbox.outgoing(list(flight.rows.values()))
        self._link.publish_bundle(encode_bundle([item.item for item in going]))
        flight.due_ms = now_ms() + resend.delay_ms(flight.attempt, self._answer_ms, secrets.randbelow)
        self.counts["bundles"] += 1
