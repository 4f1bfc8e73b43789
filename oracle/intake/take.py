"""Taking bundles: opened, decided, stored and sequenced in one transaction; answered only afterwards.

Stateless and idempotent: the same bundle taken again changes nothing and is answered 'duplicate'.
"""

import logging
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evidence import answer
from evidence.answer import AnswerItem, Code, Verdict
from evidence.bundle import BundleItem, decode_bundle
from evidence.errors import Malformed
from evidence.header import header_hash
from evidence.keys import Signer
from oracle.core.intake import Decision, Opened, Refused, decide, duplicate
from oracle.intake.chain_of_headers import ChainOfHeaders
from oracle.intake.refusal_log import RefusalLog
from oracle.intake.verify import Verifier
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import BatchRow, ForkRow, HeaderRow, RefusalRow
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from shell.clock import WorldClock
from shell.logs import facts

_LOG = logging.getLogger(__name__)
_DETAIL_MAX = 400
_PASSING = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
BUNDLE = "BUNDLE"  # the code of a refusal where no header could be told apart


@dataclass(frozen=True, slots=True)
class Incoming:
    """One bundle as it arrived, and the gateway that the topic names: who is answered, not who is trusted."""

    gateway: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class _Bundle:
    gateway: str
    items: list[BundleItem]
    problem: str  # why there are no items


