"""The keeper: pushes payouts to the holders who are owed something.

Any account may be the keeper; the contract alone decides who is paid.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from web3.contract.contract import ContractEvent
from web3.types import LogReceipt

from evidence.units import Minor
from oracle.chain.contracts import AssetOnChain, topic_of
from oracle.chain.transaction import Receipt
from oracle.core.holders.holder_register import NOBODY
from oracle.errors import ChainRefused
from oracle.ledger.reader import LedgerReader

PAGE = 100
# Gas of one push: the contract wants its PUSH_LEAST left before each holder, a payment itself needs about 60,000 the first time, and
# every tranche that a holder has not settled yet a few thousand more. What is not used is not paid.
_GAS_ONCE = 60_000
_GAS_PER_HOLDER = 120_000
_GAS_PER_TRANCHE = 10_000
_GAS_MAX = 15_000_000
# The errors of `IRecipients` and `IGateWatch` that a claim ends with where the holder may not be paid now.
_MAY_NOT_BE_PAID = ("PayoutFrozen(", "HolderNotAllowed(", "GateFails(")


class Outcome(StrEnum):
    """What became of one holder's payout."""

    PAID = "paid"
    HELD = "held"  # the gate does not allow the holder now, or the payout is frozen
    FAILED = "failed"  # the token refused


@dataclass(frozen=True, slots=True)
class Payout:
    """One holder of a push; an amount that is held or failed stays owed."""

    holder: str
    amount: Minor
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Push:
    """One keeper run.

    Attributes:
        up_to: it paid from the tranches below.
        payouts: what each holder got.
        receipts: the transactions that did it.
        halted: why the run ended before the last holder; empty when it did not. The remaining holders keep what they are owed.
    """

    up_to: int
    payouts: tuple[Payout, ...]
    receipts: tuple[Receipt, ...]
    halted: str = ""


def known_holders(reader: LedgerReader) -> list[str]:
    """Every address that received shares, or is the heir of a lost wallet, by the followed events, rising.

    Correctness never depends on this list: a holder who is missing from it is paid by the next run, or claims.
    """
    received = {json.loads(event.args)["to"] for event in reader.chain.every_event(contract="share", name="Transfer")}
    inherited = {
        json.loads(event.args)["heir"]
        for event in reader.chain.every_event(contract="distributor", name="RedirectExecuted")
    }
    return sorted((received | inherited) - {NOBODY})


def push_due(
    on_chain: AssetOnChain,
    keeper: LocalAccount,
    reader: LedgerReader,
    *,
    skip: Collection[str] = (),
    page: int = PAGE,
) -> Push:
    """Pay every known holder who is owed something and may be paid now.

    Args:
        on_chain: whose contracts, and on which chain.
        keeper: pays the gas.
        reader: the ledger that knows the holders.
        skip: holders who would rather pull themselves.
        page: holders in one transaction, at most 100.

    Raises:
        ChainRefused, ChainUnreachable: as `Chain.transact`; who was paid stays paid, and a second run pays only the rest.
    """
    if not 1 <= page <= PAGE:
        raise ValueError(f"{page} holders in one push, between 1 and {PAGE} allowed")
    up_to = int(on_chain.chain.read(on_chain.contracts.distributor.functions.trancheCount()))
    passed_over = {to_checksum_address(holder) for holder in skip}
    due = [holder for holder in known_holders(reader) if holder not in passed_over and _is_due(on_chain, holder, up_to)]
    payouts: list[Payout] = []
    receipts: list[Receipt] = []
    while due:
        receipt, done = _push_page(on_chain, keeper, due[:page], up_to)
        if receipt is not None:
            receipts.append(receipt)
            payouts += _payouts(on_chain, receipt)
        due = due[done:]
        if receipt is None or done == 0 or _halted(on_chain, receipt):
            return Push(
                up_to,
                tuple(payouts),
                tuple(receipts),
                halted=f"the payment token pays nobody now; {len(due)} holders keep what they are owed",
            )
    return Push(up_to, tuple(payouts), tuple(receipts))


def _is_due(on_chain: AssetOnChain, holder: str, up_to: int) -> bool:
    distributor = on_chain.contracts.distributor.functions
    if not on_chain.chain.read(distributor.owed(holder, up_to), action=f"what {holder} is owed"):
        return False
    try:
        # The contract alone knows who may be paid: gate, its failures, freezes, another payout address, a lost wallet.
        on_chain.chain.read(distributor.claim(up_to), action=f"whether {holder} may be paid", sender=holder)
    except ChainRefused as refused:
        # Pushing to such a holder pays nobody and costs gas.
        if refused.reason.startswith(_MAY_NOT_BE_PAID):
            return False
        # What the token refuses is left to the push, which tells one holder from all, but once for each tranche: it moved the cursor.
        return int(on_chain.chain.read(distributor.cursorOf(holder))) < up_to
    return True


def _push_page(
    on_chain: AssetOnChain, keeper: LocalAccount, holders: Sequence[str], up_to: int
) -> tuple[Receipt | None, int]:
    """Push to one page.

    Returns:
        The receipt, and how many holders the contract dealt with before the gas ran short or the token failed. No receipt when the
        simulation pays no holder: then nothing was sent.
    """
    least = int(on_chain.chain.read(on_chain.contracts.distributor.functions.PUSH_LEAST()))
    gas = min(least + _GAS_ONCE + len(holders) * (_GAS_PER_HOLDER + up_to * _GAS_PER_TRANCHE), _GAS_MAX)
    call = on_chain.contracts.distributor.functions.push(list(holders), up_to)
    action = f"push to {len(holders)} holders"
    prepared = on_chain.chain.prepare(keeper, call, action=action, gas=gas)
    if int.from_bytes(prepared.returned, "big") == 0:
        return None, 0
    on_chain.chain.send(prepared.raw, action=action)
    receipt = on_chain.chain.wait(prepared.tx_hash, action=action, returned=prepared.returned)
    for event in (
        on_chain.contracts.distributor.events.PushStopped(),
        on_chain.contracts.distributor.events.PushHalted(),
    ):
        for log in _logs_of(event, on_chain, receipt):
            return receipt, int(event.process_log(log)["args"]["done"])
    return receipt, len(holders)


def _halted(on_chain: AssetOnChain, receipt: Receipt) -> bool:
    return bool(_logs_of(on_chain.contracts.distributor.events.PushHalted(), on_chain, receipt))


def _logs_of(event: ContractEvent, on_chain: AssetOnChain, receipt: Receipt) -> list[LogReceipt]:
    return [
        log
        for log in receipt.logs
        if log["address"] == on_chain.contracts.distributor.address and bytes(log["topics"][0]) == topic_of(event)
    ]


def _payouts(on_chain: AssetOnChain, receipt: Receipt) -> list[Payout]:
    events = {
        topic_of(event): (event, outcome)
        for event, outcome in (
            (on_chain.contracts.distributor.events.Paid(), Outcome.PAID),
            (on_chain.contracts.distributor.events.PayHeld(), Outcome.HELD),
            (on_chain.contracts.distributor.events.PayFailed(), Outcome.FAILED),
        )
    }
    found = []
    for log in receipt.logs:
        if log["address"] != on_chain.contracts.distributor.address or bytes(log["topics"][0]) not in events:
            continue
        event, outcome = events[bytes(log["topics"][0])]
        args = event.process_log(log)["args"]
        found.append(Payout(args["holder"], Minor(args["amount"]), outcome))
    return found
