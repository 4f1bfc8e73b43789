"""The oracle's loop to the chain: follow, anchor, declare."""

import json
import logging
import threading
from collections.abc import Callable, Iterator, Sequence

from eth_account.signers.local import LocalAccount

from oracle.asset_file import BoundMeter, Deployment
from oracle.chain import declarations
from oracle.chain.catch_up import catch_up_hours
from oracle.chain.client import Chain
from oracle.chain.contracts import contracts_of
from oracle.chain.deploy import check_wiring
from oracle.chain.dispute_watch import DisputeWatch
from oracle.chain.follower import Follower
from oracle.chain.journal import CONFIRMED, Journal, pending_of
from oracle.core.report import Report, first_report
from oracle.core.terms import AssetTerms
from oracle.errors import ChainConflict, ChainError, ChainRefused, ChainUnreachable, SettlementError
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import EventRow, JournalRow, PeriodRow
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from shell.clock import WorldClock
from shell.logs import facts
from shell.worker import Worker

_log = logging.getLogger("oracle.chain")

PERIODS_PER_PASS = 64
BACK_OFF_MAX_S = 60
POLL_S = 5


class ChainLoop:
    """Brings settled periods to the chain and the chain's events to the ledger, in a thread of its own.

    `wake` holds the world's time until the pass that it asks for is done: so in a stepped world nothing moves on before every settled
    period is declared. Between wakes it looks at the chain every `poll_s` seconds of real time.
    """

    def __init__(
        self,
        *,
        chain: Chain,
        deployment: Deployment,
        account: LocalAccount,
        terms: AssetTerms,
        meters: Sequence[BoundMeter],
        reader: LedgerReader,
        writer: LedgerWriter,
        sequencer: Sequencer,
        world: WorldClock,
        on_failure: Callable[[BaseException], None],
        poll_s: int = POLL_S,
        confirmations: int = 0,
        first_block: int | None = None,
    ) -> None:
        """Compose it; nothing is asked of the chain but its id.

        Raises:
            ChainConflict: the deployment is of another chain.
            ChainUnreachable: no answer.
        """
        self._chain = chain
        self._deployment = deployment
        self._account = account
        self._terms = terms
        self._meters = meters
        self._reader = reader
        self._writer = writer
        self._sequencer = sequencer
        self._world = world
        self._poll_s = poll_s
        self._declarations = contracts_of(chain, deployment).declarations
        self._generation = 1
        self._follower = Follower(
            chain,
            deployment,
            reader,
            writer,
            confirmations=confirmations,
            first_block=deployment.first_block if first_block is None else first_block,
        )
        self._journal = Journal(chain, account, writer, reader, world, confirmations=confirmations)
        self._confirmations = confirmations
        self._head = 0
        self._forks = 0
        self._disputes = DisputeWatch(chain, reader)
        self._participant = world.join("oracle chain")
        self._changed = threading.Condition()
        self._wanted = True  # the first pass finishes what an earlier process left
        self._stopping = False
        self._ended = False
        self._asked = 0
        self._answered = 0
        self._held = ""
        self._trouble = ""
        self._worker = Worker("oracle chain", self._run, on_failure)

    def start(self) -> None:
        """Start the thread; its first pass checks the contracts and finishes what an earlier process left."""
        self._worker.start()

    def stop(self) -> None:
        """Stop after the running call to the chain; idempotent."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        try:
            self._worker.join()
        finally:
            self._participant.leave()

    def wake(self) -> None:
        """Ask for a pass; the world's time stands still from before this returns until that pass is done."""
        with self._changed:
            if self._stopping:
                return
            self._participant.busy()
            self._wanted = True
            self._asked += 1
            self._changed.notify_all()

    def catch_up(self, timeout_s: int = 60) -> None:
        """Ask for a pass and wait, real time, until it is done: then all events up to now are in the ledger.

        Raises:
            ChainError: the loop has ended.
            TimeoutError: it is not, within the time.
        """
        self.wake()
        with self._changed:
            wanted = self._asked
            done = self._changed.wait_for(lambda: self._answered >= wanted or self._ended, timeout_s)
            if self._ended:
                raise ChainError("the chain loop has ended")
        if not done:
            raise TimeoutError(
                f"the chain loop has not caught up within {timeout_s} s: {self._trouble or 'still at it'}"
            )

    def status(self) -> dict[str, object]:
        """Where it stands; JSON-able."""
        newest = self._reader.settlement.newest_period()
        with self._changed:
            held, trouble, head = self._held, self._trouble, self._head
        return {
            "alive": self._worker.alive,
            "chain_id": self._chain.chain_id,
            "newest_block": head,
            "followed_block": self._reader.chain.followed_block(),
            "reorganisations": self._follower.forks,
            "unconfirmed": [pending_of(row, head, self._confirmations) for row in self._reader.chain.journal_pending()],
            "undeclared_periods": len(self._undeclared()),
            "last_period": None if newest is None else newest.period,
            "last_period_state": None if newest is None else newest.state,
            "held": held,
            "disputes": self._disputes.status(),
            "trouble": trouble,
        }

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        try:
            self._loop()
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _loop(self) -> None:
        checked = False
        attempts = 0
        while self._next(attempts):
            with self._changed:
                asked = self._asked
            try:
                if not checked:
                    check_wiring(
                        self._chain,
                        self._deployment,
                        terms=self._terms,
                        meters=self._meters,
                        signer=self._account.address,
                    )
                    declarations.check_signs_alone(self._chain, self._declarations, self._account.address)
                    self._check_head()
                    checked = True
                self._pass()
            except ChainUnreachable as error:
                # The world stays where it is: what must be declared now is not left for later.
                attempts += 1
                self._note(trouble=str(error))
                _log.warning(
                    "the chain does not answer, or has not mined it yet", extra=facts(attempt=attempts, error=error)
                )
                continue
            attempts = 0
            with self._changed:
                self._trouble = ""
                self._answered = max(self._answered, asked)
                self._changed.notify_all()

    def _next(self, attempts: int) -> bool:
        """Wait for work; False when it is time to stop. After a failure the wait is a back-off and the world is not let go."""
        with self._changed:
            if attempts:
                back_off_s = min(1 << min(attempts - 1, 6), BACK_OFF_MAX_S)
                self._changed.wait_for(lambda: self._stopping, back_off_s)
            elif not self._wanted and not self._stopping:
                self._participant.idle()
                self._changed.wait_for(lambda: self._wanted or self._stopping, self._poll_s)
            if self._stopping:
                return False
            self._participant.busy()
            if self._wanted:
                self._held = ""
            self._wanted = False
            return True

    def _note(self, *, held: str | None = None, trouble: str | None = None) -> None:
        with self._changed:
            self._held = self._held if held is None else held
            self._trouble = self._trouble if trouble is None else trouble

    def _pass(self) -> None:
        self._follower.catch_up()
        self._put_back()
        if not self._held and self._bring():
            self._follower.catch_up()
        self._disputes.look()
        with self._changed:
            self._head = self._chain.block_number()

    def _put_back(self) -> None:
        """Bring the journal, and the periods that it is about, back to what the chain shows after a reorganisation."""
        forks = self._follower.forks
        lost = self._journal.lost(thoroughly=forks != self._forks)
        self._forks = forks  # also of those that were noticed at the end of the pass before
        if not lost:
            return
        with self._writer.transaction():
            for row in lost:
                self._writer.chain.put_journal(row)
                about = json.loads(row.payload)
                if row.kind == "declare":
                    self._writer.settlement.set_period_state(int(about["period"]), "anchored")
        # Durable: what is to be written again. The acts below find it, oldest period first.
        self._note(held="")
        for row in lost:
            _log.warning(
                "a reorganisation moved a write",
                extra=facts(action=f"{row.kind} {row.subject}", state=row.state, block=row.block),
            )

    def _bring(self) -> bool:
        """Anchor and declare what is settled, oldest first; True if there was anything."""
        waiting = self._undeclared()
        if waiting and self._chain.has_time_control:
            # A stepped world's chain lives in the world's time; a period must be over there too.
            self._chain.advance_to(self._world.now())
        for period in waiting:
            if self._is_stopping():
                break
            try:
                if not (self._anchor(period) and self._declare(period)):
                    break  # blocks are missing on top of it; the next look goes on
            except (ChainRefused, SettlementError) as refused:
                if isinstance(refused, ChainRefused) and refused.reason.startswith("PeriodNotOver("):
                    break  # the chain's clock lags behind ours: the next look will do
                # Nothing later overtakes it, for reports are declared in order. It is tried again when there is news, not at every look.
                self._note(held=f"period {period.period}: {refused}")
                _log.error("held, a person must look", extra=facts(period=period.period, reason=refused))
                break
        return bool(waiting)

    def _is_stopping(self) -> bool:
        with self._changed:
            return self._stopping

    def _undeclared(self) -> list[PeriodRow]:
        periods = self._reader.settlement.periods
        found = [
            *periods(state="anchored", limit=PERIODS_PER_PASS),
            *periods(state="settled", limit=PERIODS_PER_PASS),
        ]
        return sorted(found, key=lambda row: row.period)

    # ------------------------------------------------------------ the two acts

    def _anchor(self, period: PeriodRow) -> bool:
        """Whether the period's log head stands confirmed on the chain."""
        size = period.log_size
        checkpoint = self._sequencer.checkpoint(size, self._world.now())
        if period.log_root is not None and period.log_root != checkpoint.root:
            raise ChainConflict(
                f"period {period.period} was settled over root 0x{period.log_root.hex()} at size {size}, the log has"
                f" 0x{checkpoint.root.hex()}"
            )
        root = checkpoint.root
        row = self._journal.carry_out(
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
                log_generation=self._generation,
                proof=self._proof_to(period),
            ),
        )
        if row.state != CONFIRMED:
            return False
        # On the chain and in the journal; a crash before the next line repeats nothing but that line.
        with self._writer.transaction():
            self._writer.settlement.set_period_state(period.period, "anchored", log_root=root)
        return True

    def _declare(self, period: PeriodRow) -> bool:
        """Whether the period's report stands confirmed on the chain."""
        report = report_of(
            period,
            catch_up_hours=catch_up_hours(self._reader, self._terms, period.period),
            signer_set_version=declarations.signing(self._chain, self._declarations).version,
            log_generation=self._generation,
        )
        row = self._journal.carry_out(
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
        if row.state != CONFIRMED:
            return False
        tx_hash, block = self._where(row, period.period)
        # On the chain and in the journal; a crash before the next line repeats nothing but that line.
        with self._writer.transaction():
            self._writer.settlement.set_period_state(
                period.period, "declared", declare_tx=tx_hash, declared_block=block
            )
        _log.info("declared", extra=facts(period=period.period, distributable=period.distributable, tx=tx_hash))
        return True

    def _where(self, row: JournalRow, period: int) -> tuple[str | None, int | None]:
        """Transaction and block of a declaration; of one that another process made, by its event."""
        if row.tx_hash is not None:
            return row.tx_hash, row.block
        self._follower.catch_up()
        for event in self._declared_events(period):
            return event.tx_hash, event.block
        return None, None

    def _declared_events(self, period: int) -> Iterator[EventRow]:
        """The followed declarations of a period, revision 0 first."""
        for event in self._reader.chain.every_event(contract="declarations", name="Declared"):
            if int(json.loads(event.args)["period"]) == period:
                yield event

    def _declared_hashes(self, period: int) -> set[bytes]:
        return {bytes.fromhex(json.loads(event.args)["reportHash"][2:]) for event in self._declared_events(period)}

    def _proof_to(self, period: PeriodRow) -> list[bytes]:
        size = period.log_size
        head_size = self._check_head()
        before = self._reader.settlement.period(period.period - 1)
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
        return [] if head_size in (0, size) else self._sequencer.consistency_proof(head_size, size)

    def _check_head(self) -> int:
        """The size anchored last, once it is sure that this log is the one that was anchored."""
        generation, size, root = declarations.anchored_head(self._chain, self._declarations)
        if generation != self._generation:
            raise ChainConflict(
                f"the log was begun anew on chain (generation {generation}); this ledger's is generation {self._generation}:"
                " restore the ledger of that log"
            )
        if size == 0:
            return 0
        held = self._reader.log.size()
        if size > held:
            raise ChainConflict(
                f"size {size} is anchored on chain, this ledger's log has {held} entries: restore the ledger"
            )
        own = self._sequencer.root_at(size)
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
