"""The keeper: pushes payouts to the holders who are owed something. Anybody may be it; money only goes where it belongs."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from evidence.units import Minor
from oracle.asset_file import Deployment
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetContracts, contracts_of, topic_of
from oracle.chain.transaction import Receipt
from oracle.core.entitlement import NOBODY
from oracle.ledger.reader import LedgerReader

PAGE = 100
# Gas of one push: the contract keeps PAY_GAS * 64/63 + PUSH_RESERVE free before each holder, a payment itself needs about 60,000 the first
# time, and every tranche that a holder has not settled yet a few thousand more. What is not used is not paid.
_GAS_ONCE = 350_000
_GAS_PER_HOLDER = 120_000
_GAS_PER_TRANCHE = 10_000
_GAS_MAX = 15_000_000


class Outcome(StrEnum):
    """What became of one holder's payout."""

    PAID = "paid"
    HELD = "held"  # the gate does not allow the holder now
    FAILED = "failed"  # the token refused


@dataclass(frozen=True, slots=True)
class Payout:
    """One holder of a push; an amount that is held or failed stays owed."""

    holder: str
    amount: Minor
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Push:
    """One keeper run: the tranches below `up_to`, what each holder got, and the transactions that did it."""

    up_to: int
    payouts: tuple[Payout, ...]
    receipts: tuple[Receipt, ...]


def known_holders(reader: LedgerReader) -> list[str]:
    """Everybody who ever received shares, by the followed Transfer events, rising by address.

    Correctness never depends on this list: who is missing is paid by the next run, or pulls.
    """
    found: set[str] = set()
    after = (-1, -1)
    while events := reader.chain.events(contract="share", name="Transfer", after=after):
        found.update(_receiver(event.args) for event in events)
        after = (events[-1].block, events[-1].log_index)
    return sorted(found - {NOBODY})


def push_due(
    chain: Chain,
    deployment: Deployment,
    keeper: LocalAccount,
    reader: LedgerReader,
    *,
    skip: Collection[str] = (),
    page: int = PAGE,
) -> Push:
    """Pay every known holder who is owed something and may be paid now.

    Args:
        chain: where.
        deployment: whose contracts.
        keeper: pays the gas.
        reader: the ledger that knows the holders.
        skip: holders who would rather pull themselves.
        page: holders in one transaction, at most 100.

    Raises:
        ChainRefused, ChainUnreachable: as `Chain.transact`; who was paid stays paid, and a second run pays only the rest.
    """
    if not 1 <= page <= PAGE:
        raise ValueError(f"{page} holders in one push, between 1 and {PAGE} allowed")
    contracts = contracts_of(chain, deployment)
    up_to = int(chain.read(contracts.distributor.functions.trancheCount()))
    passed_over = {to_checksum_address(holder) for holder in skip}
    due = [
        holder
        for holder in known_holders(reader)
        if holder not in passed_over and _is_due(chain, contracts, holder, up_to)
    ]
    payouts: list[Payout] = []
    receipts: list[Receipt] = []
    while due:
        batch = due[:page]
        receipt, done = _push_page(chain, contracts, keeper, batch, up_to)
        receipts.append(receipt)
        payouts += _payouts(contracts, receipt)
        due = due[done:]
    return Push(up_to, tuple(payouts), tuple(receipts))


def _receiver(args: str) -> str:
    return str(json.loads(args)["to"])


def _is_due(chain: Chain, contracts: AssetContracts, holder: str, up_to: int) -> bool:
    owed = chain.read(contracts.distributor.functions.owed(holder, up_to), action=f"what {holder} is owed")
    # Pushing to somebody whom the gate does not allow pays nobody and costs gas.
    return bool(owed) and bool(chain.read(contracts.gate.functions.isAllowed(holder)))


def _push_page(
    chain: Chain, contracts: AssetContracts, keeper: LocalAccount, holders: Sequence[str], up_to: int
) -> tuple[Receipt, int]:
    """Push to one page; returns how many of them the contract dealt with before the gas ran short, at least one."""
    gas = min(_GAS_ONCE + len(holders) * (_GAS_PER_HOLDER + up_to * _GAS_PER_TRANCHE), _GAS_MAX)
    call = contracts.distributor.functions.push(list(holders), up_to)
    receipt = chain.transact(keeper, call, action=f"push to {len(holders)} holders", gas=gas)
    stopped = contracts.distributor.events.PushStopped()
    for log in receipt.logs:
        if log["address"] == contracts.distributor.address and bytes(log["topics"][0]) == topic_of(stopped):
            return receipt, max(1, int(stopped.process_log(log)["args"]["done"]))
    return receipt, len(holders)


def _payouts(contracts: AssetContracts, receipt: Receipt) -> list[Payout]:
    events = {
        topic_of(event): (event, outcome)
        for event, outcome in (
            (contracts.distributor.events.Paid(), Outcome.PAID),
            (contracts.distributor.events.PayHeld(), Outcome.HELD),
            (contracts.distributor.events.PayFailed(), Outcome.FAILED),
        )
    }
    found = []
    for log in receipt.logs:
        if log["address"] != contracts.distributor.address or bytes(log["topics"][0]) not in events:
            continue
        event, outcome = events[bytes(log["topics"][0])]
        args = event.process_log(log)["args"]
        found.append(Payout(args["holder"], Minor(args["amount"]), outcome))
    return found
