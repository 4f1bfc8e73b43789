"""Shares and money given out, periods declared, and the ledger's books held against the contract's."""

from evidence.units import Minor
from oracle.chain.declarations import anchor_call, declare_call
from oracle.core.holders.entitlement import books_of, entitlement_of
from oracle.core.holders.history import History, read_history
from oracle.declare.follower import Follower
from oracle.owner import share
from oracle.owner.fund import mint_demo_money
from tests.plant.asset_site import Books, Site


def declare(site: Site, period: int, distributable: int) -> None:
    """Anchor a one-leaf log once, and declare a period over it."""
    declarations = site.contracts.declarations
    if period == 0:
        call = anchor_call(site.chain, declarations, [site.oracle], log_size=1, log_root=b"\1" * 32, proof=[])
        site.chain.transact(site.owner, call, action="anchor")
    site.chain.advance_to(site.end_of(period))
    report = site.report(period, 1, distributable)
    site.chain.transact(site.owner, declare_call(site.chain, declarations, [site.oracle], report), action="declare")


def give_shares(site: Site, shares: list[int]) -> None:
    holders = [holder.address for holder in site.holders]
    share.allow(site.on_chain, site.owner, holders)
    for holder, count in zip(holders, shares, strict=True):
        share.mint(site.on_chain, site.owner, holder, count)


def give_money(site: Site, amount: int) -> None:
    mint_demo_money(site.on_chain, site.owner, site.owner.address, Minor(amount))


def history_of(books: Books) -> History:
    site = books.site
    Follower(site.on_chain, books.reader, books.writer).catch_up()
    return read_history(
        books.reader.chain.events(),
        utc_offset_s=site.terms.utc_offset_s,
        first_day=site.terms.first_day,
        days_per_period=site.terms.days_per_period,
    )


def assert_chain_agrees(books: Books) -> History:
    """Everything that the ledger works out, against the contract's own views."""
    site = books.site
    history = history_of(books)
    distributor = site.contracts.distributor.functions
    count = site.chain.read(distributor.trancheCount())
    assert len(history.tranches) == count
    for holder in site.holders:
        entitlement = entitlement_of(history, holder.address)
        assert entitlement.owed == site.chain.read(distributor.owed(holder.address, count))
        credit_x96 = (entitlement.owed << 96) + entitlement.fraction_x96
        assert credit_x96 == site.chain.read(distributor.owedX96(holder.address, count))
    found = books_of(history)
    assert found.carry_x96 == site.chain.read(distributor.carryX96())
    assert found.funded == site.chain.read(distributor.totalFunded())
    assert found.paid == site.chain.read(distributor.totalPaid())
    assert found.funded == found.paid + found.owed + found.undistributed
    return history
