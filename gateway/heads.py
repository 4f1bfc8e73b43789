"""Asks the oracles for their heads: before a meter is sealed, and again when an answer shows that gateway and oracle disagree."""

import logging
import os
import secrets
from collections import Counter
from collections.abc import Callable

from evidence import head as heads
from evidence.head import Head
from evidence.keys import MeterId, PublicKey
from evidence.status import Status
from gateway.alarms import Alarms
from gateway.core import resend
from gateway.lines.serial_port import now_ms
from gateway.mqtt import MqttLink
from gateway.sealing import Sealing
from gateway.sending import Sending
from runtime.clock import WorldClock
from runtime.logs import facts

HEADS_BASE_MS = 1_000
UNANSWERED_MAX = 3  # requests, about seven seconds: an oracle that is being started answers in that time

log = logging.getLogger(__name__)


class Heads:
    """Asks for heads until every meter may be sealed. The uplink's loop owns it.

    Args:
        link: the connection.
        sealing: names the meters that wait for a head, and takes their heads.
        sending: sends again what the oracle does not hold.
        world: the time of the headers that are sealed when a head arrives.
        clock: gives the clock bit of the present moment.
        alarms: shows a person that no oracle answers.
        required: how many oracles must have answered for a meter.
    """

    def __init__(
        self,
        link: MqttLink,
        sealing: Sealing,
        sending: Sending,
        world: WorldClock,
        *,
        clock: Callable[[], Status],
        alarms: Alarms,
        required: int,
    ) -> None:
        self.counts: Counter[str] = Counter(heads=0)
        self.attempt = 0  # how many requests were sent since all heads were known
        self._link = link
        self._sealing = sealing
        self._sending = sending
        self._world = world
        self._clock = clock
        self._alarms = alarms
        self._required = required
        self._said: dict[MeterId, dict[bytes, Head]] = {}
        self._nonce = b""
        self._due_ms = 0

    def ask_at(self, instant_ms: int) -> None:
        """Set when the next request is due, if any meter then needs one; real milliseconds."""
        self._due_ms = instant_ms

    def next_due_ms(self) -> int | None:
        """When the next request is due, in real milliseconds; None while no meter needs one."""
        return None if self._sealing.ready else self._due_ms

    def ask(self) -> None:
        """Request the heads of the meters that wait for one, if a request is due."""
        unready = self._sealing.unready
        if not unready:
            self.attempt = 0
            self._alarms.over("heads")
            return
        if now_ms() < self._due_ms:
            return
        if self.attempt:
            log.info("still no oracle heads", extra=facts(attempt=self.attempt, meters=len(unready)))
        if self.attempt == UNANSWERED_MAX:
            # Readings are kept, but nothing is sealed or sent: from outside the gateway looks as if it worked.
            self._alarms.stand("heads", "no oracle says where it stands: readings are kept, nothing is sealed or sent")
        self._nonce = os.urandom(heads.NONCE_SIZE)
        self._said.clear()
        self._link.publish_request(heads.encode_request(self._nonce, unready[: heads.METERS_MAX]))
        self._due_ms = now_ms() + resend.delay_ms(self.attempt, HEADS_BASE_MS, secrets.randbelow)
        self.attempt += 1

    def take(self, payload: bytes, key: PublicKey) -> None:
        """Take a head; once the required number of oracles have sent theirs, the meter may be sealed.

        Raises:
            EvidenceError: it is no head of this oracle, or answers another request.
        """
        head = heads.open_head(payload, key, nonce=self._nonce)
        self.counts["heads"] += 1
        said = self._said.setdefault(head.meter_id, {})
        said[head.oracle_id] = head
        if len(said) < self._required or head.meter_id not in self._sealing.unready:
            return
        self._sealing.reconcile({head.meter_id: list(said.values())}, now=self._world.now(), clock=self._clock())
        self._said.pop(head.meter_id)
        self._sending.release(head.meter_id)
        # Some of this meter's batches in flight may have been put apart; the others are sent again.
        self._sending.send_again(head.meter_id)
