"""Chain writes that happen once, whatever breaks in between: journalled before they are sent, and looked for before they are sent again.

A row goes `planned` -> `sent` (with the signed bytes) -> `confirmed`, or `refused`. Sending again means sending the *same bytes*: the same
transaction, which a chain takes at most once. New bytes are made only when the old ones can never be mined, for their nonce is used up.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import replace

from eth_account.signers.local import LocalAccount

from oracle.chain.client import Chain
from oracle.chain.transaction import Call, Prepared, Receipt
from oracle.errors import ChainRefused
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import JournalRow
from oracle.ledger.writer import LedgerWriter
from shell.clock import WorldClock
from shell.logs import facts

_log = logging.getLogger("oracle.chain")

MINED_WITHIN_S = 20  # then the next pass looks again; short enough for a service to stop meanwhile
PLANNED, SENT, CONFIRMED, REFUSED = "planned", "sent", "confirmed", "refused"


class Journal:
    """Writes to one chain from one account, each about one subject."""

    def __init__(
        self, chain: Chain, account: LocalAccount, writer: LedgerWriter, reader: LedgerReader, world: WorldClock
    ) -> None:
        self._chain = chain
        self._account = account
        self._writer = writer
        self._reader = reader
        self._world = world

    def carry_out(
        self, *, kind: str, subject: str, call: Callable[[], Call], is_done: Callable[[], bool], about: dict[str, str]
    ) -> JournalRow:
        """Bring one effect about, exactly once, and return its confirmed row.

        Args:
            kind: what is written, e.g. anchor.
            subject: what it is about; (kind, subject) names the effect.
            call: makes the contract call, when one must be sent.
            is_done: whether the chain shows the effect already, whoever brought it about.
            about: facts for people, kept in the row.

        Raises:
            ChainRefused: the contract says no; the row says why.
            ChainUnreachable: no answer; call again, nothing is done twice.
            ChainConflict: `is_done` found something else in its place.
        """
        action = f"{kind} {subject}"
        row = self._reader.chain.journal_of(kind, subject)
        if row is not None and row.state == CONFIRMED:
            return row
        if row is not None and row.state == SENT:
            finished = self._finish(row, action, is_done)
            if finished is not None:
                return finished
        elif is_done():
            return self._confirm(row or self._planned(kind, subject, about), None, "found on the chain")
        return self._send_new(self._put(self._planned(kind, subject, about)), call, action)

    def _finish(self, row: JournalRow, action: str, is_done: Callable[[], bool]) -> JournalRow | None:
        """Finish a write that was signed before, perhaps by an earlier process; None where its bytes are worth nothing any more."""
        assert row.tx_hash is not None and row.nonce is not None and row.sender is not None  # noqa: S101, PT018 a row is sent only with them
        receipt = self._look(row.tx_hash, action)
        if receipt is None and is_done():
            return self._confirm(row, None, "found on the chain; another transaction brought it")
        if receipt is None and self._chain.next_nonce(row.sender) <= row.nonce:
            # Nobody used the nonce: either these bytes never arrived or they wait to be mined. Both are mended by the same bytes.
            self._chain.send(bytes.fromhex(json.loads(row.payload)["raw"]), action=action)
            receipt = self._await(row, action)
        elif receipt is None:
            # The nonce was used between the two questions, by these bytes or by others.
            receipt = self._look(row.tx_hash, action)
        return None if receipt is None else self._confirm(row, receipt, "")

    def _send_new(self, row: JournalRow, call: Callable[[], Call], action: str) -> JournalRow:
        # Durable: the plan. A crash here leaves a row without bytes, and nothing was sent.
        try:
            prepared = self._chain.prepare(self._account, call(), action=action)
        except ChainRefused as refused:
            self._put(replace(row, state=REFUSED, detail=refused.reason))
            raise
        row = self._put(_with_bytes(row, prepared))
        # Durable: the signed bytes. A crash from here on is mended by `_finish`: it looks for the receipt, then sends the same bytes.
        if not self._chain.send(prepared.raw, action=action):
            _log.info(
                "the node has these bytes or their nonce already", extra=facts(action=action, tx=prepared.tx_hash)
            )
        # On the chain, or waiting for it; the ledger does not know yet.
        return self._confirm(row, self._await(row, action), "")

    def _await(self, row: JournalRow, action: str) -> Receipt:
        try:
            return self._chain.wait(str(row.tx_hash), action=action, timeout_s=MINED_WITHIN_S)
        except ChainRefused as refused:
            self._put(replace(row, state=REFUSED, detail=refused.reason))
            raise

    def _look(self, tx_hash: str, action: str) -> Receipt | None:
        try:
            return self._chain.receipt(tx_hash, action=action)
        except ChainRefused:
            return None  # mined and reverted: its nonce is used up, so new bytes are made, unless the effect is there

    def _planned(self, kind: str, subject: str, about: dict[str, str]) -> JournalRow:
        return JournalRow(
            kind=kind,
            subject=subject,
            payload=json.dumps(about, sort_keys=True),
            state=PLANNED,
            sender=self._account.address,
            at=self._world.now(),
        )

    def _confirm(self, row: JournalRow, receipt: Receipt | None, detail: str) -> JournalRow:
        if receipt is None:
            return self._put(replace(row, state=CONFIRMED, detail=detail))
        return self._put(
            replace(
                row,
                state=CONFIRMED,
                tx_hash=receipt.tx_hash,
                block=receipt.block,
                gas_used=receipt.gas_used,
                detail=detail,
            )
        )

    def _put(self, row: JournalRow) -> JournalRow:
        with self._writer.transaction():
            self._writer.chain.put_journal(row)
        return row


def note_receipt(writer: LedgerWriter, *, kind: str, subject: str, receipt: Receipt, sender: str, at: int) -> None:
    """Put a write of somebody else's (fund, push, claim) into the journal after the fact, so that its gas is counted too."""
    row = JournalRow(
        kind=kind,
        subject=subject,
        payload="{}",
        state=CONFIRMED,
        tx_hash=receipt.tx_hash,
        sender=sender,
        gas_used=receipt.gas_used,
        block=receipt.block,
        at=at,
    )
    with writer.transaction():
        writer.chain.put_journal(row)


def _with_bytes(row: JournalRow, prepared: Prepared) -> JournalRow:
    payload = {**json.loads(row.payload), "raw": prepared.raw.hex()}
    return replace(
        row,
        payload=json.dumps(payload, sort_keys=True),
        state=SENT,
        tx_hash=prepared.tx_hash,
        sender=prepared.sender,
        nonce=prepared.nonce,
    )
