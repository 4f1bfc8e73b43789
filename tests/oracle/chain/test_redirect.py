"""Burns, forced transfers and lost wallets: the ledger's books and the API give what the contract owes and paid, to the unit."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx
import pytest
from eth_account.signers.local import LocalAccount

from api.config import ApiConfig
from api.service import ApiService
from evidence import canonical, tags
from evidence.units import Minor
from oracle.chain import embedded
from oracle.core.holders.entitlement import books_of, entitlement_of
from oracle.core.holders.history import History
from oracle.errors import ChainRefused
from oracle.owner import share
from oracle.owner.fund import fund_period
from oracle.payout.claim import claim
from oracle.payout.push import Outcome, known_holders, push_due
from runtime.clock import SteppedClock
from tests.oracle.chain.payouts import declare, give_money, give_shares, history_of
from tests.plant.asset_site import DAY_S, Books, Site, account_of, act_after

REASON = b"\x0e" * 32


@contextmanager
def api(books: Books) -> Iterator[httpx.Client]:
    """The API over this ledger, on a real port."""
    with books.writer.transaction():
        books.sequencer.append_document(tags.ENTRY_TERMS, canonical.encode(books.site.terms.document()))
    failures: list[BaseException] = []
    service = ApiService(ApiConfig(ledger=books.path, port=0), SteppedClock(books.site.chain.now()), failures.append)
    service.start()
    try:
        with httpx.Client(base_url=service.url, trust_env=False, timeout=60) as client:
            yield client
    finally:
        service.stop()
    assert failures == []


def assert_books_agree(books: Books, people: Sequence[str]) -> History:
    """What the followed events give, against the contract's own views, for everybody who ever had to do with it."""
    site = books.site
    chain, distributor = site.chain, site.contracts.distributor.functions
    history = history_of(books)
    count = chain.read(distributor.trancheCount())
    each = {one: entitlement_of(history, one) for one in people}
    for one, entitlement in each.items():
        assert entitlement.owed == chain.read(distributor.owed(one, count)), one
        assert (entitlement.owed << 96) + entitlement.fraction_x96 == chain.read(distributor.owedX96(one, count))
        purse = chain.read(distributor.payoutAddressOf(one))
        assert entitlement.paid == chain.read(site.contracts.token.functions.balanceOf(purse)), one
        assert history.register.balance_at(one, 1 << 31) == chain.read(site.contracts.share.functions.balanceOf(one))
    found = books_of(history)
    assert found.paid == sum(one.paid for one in each.values()) == chain.read(distributor.totalPaid())
    assert found.owed == sum(one.owed for one in each.values())
    assert found.carry_x96 == chain.read(distributor.carryX96())
    assert found.funded == chain.read(distributor.totalFunded()) == found.paid + found.owed + found.undistributed
    return history


def burn(site: Site, shares: int) -> None:
    site.chain.transact(site.owner, site.contracts.share.functions.burn(shares), action="burn")


def redirect(site: Site, lost: str, heir: str) -> None:
    """The whole way: announced for three days, proposed, seven days in which it may be stopped, executed by anybody."""
    distributor = site.contracts.distributor.functions
    call = distributor.proposeRedirect(lost, heir, REASON)
    with pytest.raises(ChainRefused, match="AccessManagerNotScheduled"):
        site.chain.transact(site.owner, call, action="propose at once")
    act_after(site, call, 3 * DAY_S)
    execute = distributor.executeRedirect(lost)
    with pytest.raises(ChainRefused, match="RedirectNotReady"):
        site.chain.transact(site.oracle, execute, action="execute too early")
    site.chain.advance_to(site.chain.now() + 7 * DAY_S)
    site.chain.transact(site.oracle, execute, action="execute")


