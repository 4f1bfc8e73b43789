"""Slow blocks, reorganisations and dear gas: every period is declared once, every tranche funded once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.units import Minor
from oracle.chain.client import Chain
from oracle.chain.steps import Steps
from oracle.declare import journal as chain_journal
from oracle.declare import loop as chain_loop
from oracle.declare.follower import REORG_DEPTH, Follower
from oracle.declare.loop import ChainLoop
from oracle.errors import ChainConflict, ChainError, ChainRefused, ChainUnreachable
from oracle.owner import share
from oracle.owner.fund import fund_period, mint_demo_money
from oracle.payout.claim import claim
from oracle.payout.push import push_due
from runtime.errors import ConfigError
from tests.oracle.chain.followed import assert_ledger_is_the_chain, states
from tests.plant.anvil_node import Anvil
from tests.plant.asset_site import Books, Site, open_site
from tests.plant.chain_loop import declared_on_chain, loop_on
from tests.plant.until import until


class Reorganised:
    """A loop on a chain whose blocks the test makes."""

    def __init__(self, node: Anvil, loop: ChainLoop) -> None:
        self.node = node
        self.loop = loop
        self._in_vain = 0  # passes that could not be finished
        note = loop._note

        def noted(*, held: str | None = None, trouble: str | None = None) -> None:
            self._in_vain += trouble is not None
            note(held=held, trouble=trouble)

        loop._note = noted  # type: ignore[method-assign]  # what it says is heard, and said

    def block(self) -> None:
        """One block, and whatever the loop does about it."""
        self.node.mine()
        self.loop.wake()
        wanted, in_vain = self.loop._asked, self._in_vain
        # Blocks come on a real chain whatever the oracle does: where it waits for more of them they are not withheld. The first pass
        # that ends in vain may have begun before this block; the second one has seen it.
        until(
            lambda: (
                self.node.waiting() > 0
                or self.loop._answered >= wanted
                or self._in_vain >= in_vain + 2
                or self.loop._ended
            )
        )
        assert not self.loop._ended, "the loop has died"

    def blocks_until(self, done: Callable[[], bool], *, limit: int = 150) -> int:
        for number in range(limit):
            if done():
                return number
            self.block()
        pytest.fail(f"not done within {limit} blocks: {self.loop.status()}")


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lost transaction is missed after a second, not after twenty."""
    monkeypatch.setattr(chain_journal, "MINED_WITHIN_S", 1)
    monkeypatch.setattr(chain_loop, "BACK_OFF_MAX_S", 0)


@pytest.mark.slow
@pytest.mark.parametrize("confirmations", [2])
@pytest.mark.parametrize("every", [3, 4, 7])
def test_reorganisations_of_two_blocks_never_declare_twice(
    anvil: Anvil, tmp_path: Path, confirmations: int, every: int
) -> None:
    """Blocks of twelve seconds; again and again the newest two are replaced by empty ones."""
    chain = Chain.connect(anvil.url)
    site = open_site(chain)
    books = Books(site, tmp_path / "ledger.db")
    for period in range(3):
        books.settle(period, 1_000_000 + period)
    chain.advance_to(site.end_of(2) + 150)
    anvil.by_hand()
    anvil.mine(3)
    loop = loop_on(books, chain, confirmations=confirmations, periods=3)
    loop.start()
    try:
        driven = Reorganised(anvil, loop)
        for number in range(24):
            driven.block()
            if number % every == every - 1:
                anvil.reorg(2)
        # The last reorganisation may not be noticed yet: it is over once nothing has happened for four blocks.
        calm = 0
        for _ in range(150):
            driven.block()
            quiet = states(books) == ["declared"] * 3 and not loop.status()["unconfirmed"] and anvil.waiting() == 0
            calm = calm + 1 if quiet else 0
            if calm == 4:
                break
        status = loop.status()
    finally:
        loop.stop()
    assert states(books) == ["declared"] * 3
    assert [declared_on_chain(site, period) for period in range(3)] == [1, 1, 1]
    assert status["unconfirmed"] == []
    assert status["held"] == ""
    for row in books.reader.chain.journal():
        assert row.state == "confirmed", row
        receipt = chain.receipt(str(row.tx_hash), action=row.kind)
        assert receipt is not None
        assert (receipt.block, receipt.gas_used) == (row.block, row.gas_used)
    for row_of_period in books.reader.settlement.periods(limit=9):
        assert chain.receipt(str(row_of_period.declare_tx), action="declare") is not None
    assert_ledger_is_the_chain(books)
    books.close()
    chain.close()


