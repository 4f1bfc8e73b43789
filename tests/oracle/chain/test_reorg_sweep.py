"""Many histories of reorganisations, block by block: every period is declared once, every tranche funded once.

Nothing here runs beside the test: the oracle's pass and the treasurer's command are called after each block, and give up at once where
something is not mined. So a history, made from its number, is always the same one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from evidence.units import Minor
from oracle.chain import steps as chain_steps
from oracle.chain.client import Chain
from oracle.chain.steps import Steps
from oracle.declare import journal as chain_journal
from oracle.declare.loop import ChainLoop
from oracle.errors import ChainRefused, ChainUnreachable
from oracle.owner import share
from oracle.owner.fund import fund_period, mint_demo_money
from runtime.errors import ConfigError
from tests.oracle.chain.followed import assert_ledger_is_the_chain, states
from tests.plant.anvil_node import Anvil, running_anvil
from tests.plant.asset_site import Books, open_site
from tests.plant.chain_loop import declared_on_chain, loop_on

BLOCKS_OF_TROUBLE = 24
CALM_BLOCKS_MAX = 150
PERIODS = 3
DISTRIBUTABLE = 1_000_000


def give_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever waits for a block gives up at once: blocks come when the test makes them, and then everybody looks again."""
    real_wait = Chain.wait
    monkeypatch.setattr(Chain, "wait", lambda *args, **rest: real_wait(*args, **{**rest, "timeout_s": 0}))
    monkeypatch.setattr(chain_journal, "MINED_WITHIN_S", 0)
    monkeypatch.setattr(chain_steps, "RECEIPT_TIMEOUT_S", 0)


class History:
    """An oracle and a treasurer on a chain that forgets."""

    def __init__(self, node: Anvil, books: Books, folder: Path, *, confirmations: int) -> None:
        self.node = node
        self.books = books
        self.confirmations = confirmations
        self._journal = folder / "asset.fund.json"
        self.loop: ChainLoop = loop_on(books, books.site.chain, confirmations=confirmations, periods=PERIODS)

    def block(self) -> None:
        """A block, and what everybody does about it."""
        self.node.mine()
        try:
            self.loop._held = ""
            self.loop._pass()
        except ChainUnreachable:
            pass  # not mined yet
        for period in range(PERIODS):
            self.fund(period)

    def fund(self, period: int) -> None:
        """The treasurer's command, tried again and again; what it began is finished before anything else is begun."""
        site = self.books.site
        row = self.books.reader.settlement.period(period)
        if row is None or row.state != "declared":
            return
        try:
            steps = Steps(site.chain, site.owner, path=self._journal, task={"period": str(period)})
            fund_period(site.on_chain, site.owner, period, steps=steps, confirmations=self.confirmations)
        except (ChainUnreachable, ChainRefused, ConfigError):
            return  # not mined yet; nothing left to fund; another period's funding is open
        steps.finish()

    @property
    def tranches(self) -> int:
        chain, distributor = self.books.site.chain, self.books.site.contracts.distributor.functions
        return int(chain.read(distributor.trancheCount()))

    @property
    def over(self) -> bool:
        """Whether everything is done and stands as deep as it was asked to."""
        declared = states(self.books) == ["declared"] * PERIODS
        return declared and self.tranches == PERIODS and self.loop.status()["unconfirmed"] == []


@contextmanager
def history(folder: Path, monkeypatch: pytest.MonkeyPatch, *, confirmations: int) -> Iterator[History]:
    with running_anvil() as node:
        chain = Chain.connect(node.url)
        site = open_site(chain)
        share.allow(site.on(chain), site.owner, [site.holders[0].address])
        share.mint(site.on(chain), site.owner, site.holders[0].address, 25)
        mint_demo_money(site.on(chain), site.owner, site.owner.address, Minor(10 * DISTRIBUTABLE))
        books = Books(site, folder / "ledger.db")
        for period in range(PERIODS):
            books.settle(period, DISTRIBUTABLE + period)
        chain.advance_to(site.end_of(PERIODS - 1) + 150)
        node.by_hand()
        node.mine(4)
        give_up_at_once(monkeypatch)
        try:
            yield History(node, books, folder, confirmations=confirmations)
        finally:
            books.close()
            chain.close()


@pytest.mark.slow
@pytest.mark.parametrize("confirmations", [0, 1, 2, 3])
@pytest.mark.parametrize("number", range(6))
def test_whatever_is_taken_back_comes_back_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, confirmations: int, number: int
) -> None:
    drawn = Random(number)  # noqa: S311 it draws a history, no secret
    with history(tmp_path, monkeypatch, confirmations=confirmations) as lived:
        gap = drawn.randint(1, 7)
        for _ in range(BLOCKS_OF_TROUBLE):
            lived.block()
            gap -= 1
            if gap == 0:
                lived.node.reorg(drawn.randint(1, 3))
                gap = drawn.randint(1, 7)
        # What the last reorganisation took may not have been noticed yet: it is over once nothing has happened for four blocks.
        calm = 0
        for _ in range(CALM_BLOCKS_MAX):
            lived.block()
            calm = calm + 1 if lived.over and lived.node.waiting() == 0 else 0
            if calm == 4:
                break
        site, books, chain = lived.books.site, lived.books, lived.books.site.chain
        assert lived.over, lived.loop.status()
        assert [declared_on_chain(site, period) for period in range(PERIODS)] == [1] * PERIODS
        funded = site.contracts.distributor.functions.totalFunded()
        assert chain.read(funded) == sum(DISTRIBUTABLE + period for period in range(PERIODS))
        assert lived.loop.status()["held"] == ""
        for row in books.reader.chain.journal():
            assert row.state == "confirmed", row
            receipt = chain.receipt(str(row.tx_hash), action=row.kind)
            assert receipt is not None
            assert (receipt.block, receipt.gas_used) == (row.block, row.gas_used)
        assert_ledger_is_the_chain(books)
