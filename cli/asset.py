"""`helioracle asset deploy|allow|mint|demo-money|fund`: what the asset's owner does."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from eth_utils.address import is_address, to_checksum_address

from cli.errors import CommandFailed, UsageError
from cli.on_chain import OnChain, connected, report
from oracle.asset_file import write_deployment
from oracle.chain.steps import Steps
from oracle.chain.wiring import check_wiring
from oracle.errors import ChainConflict, ChainError
from oracle.owner import share
from oracle.owner.deploy import Deployed, check_roles, deploy, task_of
from oracle.owner.fund import fund_period, mint_demo_money
from oracle.owner.roles import ROLE_NAMES, ReportRules, RoleHolders

_CONFIRMATIONS_MAX = 1000
_WINDOW_MAX_S = 30 * 86_400
_RESOLVE_MIN_S = 3600
_T = TypeVar("_T")


def run(arguments: argparse.Namespace) -> int:
    """The verb's work."""
    return _VERBS[arguments.verb](arguments)


def _deploy(arguments: argparse.Namespace) -> int:
    confirmations = _confirmations(arguments)
    journal = journal_of(arguments.asset, "deploy")
    token = None if arguments.token is None else _address("--token", arguments.token)
    factory = None if arguments.factory is None else _address("--factory", arguments.factory)
    with connected(arguments) as on:
        owner = on.account.address
        roles, rules = _role_holders(arguments, owner), _rules(arguments)
        if on.asset.deployment is not None:
            return _deployed_before(arguments, on, roles, journal)
        terms, meters = on.asset.terms, on.asset.meters
        steps = Steps(
            on.chain,
            on.account,
            path=journal,
            task=task_of(
                terms=terms, meters=meters, roles=roles, rules=rules, token=token, factory=factory, excluded=()
            ),
            progress=_say,
        )
        deployed = _resumable(
            arguments,
            lambda: deploy(
                on.chain,
                on.account,
                terms=terms,
                meters=meters,
                roles=roles,
                rules=rules,
                token=token,
                factory=factory,
                steps=steps,
                confirmations=confirmations,
            ),
        )
        # On the chain and in the journal; a crash before the next line finds it all done and repeats nothing but that line.
        write_deployment(arguments.asset, deployed.deployment)
        return _report_deployed(arguments, deployed)


def _role_holders(arguments: argparse.Namespace, owner: str) -> RoleHolders:
    held = {
        name: _address(f"--{name.replace('_', '-')}", given)
        for name in ROLE_NAMES
        if (given := getattr(arguments, name))
    }
    try:
        return RoleHolders.of(
            owner,
            signers=[_address("--signer", signer) for signer in arguments.signer],
            threshold=arguments.threshold,
            **held,
        )
    except ChainConflict as error:
        raise UsageError(f"--signer, --threshold, --registrar: {error}") from None


def _rules(arguments: argparse.Namespace) -> ReportRules:
    window, resolve = arguments.challenge_window, arguments.resolve_window
    if not 0 <= window <= _WINDOW_MAX_S:
        raise UsageError(f"--challenge-window {window} is not between 0 and {_WINDOW_MAX_S} seconds")
    if not (_RESOLVE_MIN_S if window else 0) <= resolve <= _WINDOW_MAX_S:
        raise UsageError(f"--resolve-window {resolve} is not between {_RESOLVE_MIN_S} and {_WINDOW_MAX_S} seconds")
    if not 1 <= arguments.profile_minutes <= 1440:
        raise UsageError(f"--profile-minutes {arguments.profile_minutes} is not between 1 and 1440")
    return ReportRules(challenge_window_s=window, resolve_window_s=resolve, profile_minutes=arguments.profile_minutes)


def _deployed_before(arguments: argparse.Namespace, on: OnChain, roles: RoleHolders, journal: Path) -> int:
    """A deployment that was finished is looked over; a deployment without a journal of ours is not touched."""
    if not journal.exists():
        raise UsageError(f"{arguments.asset}: [chain] has addresses already; nothing was deployed")
    check_wiring(on.deployed, terms=on.asset.terms, meters=on.asset.meters, signer=roles.signers[0])
    check_roles(on.deployed, roles)
    return report(
        arguments,
        f"Deployed before, and wired as {arguments.asset} says; nothing was sent.\n{_next(arguments)}",
        {"addresses": on.deployment.addresses, "first_block": on.deployment.first_block, "sent": 0},
    )


def _report_deployed(arguments: argparse.Namespace, deployed: Deployed) -> int:
    addresses = deployed.deployment.addresses
    return report(
        arguments,
        f"Deployed {len(addresses)} contracts with {deployed.gas_used:,} gas; their addresses stand in {arguments.asset}.\n"
        + _next(arguments),
        {
            "addresses": addresses,
            "gas": str(deployed.gas_used),
            "first_block": deployed.first_block,
            "transactions": [receipt.tx_hash for receipt in deployed.receipts],
        },
    )


