"""A report that somebody objects to, and what chain, ledger and oracle say of it."""

from collections.abc import Callable

from oracle.chain.declarations import Status, declaration
from oracle.chain.transaction import Receipt
from oracle.core.money.report import Report
from oracle.declare.declarer import report_of
from oracle.declare.loop import ChainLoop
from runtime.clock import SteppedClock
from tests.plant.asset_site import Books, Site
from tests.plant.chain_loop import running

REASON = b"\x0f" * 32

Open = Callable[[], Books]


def state(site: Site, period: int) -> Status:
    return declaration(site.chain, site.contracts.declarations, period).status


def dispute(site: Site, period: int) -> Receipt:
    """The guardian objects to the newest report."""
    contract = site.contracts.declarations
    hash_ = declaration(site.chain, contract, period).report_hash
    call = contract.functions.guardianDispute(period, hash_, REASON)
    return site.chain.transact(site.owner, call, action="dispute")


def own_report(books: Books, period: int) -> Report:
    row = books.reader.settlement.period(period)
    assert row is not None
    return report_of(row)


def until_declared(books: Books, *, periods: int) -> None:
    with running(books, books.site.chain, SteppedClock(books.site.end_of(periods - 1) + 150)) as loop:
        loop.catch_up()


def forget(books: Books) -> None:
    """Make of the ledger a copy that was taken before anything was declared."""
    with books.writer.transaction():
        connection = books.writer._inside()
        connection.execute("DELETE FROM chain_journal")
        connection.execute("UPDATE periods SET state = 'settled', declare_tx = NULL, declared_block = NULL")


def disputes(loop: ChainLoop) -> list[dict[str, object]]:
    found = loop.status()["disputes"]
    assert isinstance(found, list)
    return found
