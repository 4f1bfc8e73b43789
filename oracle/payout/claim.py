"""A holder's act: take what is owed."""

from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from evidence.units import Minor
from oracle.chain.contracts import AssetOnChain
from oracle.chain.transaction import Receipt


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim: base units paid, the tranches below `up_to` settled; no receipt where nothing was owed and nothing was sent."""

    holder: str
    amount: Minor
    up_to: int
    receipt: Receipt | None


def owed(on_chain: AssetOnChain, holder: str) -> Minor:
    """Base units that the distributor owes `holder` from all tranches so far."""
    distributor = on_chain.contracts.distributor
    count = on_chain.chain.read(distributor.functions.trancheCount())
    return Minor(on_chain.chain.read(distributor.functions.owed(holder, count), action=f"what {holder} is owed"))


def claim(on_chain: AssetOnChain, holder: LocalAccount, *, up_to: int | None = None) -> Claimed:
    """Pay the holder everything owed from the tranches below `up_to` (default: all).

    Raises:
        ChainRefused: the gate does not allow the holder, or the token refuses; nothing is lost, what is owed stays owed.
        ChainUnreachable: no answer; claiming again never pays twice.
    """
    distributor = on_chain.contracts.distributor
    count = up_to if up_to is not None else int(on_chain.chain.read(distributor.functions.trancheCount()))
    amount = on_chain.chain.read(
        distributor.functions.owed(holder.address, count), action=f"what {holder.address} is owed"
    )
    if amount == 0:
        return Claimed(holder.address, Minor(0), count, None)
    receipt = on_chain.chain.transact(holder, distributor.functions.claim(count), action=f"claim for {holder.address}")
    paid = sum(
        distributor.events.Paid().process_log(log)["args"]["amount"]
        for log in receipt.logs
        if log["address"] == distributor.address
    )
    return Claimed(holder.address, Minor(paid), count, receipt)
