"""What stands between a holder and a payout: a token that stands still, a blacklist, a gate, a freeze. Nobody is lost or paid twice."""

import json
import queue
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from web3.contract import Contract

from cli import keeper as keeper_command
from cli.main import run as helioracle
from cli.on_chain import OnChain
from evidence.units import Minor
from oracle.asset_file import AssetFile
from oracle.chain import embedded
from oracle.chain.client import Chain
from oracle.ledger.reader import LedgerReader
from oracle.owner import share
from oracle.owner.fund import fund_period, mint_demo_money
from oracle.payout.push import Outcome, Push, push_due
from oracle.payout.service import KeeperDeps, KeeperService
from runtime.clock import SteppedClock
from tests.oracle.chain.payouts import assert_chain_agrees, declare, give_shares
from tests.plant.anvil_node import Anvil, running_anvil
from tests.plant.asset_site import DAY_S, Books, Site, account_of, act_after, open_site
from tests.plant.doubles import compiled_doubles

pytestmark = pytest.mark.slow  # the doubles are compiled, and deployed beside an asset of their own

MOODS = ("Refuses", "Allows", "Nonsense", "Reverts", "EatsGas", "Short")


class Moody(NamedTuple):
    """An asset whose payment token and, when asked for, gate have moods; four holders are owed 400, 300, 200 and 100."""

    node: Anvil
    site: Site
    token: Contract
    gate: Contract


@pytest.fixture(scope="module")
def deployed_moody() -> Iterator[Moody]:
    with running_anvil() as node:
        chain = Chain.connect(node.url)
        owner = account_of("owner")
        embedded.fund_accounts(chain, [owner.address])
        made = {}
        for name, double in compiled_doubles().items():
            kind = chain._web3.eth.contract(abi=double["abi"], bytecode=double["bytecode"])
            address = chain.transact(owner, kind.constructor(), action=f"deploy {name}").contract
            assert address is not None
            made[name] = chain._web3.eth.contract(address=address, abi=double["abi"])
        site = open_site(chain, token=made["MisbehavingToken"].address, decimals=18)
        give_shares(site, [4, 3, 2, 1])
        mint_demo_money(site.on(chain), site.owner, site.owner.address, Minor(10_000))
        declare(site, 0, 1_000)
        fund_period(site.on(chain), site.owner, 0)
        yield Moody(node, site, made["MisbehavingToken"], made["MisbehavingGate"])
        chain.close()


@pytest.fixture
def moody(deployed_moody: Moody) -> Iterator[Moody]:
    snapshot = deployed_moody.node.ask("evm_snapshot")
    yield deployed_moody
    assert deployed_moody.node.ask("evm_revert", snapshot) is True


@pytest.fixture
def moody_books(moody: Moody, tmp_path: Path) -> Iterator[Books]:
    books = Books(moody.site, tmp_path / "ledger.db")
    assert_chain_agrees(books)
    yield books
    books.close()


def push(books: Books, *, page: int = 100) -> Push:
    site = books.site
    return push_due(site.on_chain, site.oracle, books.reader, page=page)


def tell(moody: Moody, call: object) -> None:
    moody.site.chain.transact(moody.site.owner, call, action="a mood")  # type: ignore[arg-type]  # web3's functions are made at run time


def balances(moody: Moody) -> list[int]:
    return [moody.site.chain.read(moody.token.functions.balanceOf(one.address)) for one in moody.site.holders]


def test_while_the_token_pays_nobody_nothing_is_sent(moody: Moody, moody_books: Books) -> None:
    site = moody.site
    tell(moody, moody.token.functions.setPaused(True))
    nonce = site.chain.next_nonce(site.oracle.address)
    halted = push(moody_books)
    assert (halted.payouts, halted.receipts) == ((), ())
    assert halted.halted == "the payment token pays nobody now; 4 holders keep what they are owed"
    assert site.chain.next_nonce(site.oracle.address) == nonce
    assert_chain_agrees(moody_books)
    tell(moody, moody.token.functions.setPaused(False))
    done = push(moody_books)
    assert (done.halted, sorted(payout.amount for payout in done.payouts)) == ("", [100, 200, 300, 400])
    assert balances(moody) == [400, 300, 200, 100]
    assert push(moody_books).receipts == ()


