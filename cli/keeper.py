"""`helioracle keeper run --once`: pay every holder who is owed something, on the keeper's gas."""

import argparse

from cli.errors import UsageError
from cli.on_chain import connected, report
from oracle.chain.keeper import Outcome, push_due
from oracle.errors import LedgerError
from oracle.ledger.reader import LedgerReader


def run(arguments: argparse.Namespace) -> int:
    """One pass over all holders that the ledger knows."""
    try:
        reader = LedgerReader(arguments.ledger)
    except LedgerError as error:
        raise UsageError(f"--ledger: {error}") from None
    with reader, connected(arguments) as on:
        push = push_due(on.chain, on.deployment, on.account, reader, skip=arguments.skip)
        lines = [f"{payout.outcome.value:6} {on.amount(payout.amount)} to {payout.holder}" for payout in push.payouts]
        paid = [payout for payout in push.payouts if payout.outcome is Outcome.PAID]
        return report(
            arguments,
            "\n".join(
                [*lines, f"Paid {len(paid)} of {len(push.payouts)} holders in {len(push.receipts)} transactions."]
            ),
            {
                "up_to": push.up_to,
                "payouts": [
                    {"holder": p.holder, "amount": str(p.amount), "outcome": p.outcome.value} for p in push.payouts
                ],
                "transactions": [receipt.tx_hash for receipt in push.receipts],
            },
        )