def _next(arguments: argparse.Namespace) -> str:
    return (
        f"Next: helioracle asset allow --asset {arguments.asset} --holder 0x..., then helioracle asset mint --to 0x... --shares N,\n"
        "then helioracle oracle run."
    )


def _allow(arguments: argparse.Namespace) -> int:
    holders = [_address("--holder", holder) for holder in arguments.holder]
    with connected(arguments) as on:
        receipt = share.allow(on.deployed, on.account, holders, allowed=not arguments.deny)
        done = "may not hold or be paid any more" if arguments.deny else "may hold shares and be paid"
        return report(
            arguments,
            f"{', '.join(holders)} {done}.\nNext: helioracle asset mint --to {holders[0]} --shares N.",
            {"holders": holders, "allowed": not arguments.deny, "tx": receipt.tx_hash},
        )


def _mint(arguments: argparse.Namespace) -> int:
    to = _address("--to", arguments.to)
    if arguments.shares <= 0:
        raise UsageError(f"--shares {arguments.shares} is not above 0")
    confirmations = _confirmations(arguments)
    with connected(arguments) as on:
        steps = _steps(arguments, on, share=on.deployment.addresses["share"], to=to, shares=str(arguments.shares))
        receipt = _resumable(
            arguments,
            lambda: share.mint(
                on.deployed,
                on.account,
                to,
                arguments.shares,
                steps=steps,
                confirmations=confirmations,
            ),
        )
        steps.finish()
        return report(
            arguments,
            f"Minted {arguments.shares} shares to {to}; they earn from today's settlement day on.\n"
            "Next: helioracle oracle run; after a period is declared, helioracle asset fund --period N.",
            {"to": to, "shares": str(arguments.shares), "tx": receipt.tx_hash},
        )


def _demo_money(arguments: argparse.Namespace) -> int:
    confirmations = _confirmations(arguments)
    given = None if arguments.to is None else _address("--to", arguments.to)
    with connected(arguments) as on:
        amount = on.minor(arguments.amount)
        to = given or on.account.address
        steps = _steps(arguments, on, token=on.deployment.addresses["token"], to=to, amount=str(amount))
        receipt = _resumable(
            arguments,
            lambda: mint_demo_money(on.deployed, on.account, to, amount, steps=steps, confirmations=confirmations),
        )
        steps.finish()
        return report(
            arguments,
            f"Created {on.amount(amount)} for {to}, which are worth nothing.\n"
            "Next: helioracle asset fund --period N, once that period is declared.",
            {"to": to, "amount": str(amount), "tx": receipt.tx_hash},
        )


def _fund(arguments: argparse.Namespace) -> int:
    confirmations = _confirmations(arguments)
    if arguments.period < 0:
        raise UsageError(f"--period {arguments.period} is below 0, the first period")
    with connected(arguments) as on:
        amount = None if arguments.amount is None else on.minor(arguments.amount)
        steps = _steps(
            arguments,
            on,
            distributor=on.deployment.addresses["distributor"],
            period=str(arguments.period),
            asked="all" if amount is None else str(amount),
        )
        funding = _resumable(
            arguments,
            lambda: fund_period(
                on.deployed,
                on.account,
                arguments.period,
                amount,
                steps=steps,
                confirmations=confirmations,
            ),
        )
        steps.finish()
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


_VERBS = {"deploy": _deploy, "allow": _allow, "mint": _mint, "demo-money": _demo_money, "fund": _fund}


def _confirmations(arguments: argparse.Namespace) -> int:
    confirmations: int = arguments.confirmations
    if not 0 <= confirmations <= _CONFIRMATIONS_MAX:
        raise UsageError(f"--confirmations {confirmations} is not between 0 and {_CONFIRMATIONS_MAX}")
    return confirmations


def _steps(arguments: argparse.Namespace, on: OnChain, **task: str) -> Steps:
    journal = journal_of(arguments.asset, arguments.verb)
    return Steps(on.chain, on.account, path=journal, task=task, progress=_say)


def journal_of(asset: Path, verb: str) -> Path:
    """Where a verb's steps are journalled: beside the asset file, `asset.deploy.json`."""
    return asset.with_name(f"{asset.stem}.{verb}.json")


def _resumable(arguments: argparse.Namespace, work: Callable[[], _T]) -> _T:
    journal = journal_of(arguments.asset, arguments.verb)
    try:
        return work()
    except ChainConflict:
        raise
    except ChainError as error:
        if not journal.exists():
            raise
        raise CommandFailed(
            f"{error}\nWhat was sent stands in {journal}: the same command again goes on from there."
        ) from error


def _address(option: str, text: str) -> str:
    if not is_address(text):
        raise UsageError(f"{option} {text!r} is not an Ethereum address")
    return str(to_checksum_address(text))


def _say(line: str) -> None:
    # Standard error: standard output is the result's.
    print(line, file=sys.stderr, flush=True)
