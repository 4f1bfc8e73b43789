"""Acts on a signed answer: a stored batch leaves the window, a refused batch is put apart, a meter that must wait is held.

Only a signed answer makes a batch answered; a broker's acknowledgement is not delivery.
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
        outbox: keeps which batches are stored or refused.
        sealing: stops sealing for a meter whose chain cannot continue.
        sending: learns which batches are answered, and which meters must wait.
        heads: asks where the oracle stands, when an answer shows that gateway and oracle disagree about a chain.
        world: the time at which a batch was answered.
        alarms: shows a person what needs attention.
        required: how many oracles must store a batch.
        answer_ms: how long a meter waits for a busy oracle the first time, real milliseconds.
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
        self._refusals: Counter[MeterId] = Counter()  # by meter, since a batch of that meter was last stored

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
                    # After a power cut before this commit the batch is sent again, and the oracle answers 'duplicate'.
                    if self._outbox.sealed.put_stored(
                        item.header_hash, answer.oracle_id, required=self._required, at=self._world.now()
                    ):
                        done.append(item.header_hash)
                elif item.verdict is Verdict.REFUSED and self._outbox.sealed.put_refused(
                    item.header_hash, item.code, at=self._world.now()
                ):
                    refused.append(item)
                    done.append(item.header_hash)
        # Durable from here: answered batches are not sent again.
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
            # The oracle had answered the header before this one and does not know it now: it has lost batches.
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
        # The chain cannot continue past a refused header: ask where the oracle stands, and continue from there.
        self._sealing.suspend(meter_id)
        # The oracle may refuse a meter again and again, because its binding is not registered: ask at growing intervals.
        refusals = self._refusals[meter_id]
        self._refusals[meter_id] += 1
        wait_ms = resend.delay_ms(refusals - 1, HEADS_BASE_MS, secrets.randbelow) if refusals else 0
        self._heads.ask_at(now_ms() + wait_ms)
