"""`helioracle claim`: an investor takes the money that is owed."""

import argparse

from cli.on_chain import connected, report
from oracle.payout.claim import claim


def run(arguments: argparse.Namespace) -> int:
    """Claim everything owed from the tranches so far."""
    with connected(arguments) as on:
        claimed = claim(on.deployed, on.account)
        tx = claimed.receipt.tx_hash if claimed.receipt else None
        sentence = (
            f"Claimed {on.amount(claimed.amount)} for {claimed.holder} in {tx}."
            if tx
            else f"Nothing is owed to {claimed.holder}; nothing was sent."
        )
        return report(
            arguments,
            sentence,
            {"holder": claimed.holder, "amount": str(claimed.amount), "up_to": claimed.up_to, "tx": tx},
        )
