"""What the ledger says of the chain it follows."""

from web3 import Web3

from tests.plant.asset_site import Books


def states(books: Books) -> list[str]:
    return [row.state for row in books.reader.settlement.periods(limit=9)]


def assert_ledger_is_the_chain(books: Books) -> None:
    """Every stored event is on the chain, in the block that it says, and none is missing."""
    site = books.site
    head = site.chain.block_number()
    addresses = [
        site.deployment.addresses[name] for name in ("share", "declarations", "distributor", "registry", "gate")
    ]
    followed = books.reader.chain.followed_block()
    on_chain = {
        (log["blockNumber"], log["logIndex"], Web3.to_hex(log["blockHash"]))
        for log in site.chain.logs(0, head, addresses)
        if log["blockNumber"] <= followed
    }
    assert {(row.block, row.log_index, row.block_hash) for row in books.reader.chain.events()} == on_chain
