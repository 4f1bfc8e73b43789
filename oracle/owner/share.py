"""The issuer's acts: who may hold, creating shares, moving them."""

from collections.abc import Sequence

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from oracle.chain.contracts import AssetOnChain
from oracle.chain.steps import Steps
from oracle.chain.transaction import Receipt


def allow(on_chain: AssetOnChain, compliance: LocalAccount, holders: Sequence[str], *, allowed: bool = True) -> Receipt:
    """Put up to 256 holders on the gate's list, or take them off it; errors as `Chain.transact`."""
    gate = on_chain.contracts.gate
    call = gate.functions.setAllowed([to_checksum_address(holder) for holder in holders], allowed)
    return on_chain.chain.transact(compliance, call, action="allow holders" if allowed else "take holders off the list")


def mint(
    on_chain: AssetOnChain,
    issuer: LocalAccount,
    to: str,
    shares: int,
    *,
    steps: Steps | None = None,
    confirmations: int = 0,
) -> Receipt:
    """Create shares, once for the same `steps`, and wait for `confirmations` blocks on top; errors as `Steps.transact`."""
    share = on_chain.contracts.share
    steps = steps or Steps(on_chain.chain, issuer)
    steps.transact(
        "mint", lambda: share.functions.mint(to_checksum_address(to), shares), action=f"mint {shares} shares to {to}"
    )
    steps.confirm(confirmations)
    return steps.receipts[-1]


def transfer(on_chain: AssetOnChain, holder: LocalAccount, to: str, shares: int) -> Receipt:
    """Move shares; the new holder earns from today's settlement day on. Errors as `Chain.transact`."""
    share = on_chain.contracts.share
    return on_chain.chain.transact(
        holder, share.functions.transfer(to_checksum_address(to), shares), action=f"transfer {shares} shares to {to}"
    )
