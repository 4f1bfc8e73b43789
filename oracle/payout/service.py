"""The keeper as a service: a pass over all holders at every multiple of an interval, until it is stopped."""

import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from evidence.units import div_floor
from oracle.chain.contracts import AssetOnChain
from oracle.errors import ChainError
from oracle.ledger.reader import LedgerReader
from oracle.payout.push import Push, push_due
from runtime.clock import WorldClock
from runtime.errors import ClockClosed
from runtime.logs import facts
from runtime.worker import Worker

_AGAIN_S = 60  # after a pass that the chain did not let happen

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class KeeperDeps:
    """What a pass needs: the contracts, the account that pays the gas, the ledger, the holders who are passed over."""

    on_chain: AssetOnChain
    keeper: LocalAccount
    reader: LedgerReader
    skip: Collection[str]


class KeeperService:
    """Pays, waits, pays again. It owns chain and reader, and closes them.

    A pass that fails is tried again soon: what was paid stays paid, and nobody is paid twice (the contract knows what is owed).
    """

    def __init__(
        self, deps: KeeperDeps, world: WorldClock, *, every_s: int, on_failure: Callable[[BaseException], None]
    ) -> None:
        self._deps = deps
        self._world = world
        self._every_s = every_s
        self._counts: Counter[str] = Counter(passes=0, failed=0, transactions=0, paid=0, held=0)
        self._lock = threading.Lock()
        self._last_pass: int | None = None
        self._trouble = ""
        self._stopping = threading.Event()
        self._participant = world.join("keeper")
        self._worker = Worker("keeper", self._run, on_failure)

    def start(self) -> None:
        """Start; the first pass comes at once, for what was left while no keeper was there."""
        self._worker.start()

    def stop(self) -> None:
        """Finish the pass under way, then stop and close; idempotent."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._participant.leave()
        self._worker.join(timeout_s=180)
        self._deps.on_chain.chain.close()
        self._deps.reader.close()

    def status(self) -> dict[str, object]:
        """Counters, the time of the last pass that went through, and what stood in the way of the newest; JSON-able."""
        with self._lock:
            return {
                "keeper": self._deps.keeper.address,
                "every_s": self._every_s,
                "last_pass": self._last_pass,
                "trouble": self._trouble,
                **self._counts,
            }

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                wait_s = self._every_s if self._pass() else min(self._every_s, _AGAIN_S)
                self._participant.wait_until((div_floor(self._world.now(), wait_s) + 1) * wait_s)
        except ClockClosed:
            log.info("keeping ends", extra=facts(passes=self._counts["passes"]))

    def _pass(self) -> bool:
        at = self._world.now()
        deps = self._deps
        try:
            push = push_due(deps.on_chain, deps.keeper, deps.reader, skip=deps.skip)
        except ChainError as error:
            with self._lock:
                self._counts["failed"] += 1
                self._trouble = str(error)
            log.warning("a pass failed", extra=facts(problem=error))
            return False
        self._note(push, at)
        if push.halted:
            log.warning("a pass stopped", extra=facts(problem=push.halted))
        return not push.halted

    def _note(self, push: Push, at: int) -> None:
        outcomes = Counter(payout.outcome.value for payout in push.payouts)
        with self._lock:
            self._counts["failed" if push.halted else "passes"] += 1
            self._counts["transactions"] += len(push.receipts)
            self._counts["paid"] += outcomes["paid"]
            self._counts["held"] += outcomes["held"] + outcomes["failed"]
            self._trouble = push.halted
            if not push.halted:
                self._last_pass = at
        if push.payouts:
            log.info("paid", extra=facts(holders=outcomes["paid"], transactions=len(push.receipts), up_to=push.up_to))
