"""Settled periods reach the chain once, in order, whatever breaks in between."""

import json
import queue
from collections.abc import Callable

import pytest
from web3 import Web3

from evidence import merkle
from oracle.chain.client import Chain
from oracle.chain.declarations import anchor_call, declare_call
from oracle.chain.transaction import Receipt
from oracle.declare import loop as chain_loop
from oracle.declare.loop import ChainLoop
from oracle.errors import ChainConflict, ChainError, ChainRefused, ChainUnreachable
from runtime.clock import SteppedClock
from tests.oracle.chain.killed import Killed, kill
from tests.plant.asset_site import Books, Site
from tests.plant.chain_loop import Failures, declared_on_chain, make, running


class Flaky(Chain):
    """A chain whose line breaks at the sends that `plan` names: before the node hears of it, or after."""

    def __init__(self, chain: Chain, plan: list[str]) -> None:
        super().__init__(chain._web3, chain._control)
        self.plan = plan
        self.sent = 0

    def send(self, raw: bytes, *, action: str) -> bool:
        self.sent += 1
        fault = self.plan.pop(0) if self.plan else ""
        if fault == "before":
            raise ChainUnreachable("broken before")
        answer = super().send(raw, action=action)
        if fault == "after":
            raise ChainUnreachable("broken after")
        return answer

    def wait(self, tx_hash: str, *, action: str, returned: bytes = b"", timeout_s: int = 120) -> Receipt:
        fault = self.plan.pop(0) if self.plan and self.plan[0] == "wait" else ""
        if fault:
            raise ChainUnreachable("mined, but the caller saw a time-out")
        return super().wait(tx_hash, action=action, returned=returned, timeout_s=timeout_s)


def world_of(site: Site) -> SteppedClock:
    return SteppedClock(site.end_of(0) + 150)


def test_settled_periods_are_anchored_and_declared_in_order(site: Site, books: Books) -> None:
    books.settle(0, 1_000_000)
    world = SteppedClock(site.end_of(1) + 150)
    books.settle(1, 2_500_000)
    with running(books, site.chain, world) as loop:
        loop.catch_up()
        status = loop.status()
    assert [row.state for row in books.reader.settlement.periods(limit=9)] == ["declared", "declared"]
    assert status["undeclared_periods"] == 0
    assert status["held"] == ""
    json.dumps(status)
    declarations = site.contracts.declarations.functions
    assert site.chain.read(declarations.distributableOf(1)) == 2_500_000
    assert site.chain.read(declarations.head())[1:] == [6, books.sequencer.root_at(6)]
    assert [(row.kind, row.subject, row.state) for row in books.reader.chain.journal()] == [
        ("anchor", "size 3", "confirmed"),
        ("declare", "period 0", "confirmed"),
        ("anchor", "size 6", "confirmed"),
        ("declare", "period 1", "confirmed"),
    ]
    gas = books.reader.chain.gas_by_kind()
    assert gas["anchor"][0] == 2
    assert 50_000 < gas["declare"][1] < 300_000
    events = [event.name for event in books.reader.chain.events(contract="declarations")]
    assert events == ["AuthorityUpdated", "SignerSetAnnounced", "Anchored", "Declared", "Anchored", "Declared"]
    period = books.reader.settlement.period(1)
    assert period is not None
    assert period.declare_tx is not None
    assert period.declared_block is not None


def test_the_world_stands_still_until_a_woken_pass_is_done(site: Site, books: Books) -> None:
    world = world_of(site)
    with running(books, site.chain, world) as loop:
        loop.catch_up()
        books.settle(0, 5)
        loop.wake()
        # From the wake on, time is held; nobody else waits here, so it is only let go when the period is declared.
        other = world.join("poll")
        other.wait_until(world.now() + 300)
        row = books.reader.settlement.period(0)
        other.leave()
    assert row is not None
    assert row.state == "declared"


@pytest.mark.parametrize(
    "plan",
    [
        ["before"],
        ["after"],
        ["", "before"],
        ["", "after"],
        ["before", "after", "before"],
        ["", "wait"],
        ["wait", "wait"],
    ],
    ids="-".join,
)
def test_a_broken_line_never_declares_twice(
    site: Site, books: Books, plan: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chain_loop, "BACK_OFF_MAX_S", 0)
    books.settle(0, 1_000_000)
    flaky = Flaky(site.chain, plan)
    with running(books, flaky, world_of(site)) as loop:
        loop.catch_up()
        row = books.reader.settlement.period(0)
        flaky.close()
    assert row is not None
    assert row.state == "declared"
    assert not plan
    assert declared_on_chain(site, 0) == 1
    assert len(site.contracts.declarations.events.Anchored().get_logs(from_block=0)) == 1
    for entry in books.reader.chain.journal():
        assert entry.state == "confirmed"
        assert entry.gas_used
        assert entry.block


