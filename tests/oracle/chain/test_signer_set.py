"""Signer sets change while the oracle works: what was declared stays its own, and what was signed for the old set is signed anew."""

import queue
from collections.abc import Callable

import pytest

from oracle.chain.declarations import declaration, is_declared, signing
from oracle.declare.declarer import report_of
from oracle.errors import ChainConflict
from runtime.clock import SteppedClock
from tests.oracle.chain.disputed import forget
from tests.oracle.chain.killed import Killed, kill
from tests.plant.asset_site import DAY_S, Books, Site, act_after
from tests.plant.chain_loop import Failures, declared_on_chain, make, running


def announce(site: Site, signers: list[str], threshold: int) -> None:
    """The signer admin's two days, and the set is in force: without a challenge window it needs no notice."""
    signers = sorted(signers, key=lambda address: int(address, 16))
    at = site.chain.now() + 2 * DAY_S + 60
    act_after(site, site.contracts.declarations.functions.announceSignerSet(signers, threshold, at), 2 * DAY_S)
    site.chain.advance_to(at)


def test_reports_of_two_signer_sets_are_both_the_oracles(site: Site, books: Books) -> None:
    books.settle(0, 77)
    with running(books, site.chain, SteppedClock(site.end_of(0) + 150)) as loop:
        loop.catch_up()
    announce(site, [site.oracle.address], 1)
    assert signing(site.chain, site.contracts.declarations).version == 2
    forget(books)
    books.settle(1, 78)
    with running(books, site.chain, SteppedClock(site.end_of(3))) as loop:
        loop.catch_up()
        assert loop.status()["held"] == ""
    rows = books.reader.settlement.periods(limit=9)
    assert [row.state for row in rows] == ["declared"] * 2
    assert [declared_on_chain(site, period) for period in range(2)] == [1, 1]
    contract = site.contracts.declarations
    for row, version in zip(rows, (1, 2), strict=True):
        report = report_of(row, signer_set_version=version)
        assert declaration(site.chain, contract, row.period).report_hash == site.chain.read(
            contract.functions.hashReport(report.as_tuple())
        )
    # The report of the second set is not one of the first set's.
    with pytest.raises(ChainConflict, match="a person must compare them"):
        is_declared(site.chain, contract, report_of(rows[1], signer_set_version=1))


def test_bytes_that_were_signed_for_a_set_that_has_gone_are_made_anew(
    site: Site, open_books: Callable[[], Books], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """They are sent, mined, and revert; the same pass then signs for the set in force, and nobody has to look."""
    books = open_books()
    books.settle(0, 77)
    failures: Failures = queue.Queue()
    with monkeypatch.context() as patch:
        kill(patch, "send", "declare", before=True)
        first = make(books, site.chain, SteppedClock(site.end_of(0) + 150), failures)
        first.start()
        assert isinstance(failures.get(timeout=30), Killed)
        first.stop()
    announce(site, [site.oracle.address], 1)
    again = open_books()
    with running(again, site.chain, SteppedClock(site.end_of(3))) as loop:
        loop.catch_up()
        assert loop.status()["held"] == ""
    row = again.reader.settlement.period(0)
    assert row is not None
    assert row.state == "declared"
    assert declared_on_chain(site, 0) == 1
    assert "a person must look" not in caplog.text


def test_a_threshold_that_rises_while_it_runs_is_held_with_the_contracts_words(site: Site, books: Books) -> None:
    books.settle(0, 77)
    with running(books, site.chain, SteppedClock(site.end_of(9))) as loop:
        loop.catch_up()
        announce(site, [site.oracle.address, site.holders[0].address], 2)
        books.settle(1, 78)
        loop.catch_up()
        assert "period 1" in str(loop.status()["held"])
        assert "SignaturesTooFew(got=1, least=2)" in str(loop.status()["held"])
    assert [row.state for row in books.reader.settlement.periods(limit=9)] == ["declared", "settled"]