@pytest.mark.parametrize("paid_before", [0, 2])
def test_a_token_that_stops_between_two_pages_loses_and_doubles_nothing(
    moody: Moody, moody_books: Books, monkeypatch: pytest.MonkeyPatch, paid_before: int
) -> None:
    """The token stands still after the simulation of a page and before its transaction: the contract says PushHalted."""
    real_send = Chain.send
    pages: list[int] = []

    def send(self: Chain, raw: bytes, *, action: str) -> bool:
        if action.startswith("push"):
            if len(pages) == paid_before // 2:
                tell(moody, moody.token.functions.setPaused(True))
            pages.append(1)
        return real_send(self, raw, action=action)

    with monkeypatch.context() as patch:
        patch.setattr(Chain, "send", send)
        halted = push(moody_books, page=2)
    assert [payout.outcome for payout in halted.payouts] == [Outcome.PAID] * paid_before
    assert len(halted.receipts) == paid_before // 2 + 1
    assert halted.halted == f"the payment token pays nobody now; {4 - paid_before} holders keep what they are owed"
    assert_chain_agrees(moody_books)
    tell(moody, moody.token.functions.setPaused(False))
    assert len(push(moody_books, page=2).payouts) == 4 - paid_before
    assert balances(moody) == [400, 300, 200, 100]
    assert_chain_agrees(moody_books)


def test_a_blacklisted_holder_keeps_credit_and_the_others_are_paid(moody: Moody, moody_books: Books) -> None:
    site = moody.site
    second = site.holders[1].address
    tell(moody, moody.token.functions.setBlacklisted(second, True))
    done = push(moody_books)
    assert done.halted == ""
    assert {payout.holder: payout.outcome for payout in done.payouts} == {
        holder.address: Outcome.FAILED if holder.address == second else Outcome.PAID for holder in site.holders
    }
    assert balances(moody) == [400, 0, 200, 100]
    assert_chain_agrees(moody_books)
    assert (
        push(moody_books).receipts == ()
    )  # whom the token has refused is not pushed to again, at the same price, each hour
    tell(moody, moody.token.functions.setBlacklisted(second, False))
    assert [(payout.holder, payout.amount) for payout in push(moody_books).payouts] == [(second, 300)]
    assert balances(moody) == [400, 300, 200, 100]


def test_a_frozen_payout_costs_no_gas_until_it_is_free(moody: Moody, moody_books: Books) -> None:
    site, first = moody.site, moody.site.holders[0].address
    distributor = site.contracts.distributor.functions
    tell(moody, distributor.setPayoutFrozen([first], True))
    assert first not in {payout.holder for payout in push(moody_books).payouts}
    assert push(moody_books).receipts == ()
    tell(moody, distributor.setPayoutFrozen([first], False))
    assert [(payout.holder, payout.amount) for payout in push(moody_books).payouts] == [(first, 400)]
    assert balances(moody) == [400, 300, 200, 100]