@dataclass(frozen=True, slots=True)
class _Arrived:
    gateway: str
    item: BundleItem
    hash: bytes
    opened: Opened | Refused | None  # None where the header is stored already


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
        self._refusals: list[RefusalRow] = []  # of the running transaction
        self._counts: Counter[tuple[Verdict, Code]] = Counter()
        self._bundles_refused = 0

    def take(self, incoming: Sequence[Incoming]) -> list[bytes | None]:
        """Take bundles in order, all of them in one transaction.

        Returns:
            For each bundle its signed answer, or None where it could not be taken apart: there is no header to answer for.
        """
        bundles = [_decode(one) for one in incoming]
        hashes = [[header_hash(item.header) for item in bundle.items] for bundle in bundles]
        known = self._reader.headers.known({hash_ for of_bundle in hashes for hash_ in of_bundle})
        arrived = self._open(bundles, hashes, known)
        self._refusals.clear()
        try:
            with self._writer.transaction():
                self._writer.on_rollback(self._chains.forget)
                now = self._world.now()
                decisions = [[self._place(one, known, now) for one in of_bundle] for of_bundle in arrived]
                for bundle in bundles:
                    if bundle.problem:
                        self._refuse_bundle(bundle, now)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in _PASSING:  # the low byte is the kind, the rest says more
                raise
            # The disk is full, or somebody else holds the file: nothing was stored, and the same bytes may do later.
            _LOG.error(
                "nothing stored, gateways are asked to send again", extra=facts(bundles=len(bundles), error=error)
            )
            busy = Decision(Verdict.RETRY, Code.BUSY)
            decisions = [[busy] * len(of_bundle) for of_bundle in arrived]
            self._refusals.clear()
        # Durable from here. A crash before the answers are sent costs a resend, which is answered 'duplicate'.
        self._count(bundles, decisions)
        self._refusal_log.say(self._refusals)
        return [self._answer(*of_bundle) for of_bundle in zip(hashes, decisions, strict=True)]

    def status(self) -> dict[str, object]:
        """What became of headers since the start."""
        of = Counter(dict.fromkeys(Verdict, 0))
        for (verdict, _), count in self._counts.items():
            of[verdict] += count
        refused = {c.name: n for (v, c), n in sorted(self._counts.items()) if v is Verdict.REFUSED}
        return {
            "stored": of[Verdict.STORED],
            "sealed": self._counts[Verdict.STORED, Code.SEALED],
            "duplicates": of[Verdict.DUPLICATE],
            "retry": of[Verdict.RETRY],
            "refused": refused,
            "bundles_refused": self._bundles_refused,
        }

    def _open(
        self, bundles: Sequence[_Bundle], hashes: Sequence[Sequence[bytes]], known: dict[bytes, bool]
    ) -> list[list[_Arrived]]:
        # A header that is stored already needs no second look at its signature: equality is on the hash.
        fresh = [
            item
            for bundle, of_bundle in zip(bundles, hashes, strict=True)
            for item, hash_ in zip(bundle.items, of_bundle, strict=True)
            if hash_ not in known
        ]
        opened = iter(self._verifier.open(fresh))
        return [
            [
                _Arrived(bundle.gateway, item, hash_, None if hash_ in known else next(opened))
                for item, hash_ in zip(bundle.items, of_bundle, strict=True)
            ]
            for bundle, of_bundle in zip(bundles, hashes, strict=True)
        ]

    def _place(self, arrived: _Arrived, known: dict[bytes, bool], now: int) -> Decision:
        opened = arrived.opened
        if opened is None or arrived.hash in known:
            return duplicate(sealed=known[arrived.hash])
        if isinstance(opened, Refused):
            decision = Decision(Verdict.REFUSED, opened.code, opened.detail)
            self._refuse(arrived, opened.meter_id, decision, now)
            return decision
        decision = decide(arrived.hash, opened, self._chains.facts(opened.header, opened.key))
        if decision.verdict is Verdict.STORED:
            self._store(arrived, opened, now)
            known[arrived.hash] = bool(opened.sealed)
            if opened.sealed:
                # The header counts, its body does not: the reason is kept beside the other refusals.
                self._refuse(arrived, opened.header.meter_id, replace(decision, detail=opened.sealed), now)
        elif decision.verdict is Verdict.REFUSED:
            self._refuse(arrived, opened.header.meter_id, decision, now)
        return decision

    def _store(self, arrived: _Arrived, opened: Opened, now: int) -> None:
        item, header = arrived.item, opened.header
        keep_body = bool(header.count) and not opened.sealed
        row = HeaderRow(
            hash=arrived.hash,
            meter_id=header.meter_id,
            kind=header.kind,
            epoch=header.epoch,
            seq0=header.seq0,
            count=header.count,
            t0=header.t0,
            t1=header.t1,
            status_or=int(header.status_or),
            status_close=int(header.status_close),
            export_start_wh=header.export_start_wh,
            import_start_wh=header.import_start_wh,
            export_end_wh=header.export_end_wh,
            import_end_wh=header.import_end_wh,
            prev=header.prev,
            header=item.header,
            signature=item.signature,
            sealed=int(bool(opened.sealed)),
            gateway=arrived.gateway,
            received_at=now,
            log_index=self._sequencer.append_header(item.header, item.signature, arrived.hash),
        )
        if keep_body:
            self._writer.headers.add(BatchRow(row, item.batch_key, item.body, item.evidence))
        else:
            self._writer.headers.add(BatchRow(row, b"", b"", b""))
        self._chains.stored(arrived.hash, header)

    def _refuse(self, arrived: _Arrived, meter_id: bytes | None, decision: Decision, now: int) -> None:
        item = arrived.item
        row = RefusalRow(
            received_at=now,
            gateway=arrived.gateway,
            meter_id=meter_id,
            header_hash=arrived.hash,
            code=decision.code.name,
            detail=decision.detail[:_DETAIL_MAX],
            header=item.header,
            signature=item.signature,
        )
        self._keep(row)
        if decision.excludes is not None and meter_id is not None:
            self._writer.refusals.add_fork(
                ForkRow(
                    meter_id=meter_id,
                    first_hash=decision.excludes,
                    second_hash=arrived.hash,
                    second_header=item.header,
                    second_signature=item.signature,
                    found_at=now,
                )
            )

    def _refuse_bundle(self, bundle: _Bundle, now: int) -> None:
        row = RefusalRow(
            received_at=now,
            gateway=bundle.gateway,
            meter_id=None,
            header_hash=None,
            code=BUNDLE,
            detail=bundle.problem[:_DETAIL_MAX],
            header=b"",
            signature=b"",
        )
        self._keep(row)

    def _keep(self, row: RefusalRow) -> None:
        self._writer.refusals.add(row, kept=self._refusals_kept)
        self._refusals.append(row)

    def _count(self, bundles: Sequence[_Bundle], decisions: Sequence[Sequence[Decision]]) -> None:
        self._bundles_refused += sum(bool(bundle.problem) for bundle in bundles)
        self._counts.update((one.verdict, one.code) for of_bundle in decisions for one in of_bundle)

    def _answer(self, hashes: Sequence[bytes], decisions: Sequence[Decision]) -> bytes | None:
        if not hashes:
            return None
        items = [AnswerItem(hash_, one.verdict, one.code) for hash_, one in zip(hashes, decisions, strict=True)]
        return answer.sign_answer(self._world.now(), items, self._signer)


def _decode(incoming: Incoming) -> _Bundle:
    try:
        return _Bundle(incoming.gateway, decode_bundle(incoming.payload), "")
    except Malformed as error:
        return _Bundle(incoming.gateway, [], str(error))
