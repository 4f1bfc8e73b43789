"""`helioracle asset deploy|fund`: what the asset's owner does."""

import argparse

from eth_utils.address import is_address, to_checksum_address

from cli.errors import UsageError
from cli.on_chain import connected, report
from oracle.asset_file import write_deployment
from oracle.chain.deploy import Offices, deploy
from oracle.chain.fund import fund_period


def run(arguments: argparse.Namespace) -> int:
    """The verb's work."""
    return _deploy(arguments) if arguments.verb == "deploy" else _fund(arguments)


def _deploy(arguments: argparse.Namespace) -> int:
    if not is_address(arguments.signer):
        raise UsageError(f"--signer {arguments.signer!r} is not an Ethereum address")
    with connected(arguments) as on:
        if on.asset.deployment is not None:
            raise UsageError(f"{arguments.asset}: [chain] has addresses already; nothing was deployed")
        owner = on.account.address
        offices = Offices(
            signer=to_checksum_address(arguments.signer),
            registrar=owner,
            compliance=owner,
            treasury=owner,
            issuer=owner,
        )
        deployed = deploy(on.chain, on.account, terms=on.asset.terms, meters=on.asset.meters, offices=offices)
        write_deployment(arguments.asset, deployed.deployment)
        addresses = deployed.deployment.addresses
        return report(
            arguments,
            f"Deployed {len(addresses)} contracts with {deployed.gas_used:,} gas; their addresses stand in {arguments.asset}.\n"
            "Next: allow and mint to the holders, then helioracle oracle run.",
            {"addresses": addresses, "gas": str(deployed.gas_used)},
        )


def _fund(arguments: argparse.Namespace) -> int:
    with connected(arguments) as on:
        amount = None if arguments.amount is None else on.minor(arguments.amount)
        funding = fund_period(on.chain, on.deployment, on.account, arguments.period, amount)
        return report(
            arguments,
            f"Funded period {funding.period} with {on.amount(funding.received)} (tranche {funding.tranche}).\n"
            "Next: helioracle keeper run --once, or the holders claim.",
            {
                "period": funding.period,
                "tranche": funding.tranche,
                "received": str(funding.received),
                "tx": funding.receipts[-1].tx_hash,
            },
        )
