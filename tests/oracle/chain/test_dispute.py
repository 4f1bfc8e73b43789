"""Reports that wait out a challenge window, and what the oracle does where somebody disputes one."""

import json
import logging
import queue
from dataclasses import dataclass, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.units import Minor
from oracle.chain import eip712
from oracle.chain.declarations import Declaration, Status, declaration, declare_call, is_declared
from oracle.core.holders.report_standing import unanswered
from oracle.core.money.report import Report
from oracle.errors import ChainConflict, ChainRefused
from oracle.owner import share
from oracle.owner.fund import fund_period, mint_demo_money
from runtime.clock import SteppedClock
from tests.oracle.chain.disputed import REASON, Open, dispute, disputes, forget, own_report, state, until_declared
from tests.plant.anvil_node import Anvil
from tests.plant.asset_site import DAY_S, Site, act_after
from tests.plant.chain_loop import Failures, declared_on_chain, make, running

WINDOW_S = 7_200


def answer(site: Site, report: Report) -> Report:
    """The next revision of the newest report, with these figures, signed and sent by hand."""
    contract = site.contracts.declarations
    found = declaration(site.chain, contract, report.period)
    assert found.report_hash is not None
    revised = replace(report, revision=found.revision + 1, previous_hash=found.report_hash)
    site.chain.transact(site.owner, declare_call(site.chain, contract, [site.oracle], revised), action="answer")
    return revised


def rich(site: Site) -> None:
    share.allow(site.on_chain, site.owner, [site.holders[0].address])
    share.mint(site.on_chain, site.owner, site.holders[0].address, 25)
    mint_demo_money(site.on_chain, site.owner, site.owner.address, Minor(1_000_000))


def fund_refused(site: Site, period: int, said: str) -> None:
    """Refused with these words, and nothing was sent."""
    nonce = site.chain.next_nonce(site.owner.address)
    with pytest.raises(ChainRefused, match=said):
        fund_period(site.on_chain, site.owner, period)
    assert site.chain.next_nonce(site.owner.address) == nonce


def test_a_report_becomes_final_by_time_alone_and_is_funded_once(disputable_site: Site, disputable_books: Open) -> None:
    site, books = disputable_site, disputable_books()
    rich(site)
    contract = site.contracts.declarations
    assert declaration(site.chain, contract, 0) == Declaration(Status.NONE, None, 0, 0, 0)
    fund_refused(site, 0, "it is not declared yet")
    books.settle(0, 1_000)
    until_declared(books, periods=1)
    found = declaration(site.chain, contract, 0)
    report = own_report(books, 0)
    assert (found.status, found.revision) == (Status.PENDING, 0)
    assert found.report_hash == eip712.struct_hash(eip712.report_message(site.chain.chain_id, contract.address, report))
    assert is_declared(site.chain, contract, report)
    fund_refused(site, 0, r"pending until 20\d\d-\d\d-\d\dT.*Z: until then it may be disputed")
    site.chain.advance_to(found.deadline - 1)
    assert state(site, 0) is Status.PENDING
    site.chain.advance_to(found.deadline)
    assert state(site, 0) is Status.FINAL
    assert is_declared(site.chain, contract, report)
    again = disputable_books()
    with running(again, site.chain, SteppedClock(site.end_of(0) + 150)) as loop:
        loop.catch_up()
        assert disputes(loop) == []
    assert fund_period(site.on_chain, site.owner, 0).received == 1_000
    fund_refused(site, 0, "it is funded in full already")
    assert declared_on_chain(site, 0) == 1


