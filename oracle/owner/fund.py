"""The owner's act: fund what was declared."""

from dataclasses import dataclass

from eth_account.signers.local import LocalAccount
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address

from evidence.units import Minor, div_ceil
from oracle.chain.contracts import AssetOnChain
from oracle.chain.declarations import Status, declaration
from oracle.chain.steps import Steps
from oracle.chain.transaction import Receipt
from oracle.core.calendar import instant_text
from oracle.errors import ChainRefused

_FUND = function_signature_to_4byte_selector("fund(uint32,uint256)")


@dataclass(frozen=True, slots=True)
class Funding:
    """One tranche brought.

    Attributes:
        period: the payout period.
        tranche: its index in the distributor.
        received: base units that arrived.
        receipts: of the approval, if one was needed, and of the funding.
    """

    period: int
    tranche: int
    received: Minor
    receipts: tuple[Receipt, ...]


def fund_period(
    on_chain: AssetOnChain,
    treasury: LocalAccount,
    period: int,
    amount: Minor | None = None,
    *,
    steps: Steps | None = None,
    confirmations: int = 0,
) -> Funding:
    """Approve and fund a declared period, and wait until that is confirmed.

    The contract takes no more than what is declared, so all of it is funded once however often this is called. A part of it might be funded
    twice after a time-out; `steps` prevents that.

    Args:
        on_chain: whose contracts, and on which chain.
        treasury: holds the treasury role and the money.
        period: a declared payout period.
        amount: base units; by default all that is declared and not funded yet.
        steps: journals the two transactions, so that a later call with the same steps brings this tranche and no second one.
        confirmations: blocks on top of the funding to wait for.

    Raises:
        ChainRefused: nothing left to fund, not declared or not Final, too little or too much, no money, nobody to pay, or no treasury
            role; nothing was sent.
        ChainUnreachable: no answer, or it was taken back; asking again never funds above what is declared.
    """
    distributor, token = on_chain.contracts.distributor, on_chain.contracts.token
    action = f"fund period {period}"
    steps = steps or Steps(on_chain.chain, treasury)

    def wanted() -> str:
        room = int(on_chain.chain.read(distributor.functions.fundable(period), action=action))
        if room == 0:
            raise ChainRefused(action=action, reason=_nothing_to_fund(on_chain, period))
        sum_ = room if amount is None else amount
        reason = _why_no_money(on_chain, treasury.address, asked=sum_, room=room) or _why_no_tranche(
            on_chain, period, asked=sum_, room=room
        )
        if reason:
            raise ChainRefused(action=action, reason=reason)
        return str(sum_)

    # Asked once: where the transaction of an earlier run was mined, nothing is left to fund and it is still this tranche.
    sum_ = int(steps.remember("amount", wanted))
    allowed = on_chain.chain.read(token.functions.allowance(treasury.address, distributor.address), action=action)
    # An allowance that stood before this task is spent once the funding is mined; a run that finds it so must not approve anew.
    stood_before = steps.has_begun("fund") and not steps.has_begun("approve")
    if allowed < sum_ and not stood_before:
        # Exactly what is needed: a distributor never holds a standing permission over the treasury.
        steps.transact(
            "approve",
            lambda: token.functions.approve(distributor.address, sum_),
            action=f"approve {sum_} for period {period}",
        )
    steps.transact("fund", lambda: distributor.functions.fund(period, sum_), action=action)
    steps.confirm(confirmations)
    funded = next(
        distributor.events.Funded().process_log(log)["args"]
        for log in steps.receipts[-1].logs
        if log["address"] == distributor.address
    )
    return Funding(period, funded["tranche"], Minor(funded["received"]), steps.receipts)


def _nothing_to_fund(on_chain: AssetOnChain, period: int) -> str:
    found = declaration(on_chain.chain, on_chain.contracts.declarations, period)
    declared, _funded = on_chain.chain.read(on_chain.contracts.distributor.functions.coverage(period))
    deadline = instant_text(found.deadline)
    return {
        Status.NONE: "it is not declared yet",
        Status.PENDING: f"its report is pending until {deadline}: until then it may be disputed",
        Status.FINAL: "it is funded in full already" if declared else "its report lets nothing be distributed",
        Status.DISPUTED: f"its report is disputed, and void from {deadline} on unless the signers answer",
        Status.VOID: f"its report is void since {deadline}: it was disputed, and nobody answered in time",
    }[found.status]


# Refusals of the contract are found before the money is approved, so that no permission is left standing for nothing.


def _why_no_money(on_chain: AssetOnChain, treasury: str, *, asked: int, room: int) -> str:
    """Why this account cannot bring so much; empty where it can."""
    at_once, _delay_s = on_chain.chain.read(
        on_chain.contracts.access.functions.canCall(treasury, on_chain.contracts.distributor.address, _FUND)
    )
    if not at_once:
        return f"{treasury} does not hold the treasury role"
    held = on_chain.chain.read(on_chain.contracts.token.functions.balanceOf(treasury), action="what the treasury has")
    if held < asked <= room:
        return f"{treasury} has {held} of the payment token, {asked} are needed"
    return ""


def _why_no_tranche(on_chain: AssetOnChain, period: int, *, asked: int, room: int) -> str:
    """Why so much cannot be a tranche of the period, of which `room` is not funded yet; empty where it can."""
    declared, _funded = on_chain.chain.read(on_chain.contracts.distributor.functions.coverage(period))
    least = div_ceil(declared, 100)
    if asked > room:
        return f"{asked} is more than the {room} that are declared and not funded yet"
    if asked < least and asked != room:
        return f"{asked} is less than a tranche brings at least: {least}, a hundredth of what is declared, or all that is left"
    days = on_chain.chain.read(on_chain.contracts.declarations.functions.periodDays(period))
    if not on_chain.chain.read(
        on_chain.contracts.share.functions.totalShareDays(*days), action="the share-days of the period"
    ):
        return "nobody who earns held a share in the period: the money would belong to nobody"
    return ""


def mint_demo_money(
    on_chain: AssetOnChain,
    owner: LocalAccount,
    to: str,
    amount: Minor,
    *,
    steps: Steps | None = None,
    confirmations: int = 0,
) -> Receipt:
    """Create base units of the DemoStablecoin, which stands for the stablecoin where there is none.

    Nothing in that contract limits how much is created: only `steps`, kept in a file, keeps a repeat from creating it twice.

    Args:
        on_chain: whose token, and on which chain.
        owner: of the token: the treasury of the deployment.
        to: who gets it.
        amount: base units.
        steps: journals the transaction.
        confirmations: blocks on top of it to wait for.

    Raises:
        ChainRefused, ChainUnreachable: as `Steps.transact`.
    """
    token = on_chain.contracts.token
    steps = steps or Steps(on_chain.chain, owner)
    steps.transact(
        "demo money",
        lambda: token.functions.mint(to_checksum_address(to), amount),
        action=f"mint {amount} of demo money to {to}",
    )
    steps.confirm(confirmations)
    return steps.receipts[-1]
