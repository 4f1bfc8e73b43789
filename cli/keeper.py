"""`helioracle keeper run --once`: pay every holder who is owed something, on the keeper's gas, and stop."""

import argparse

from eth_utils.address import is_address

from cli import serve
from cli.errors import UsageError
from cli.on_chain import connected, report
from oracle.errors import LedgerError
from oracle.ledger.reader import LedgerReader
from oracle.payout import config as keeper_config
from oracle.payout.push import Outcome, push_due


def run(arguments: argparse.Namespace) -> int:
    """One pass over all holders that the ledger knows, or the service that makes one again and again.

    Raises:
        UsageError: options that do not go together.
    """
    if arguments.every is not None and not 1 <= arguments.every <= keeper_config.EVERY_MAX_S:
        raise UsageError(f"--every {arguments.every} is not between 1 and {keeper_config.EVERY_MAX_S}")
    for address in arguments.skip:
        if not is_address(address):
            # An address that is passed over in silence would be paid, although its holder would rather claim.
            raise UsageError(f"--skip {address!r} is not an Ethereum address")
    given = [arguments.rpc_url, arguments.key or arguments.keystore, arguments.ledger]
    if not arguments.once:
        if any(given) or arguments.skip:
            raise UsageError(
                "--rpc-url, --key, --keystore, --ledger and --skip go with --once; otherwise --config says it"
            )
        return serve.run(arguments)
    if not any(given):
        _take_from_file(arguments)
    elif not all(given):
        raise UsageError(
            "--once: --rpc-url, --ledger and --keystore or --key come together, or none of them with --config"
        )
    return _once(arguments)


def _take_from_file(arguments: argparse.Namespace) -> None:
    config = keeper_config.load(arguments.config)
    arguments.asset, arguments.profile = config.asset_file, config.profile
    arguments.rpc_url, arguments.key, arguments.ledger = config.rpc_url, config.key, config.ledger
    if config.password_file is not None:
        arguments.key, arguments.keystore = None, config.key
        arguments.password_file = config.password_file
    arguments.skip = [*config.skip, *arguments.skip]


def _once(arguments: argparse.Namespace) -> int:
    try:
        reader = LedgerReader(arguments.ledger)
    except LedgerError as error:
        raise UsageError(f"--ledger: {error}") from None
    with reader, connected(arguments) as on:
        push = push_due(on.deployed, on.account, reader, skip=arguments.skip)
        lines = [f"{payout.outcome.value:6} {on.amount(payout.amount)} to {payout.holder}" for payout in push.payouts]
        paid = [payout for payout in push.payouts if payout.outcome is Outcome.PAID]
        done = f"Paid {len(paid)} of {len(push.payouts)} holders in {len(push.receipts)} transactions."
        halted = [f"Stopped: {push.halted}. The same command goes on once it does."] if push.halted else []
        code = report(
            arguments,
            "\n".join([*lines, done, *halted]),
            {
                "up_to": push.up_to,
                "halted": push.halted,
                "payouts": [
                    {"holder": p.holder, "amount": str(p.amount), "outcome": p.outcome.value} for p in push.payouts
                ],
                "transactions": [receipt.tx_hash for receipt in push.receipts],
            },
        )
        return 1 if push.halted else code
