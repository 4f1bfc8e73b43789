"""The thread that keeps ledger and chain together: it decides when to look at the chain.

`oracle.declare.declarer` holds the acts themselves.
"""

import json
import logging
import threading
from collections.abc import Callable

from eth_account.signers.local import LocalAccount

from oracle.chain.contracts import AssetOnChain
from oracle.core.states import PeriodState
from oracle.declare.declarer import Declarer
from oracle.declare.dispute_watch import DisputeWatch
from oracle.declare.follower import Follower
from oracle.declare.journal import Journal, pending_of
from oracle.errors import ChainError, ChainRefused, ChainUnreachable, SettlementError
from oracle.ledger.rows import PeriodRow
from oracle.open_asset import OpenAsset
from runtime.logs import facts
from runtime.worker import Worker

_log = logging.getLogger("oracle.chain")

PERIODS_PER_PASS = 64
BACK_OFF_MAX_S = 60
POLL_S = 5


class ChainLoop:
    """Brings settled periods to the chain and the chain's events to the ledger, in a thread of its own.

    `wake` asks for a pass and holds the world's time until that pass is done. So a stepped world does not move on before every settled
    period is declared. Between wakes the loop looks at the chain every `poll_s` seconds of real time.
    """

    def __init__(
        self,
        asset: OpenAsset,
        on_chain: AssetOnChain,
        account: LocalAccount,
        *,
        on_failure: Callable[[BaseException], None],
        poll_s: int = POLL_S,
        confirmations: int = 0,
        first_block: int | None = None,
    ) -> None:
        """Compose it; nothing is asked of the chain.

        Args:
            asset: whose periods are brought to the chain.
            on_chain: its contracts.
            account: signs reports and anchors, and pays.
            on_failure: called from the thread when it dies.
            poll_s: seconds of real time between two looks.
            confirmations: blocks on top of a write, or of an event, before it counts.
            first_block: no event is looked for before it; by default what the deployment says.
        """
        self._chain = on_chain.chain
        self._reader = asset.reader
        self._writer = asset.writer
        self._world = asset.world
        self._poll_s = poll_s
        self._confirmations = confirmations
        self._follower = Follower(
            on_chain,
            asset.reader,
            asset.writer,
            confirmations=confirmations,
            first_block=on_chain.deployment.first_block if first_block is None else first_block,
        )
        self._journal = Journal(
            self._chain, account, asset.writer, asset.reader, asset.world, confirmations=confirmations
        )
        self._declarer = Declarer(asset, on_chain, account, journal=self._journal, follower=self._follower)
        self._disputes = DisputeWatch(self._chain, self._reader)
        self._head = 0
        self._forks = 0
        self._participant = self._world.join("oracle chain")
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
                    self._declarer.check()
                    checked = True
                self._pass()
            except ChainUnreachable as error:
                # The world's time stays held: a period that is due is declared now and not later.
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
        """Wait for work; False when it is time to stop. After a failure the loop backs off, and the world's time stays held."""
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
        self._rewind()
        if not self._held and self._bring():
            self._follower.catch_up()
        self._disputes.look()
        with self._changed:
            self._head = self._chain.block_number()

    def _rewind(self) -> None:
        """Set the journal and its periods back to the state that the chain shows after a reorganisation."""
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
                    self._writer.settlement.set_period_state(int(about["period"]), PeriodState.ANCHORED)
        # Durable: the writes that must be sent again. The acts below find them, oldest period first.
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
                if not (self._declarer.anchor(period) and self._declarer.declare(period)):
                    break  # blocks are missing on top of it; the next look goes on
            except (ChainRefused, SettlementError) as refused:
                if isinstance(refused, ChainRefused) and refused.reason.startswith("PeriodNotOver("):
                    break  # the chain's clock lags behind ours: the next look will do
                # Reports are declared in order, so no later one overtakes this one. The next wake tries it again, a mere look does not.
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
            *periods(state=PeriodState.ANCHORED, limit=PERIODS_PER_PASS),
            *periods(state=PeriodState.SETTLED, limit=PERIODS_PER_PASS),
        ]
        return sorted(found, key=lambda row: row.period)
