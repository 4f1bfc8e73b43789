"""Money comes in and goes out by share-days; what the ledger works out is what the contract owes, to the last unit."""

import json
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.units import Minor
from oracle.core.holders.entitlement import books_of, entitlement_of
from oracle.declare.follower import Follower, block_of_creation
from oracle.declare.journal import note_receipt
from oracle.errors import ChainConflict, ChainRefused
from oracle.owner import share
from oracle.owner.fund import fund_period
from oracle.payout import push as keeper
from oracle.payout.claim import claim, owed
from oracle.payout.push import Outcome, known_holders, push_due
from tests.oracle.chain.payouts import assert_chain_agrees, declare, give_money, give_shares, history_of
from tests.plant.asset_site import Books, Site


def test_three_are_pushed_and_a_fourth_pulls(site: Site, books: Books) -> None:
    chain, on_chain = site.chain, site.on_chain
    give_shares(site, [500, 300, 150, 50])
    give_money(site, 10_000_000)
    declare(site, 0, 1_000_003)
    funding = fund_period(on_chain, site.owner, 0)
    assert (funding.period, funding.tranche, funding.received) == (0, 0, 1_000_003)
    assert len(funding.receipts) == 2
    assert_chain_agrees(books)

    # In the middle of period 1 a holder sells everything: that day is the buyer's.
    chain.advance_to(site.end_of(0) + 43_200)
    share.transfer(on_chain, site.holders[0], site.holders[1].address, 500)
    declare(site, 1, 777_777)
    fund_period(on_chain, site.owner, 1)
    puller = site.holders[3]
    assert_chain_agrees(books)

    pushed = push_due(on_chain, site.owner, books.reader, skip=[puller.address])
    assert pushed.up_to == 2
    assert {(payout.holder, payout.outcome) for payout in pushed.payouts} == {
        (holder.address, Outcome.PAID) for holder in site.holders[:3]
    }
    expected = {0: 500 * 1_000_003, 1: 300 * 1_000_003 + 800 * 777_777, 2: 150 * 1_777_780, 3: 50 * 1_777_780}
    for payout in pushed.payouts:
        number = [str(holder.address) for holder in site.holders].index(payout.holder)
        assert payout.amount in (expected[number] // 1000, expected[number] // 1000 - 1)
        assert chain.read(site.contracts.token.functions.balanceOf(payout.holder)) == payout.amount

    due = owed(on_chain, puller.address)
    claimed = claim(on_chain, puller)
    assert claimed.amount == due > 0
    assert claimed.receipt is not None
    again = claim(on_chain, puller)
    assert (again.amount, again.receipt) == (0, None)
    assert push_due(on_chain, site.owner, books.reader).payouts == ()

    history = assert_chain_agrees(books)
    found = books_of(history)
    assert found.paid + found.undistributed == found.funded == 1_777_780
    assert found.owed == 0
    lines = entitlement_of(history, site.holders[0].address).lines
    assert [(line.period, line.share_days, line.total_share_days) for line in lines] == [(0, 500, 1000), (1, 0, 1000)]

    note_receipt(
        books.writer, kind="claim", subject="holder 3", receipt=claimed.receipt, sender=puller.address, at=chain.now()
    )
    assert books.reader.chain.gas_by_kind()["claim"] == (1, claimed.receipt.gas_used)


def test_funding_in_parts_reaches_what_was_declared_and_no_more(site: Site, books: Books) -> None:
    give_shares(site, [1, 1, 1, 0])
    give_money(site, 10_000)
    with pytest.raises(ChainRefused, match="it is not declared yet"):
        fund_period(site.on_chain, site.owner, 0)
    declare(site, 0, 1_000)
    fund_period(site.on_chain, site.owner, 0, Minor(400))
    with pytest.raises(ChainRefused, match="700 is more than the 600 that are declared"):
        fund_period(site.on_chain, site.owner, 0, Minor(700))
    with pytest.raises(ChainRefused, match="5 is less than a tranche brings at least: 10,"):
        fund_period(site.on_chain, site.owner, 0, Minor(5))
    rest = fund_period(site.on_chain, site.owner, 0)
    assert (rest.tranche, rest.received) == (1, 600)
    with pytest.raises(ChainRefused, match="funded in full"):
        fund_period(site.on_chain, site.owner, 0)
    assert_chain_agrees(books)


def test_only_the_treasury_funds_and_only_allowed_holders_claim(site: Site, books: Books) -> None:
    give_shares(site, [10, 10, 0, 0])
    give_money(site, 1_000)
    declare(site, 0, 1_000)
    with pytest.raises(ChainRefused, match=f"{site.oracle.address} does not hold the treasury role"):
        fund_period(site.on_chain, site.oracle, 0)
    fund_period(site.on_chain, site.owner, 0)
    gone = site.holders[0]
    share.allow(site.on_chain, site.owner, [gone.address], allowed=False)
    with pytest.raises(ChainRefused, match="HolderNotAllowed"):
        claim(site.on_chain, gone)
    history_of(books)
    pushed = push_due(site.on_chain, site.owner, books.reader)
    assert [payout.holder for payout in pushed.payouts] == [site.holders[1].address]
    assert entitlement_of(assert_chain_agrees(books), gone.address).owed == 500
    share.allow(site.on_chain, site.owner, [gone.address])
    assert claim(site.on_chain, gone).amount == 500


def test_a_keeper_pays_in_pages(site: Site, books: Books) -> None:
    give_shares(site, [4, 3, 2, 1])
    give_money(site, 1_000)
    declare(site, 0, 1_000)
    fund_period(site.on_chain, site.owner, 0)
    history_of(books)
    assert known_holders(books.reader) == sorted(holder.address for holder in site.holders)
    pushed = push_due(site.on_chain, site.owner, books.reader, page=3)
    assert len(pushed.receipts) == 2
    assert len(pushed.payouts) == 4
    with pytest.raises(ValueError, match="101 holders in one push"):
        push_due(site.on_chain, site.owner, books.reader, page=101)


def test_a_push_that_runs_short_of_gas_goes_on_with_the_rest(
    site: Site, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_shares(site, [4, 3, 2, 1])
    give_money(site, 1_000)
    declare(site, 0, 1_000)
    fund_period(site.on_chain, site.owner, 0)
    history_of(books)
    monkeypatch.setattr(keeper, "_GAS_PER_HOLDER", 0)
    monkeypatch.setattr(keeper, "_GAS_PER_TRANCHE", 0)
    pushed = push_due(site.on_chain, site.owner, books.reader)
    assert len(pushed.receipts) > 1
    assert sorted(payout.amount for payout in pushed.payouts) == [100, 200, 300, 400]
    assert {payout.outcome for payout in pushed.payouts} == {Outcome.PAID}


def test_the_follower_stores_each_event_once_and_in_order(site: Site, open_books: Callable[[], Books]) -> None:
    books = open_books()
    first = block_of_creation(site.chain, site.contracts.share.address)
    follower = Follower(site.on_chain, books.reader, books.writer, first_block=first)
    follower.catch_up()
    assert follower.catch_up() == 0
    give_shares(site, [5, 0, 0, 7])
    assert follower.catch_up() == 4 + 4  # zero-share mints are Transfers too
    again = open_books()
    assert Follower(site.on_chain, again.reader, again.writer).catch_up() == 0
    events = again.reader.chain.events()
    assert [(e.block, e.log_index) for e in events] == sorted({(e.block, e.log_index) for e in events})
    assert again.reader.chain.followed_block() == site.chain.block_number()
    minted = again.reader.chain.events(contract="share", name="Transfer")
    assert json.loads(minted[0].args) == {
        "from": "0x" + "00" * 20,
        "to": site.holders[0].address,
        "value": "5",
    }
    registered = again.reader.chain.events(contract="registry", name="Appended")
    assert json.loads(registered[0].args)["meterCount"] == "2"


def test_another_chain_under_the_same_ledger_is_noticed(site: Site, books: Books) -> None:
    follower = Follower(site.on_chain, books.reader, books.writer)
    follower.catch_up()
    with books.writer.transaction():
        marks = dict.fromkeys(books.reader.chain.marks(), "0x" + "ab" * 32)
        books.writer.chain.add_events([], followed_block=max(marks), marks=marks)
    with pytest.raises(ChainConflict, match="blocks below what was followed, or it is another chain"):
        follower.catch_up()


def test_the_creation_of_a_contract_is_found(site: Site) -> None:
    found = block_of_creation(site.chain, site.contracts.share.address)
    address = site.contracts.share.address
    assert site.chain.call(lambda web3: web3.eth.get_code(address, found))
    assert not site.chain.call(lambda web3: web3.eth.get_code(address, found - 1))
    with pytest.raises(ChainConflict, match="no contract"):
        block_of_creation(site.chain, site.owner.address)


def test_confirmations_keep_the_follower_back(site: Site, books: Books) -> None:
    follower = Follower(site.on_chain, books.reader, books.writer, confirmations=2)
    follower.catch_up()
    assert books.reader.chain.followed_block() == site.chain.block_number() - 2


_STEP = st.one_of(
    st.tuples(st.just("transfer"), st.integers(0, 3), st.integers(0, 3), st.integers(0, 400)),
    st.tuples(st.just("claim"), st.integers(0, 3), st.just(0), st.just(0)),
    st.tuples(st.just("fund"), st.integers(0, 1), st.integers(1, 3), st.just(0)),
)


@pytest.mark.slow
@settings(max_examples=4, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    shares=st.lists(st.integers(1, 1_000), min_size=4, max_size=4),
    days=st.lists(st.tuples(st.integers(1, 10**9), st.lists(_STEP, max_size=4)), min_size=1, max_size=3),
)
def test_ledger_and_contract_agree_to_the_last_unit(
    site: Site,
    tmp_path_factory: pytest.TempPathFactory,
    shares: list[int],
    days: list[tuple[int, list[tuple[str, int, int, int]]]],
) -> None:
    tester = site.chain._web3.provider.ethereum_tester  # type: ignore[attr-defined]  # eth-tester's provider has it
    snapshot = site.chain.call(lambda _: tester.take_snapshot())
    books = Books(site, tmp_path_factory.mktemp("books") / "ledger.db")
    try:
        give_shares(site, shares)
        give_money(site, 10**10)
        for period, (distributable, steps) in enumerate(days):
            declare(site, period, distributable)
            for step in steps:
                act(site, period, step)
            assert_chain_agrees(books)
    finally:
        books.close()
        site.chain.call(lambda _: tester.revert_to_snapshot(snapshot))


def act(site: Site, period: int, step: tuple[str, int, int, int]) -> None:
    kind, one, other, count = step
    chain, on_chain = site.chain, site.on_chain
    if kind == "transfer":
        held = chain.read(site.contracts.share.functions.balanceOf(site.holders[one].address))
        share.transfer(on_chain, site.holders[one], site.holders[other].address, min(count, held))
    elif kind == "claim":
        claim(on_chain, site.holders[one])
    else:
        target = max(0, period - one)
        room = chain.read(site.contracts.distributor.functions.fundable(target))
        declared, _ = chain.read(site.contracts.distributor.functions.coverage(target))
        part = max(room // other, -(-declared // 100))
        if room:
            fund_period(on_chain, site.owner, target, Minor(min(part, room)))