def test_a_disputed_report_is_said_once_and_holds_no_other_period(
    disputable_site: Site, disputable_books: Open, caplog: pytest.LogCaptureFixture
) -> None:
    site, books = disputable_site, disputable_books()
    rich(site)
    books.settle(0, 1_000)
    books.settle(1, 2_000)
    world = SteppedClock(site.end_of(0) + 150)
    with caplog.at_level(logging.ERROR, "oracle.chain"), running(books, site.chain, world) as loop:
        loop.catch_up()
        assert disputes(loop) == []
        dispute(site, 0)
        void_from = declaration(site.chain, site.contracts.declarations, 0).deadline
        loop.catch_up()
        loop.catch_up()
        [shown] = disputes(loop)
        assert (shown["period"], shown["state"], shown["by"]) == (0, "disputed", site.owner.address)
        assert shown["reason"] == "0x" + REASON.hex()
        json.dumps(loop.status())
        fund_refused(site, 0, "its report is disputed, and void from")
        # The second period goes its way, although the first one is not answered.
        site.chain.advance_to(site.end_of(1) + 150)
        loop.catch_up()
        assert loop.status()["held"] == ""
        assert [row.state for row in books.reader.settlement.periods(limit=9)] == ["declared"] * 2
        site.chain.advance_to(void_from)
        loop.catch_up()
        loop.catch_up()
        assert [one["state"] for one in disputes(loop)] == ["void"]
        fund_refused(site, 0, "its report is void since")
    said = [record for record in caplog.records if "a report is disputed" in record.message]
    assert len(said) == 2  # disputed, and void
    assert [declared_on_chain(site, period) for period in range(2)] == [1, 1]
    site.chain.advance_to(declaration(site.chain, site.contracts.declarations, 1).deadline)
    assert fund_period(site.on_chain, site.owner, 1).received == 2_000


def test_a_dispute_that_a_reorganisation_takes_back_is_open_no_more(
    deployed_disputable_site: tuple[Anvil, Site], disputable_site: Site, disputable_books: Open
) -> None:
    node, site, books = deployed_disputable_site[0], disputable_site, disputable_books()
    books.settle(0, 1_000)
    with running(books, site.chain, SteppedClock(site.end_of(0) + 150)) as loop:
        loop.catch_up()
        node.mine(2)
        dispute(site, 0)
        loop.catch_up()
        assert len(disputes(loop)) == 1
        node.reorg(1)
        loop.catch_up()
        assert disputes(loop) == []
    assert state(site, 0) is Status.PENDING
    assert declared_on_chain(site, 0) == 1


@pytest.mark.parametrize("as_void", [False, True], ids=["disputed", "void"])
def test_a_ledger_from_before_the_dispute_adopts_the_report_and_goes_on(
    disputable_site: Site, disputable_books: Open, as_void: bool
) -> None:
    site, books = disputable_site, disputable_books()
    books.settle(0, 1_000)
    until_declared(books, periods=1)
    dispute(site, 0)
    if as_void:
        site.chain.advance_to(declaration(site.chain, site.contracts.declarations, 0).deadline)
    forget(books)
    books.settle(1, 2_000)
    sent = site.chain.next_nonce(site.oracle.address)
    with running(books, site.chain, SteppedClock(site.end_of(1) + 150)) as loop:
        loop.catch_up()
        assert loop.status()["held"] == ""
        assert [one["period"] for one in disputes(loop)] == [0]
    rows = books.reader.settlement.periods(limit=9)
    assert [row.state for row in rows] == ["declared"] * 2
    assert rows[0].declare_tx is not None
    assert site.chain.next_nonce(site.oracle.address) == sent + 2  # anchor and declaration of period 1
    assert [declared_on_chain(site, period) for period in range(2)] == [1, 1]


def test_an_answer_closes_the_dispute_and_no_restart_takes_it_for_a_stranger(
    disputable_site: Site, disputable_books: Open
) -> None:
    site, books = disputable_site, disputable_books()
    contract = site.contracts.declarations
    rich(site)
    books.settle(0, 1_000)
    until_declared(books, periods=1)
    dispute(site, 0)
    report = own_report(books, 0)
    assert is_declared(site.chain, contract, report)
    better = replace(report, distributable=900)
    revised = answer(site, better)
    assert (revised.revision, state(site, 0)) == (1, Status.PENDING)
    # The contract keeps the newest report only: without the events the older one cannot be told from a stranger's.
    with pytest.raises(ChainConflict, match=r"period 0 is declared on chain with report 0x\w+, this oracle's is 0x\w+"):
        is_declared(site.chain, contract, report)
    with pytest.raises(ChainConflict):
        is_declared(site.chain, contract, replace(report, gross=report.gross + 1), earlier=[revised.previous_hash])
    assert is_declared(site.chain, contract, report, earlier=[revised.previous_hash])
    forget(books)
    with running(books, site.chain, SteppedClock(site.end_of(0) + 150)) as loop:
        loop.catch_up()
        assert disputes(loop) == []
    row = books.reader.settlement.period(0)
    assert row is not None
    assert row.state == "declared"
    assert declared_on_chain(site, 0) == 2
    # A period is disputed once; the answer becomes final by time.
    with pytest.raises(ChainRefused, match=r"AlreadyDisputed\(period=0\)"):
        dispute(site, 0)
    site.chain.advance_to(declaration(site.chain, contract, 0).deadline)
    assert fund_period(site.on_chain, site.owner, 0).received == 900