def test_a_payout_that_is_frozen_at_the_last_moment_is_held(
    moody: Moody, moody_books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = moody.site.holders[0].address
    freeze = moody.site.contracts.distributor.functions.setPayoutFrozen([first], True)
    real_send = Chain.send

    def send(self: Chain, raw: bytes, *, action: str) -> bool:
        if action.startswith("push"):
            tell(moody, freeze)
        return real_send(self, raw, action=action)

    with monkeypatch.context() as patch:
        patch.setattr(Chain, "send", send)
        done = push(moody_books)
    assert [p.holder for p in done.payouts if p.outcome is Outcome.HELD] == [first]
    assert len(done.payouts) == 4
    assert balances(moody) == [0, 300, 200, 100]
    assert_chain_agrees(moody_books)


def test_a_payout_address_that_may_not_be_paid_holds_back_its_holder_alone(moody: Moody, moody_books: Books) -> None:
    site = moody.site
    holder, purse = site.holders[0], account_of("purse").address
    call = site.contracts.distributor.functions.setPayoutAddress(purse)
    site.chain.transact(holder, call, action="be paid elsewhere")
    assert holder.address not in {payout.holder for payout in push(moody_books).payouts}
    share.allow(site.on_chain, site.owner, [purse])
    assert [payout.amount for payout in push(moody_books).payouts] == [400]
    assert site.chain.read(moody.token.functions.balanceOf(purse)) == 400
    assert_chain_agrees(moody_books)


def test_a_gate_that_fails_ends_no_pass_and_is_outlived(moody: Moody, moody_books: Books) -> None:
    """The distributor's gate is replaced by one with moods: while it fails nobody is pushed to, after 30 days everybody is."""
    site, distributor = moody.site, moody.site.contracts.distributor.functions
    act_after(site, distributor.setGate(moody.gate.address), 7 * DAY_S)
    for mood in ("Refuses", "Nonsense", "Reverts", "Short"):
        tell(moody, moody.gate.functions.setBehaviour(MOODS.index(mood)))
        assert push(moody_books) == Push(1, (), ()), mood
    tell(moody, distributor.noteGate(site.holders[0].address))
    site.chain.advance_to(site.chain.now() + 30 * DAY_S)
    assert [payout.amount for payout in push(moody_books).payouts] == [400]
    tell(moody, moody.gate.functions.setBehaviour(MOODS.index("Allows")))
    assert len(push(moody_books).payouts) == 3
    assert balances(moody) == [400, 300, 200, 100]


def test_the_service_says_that_the_token_stands_still_and_goes_on(moody: Moody, moody_books: Books) -> None:
    site = moody.site
    # A full hour: passes come at whole minutes and hours, and the seconds that are waited for below must not meet another one.
    world = SteppedClock(site.end_of(0))
    failures: queue.Queue[BaseException] = queue.Queue()
    chain = Chain(site.chain._web3, site.chain._control)
    deps = KeeperDeps(site.on(chain), site.oracle, LedgerReader(moody_books.path), ())
    tell(moody, moody.token.functions.setPaused(True))
    service = KeeperService(deps, world, every_s=3_600, on_failure=failures.put)
    driver = world.join("test")
    service.start()
    try:
        driver.wait_until(world.now() + 1)
        status = service.status()
        assert "the payment token pays nobody now" in str(status["trouble"])
        assert (status["passes"], status["failed"], status["last_pass"]) == (0, 1, None)
        tell(moody, moody.token.functions.setPaused(False))
        driver.wait_until(world.now() + 61)  # tried again each minute, not each hour
        status = service.status()
        assert (status["trouble"], status["passes"], status["paid"]) == ("", 1, 4)
        assert status["last_pass"] is not None
    finally:
        driver.leave()
        service.stop()
    assert failures.empty()
    assert balances(moody) == [400, 300, 200, 100]


def test_the_command_says_what_it_paid_and_that_it_stopped(
    moody: Moody, moody_books: Books, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = moody.site

    @contextmanager
    def connected(_arguments: Namespace) -> Iterator[OnChain]:
        yield OnChain(site.chain, site.oracle, AssetFile(Path("asset.toml"), site.terms, site.meters, site.deployment))

    monkeypatch.setattr(keeper_command, "connected", connected)
    words = ["keeper", "run", "--once", "--rpc-url", "http://unused", "--key", "unused.key", "--ledger"]
    tell(moody, moody.token.functions.setPaused(True))
    assert helioracle([*words, str(moody_books.path)]) == 1
    said = capsys.readouterr().out
    assert "Paid 0 of 0 holders in 0 transactions." in said
    assert "Stopped: the payment token pays nobody now; 4 holders keep what they are owed." in said
    tell(moody, moody.token.functions.setPaused(False))
    assert helioracle([*words, str(moody_books.path), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["halted"], len(shown["payouts"])) == ("", 4)
