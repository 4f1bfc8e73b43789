"""The asset owner's act: bring the money that was declared."""

from dataclasses import dataclass

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from evidence.units import Minor
from oracle.asset_file import Deployment
from oracle.chain.client import Chain
from oracle.chain.contracts import contracts_of
from oracle.chain.steps import Steps
from oracle.chain.transaction import Receipt
from oracle.errors import ChainRefused


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
    chain: Chain,
    deployment: Deployment,
    treasury: LocalAccount,
    period: int,
    amount: Minor | None = None,
    *,
    steps: Steps | None = None,
) -> Funding:
    """Approve and fund a declared period.

    The contract takes no more than what is declared, so all of it is funded once however often this is called. A part of it might be funded
    twice after a time-out; `steps` prevents that.

    Args:
        chain: where.
        deployment: whose contracts.
        treasury: holds the treasury role and the money.
        period: a declared payout period.
        amount: base units; by default all that is declared and not funded yet.
        steps: journals the two transactions, so that a later call with the same steps brings this tranche and no second one.

    Raises:
        ChainRefused: nothing left to fund, not declared, too little money, or no treasury role.
        ChainUnreachable: no answer; asking again never funds above what is declared.
    """
    contracts = contracts_of(chain, deployment)
    distributor, token = contracts.distributor, contracts.token
    action = f"fund period {period}"
    steps = steps or Steps(chain, treasury)

    def wanted() -> str:
        room = int(chain.read(distributor.functions.fundable(period), action=action))
        if room == 0:
            raise ChainRefused(action=action, reason="it is not declared, or is funded in full already")
        return str(room if amount is None else amount)

    # Asked once: where the transaction of an earlier run was mined, nothing is left to fund and it is still this tranche.
    sum_ = int(steps.remember("amount", wanted))
    allowed = chain.read(token.functions.allowance(treasury.address, distributor.address), action=action)
    if allowed < sum_:
        # Exactly what is needed: a distributor never holds a standing permission over the treasury.
        steps.transact(
            "approve",
            lambda: token.functions.approve(distributor.address, sum_),
            action=f"approve {sum_} for period {period}",
        )
    receipt = steps.transact("fund", lambda: distributor.functions.fund(period, sum_), action=action)
    funded = next(
        distributor.events.Funded().process_log(log)["args"]
        for log in receipt.logs
        if log["address"] == distributor.address
    )
    return Funding(period, funded["tranche"], Minor(funded["received"]), steps.receipts)


def mint_demo_money(chain: Chain, deployment: Deployment, owner: LocalAccount, to: str, amount: Minor) -> Receipt:
    """Create base units of the DemoStablecoin, which stands for the stablecoin where there is none; errors as `Chain.transact`."""
    token = contracts_of(chain, deployment).token
    return chain.transact(
        owner, token.functions.mint(to_checksum_address(to), amount), action=f"mint {amount} of demo money"
    )
