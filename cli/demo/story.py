"""What people do while the plant runs: a share changes hands, the owner funds each declared day, a keeper pays, an investor claims.

Each act is the function behind a command: `asset fund`, `keeper run --once`, `claim`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from cli import site
from cli.amount import format_amount
from cli.demo.stage import SHARES, Stage
from cli.errors import CommandFailed
from evidence.units import Minor
from oracle.chain.declarations import Status, declaration
from oracle.chain.transaction import Receipt
from oracle.core.states import PeriodState
from oracle.owner.fund import Funding, fund_period, mint_demo_money
from oracle.owner.share import transfer
from oracle.payout.claim import Claimed, claim
from oracle.payout.push import Push, push_due

SELLER, BUYER, SOLD = "investor-a", "investor-b", 100
PUSHED = ("investor-a", "investor-b", "investor-c")
CLAIMS = "investor-d"
_NOON_S = 43_200


@dataclass(slots=True)
class Acts:
    """What happened, for the table and the JSON.

    Attributes:
        fundings: one per period that has something for holders.
        claimed: the fourth investor's claim.
        gas: gas by act.
    """

    fundings: list[Funding] = field(default_factory=list)
    claimed: Claimed | None = None
    gas: dict[str, int] = field(default_factory=dict)

    @property
    def first_funded(self) -> int:
        """The first funded period; 0 where none is."""
        return self.fundings[0].period if self.fundings else 0

    def spend(self, act: str, *receipts: Receipt | None) -> None:
        """Add the gas of an act."""
        self.gas[act] = self.gas.get(act, 0) + sum(receipt.gas_used for receipt in receipts if receipt)


def play(stage: Stage, say: Callable[[str], None]) -> Acts:
    """Live through the recorded days, act by act.

    The world's time stands still during each act, and each wait returns only when every reading up to then is answered, settled and
    declared: the stepped clock sees to it.

    Raises:
        ClockClosed: a service died; `stage.check()` says why.
        CommandFailed: a period was not declared when its day was over.
    """
    acts = Acts()
    acts.spend("deploy", *stage.deployed.receipts)
    for period in range(stage.days.count):
        if period == stage.days.count // 2:
            stage.story.wait_until(stage.days.end_of(period - 1) + _NOON_S)
            _sell(stage, acts)
            say(f"{SELLER} sold {SOLD} shares to {BUYER} at noon of day {period + 1}")
        stage.story.wait_until(stage.days.end_of(period) + 1)
        _wait_final(stage, period)
        funding = _fund(stage, acts, period)
        if funding is None:
            say(f"day {period + 1} is declared, with nothing for holders; there is nothing to fund, and nobody is paid")
            continue
        say(f"day {period + 1} is declared, and nobody disputes it; the owner funds it with {_money(funding.received)}")
        pushed = _push(stage, acts)
        say(
            f"the keeper paid {_money(Minor(sum(p.amount for p in pushed.payouts)))} to {len(pushed.payouts)} investors"
        )
    _now(stage)
    acts.claimed = claim(stage.on_chain, stage.accounts[CLAIMS])
    acts.spend("claim", acts.claimed.receipt)
    if acts.claimed.amount:
        days = "the day" if stage.days.count == 1 else f"all {stage.days.count} days at once"
        say(f"{CLAIMS} claimed {_money(acts.claimed.amount)} of {days}")
    else:
        say(f"{CLAIMS} claimed, and nothing was owed")
    stage.catch_up()
    return acts


def _now(stage: Stage) -> None:
    stage.chain.advance_to(stage.world.now())


def _sell(stage: Stage, acts: Acts) -> None:
    _now(stage)
    buyer = stage.accounts[BUYER].address
    acts.spend("transfer of shares", transfer(stage.on_chain, stage.accounts[SELLER], buyer, SOLD))


def _wait_final(stage: Stage, period: int) -> None:
    """Let the challenge window of a declared day pass."""
    declarations = stage.on_chain.contracts.declarations
    found = declaration(stage.chain, declarations, period)
    if found.status is Status.PENDING:
        stage.story.wait_until(found.deadline)


def _fund(stage: Stage, acts: Acts, period: int) -> Funding | None:
    """Fund a declared day; None where nothing is left for holders after the fees, which a dark day may not even cover."""
    _now(stage)
    row = stage.reader.settlement.period(period)
    if row is None or row.state is not PeriodState.DECLARED:
        raise CommandFailed(
            f"period {period} is {row.state if row else 'not settled'} although its day is over; {_standing(stage)}"
        )
    if int(row.distributable) == 0:
        return None
    owner = stage.accounts["owner"]
    receipt = mint_demo_money(stage.on_chain, owner, owner.address, Minor(int(row.distributable)))
    acts.spend("demo money", receipt)
    funding = fund_period(stage.on_chain, owner, period)
    acts.spend("fund", *funding.receipts)
    acts.fundings.append(funding)
    return funding


def _standing(stage: Stage) -> str:
    """What the services say of themselves: where a machine stalls for seconds, a simulated meter may have answered too late."""
    oracle, gateway = stage.oracle.status(), stage.gateway.status()
    return f"settlement: {oracle['settlement']}, chain: {oracle['chain']}, labels of readings: {gateway['readings_labelled']}"


def _push(stage: Stage, acts: Acts) -> Push:
    stage.catch_up()
    # One investor would rather pull: claiming is the other way to be paid.
    skip = [stage.accounts[CLAIMS].address]
    pushed = push_due(stage.on_chain, stage.accounts["keeper"], stage.reader, skip=skip)
    acts.spend("push", *pushed.receipts)
    return pushed


def _money(amount: Minor) -> str:
    return format_amount(amount, site.MONEY_DECIMALS)


def names(stage: Stage) -> dict[str, str]:
    """Investor names by address."""
    return {stage.accounts[name].address: name for name in SHARES}
