"""What becomes of a settled period on the chain: its log head is anchored, and its report declared."""

import json
import logging
from collections.abc import Iterator

from eth_account.signers.local import LocalAccount

from oracle.chain import declarations
from oracle.chain.contracts import AssetOnChain
from oracle.chain.wiring import check_wiring
from oracle.core.money.report import Report, first_report
from oracle.core.states import JournalState, PeriodState
from oracle.declare.catch_up import catch_up_hours
from oracle.declare.follower import Follower
from oracle.declare.journal import Journal
from oracle.errors import ChainConflict, ChainUnreachable
from oracle.ledger.rows import EventRow, JournalRow, PeriodRow
from oracle.open_asset import OpenAsset
from runtime.logs import facts

_log = logging.getLogger("oracle.chain")

_GENERATION = 1  # of the log: this version does not go on with one that was begun anew


class Declarer:
    """Carries out the two acts, each once, whatever crashes or is reorganised in between.

    Args:
        asset: whose log and reports.
        on_chain: its contracts.
        account: the one signer of this log.
        journal: the writes that were sent, and their states.
        follower: brings the chain's events into the ledger.
    """

    def __init__(
        self,
        asset: OpenAsset,
        on_chain: AssetOnChain,
        account: LocalAccount,
        *,
        journal: Journal,
        follower: Follower,
    ) -> None:
        self._asset = asset
        self._on_chain = on_chain
        self._chain = on_chain.chain
        self._declarations = on_chain.contracts.declarations
        self._account = account
        self._journal = journal
        self._follower = follower

    def check(self) -> None:
        """Compare contracts, signer set, meters and log head with what this oracle has; before anything is written.

        Raises:
            ChainConflict: they are of another asset or another log, or ask for more signatures than this one.
            ChainUnreachable: no answer.
        """
        asset = self._asset
        check_wiring(self._on_chain, terms=asset.terms, meters=asset.meters, signer=self._account.address)
        declarations.check_signs_alone(self._chain, self._declarations, self._account.address)
        self._check_head()

    def anchor(self, period: PeriodRow) -> bool:
        """Whether the period's log head stands confirmed on the chain; sends it where it does not.

        Raises:
            ChainUnreachable: no answer, or an anchor before this one is missing: to be tried again.
            ChainRefused: the contract refuses it, so that a person must look.
            ChainConflict: chain and ledger are of two logs.
        """
        size = period.log_size
        checkpoint = self._asset.sequencer.checkpoint(size, self._asset.world.now())
        if period.log_root is not None and period.log_root != checkpoint.root:
            raise ChainConflict(
                f"period {period.period} was settled over root 0x{period.log_root.hex()} at size {size}, the log has"
                f" 0x{checkpoint.root.hex()}"
            )
        root = checkpoint.root
        row = self._journal.ensure(
            kind="anchor",
            subject=f"size {size}",
            about={"log_size": str(size), "log_root": f"0x{root.hex()}"},
            is_done=lambda: declarations.is_anchored(self._chain, self._declarations, log_size=size, log_root=root),
            call=lambda: declarations.anchor_call(
                self._chain,
                self._declarations,
                [self._account],
                log_size=size,
                log_root=root,
                log_generation=_GENERATION,
                proof=self._proof_to(period),
            ),
        )
        if row.state is not JournalState.CONFIRMED:
            return False
        # On the chain and in the journal; a crash before the next line repeats nothing but that line.
        with self._asset.writer.transaction():
            self._asset.writer.settlement.set_period_state(period.period, PeriodState.ANCHORED, log_root=root)
        return True

    def declare(self, period: PeriodRow) -> bool:
        """Whether the report of an anchored period stands confirmed on the chain; sends it where it does not.

        Raises:
            ChainUnreachable: no answer: to be tried again.
            ChainRefused: the contract refuses it, so that a person must look.
            SettlementError: an amount that the contract's field cannot hold.
        """
        report = report_of(
            period,
            catch_up_hours=catch_up_hours(self._asset.reader, self._asset.terms, period.period),
            signer_set_version=declarations.signing(self._chain, self._declarations).version,
            log_generation=_GENERATION,
        )
        row = self._journal.ensure(
            kind="declare",
            subject=f"period {period.period}",
            about={
                "period": str(period.period),
                "log_size": str(period.log_size),
                "distributable": period.distributable,
            },
            is_done=lambda: declarations.is_declared(
                self._chain, self._declarations, report, earlier=self._declared_hashes(period.period)
            ),
            call=lambda: declarations.declare_call(self._chain, self._declarations, [self._account], report),
        )
        if row.state is not JournalState.CONFIRMED:
            return False
        tx_hash, block = self._where(row, period.period)
        # On the chain and in the journal; a crash before the next line repeats nothing but that line.
        with self._asset.writer.transaction():
            self._asset.writer.settlement.set_period_state(
                period.period, PeriodState.DECLARED, declare_tx=tx_hash, declared_block=block
            )
        _log.info("declared", extra=facts(period=period.period, distributable=period.distributable, tx=tx_hash))
        return True

    def _where(self, row: JournalRow, period: int) -> tuple[str | None, int | None]:
        """Transaction and block of a declaration. When another process declared, its event names both."""
        if row.tx_hash is not None:
            return row.tx_hash, row.block
        self._follower.catch_up()
        for event in self._declared_events(period):
            return event.tx_hash, event.block
        return None, None

    def _declared_events(self, period: int) -> Iterator[EventRow]:
        """The followed declarations of a period, revision 0 first."""
        for event in self._asset.reader.chain.every_event(contract="declarations", name="Declared"):
            if int(json.loads(event.args)["period"]) == period:
                yield event

    def _declared_hashes(self, period: int) -> set[bytes]:
        return {bytes.fromhex(json.loads(event.args)["reportHash"][2:]) for event in self._declared_events(period)}

    def _proof_to(self, period: PeriodRow) -> list[bytes]:
        size = period.log_size
        head_size = self._check_head()
        before = self._asset.reader.settlement.period(period.period - 1)
        if before is not None and head_size < before.log_size:
            # A reorganisation took the anchor before this one away a moment ago. Were this one anchored on what is left, the other could
            # never be anchored again, and its period never declared.
            raise ChainUnreachable(
                f"size {before.log_size}, which was anchored, is not on the chain any more; it is anchored again first"
            )
        if head_size > size:
            raise ChainConflict(
                f"size {head_size} is anchored already, and size {size} before it was never: a person must look"
            )
        return [] if head_size in (0, size) else self._asset.sequencer.consistency_proof(head_size, size)

    def _check_head(self) -> int:
        """The size that was anchored last; the check that the anchored log is this one comes first."""
        generation, size, root = declarations.anchored_head(self._chain, self._declarations)
        if generation != _GENERATION:
            raise ChainConflict(
                f"the log was begun anew on chain (generation {generation}); this ledger's is generation {_GENERATION}:"
                " restore the ledger of that log"
            )
        if size == 0:
            return 0
        held = self._asset.reader.log.size()
        if size > held:
            raise ChainConflict(
                f"size {size} is anchored on chain, this ledger's log has {held} entries: restore the ledger"
            )
        own = self._asset.sequencer.root_at(size)
        if own != root:
            raise ChainConflict(
                f"the chain has root 0x{root.hex()} at size {size}, this ledger's log gives 0x{own.hex()}: restore the ledger"
            )
        return size


def report_of(
    period: PeriodRow, *, catch_up_hours: int = 0, signer_set_version: int = 1, log_generation: int = 1
) -> Report:
    """The report of a settled period, for the signer set and the log generation in force.

    Raises:
        SettlementError: an amount that the contract's field cannot hold.
    """
    return first_report(
        period=period.period,
        log_size=period.log_size,
        registry_index=period.registry_index,
        settlement_root=period.settlement_root,
        export_wh=period.export_wh,
        import_wh=period.import_wh,
        missing_meters=period.missing_meters,
        catch_up_hours=catch_up_hours,
        gross=int(period.gross),
        distributable=int(period.distributable),
        tariff_hash=period.tariff_hash,
        statement_hash=period.statement_hash,
        signer_set_version=signer_set_version,
        log_generation=log_generation,
    )