@pytest.mark.parametrize("when", ["planned", "signed", "sent", "confirmed"])
@pytest.mark.parametrize("kind", ["anchor", "declare"])
def test_a_killed_oracle_goes_on_where_it_was(
    site: Site, open_books: Callable[[], Books], kind: str, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = open_books()
    books.settle(0, 77)
    world = world_of(site)
    failures: Failures = queue.Queue()
    with monkeypatch.context() as patch:
        if when == "planned":
            kill(patch, "prepare", kind, before=True)
        elif when == "signed":
            kill(patch, "send", kind, before=True)
        elif when == "sent":
            kill(patch, "send", kind, before=False)
        else:
            kill(patch, "wait", kind, before=False)
        first = make(books, site.chain, world, failures)
        first.start()
        assert isinstance(failures.get(timeout=30), Killed)
        first.stop()
    again = open_books()
    with running(again, site.chain, world) as loop:
        loop.catch_up()
    row = again.reader.settlement.period(0)
    assert row is not None
    assert row.state == "declared"
    assert row.declare_tx is not None
    assert declared_on_chain(site, 0) == 1
    assert all(entry.state == "confirmed" for entry in again.reader.chain.journal())


def test_signed_bytes_whose_nonce_was_used_elsewhere_are_made_anew(
    site: Site, open_books: Callable[[], Books], monkeypatch: pytest.MonkeyPatch
) -> None:
    books = open_books()
    books.settle(0, 77)
    failures: Failures = queue.Queue()
    with monkeypatch.context() as patch:
        kill(patch, "send", "declare", before=True)
        first = make(books, site.chain, world_of(site), failures)
        first.start()
        assert isinstance(failures.get(timeout=30), Killed)
        first.stop()
    signed = books.reader.chain.journal_of("declare", "period 0")
    assert signed is not None
    assert signed.state == "sent"
    # Somebody uses the oracle's key for something else meanwhile.
    site.chain.transact(site.oracle, site.contracts.token.functions.approve(site.owner.address, 1), action="approve")
    again = open_books()
    with running(again, site.chain, world_of(site)) as loop:
        loop.catch_up()
    confirmed = again.reader.chain.journal_of("declare", "period 0")
    assert confirmed is not None
    assert confirmed.state == "confirmed"
    assert confirmed.tx_hash != signed.tx_hash
    assert declared_on_chain(site, 0) == 1


def test_what_another_process_declared_is_adopted(site: Site, open_books: Callable[[], Books]) -> None:
    """A ledger restored from a backup, made before the declaration, finds it on the chain."""
    books = open_books()
    books.settle(0, 77)
    world = world_of(site)
    with running(books, site.chain, world) as loop:
        loop.catch_up()
    with books.writer.transaction():
        connection = books.writer._inside()
        connection.execute("DELETE FROM chain_journal")
        connection.execute("UPDATE periods SET state = 'settled', declare_tx = NULL, declared_block = NULL")
    sent_before = site.chain.next_nonce(site.oracle.address)
    with running(books, site.chain, world) as loop:
        loop.catch_up()
    row = books.reader.settlement.period(0)
    assert row is not None
    assert row.state == "declared"
    assert row.declare_tx is not None
    assert site.chain.next_nonce(site.oracle.address) == sent_before


def test_another_report_in_our_place_stops_the_oracle(site: Site, books: Books) -> None:
    row = books.settle(0, 77)
    world = world_of(site)
    with running(books, site.chain, world) as loop:
        loop.catch_up()
    with books.writer.transaction():
        connection = books.writer._inside()
        connection.execute("DELETE FROM chain_journal WHERE kind = 'declare'")
        connection.execute("UPDATE periods SET state = 'settled', distributable = '76', gross = '76'")
    failures: Failures = queue.Queue()
    loop = make(books, site.chain, world, failures)
    loop.start()
    failure = failures.get(timeout=30)
    loop.stop()
    assert isinstance(failure, ChainConflict)
    assert f"period {row.period} is declared on chain" in str(failure)


def test_a_rewritten_log_stops_the_oracle(site: Site, books: Books) -> None:
    foreign = [bytes([n]) * 32 for n in range(3)]
    call = anchor_call(
        site.chain, site.contracts.declarations, [site.oracle], log_size=3, log_root=foreign[0], proof=[]
    )
    site.chain.transact(site.owner, call, action="anchor a foreign root")
    books.settle(0, 77)
    failures: Failures = queue.Queue()
    loop = make(books, site.chain, world_of(site), failures)
    loop.start()
    failure = failures.get(timeout=30)
    loop.stop()
    assert isinstance(failure, ChainConflict)
    assert "restore the ledger" in str(failure)


def test_the_contract_refuses_a_rewritten_log(site: Site) -> None:
    """Even the holder of the oracle's key cannot anchor a log in which an anchored entry has changed, or is left out."""
    honest = [merkle.leaf_hash(bytes([n])) for n in range(11)]
    anchor(site, honest[:5], [])
    changed = [*honest[:3], merkle.leaf_hash(b"one kWh more"), *honest[4:]]
    with pytest.raises(ChainRefused, match="OldRootMismatch"):
        anchor(site, changed, merkle.consistency_proof(changed, 5))
    shortened = [*honest[:3], *honest[4:]]
    with pytest.raises(ChainRefused, match="OldRootMismatch"):
        anchor(site, shortened, merkle.consistency_proof(shortened, 5))
    with pytest.raises(ChainRefused, match=r"LogShrank\(size=3, headSize=5\)"):
        anchor(site, honest[:3], [])
    anchor(site, honest, merkle.consistency_proof(honest, 5))
    site.chain.advance_to(site.end_of(0))
    call = declare_call(site.chain, site.contracts.declarations, [site.oracle], site.report(0, 9, 5))
    with pytest.raises(ChainRefused, match=r"LogSizeNotAnchored\(size=9\)"):
        site.chain.transact(site.owner, call, action="declare")


def anchor(site: Site, leaves: list[bytes], proof: list[bytes]) -> None:
    call = anchor_call(
        site.chain,
        site.contracts.declarations,
        [site.oracle],
        log_size=len(leaves),
        log_root=merkle.root(leaves),
        proof=proof,
    )
    site.chain.transact(site.owner, call, action="anchor")


def test_a_refused_declaration_is_held_with_its_reason(site: Site, books: Books) -> None:
    books.settle(0, 77)
    books.settle(1, 78)
    with books.writer.transaction():
        books.writer._inside().execute("UPDATE periods SET registry_index = 5 WHERE period = 0")
    with running(books, site.chain, SteppedClock(site.end_of(1) + 150)) as loop:
        loop.catch_up()
        loop.catch_up()
        held = str(loop.status()["held"])
    assert "RegistryIndexWrong(got=5, want=0)" in held
    assert [row.state for row in books.reader.settlement.periods(limit=9)] == ["anchored", "settled"]
    refused = books.reader.chain.journal_of("declare", "period 0")
    assert refused is not None
    assert refused.state == "refused"
    assert "RegistryIndexWrong" in refused.detail


def test_a_period_that_is_not_over_on_chain_waits(site: Site, books: Books) -> None:
    books.settle(0, 77)
    with running(books, site.chain, SteppedClock(site.end_of(0) - 60)) as loop:
        loop.catch_up()
        status = loop.status()
    assert status["held"] == ""
    assert status["undeclared_periods"] == 1


def test_contracts_of_another_asset_stop_the_oracle(site: Site, books: Books) -> None:
    failures: Failures = queue.Queue()
    loop = ChainLoop(books.open_asset(world_of(site)), site.on_chain, site.owner, on_failure=failures.put)
    loop.start()
    failure = failures.get(timeout=30)
    loop.stop()
    loop.stop()  # twice is once
    assert isinstance(failure, ChainConflict)
    assert "declarations.signerSet" in str(failure)
    with pytest.raises(ChainError, match="has ended"):
        loop.catch_up()


def test_journalled_bytes_are_the_transaction(site: Site, books: Books) -> None:
    books.settle(0, 77)
    with running(books, site.chain, world_of(site)) as loop:
        loop.catch_up()
    row = books.reader.chain.journal_of("declare", "period 0")
    assert row is not None
    assert Web3.to_hex(Web3.keccak(hexstr=json.loads(row.payload)["attempt"]["raw"])) == row.tx_hash
