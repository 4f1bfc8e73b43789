"""A node that is started again from an older state of its chain."""

from pathlib import Path

from oracle.chain.client import Chain
from oracle.declare.follower import Follower
from tests.oracle.chain.followed import assert_ledger_is_the_chain, states
from tests.plant.anvil_node import Anvil
from tests.plant.asset_site import Books, open_site
from tests.plant.chain_loop import declared_on_chain, loop_on


def test_a_node_that_comes_back_without_its_newest_blocks_is_written_to_again(anvil: Anvil, tmp_path: Path) -> None:
    """It makes no block by itself, so nothing but the missing receipts says that something is gone."""
    chain = Chain.connect(anvil.url)
    site = open_site(chain)
    books = Books(site, tmp_path / "ledger.db")
    chain.advance_to(site.end_of(0) + 150)
    loop = loop_on(books, chain, confirmations=0, periods=1)
    # It looks when it is asked to: a look of its own, between the node's return and what is read here, would mend it unseen.
    loop._poll_s = 3_600
    loop.start()
    try:
        loop.catch_up()
        before = anvil.ask("evm_snapshot")
        books.settle(0, 5)
        loop.catch_up()
        assert declared_on_chain(site, 0) == 1
        assert anvil.ask("evm_revert", before) is True
        assert declared_on_chain(site, 0) == 0
        loop.catch_up()
        assert declared_on_chain(site, 0) == 1
    finally:
        loop.stop()
    assert states(books) == ["declared"]
    anvil.mine(2)
    Follower(site.on(chain), books.reader, books.writer).catch_up()
    assert_ledger_is_the_chain(books)
    books.close()
    chain.close()
