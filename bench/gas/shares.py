"""What a transfer of shares costs, beside tokens that remember less or more, and beside T-REX.

The first transfer of a day writes the balances of the day before away; ours and the register's later ones of that day write over
the newest entry. OpenZeppelin's tokens write an entry at every second, so that their later ones cost what the first one does,
unless they are given a clock of days.
"""

from collections.abc import Iterator
from typing import Any

from bench.gas.asset import Asset, artifact
from bench.gas.chain import DAY, Chain
from bench.gas.figure import Figure
from bench.gas.peers.compiled import peers
from bench.gas.peers.trex import TrexToken

SHARES = 1_000
FIRST, AGAIN = "first of the day", "again"
TARGETS = {FIRST: 100_000, AGAIN: 55_000}
PLAIN = "a plain ERC-20 token"
VOTES = "ERC20Votes, both delegated"
EXTENDED = "VotesExtended, nobody delegated"
EXTENDED_BY_DAY = "VotesExtended with a clock of days"
TREX = "T-REX 4.1.6"


def figures(chain: Chain, asset: Asset) -> Iterator[Figure]:
    """Of an asset without shares so far."""
    ann, bob = chain.accounts[1:3]
    with chain.undone():
        others = {
            PLAIN: _token(chain, "PlainToken", delegated=False),
            VOTES: _token(chain, "VotesToken", delegated=True),
            EXTENDED: _token(chain, "VotesExtendedToken", delegated=False),
            EXTENDED_BY_DAY: _token(chain, "VotesExtendedByDay", delegated=False),
            TREX: _trex(chain, with_register=False),
        }
        asset.allow([ann, bob])
        asset.mint(ann, SHARES)
        asset.mint(bob, SHARES)
        ours = _pair(chain, asset.share)
        for when in (FIRST, AGAIN):
            yield Figure(
                f"transfer, {when}", ours[when], TARGETS[when], {name: gas[when] for name, gas in others.items()}
            )
        beside = _trex(chain, with_register=True)
        for when in (FIRST, AGAIN):
            yield Figure(
                f"T-REX transfer with Erc3643Register, {when}",
                beside[when],
                None,
                {f"{TREX} alone": others[TREX][when]},
            )


def _token(chain: Chain, name: str, *, delegated: bool) -> dict[str, int]:
    """Made, minted to two holders, and moved between them."""
    token = chain.create(peers()[name])
    for holder in chain.accounts[1:3]:
        chain.send(token.functions.mint(holder, SHARES))
        if delegated:
            chain.send(token.functions.delegate(holder), holder)
    return _pair(chain, token)


def _trex(chain: Chain, *, with_register: bool) -> dict[str, int]:
    with chain.undone():
        token = TrexToken(chain)
        if with_register:
            # Before anybody holds the token: nothing has to be made good.
            token.add_module(chain.create(artifact("Erc3643Register"), token.contract.address, 0, []).address)
        for holder in chain.accounts[1:3]:
            token.admit(holder)
        return _pair(chain, token.contract)


def _pair(chain: Chain, token: Any) -> dict[str, int]:
    """Gas of two transfers on a day, between holders who have moved some the day before."""
    ann, bob = chain.accounts[1:3]
    move = token.functions.transfer(bob, 1)
    with chain.undone():
        chain.travel((chain.now // DAY + 1) * DAY)
        chain.send(move, ann)
        chain.travel((chain.now // DAY + 1) * DAY)
        return {when: chain.send(move, ann) for when in (FIRST, AGAIN)}
