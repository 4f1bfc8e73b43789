"""The intake's own thread: takes what waits, stores it in one transaction, answers, acknowledges, settles."""

import logging
from collections.abc import Callable, Sequence

from evidence import topics
from evidence.errors import Malformed
from evidence.keys import Signer
from oracle.intake.arrival import Incoming
from oracle.intake.heads import signed_heads
from oracle.intake.inbox import Inbox, Message
from oracle.intake.take import Intake
from oracle.ledger.reader import LedgerReader
from runtime.clock import WorldClock
from runtime.logs import facts
from runtime.worker import Worker

_LOG = logging.getLogger(__name__)


class IntakeWorker:
    """Drains the inbox at its own pace.

    `after_commit` runs after every commit and once at the start, so that what a crash left unsettled is settled by the same path. With
    `idle_pass_s` it also runs after so many real seconds without a message: a settlement deadline may pass while no message arrives.
    """

    def __init__(
        self,
        *,
        inbox: Inbox,
        intake: Intake,
        reader: LedgerReader,
        world: WorldClock,
        signer: Signer,
        messages_per_commit: int,
        idle_pass_s: int | None,
        after_commit: Callable[[], None],
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._inbox = inbox
        self._intake = intake
        self._reader = reader
        self._world = world
        self._signer = signer
        self._messages_per_commit = messages_per_commit
        self._idle_pass_s = idle_pass_s
        self._after_commit = after_commit
        self._malformed_requests = 0
        self._worker = Worker("oracle intake", self._run, on_failure)

    def start(self) -> None:
        """Start the thread."""
        self._worker.start()

    def join(self) -> None:
        """Wait for the thread to end, after the inbox was stopped."""
        self._worker.join()

    def status(self) -> dict[str, object]:
        """What became of everything that arrived since the start."""
        return {**self._intake.status(), "malformed_requests": self._malformed_requests}

    def _run(self) -> None:
        self._after_commit()
        self._inbox.done(1)
        while (messages := self._inbox.take(self._messages_per_commit, timeout_s=self._idle_pass_s)) is not None:
            bundles = [message for message in messages if message.topic.leaf == topics.UP]
            if bundles:
                self._take(bundles)
            for message in messages:
                if message.topic.leaf == topics.ASK:
                    self._answer_request(message)
            for message in messages:
                self._inbox.acknowledge(message)
            # Acknowledged: the broker forgets these messages. A crash before this line brings them again, as duplicates.
            if bundles or not messages:
                self._after_commit()
            self._inbox.done(len(messages))

    def _take(self, bundles: Sequence[Message]) -> None:
        answers = self._intake.take([Incoming(message.topic.gateway, message.payload) for message in bundles])
        # Durable from here, but not yet answered: a crash costs each gateway one resend, answered 'duplicate'.
        for message, answer in zip(bundles, answers, strict=True):
            if answer is not None:
                self._inbox.publish(message.topic.gateway, answer)

    def _answer_request(self, message: Message) -> None:
        try:
            heads = signed_heads(message.payload, reader=self._reader, world=self._world, signer=self._signer)
        except Malformed as error:
            self._malformed_requests += 1
            _LOG.warning("head request refused", extra=facts(gateway=message.topic.gateway, problem=error))
            return
        for head in heads:
            self._inbox.publish(message.topic.gateway, head)