def test_a_void_report_can_still_be_answered(disputable_site: Site, disputable_books: Open) -> None:
    site, books = disputable_site, disputable_books()
    books.settle(0, 1_000)
    until_declared(books, periods=1)
    dispute(site, 0)
    site.chain.advance_to(site.end_of(0) + 150 + 2 * DAY_S)
    assert state(site, 0) is Status.VOID
    answer(site, own_report(books, 0))
    assert state(site, 0) is Status.PENDING


def test_a_report_of_an_earlier_signer_set_is_ours(disputable_site: Site, disputable_books: Open) -> None:
    site, books = disputable_site, disputable_books()
    contract = site.contracts.declarations
    books.settle(0, 1_000)
    until_declared(books, periods=1)
    report = own_report(books, 0)
    for version in (2, 5):
        assert is_declared(site.chain, contract, replace(report, signer_set_version=version))
    assert not is_declared(site.chain, contract, replace(report, period=1))
    with pytest.raises(ChainConflict, match="a person must compare them"):
        is_declared(site.chain, contract, replace(report, signer_set_version=2, export_wh=report.export_wh + 1))


def test_more_than_one_signature_is_refused_at_start(disputable_site: Site, disputable_books: Open) -> None:
    """The signer admin announces two signers, which then must both sign: this process cannot."""
    site, books = disputable_site, disputable_books()
    chain, contract = site.chain, site.contracts.declarations
    signers = sorted([site.oracle.address, site.holders[0].address], key=lambda address: int(address, 16))
    effective = chain.now() + 5 * DAY_S
    call = contract.functions.announceSignerSet(signers, 2, effective)
    act_after(site, call, 2 * DAY_S)
    chain.advance_to(effective)
    books.settle(0, 1_000)
    failures: Failures = queue.Queue()
    loop = make(books, chain, SteppedClock(effective + 10), failures)
    loop.start()
    failure = failures.get(timeout=30)
    loop.stop()
    assert isinstance(failure, ChainConflict)
    assert "signer set 2 asks for 2 of 2 signatures, and this oracle signs alone" in str(failure)
    assert f"a set of {site.oracle.address} alone" in str(failure)
    assert declared_on_chain(site, 0) == 0


@dataclass(frozen=True)
class Event:
    contract: str
    name: str
    args: str
    block_time: int = 0


@given(st.lists(st.tuples(st.sampled_from(["Declared", "Disputed", "Anchored"]), st.integers(0, 3)), max_size=12))
def test_a_dispute_is_open_until_the_next_report_of_its_period(told: list[tuple[str, int]]) -> None:
    events = []
    told = [("Declared", period) for period in range(4)] + told  # nothing is disputed that was never declared
    for number, (name, period) in enumerate(told):
        args = {"period": str(period), "reportHash": hex(number), "by": "0xA", "reasonHash": "0x0", "resolveBy": "9"}
        args |= {"revision": "0", "distributable": "1", "challengeEndsAt": "5"}
        events.append(Event("declarations" if name != "Anchored" else "share", name, json.dumps(args)))
    last = {period: (name, hex(number)) for number, (name, period) in enumerate(told) if name != "Anchored"}
    found = unanswered(events)
    assert [(one.period, one.report_hash) for one in found] == sorted(
        (period, hash_) for period, (name, hash_) in last.items() if name == "Disputed"
    )
    assert all(one.is_void(9) and not one.is_void(8) for one in found)