@pytest.mark.slow
def test_books_and_api_follow_burns_forced_transfers_and_heirs(site: Site, books: Books) -> None:
    chain, contracts = site.chain, site.contracts
    lost, seller, other, stranger = site.holders
    heir: LocalAccount = account_of("heir")
    embedded.fund_accounts(chain, [heir.address])
    purse = account_of("purse").address  # where the issuer, who is the treasury too, is paid
    people = [*(holder.address for holder in site.holders), heir.address, site.owner.address]
    give_shares(site, [500, 300, 150, 0])
    share.allow(site.on(chain), site.owner, [site.owner.address, heir.address, purse])
    share.mint(site.on(chain), site.owner, site.owner.address, 50)
    chain.transact(site.owner, contracts.distributor.functions.setPayoutAddress(purse), action="be paid elsewhere")
    give_money(site, 10_000_000)

    def fund(period: int, amount: int) -> None:
        declare(site, period, amount)
        fund_period(site.on(chain), site.owner, period)

    fund(0, 1_000_003)
    # In the middle of period 1: the issuer burns some of its own, and nobody else's.
    chain.advance_to(site.end_of(0) + 43_200)
    burn(site, 20)
    with pytest.raises(ChainRefused, match=r"ERC20InsufficientBalance\(.*balance=30, needed=31\)"):
        burn(site, 31)
    share.transfer(site.on(chain), seller, other.address, 100)
    fund(1, 777_777)
    assert contracts.share.functions.totalSupply().call() == 980
    assert_books_agree(books, people)

    # The enforcer takes shares by force after three days, and passes a lost wallet on after ten more.
    take = contracts.share.get_function_by_signature("forcedTransfer(address,address,uint256,bytes32)")
    act_after(site, take(other.address, seller.address, 60, REASON), 3 * DAY_S)
    redirect(site, lost.address, heir.address)
    assert_books_agree(books, people)
    assert heir.address in known_holders(books.reader)

    # The keeper passes on what the lost wallet is owed, though it may hold nothing any more; its heir is paid by the next pass.
    share.allow(site.on(chain), site.owner, [lost.address], allowed=False)
    due = chain.read(contracts.distributor.functions.owed(lost.address, 2))
    first = push_due(site.on(chain), site.owner, books.reader)
    assert {payout.holder for payout in first.payouts} == {seller.address, other.address, site.owner.address}
    history = assert_books_agree(books, people)
    assert [(one.lost, one.heir) for one in history.redirected] == [(lost.address, heir.address)]
    second = push_due(site.on(chain), site.owner, books.reader)
    assert [(one.holder, one.amount, one.outcome) for one in second.payouts] == [(heir.address, due, Outcome.PAID)]
    assert_books_agree(books, people)
    assert push_due(site.on(chain), site.owner, books.reader).receipts == ()

    # What the lost wallet's shares earn from now on is the heir's too, by a pull as by a push.
    fund(2, 500_000)
    assert_books_agree(books, people)
    chain.transact(site.oracle, contracts.distributor.functions.push([lost.address], 3), action="pass on")
    assert claim(site.on(chain), heir).amount > 0
    history = assert_books_agree(books, people)

    with api(books) as client:
        for one in people:
            answer = client.get(f"/v1/assets/roof-7/holders/{one}/entitlements")
            if one == stranger.address:
                assert answer.status_code == 404  # never held a share, and inherits nothing
                continue
            shown, entitlement = answer.json(), entitlement_of(history, one)
            assert (int(shown["owed_minor"]), int(shown["paid_minor"])) == (entitlement.owed, entitlement.paid)
            assert sum(int(payment["amount_minor"]) for payment in shown["payments"]) == entitlement.paid
        asset = client.get("/v1/assets/roof-7").json()
        assert asset["holders"] == sorted({*people} - {stranger.address})
        assert int(asset["totals"]["paid_minor"]) == chain.read(contracts.distributor.functions.totalPaid())
        # A lost wallet is settled once its heir is paid.
        lost_periods = client.get(f"/v1/assets/roof-7/holders/{lost.address}/entitlements").json()["periods"]
        assert [period["settled"] for period in lost_periods] == [True, True, True]


def test_who_objects_is_not_lost_and_the_guardian_may_cancel(site: Site, books: Books) -> None:
    chain, distributor = site.chain, site.contracts.distributor.functions
    lost, heir = site.holders[0], site.holders[1]
    give_shares(site, [5, 5, 0, 0])
    propose = distributor.proposeRedirect(lost.address, heir.address, REASON)
    act_after(site, propose, 3 * DAY_S)
    chain.transact(lost, distributor.objectToRedirect(), action="object")
    act_after(site, propose, 3 * DAY_S)
    chain.transact(site.owner, distributor.cancelRedirect(lost.address), action="cancel")
    chain.advance_to(chain.now() + 7 * DAY_S)
    with pytest.raises(ChainRefused, match="NoRedirect"):
        chain.transact(site.oracle, distributor.executeRedirect(lost.address), action="execute")
    history = history_of(books)
    assert history.redirected == ()
    assert known_holders(books.reader) == sorted(
        [lost.address, heir.address, site.holders[2].address, site.holders[3].address]
    )
    assert Minor(0) == entitlement_of(history, heir.address).owed
