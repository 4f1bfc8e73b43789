"""Chain writes that happen exactly once. Each is journalled before it is sent, and looked up on the chain before it is sent again.

A row goes `planned` -> `sent` (with the signed bytes) -> `mined` -> `confirmed`, or `refused`. To send again is to send the *same bytes*,
or dearer ones with the same nonce when the first are stuck (`oracle.chain.attempt`). Other bytes are made only when the first can never be
mined, because their nonce is used up. A write is confirmed when enough blocks stand on top of it. When a reorganisation takes it off the
chain after that, `lost` finds it, and it is `sent` again.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import replace

from eth_account.signers.local import LocalAccount

from oracle.chain import attempt as attempts
from oracle.chain.attempt import Attempt
from oracle.chain.client import Chain
from oracle.chain.transaction import Call, Receipt
from oracle.core.states import JournalState
from oracle.declare.follower import REORG_DEPTH
from oracle.errors import ChainRefused
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import JournalRow
from oracle.ledger.writer import LedgerWriter
from runtime.clock import WorldClock
from runtime.logs import facts

_log = logging.getLogger("oracle.chain")

MINED_WITHIN_S = 20  # then the next pass looks again; short enough for a service to stop meanwhile
_ATTEMPT = "attempt"  # key of the payload


class Journal:
    """Writes to one chain from one account, each about one subject."""

    def __init__(
        self,
        chain: Chain,
        account: LocalAccount,
        writer: LedgerWriter,
        reader: LedgerReader,
        world: WorldClock,
        *,
        confirmations: int = 0,
    ) -> None:
        self._chain = chain
        self._account = account
        self._writer = writer
        self._reader = reader
        self._world = world
        self._confirmations = confirmations
        self._looked_at: str | None = None  # hash of the newest block when all writes stood where they should

    def ensure(
        self, *, kind: str, subject: str, call: Callable[[], Call], is_done: Callable[[], bool], about: dict[str, str]
    ) -> JournalRow:
        """Bring one effect about, exactly once.

        Returns:
            Its row: confirmed, or mined where blocks are still missing on top; ask again when there are more.

        Args:
            kind: the kind of write, e.g. anchor.
            subject: the size or period of the write; (kind, subject) names the effect.
            call: makes the contract call, when one must be sent.
            is_done: whether the chain shows the effect already, brought by any sender.
            about: facts for people, kept in the row.

        Raises:
            ChainRefused: the contract says no; the row says why.
            ChainUnreachable: no answer, or not mined yet; call again, nothing is done twice.
            ChainConflict: `is_done` found something else in its place.
        """
        action = f"{kind} {subject}"
        row = self._reader.chain.journal_of(kind, subject)
        if row is not None and row.state is JournalState.CONFIRMED:
            return row
        if row is not None and row.state in (JournalState.SENT, JournalState.MINED) and _has_attempt(row):
            finished = self._finish(row, action, call, is_done)
            if finished is not None:
                return finished
            # Those bytes can never be mined. The transaction that used up their nonce may have had the same effect.
        if is_done():
            return self._adopt(row or self._planned(kind, subject, about))
        return self._send_new(self._put(self._planned(kind, subject, about)), call, action)

    def lost(self, *, thoroughly: bool) -> list[JournalRow]:
        """The writes that a reorganisation took off the chain, or moved to another block, as `put_journal` should write them now.

        Each new block has all writes of the last `REORG_DEPTH` blocks looked up. The newest write alone would prove nothing about those
        before it: it may have taken the nonce of a write that was lost a moment before it was signed.

        Args:
            thoroughly: a reorganisation was seen, so that effects of foreign transactions are looked up again, too.
        """
        head = self._chain.block_number()
        newest = self._chain.block_hash(head)
        if newest == self._looked_at and not thoroughly:
            return []
        rows = self._reader.chain.journal_from(max(head - REORG_DEPTH, 0))
        ours = [row for row in rows if _has_attempt(row) and row.sender == self._account.address]
        changed = [new for row in ours if (new := self._now(row, head)) != row]
        if thoroughly or changed:
            changed += [
                replace(row, state=JournalState.PLANNED, block=None, detail="looked for again")
                for row in rows
                if row.tx_hash is None
            ]
        # A change that is not durable yet is found again by the next pass.
        self._looked_at = None if changed else newest
        return changed

    def _now(self, row: JournalRow, head: int) -> JournalRow:
        """The row as the chain shows it now."""
        attempt = _attempt_of(row)
        receipt = attempts.mined(self._chain, attempt, action=f"{row.kind} {row.subject}")
        if receipt is None:
            unsent = _with(row, replace(attempt, signed_at=head, resent=False))
            return replace(unsent, block=None, gas_used=None, detail="a reorganisation took it back")
        if (receipt.block, receipt.tx_hash) == (row.block, row.tx_hash):
            return row
        return self._record(row, receipt, head)

    def _finish(
        self, row: JournalRow, action: str, call: Callable[[], Call], is_done: Callable[[], bool]
    ) -> JournalRow | None:
        """Finish a write that was signed before, perhaps by an earlier process; None when its bytes can never be mined any more."""
        attempt = _attempt_of(row)
        head = self._chain.block_number()
        receipt = attempts.mined(self._chain, attempt, action=action)
        if receipt is None and is_done():
            return self._adopt(row)
        if receipt is None:
            unmined = attempts.resend_or_replace(
                self._chain, self._account, attempt, call, lambda new: self._keep(row, new), action=action
            )
            if unmined is not None:
                row = _with(row, unmined)
                try:
                    receipt = self._await(row, action)
                except ChainRefused:
                    # Signed long ago; the signer set may have changed since. New bytes are simulated first, and the simulation gives the
                    # reason.
                    return None
                head = receipt.block
            else:
                # The nonce was used between the two questions, by these bytes or by others.
                receipt = attempts.mined(self._chain, attempt, action=action)
        if receipt is None:
            return None
        standing = self._record(row, receipt, head)
        return row if standing == row else self._put(standing)

    def _keep(self, row: JournalRow, attempt: Attempt) -> None:
        kept = _with(row, attempt)
        if kept.tx_hash != row.tx_hash:
            _log.warning(
                "stuck, replaced by a dearer one",
                extra=facts(action=f"{row.kind} {row.subject}", tx=kept.tx_hash, wei_per_gas=attempt.fees.most),
            )
        self._put(kept)

    def _send_new(self, row: JournalRow, call: Callable[[], Call], action: str) -> JournalRow:
        # Durable: the plan. A crash here leaves a row without bytes, and nothing was sent.
        try:
            attempt = attempts.sign(self._chain, self._account, call(), action=action)
        except ChainRefused as refused:
            self._put(replace(row, state=JournalState.REFUSED, detail=refused.reason))
            raise
        row = self._put(_with(row, attempt))
        # Durable: the signed bytes. A crash from here on is mended by `_finish`: it looks for the receipt, then sends the same bytes.
        if not self._chain.send(attempt.raw, action=action):
            _log.info("the node does not take these bytes now", extra=facts(action=action, tx=attempt.tx_hash))
        # On the chain, or waiting for it; the ledger does not know yet.
        receipt = self._await(row, action)
        return self._put(self._record(row, receipt, receipt.block))

    def _await(self, row: JournalRow, action: str) -> Receipt:
        try:
            return self._chain.wait(str(row.tx_hash), action=action, timeout_s=MINED_WITHIN_S)
        except ChainRefused as refused:
            self._put(replace(row, state=JournalState.REFUSED, detail=refused.reason))
            raise

    def _planned(self, kind: str, subject: str, about: dict[str, str]) -> JournalRow:
        return JournalRow(
            kind=kind,
            subject=subject,
            payload=json.dumps(about, sort_keys=True),
            state=JournalState.PLANNED,
            sender=self._account.address,
            at=self._world.now(),
        )

    def _record(self, row: JournalRow, receipt: Receipt, head: int) -> JournalRow:
        """The row of a write that stands on the chain while the newest block is `head`."""
        return replace(
            row,
            state=JournalState.CONFIRMED if head - receipt.block >= self._confirmations else JournalState.MINED,
            tx_hash=receipt.tx_hash,
            block=receipt.block,
            gas_used=receipt.gas_used,
            detail="",
        )

    def _adopt(self, row: JournalRow) -> JournalRow:
        """The effect is on the chain, brought by a foreign transaction; it is confirmed after as many blocks as one of ours."""
        head = self._chain.block_number()
        seen = row.block if row.tx_hash is None and row.state is JournalState.MINED and row.block is not None else head
        return self._put(
            replace(
                row,
                state=JournalState.CONFIRMED if head - seen >= self._confirmations else JournalState.MINED,
                payload=json.dumps(_about(row), sort_keys=True),
                sender=self._account.address,
                tx_hash=None,
                nonce=None,
                gas_used=None,
                block=seen,
                detail="found on the chain; another transaction brought it",
            )
        )

    def _put(self, row: JournalRow) -> JournalRow:
        with self._writer.transaction():
            self._writer.chain.put_journal(row)
        # A node may come back to the head that was looked up before this write, and stay there.
        self._looked_at = None
        return row


def note_receipt(writer: LedgerWriter, *, kind: str, subject: str, receipt: Receipt, sender: str, at: int) -> None:
    """Put a write of another actor (fund, push, claim) into the journal after the fact, so that its gas is counted too."""
    row = JournalRow(
        kind=kind,
        subject=subject,
        payload="{}",
        state=JournalState.CONFIRMED,
        tx_hash=receipt.tx_hash,
        sender=sender,
        gas_used=receipt.gas_used,
        block=receipt.block,
        at=at,
    )
    with writer.transaction():
        writer.chain.put_journal(row)


def pending_of(row: JournalRow, head: int, confirmations: int) -> dict[str, object]:
    """What a write that is not confirmed still waits for; JSON-able."""
    return {
        "kind": row.kind,
        "subject": row.subject,
        "state": row.state,
        "tx": row.tx_hash,
        "blocks_on_top": None if row.block is None else max(head - row.block, 0),
        "confirmations": confirmations,
    }


def _about(row: JournalRow) -> dict[str, object]:
    found: dict[str, object] = json.loads(row.payload)
    found.pop(_ATTEMPT, None)
    return found


def _has_attempt(row: JournalRow) -> bool:
    return row.tx_hash is not None and _ATTEMPT in json.loads(row.payload)


def _attempt_of(row: JournalRow) -> Attempt:
    return Attempt.of_facts(json.loads(row.payload)[_ATTEMPT])


def _with(row: JournalRow, attempt: Attempt) -> JournalRow:
    return replace(
        row,
        payload=json.dumps({**_about(row), _ATTEMPT: attempt.facts()}, sort_keys=True),
        state=JournalState.SENT,
        tx_hash=attempt.tx_hash,
        nonce=attempt.nonce,
    )
