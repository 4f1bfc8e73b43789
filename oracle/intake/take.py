"""Taking bundles: opened, placed and stored in one transaction with the log; answered only afterwards.

Stateless and idempotent: the same bundle taken again changes nothing and is answered 'duplicate'.
"""

import logging
import sqlite3
from collections import Counter
from collections.abc import Sequence

from evidence import answer
from evidence.answer import AnswerItem, Code, Verdict
from evidence.keys import Signer
from oracle.core.sequence_check import Decision, duplicate
from oracle.core.validation import Opened, Unopened
from oracle.intake import rows
from oracle.intake.arrival import Arrived, Bundle, Incoming, Stored, arrivals
from oracle.intake.chain_of_headers import ChainOfHeaders
from oracle.intake.refusal_log import RefusalLog
from oracle.intake.verify import Verifier
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import RefusalRow
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from runtime.clock import WorldClock
from runtime.logs import facts

_LOG = logging.getLogger(__name__)
_PASSING = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class Intake:
    """Takes bundles into the ledger and the log."""

    def __init__(
        self,
        *,
        writer: LedgerWriter,
        reader: LedgerReader,
        sequencer: Sequencer,
        verifier: Verifier,
        world: WorldClock,
        signer: Signer,
        refusals_kept: int,
    ) -> None:
        self._writer = writer
        self._reader = reader
        self._sequencer = sequencer
        self._verifier = verifier
        self._world = world
        self._signer = signer
        self._refusals_kept = refusals_kept
        self._chains = ChainOfHeaders(writer.view)
        self._refusal_log = RefusalLog(reader)
        self._stored: dict[bytes, Stored] = {}  # of the running transaction
        self._refusals: list[RefusalRow] = []  # likewise
        self._counts: Counter[tuple[Verdict, Code]] = Counter()
        self._bundles_refused = 0

    def take(self, incoming: Sequence[Incoming]) -> list[bytes | None]:
        """Take bundles in order, all of them in one transaction.

        Returns:
            For each bundle its signed answer, or None where it could not be taken apart: there is no header to answer for.
        """
        bundles = arrivals(incoming, self._reader.headers, self._verifier)
        self._stored.clear()
        self._refusals.clear()
        try:
            with self._writer.transaction():
                self._writer.on_rollback(self._chains.forget)
                now = self._world.now()
                decisions = [[self._take(arrived, now) for arrived in bundle.items] for bundle in bundles]
                for bundle in bundles:
                    if bundle.problem:
                        self._keep(rows.bundle_refusal_row(bundle, received_at=now))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _PASSING:  # the low byte is the kind, the rest says more
                raise
            # The disk is full, or another process holds the file: nothing was stored, and the same bytes may be stored later.
            _LOG.error(
                "nothing stored, gateways are asked to send again", extra=facts(bundles=len(bundles), error=error)
            )
            busy = Decision(Verdict.RETRY, Code.BUSY)
            decisions = [[busy] * len(bundle.items) for bundle in bundles]
            self._refusals.clear()
        # Durable from here. A crash before the answers are sent costs a resend, which is answered 'duplicate'.
        self._count(bundles, decisions)
        self._refusal_log.say(self._refusals)
        return [self._answer(*of_bundle) for of_bundle in zip(bundles, decisions, strict=True)]

    def status(self) -> dict[str, object]:
        """What became of headers since the start."""
        # A copy at once: the intake's thread counts on, and a code that is new would end a loop over them.
        counts = dict(self._counts)
        of = Counter(dict.fromkeys(Verdict, 0))
        for (verdict, _), count in counts.items():
            of[verdict] += count
        refused = {c.name: n for (v, c), n in sorted(counts.items()) if v is Verdict.REFUSED}
        return {
            "stored": of[Verdict.STORED],
            "bodiless": counts.get((Verdict.STORED, Code.SEALED), 0),
            "duplicates": of[Verdict.DUPLICATE],
            "retry": of[Verdict.RETRY],
            "refused": refused,
            "bundles_refused": self._bundles_refused,
        }

    def _take(self, arrived: Arrived, now: int) -> Decision:
        found = self._stored.get(arrived.hash, arrived.found)
        if isinstance(found, Stored):
            return duplicate(bodiless=found.bodiless)
        decision = self._chains.place(arrived.hash, found)
        if isinstance(found, Opened) and decision.verdict is Verdict.STORED:
            self._store(arrived, found, now)
        self._keep_reason(arrived, found, decision, now)
        return decision

    def _store(self, arrived: Arrived, opened: Opened, now: int) -> None:
        log_index = self._sequencer.append_header(arrived.item.header, arrived.item.signature, arrived.hash)
        self._writer.headers.add(rows.batch_row(arrived, opened, received_at=now, log_index=log_index))
        self._chains.stored(arrived.hash, opened.header)
        self._stored[arrived.hash] = Stored(bool(opened.bodiless))

    def _keep_reason(self, arrived: Arrived, found: Opened | Unopened, decision: Decision, now: int) -> None:
        # A stored header whose body does not count has a reason; the reason is kept beside the refusals.
        if decision.verdict is Verdict.RETRY or (decision.verdict is Verdict.STORED and decision.code is Code.OK):
            return
        meter_id = found.header.meter_id if isinstance(found, Opened) else found.meter_id
        self._keep(rows.refusal_row(arrived, meter_id, decision, received_at=now))
        if decision.excludes is not None and meter_id is not None:
            self._writer.refusals.add_fork(rows.fork_row(arrived, meter_id, decision.excludes, found_at=now))

    def _keep(self, row: RefusalRow) -> None:
        self._writer.refusals.add(row, kept=self._refusals_kept)
        self._refusals.append(row)

    def _count(self, bundles: Sequence[Bundle], decisions: Sequence[Sequence[Decision]]) -> None:
        self._bundles_refused += sum(bool(bundle.problem) for bundle in bundles)
        self._counts.update((one.verdict, one.code) for of_bundle in decisions for one in of_bundle)

    def _answer(self, bundle: Bundle, decisions: Sequence[Decision]) -> bytes | None:
        if not bundle.items:
            return None
        items = [
            AnswerItem(arrived.hash, one.verdict, one.code)
            for arrived, one in zip(bundle.items, decisions, strict=True)
        ]
        return answer.sign_answer(self._world.now(), items, self._signer)