def test_a_write_is_confirmed_only_when_blocks_stand_on_top(anvil: Anvil, tmp_path: Path) -> None:
    chain = Chain.connect(anvil.url)
    site = open_site(chain)
    books = Books(site, tmp_path / "ledger.db")
    books.settle(0, 5)
    chain.advance_to(site.end_of(0) + 150)
    anvil.by_hand()
    loop = loop_on(books, chain, confirmations=2, periods=1)
    loop.start()
    try:
        until(lambda: anvil.waiting() == 1)
        anvil.mine()
        loop.catch_up()
        unconfirmed = loop.status()["unconfirmed"]
        assert isinstance(unconfirmed, list)
        pending = unconfirmed[0]
        assert len(unconfirmed) == 1
        assert pending["subject"] == "size 3"
        assert (pending["state"], pending["blocks_on_top"], pending["confirmations"]) == ("mined", 0, 2)
        assert states(books) == ["settled"]
        anvil.mine()
        loop.catch_up()
        assert states(books) == ["settled"]
        assert anvil.waiting() == 0
        driven = Reorganised(anvil, loop)
        driven.blocks_until(lambda: states(books) == ["declared"], limit=5)
        assert loop.status()["unconfirmed"] == []
        # Deeper than it was asked to wait for: what was confirmed is put back, and comes back by the same bytes.
        before = books.reader.chain.journal()
        anvil.reorg(6)
        loop.wake()
        until(lambda: anvil.waiting() == 1)
        assert states(books) == ["anchored"]
        driven.blocks_until(lambda: states(books) == ["declared"], limit=9)
    finally:
        loop.stop()
    assert [row.tx_hash for row in books.reader.chain.journal()] == [row.tx_hash for row in before]
    assert [row.block for row in books.reader.chain.journal()] != [row.block for row in before]
    assert declared_on_chain(site, 0) == 1
    anvil.mine(3)
    Follower(site.on(chain), books.reader, books.writer).catch_up()
    assert_ledger_is_the_chain(books)
    books.close()
    chain.close()


