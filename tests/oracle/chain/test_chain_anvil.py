"""The same line over JSON-RPC to a real node, anvil."""

from pathlib import Path

import pytest

from evidence.units import Minor
from oracle.chain.client import Chain
from oracle.errors import ChainRefused, ChainUnreachable
from oracle.owner import share
from oracle.owner.fund import fund_period, mint_demo_money
from oracle.payout.claim import claim
from oracle.payout.push import push_due
from runtime.clock import SteppedClock
from tests.plant.anvil_node import Anvil
from tests.plant.asset_site import Books, Site, open_site
from tests.plant.chain_loop import declared_on_chain, running


def test_the_line_runs_on_anvil(anvil: Anvil, tmp_path: Path) -> None:
    chain = Chain.connect(anvil.url)
    assert chain.has_time_control
    site: Site = open_site(chain)
    holders = [holder.address for holder in site.holders]
    share.allow(site.on(chain), site.owner, holders)
    for holder in holders:
        share.mint(site.on(chain), site.owner, holder, 25)
    mint_demo_money(site.on(chain), site.owner, site.owner.address, Minor(10**9))
    with pytest.raises(ChainRefused, match=r"ERC7943CannotReceive\(account=0x0000"):
        share.mint(site.on(chain), site.owner, "0x" + "00" * 19 + "09", 1)

    books = Books(site, tmp_path / "ledger.db")
    books.settle(0, 1_000_001)
    with running(books, chain, SteppedClock(site.end_of(0) + 150)) as loop:
        loop.catch_up()
        fund_period(site.on(chain), site.owner, 0)
        loop.catch_up()
        pushed = push_due(site.on(chain), site.owner, books.reader, skip=[holders[3]])
        claimed = claim(site.on(chain), site.holders[3])
        loop.catch_up()
    assert [payout.amount for payout in pushed.payouts] == [250_000] * 3
    assert claimed.amount == 250_000
    assert declared_on_chain(site, 0) == 1
    assert len(books.reader.chain.events(contract="distributor", name="Paid")) == 4
    books.close()
    chain.close()


def test_a_node_that_goes_away_is_unreachable(anvil: Anvil) -> None:
    chain = Chain.connect(anvil.url)
    assert chain.chain_id == 31337
    # Nobody listens on port 9 (discard) of this machine.
    chain._web3.provider.endpoint_uri = "http://127.0.0.1:9"  # type: ignore[attr-defined]  # an HTTPProvider has it
    with pytest.raises(ChainUnreachable):
        chain.block_number()
    chain.close()
