"""What a signed answer does: what is stored leaves the window, what is refused is kept apart, and what has to wait waits.

Only this makes a batch answered; a broker's acknowledgement is not delivery.
"""

import secrets
from collections import Counter

from evidence import answer as answers
from evidence.answer import AnswerItem, Code, Verdict
from evidence.keys import MeterId, PublicKey
from gateway.alarms import Alarms
from gateway.core import resend
from gateway.heads import HEADS_BASE_MS, Heads
from gateway.lines.serial_port import now_ms
from gateway.outbox import Outbox
from gateway.sealing import Sealing
from gateway.sending import Sending
from runtime.clock import WorldClock

_PREV_UNKNOWN_BASE_MS = 50
_HAS_IT = (Verdict.STORED, Verdict.DUPLICATE)


class Answers:
    """Takes the oracles' answers. The uplink's loop owns it.

    Args:
        outbox: where they are written down.
        sealing: stops a meter whose chain cannot go on.
        sending: is told what waits for no answer any more, and what must wait.
        heads: is asked where the oracle stands, when an answer shows that the two do not meet.
        world: when a batch was answered.
        alarms: where what a person should see is said.
        required: oracles that must have a batch.
        answer_ms: how long a meter waits for an oracle that is busy, the first time.
    """

    def __init__(
        self,
        outbox: Outbox,
        sealing: Sealing,
        sending: Sending,
        heads: Heads,
        world: WorldClock,
        *,
        alarms: Alarms,
        required: int,
        answer_ms: int,
    ) -> None:
        self.counts: Counter[str] = Counter(stored=0, duplicate=0, retry=0, refused=0, stored_bodiless=0)
        self._outbox = outbox
        self._sealing = sealing
        self._sending = sending
        self._heads = heads
        self._world = world
        self._alarms = alarms
        self._required = required
        self._answer_ms = answer_ms
        self._refusals: Counter[MeterId] = Counter()  # since a batch of the meter was last stored

    def take(self, payload: bytes, key: PublicKey) -> None:
        """Take one answer.

        Raises:
            EvidenceError: it is no answer of this oracle.
        """
        answer = answers.open_answer(payload, key)
        self._alarms.over("oracle")
        done: list[bytes] = []
        refused: list[AnswerItem] = []
        with self._outbox.transaction():
            for item in answer.items:
                self.counts[item.verdict.name.lower()] += 1
                if item.verdict in _HAS_IT:
                    # A power cut before this commit sends the batch again, and the oracle says 'duplicate'.
                    if self._outbox.sealed.put_stored(
                        item.header_hash, answer.oracle_id, required=self._required, at=self._world.now()
                    ):
                        done.append(item.header_hash)
                elif item.verdict is Verdict.REFUSED and self._outbox.sealed.put_refused(
                    item.header_hash, item.code, at=self._world.now()
                ):
                    refused.append(item)
                    done.append(item.header_hash)
        # Durable from here: what is answered is not sent again.
        for item in answer.items:
            if item.verdict is Verdict.RETRY:
                self._take_retry(item)
            elif item.code is Code.SEALED:
                self.counts["stored_bodiless"] += 1
        for item in answer.items:
            if item.verdict in _HAS_IT:
                meter_id = self._outbox.sealed.meter_of(item.header_hash)
                self._sending.release(meter_id)
                self._refusals.pop(meter_id, None)
        self._sending.answered(done)
        for item in refused:
            self._take_refusal(item)

    def _take_retry(self, item: AnswerItem) -> None:
        meter_id = self._outbox.sealed.meter_of(item.header_hash)
        if not meter_id:
            return
        prev_unknown = item.code is Code.PREV_UNKNOWN
        until = self._sending.hold(meter_id, _PREV_UNKNOWN_BASE_MS if prev_unknown else self._answer_ms)
        if until is not None and prev_unknown and item.header_hash == self._outbox.sealed.first_unanswered(meter_id):
            # It has answered the header before this one and does not know it: it has lost something.
            self._sealing.suspend(meter_id)
            self._heads.ask_at(until)
        self._sending.send_again(meter_id)

    def _take_refusal(self, item: AnswerItem) -> None:
        meter_id = self._outbox.sealed.meter_of(item.header_hash)
        serial = self._sealing.serial_of(meter_id)
        self._alarms.stand(
            f"refused {serial}",
            f"meter {serial}: the oracle refuses batch {item.header_hash.hex()[:16]} ({item.code.name}); it is kept",
        )
        self._sending.send_again(meter_id)
        # The chain cannot go on past a refused header: ask where the oracle stands, and go on from there.
        self._sealing.suspend(meter_id)
        # A meter that is refused again and again (its binding is not registered) is not worth a storm.
        refusals = self._refusals[meter_id]
        self._refusals[meter_id] += 1
        wait_ms = resend.delay_ms(refusals - 1, HEADS_BASE_MS, secrets.randbelow) if refusals else 0
        self._heads.ask_at(now_ms() + wait_ms)