@pytest.mark.parametrize("after", ["anchor size 3", "declare period 0"])
def test_a_reorganisation_in_the_middle_of_a_pass_leaves_no_period_behind(
    anvil: Anvil, tmp_path: Path, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Were the second log head anchored on what is left, the first never could be, and the first period never declared."""
    chain = Chain.connect(anvil.url)
    site = open_site(chain)
    books = Books(site, tmp_path / "ledger.db")
    books.settle(0, 5)
    books.settle(1, 6)
    chain.advance_to(site.end_of(1) + 150)
    anvil.mine(3)
    real_ensure = chain_journal.Journal.ensure
    pulled: list[str] = []

    def ensure(self: chain_journal.Journal, **what: Any) -> object:
        row = real_ensure(self, **what)
        if f"{row.kind} {row.subject}" == after and not pulled:
            pulled.append(after)
            anvil.reorg(2)
        return row

    monkeypatch.setattr(chain_journal.Journal, "ensure", ensure)
    loop = loop_on(books, chain, confirmations=0, periods=2)
    loop.start()
    for _ in range(3):
        loop.catch_up()
    loop.stop()
    assert pulled
    assert states(books) == ["declared"] * 2
    assert [declared_on_chain(site, period) for period in range(2)] == [1, 1]
    rows = books.reader.settlement.periods(limit=9)
    roots = site.contracts.declarations.functions.rootAt
    assert [chain.read(roots(row.log_size)) for row in rows] == [row.log_root for row in rows]
    assert_ledger_is_the_chain(books)
    books.close()
    chain.close()


@pytest.mark.parametrize("follows", [True, False], ids=["noticed before", "noticed at start"])
def test_what_was_taken_back_while_the_oracle_was_away_is_written_again(
    anvil: Anvil, tmp_path: Path, follows: bool
) -> None:
    chain, site, books = declared_site(anvil, tmp_path, 1_000)
    before = books.reader.chain.journal()
    anvil.reorg(9)
    assert declared_on_chain(site, 0) == 0
    if follows:  # killed between the events' transaction and the journal's
        Follower(site.on(chain), books.reader, books.writer).catch_up()
    loop = loop_on(books, chain, confirmations=0, periods=1)
    loop.start()
    loop.catch_up()
    loop.stop()
    assert states(books) == ["declared"]
    assert declared_on_chain(site, 0) == 1
    assert [row.tx_hash for row in books.reader.chain.journal()] == [row.tx_hash for row in before]
    period = books.reader.settlement.period(0)
    assert period is not None
    assert period.declared_block == books.reader.chain.journal()[-1].block
    assert_ledger_is_the_chain(books)
    books.close()
    chain.close()


def test_a_transaction_that_is_stuck_on_its_fee_is_outbid(anvil: Anvil, tmp_path: Path) -> None:
    chain = Chain.connect(anvil.url)
    site = open_site(chain)
    books = Books(site, tmp_path / "ledger.db")
    books.settle(0, 5)
    chain.advance_to(site.end_of(0) + 150)
    anvil.by_hand()
    loop = loop_on(books, chain, confirmations=0, periods=1)
    loop.start()
    try:
        until(lambda: anvil.waiting() == 1)
        first = books.reader.chain.journal_of("anchor", "size 3")
        assert first is not None
        # Gas becomes a thousand times dearer than what the oracle offered.
        anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(2_000 * 10**9))
        anvil.mine(6)
        driven = Reorganised(anvil, loop)
        until(lambda: books.reader.chain.journal_of("anchor", "size 3") != first)
        driven.blocks_until(lambda: states(books) == ["declared"], limit=30)
    finally:
        loop.stop()
    dearer = books.reader.chain.journal_of("anchor", "size 3")
    assert dearer is not None
    assert dearer.nonce == first.nonce
    assert dearer.tx_hash != first.tx_hash
    assert json.loads(dearer.payload)["attempt"]["earlier"] == [first.tx_hash]
    assert declared_on_chain(site, 0) == 1
    books.close()
    chain.close()


def test_a_fork_is_left_as_deep_as_the_bound_and_no_deeper(anvil: Anvil, tmp_path: Path) -> None:
    chain = Chain.connect(anvil.url)
    site = open_site(chain)
    books = Books(site, tmp_path / "ledger.db")
    anvil.mine(2 * REORG_DEPTH)
    follower = Follower(site.on(chain), books.reader, books.writer)
    follower.catch_up()
    anvil.mine(5)
    follower.catch_up()
    anvil.reorg(REORG_DEPTH - 1)
    share.allow(site.on(chain), site.owner, [site.holders[0].address])
    follower.catch_up()
    assert follower.forks == 1
    assert_ledger_is_the_chain(books)
    assert len(books.reader.chain.marks()) < 2 * REORG_DEPTH
    anvil.mine(3)
    follower.catch_up()
    anvil.reorg(REORG_DEPTH + 20)
    with pytest.raises(ChainConflict, match="blocks below what was followed"):
        follower.catch_up()
    books.close()
    chain.close()


@pytest.mark.slow
def test_the_whole_line_on_blocks_of_one_second(anvil: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_journal, "MINED_WITHIN_S", 20)
    chain = Chain.connect(anvil.url)
    site = open_site(chain)
    holders = [holder.address for holder in site.holders]
    share.allow(site.on(chain), site.owner, holders)
    for holder in holders:
        share.mint(site.on(chain), site.owner, holder, 25)
    mint_demo_money(site.on(chain), site.owner, site.owner.address, Minor(10**9))
    books = Books(site, tmp_path / "ledger.db")
    books.settle(0, 1_000_000)
    books.settle(1, 500_000)
    chain.advance_to(site.end_of(1) + 150)
    anvil.ask("evm_setIntervalMining", 1)
    loop = loop_on(books, chain, confirmations=1, periods=2)
    loop._poll_s = 1
    loop.start()
    try:
        until(lambda: states(books) == ["declared"] * 2)
        for period in range(2):
            fund_period(site.on(chain), site.owner, period)
        pushed = push_due(site.on(chain), site.owner, books.reader, skip=[holders[3]])
        claimed = claim(site.on(chain), site.holders[3])
        paid = site.contracts.distributor.functions.totalPaid()
        assert chain.read(paid) == 1_500_000
        until(lambda: len(books.reader.chain.events(contract="distributor", name="Paid")) == 4)
    finally:
        loop.stop()
    assert [payout.amount for payout in pushed.payouts] == [375_000] * 3
    assert claimed.amount == 375_000
    assert [declared_on_chain(site, period) for period in range(2)] == [1, 1]
    assert_ledger_is_the_chain(books)
    books.close()
    chain.close()


def declared_site(anvil: Anvil, tmp_path: Path, distributable: int) -> tuple[Chain, Site, Books]:
    """A site with a holder, money in the treasury, and one declared period."""
    chain = Chain.connect(anvil.url)
    site = open_site(chain)
    share.allow(site.on(chain), site.owner, [site.holders[0].address])
    share.mint(site.on(chain), site.owner, site.holders[0].address, 25)
    mint_demo_money(site.on(chain), site.owner, site.owner.address, Minor(10 * distributable))
    books = Books(site, tmp_path / "ledger.db")
    books.settle(0, distributable)
    loop = loop_on(books, chain, confirmations=0, periods=1)
    loop.start()
    loop.catch_up()
    loop.stop()
    anvil.mine(3)
    return chain, site, books


def funded(site: Site) -> tuple[int, int]:
    distributor = site.contracts.distributor.functions
    return site.chain.read(distributor.trancheCount()), site.chain.read(distributor.totalFunded())


def test_a_tranche_that_a_reorganisation_took_back_is_funded_once(anvil: Anvil, tmp_path: Path) -> None:
    chain, site, books = declared_site(anvil, tmp_path, 1_000)
    first = fund_period(site.on(chain), site.owner, 0)
    raw = chain.call(lambda web3: web3.eth.get_raw_transaction(first.receipts[-1].tx_hash))  # type: ignore[arg-type]  # a hash as text
    assert funded(site) == (1, 1_000)
    anvil.reorg(2)
    assert funded(site) == (0, 0)
    fund_period(site.on(chain), site.owner, 0)
    assert funded(site) == (1, 1_000)
    # The bytes that were lost turn up again: their nonce is used.
    assert not chain.send(bytes(raw), action="fund")
    with pytest.raises(ChainRefused, match="funded in full already"):
        fund_period(site.on(chain), site.owner, 0)
    assert funded(site) == (1, 1_000)
    books.close()
    chain.close()


def test_a_funding_that_timed_out_is_not_doubled(anvil: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chain, site, books = declared_site(anvil, tmp_path, 1_000)
    journal = tmp_path / "asset.fund.json"
    task = {"period": "0", "asked": "400"}

    def fund(**changes: str) -> None:
        steps = Steps(chain, site.owner, path=journal, task={**task, **changes})
        fund_period(site.on(chain), site.owner, 0, Minor(400), steps=steps)

    approve = site.contracts.token.functions.approve(site.contracts.distributor.address, 10_000)
    chain.transact(site.owner, approve, action="approve")
    anvil.by_hand()
    real_wait = Chain.wait
    monkeypatch.setattr(Chain, "wait", lambda *args, **rest: real_wait(*args, **{**rest, "timeout_s": 0}))
    for _ in range(2):
        with pytest.raises(ChainUnreachable, match="may still be"):
            fund()
        assert anvil.waiting() == 1
    # Without a journal a second transaction waits behind the first; all that is declared is the most that both can bring.
    with pytest.raises(ChainUnreachable):
        fund_period(site.on(chain), site.owner, 0)
    with pytest.raises(ConfigError, match=r"task\.asked: was begun with 400, and is 600 now"):
        fund(asked="600")
    anvil.mine(2)
    fund()
    assert funded(site) == (1, 400)
    with pytest.raises(ChainError):  # the same steps again bring nothing new
        fund_period(site.on(chain), site.owner, 0, Minor(601))
    anvil.reorg(2)
    assert funded(site) == (0, 0)
    with pytest.raises(ChainUnreachable):
        fund()
    anvil.mine()
    fund()
    assert funded(site) == (1, 400)
    books.close()
    chain.close()
