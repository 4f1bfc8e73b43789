"""The issuer's acts: who may hold, creating shares, moving them."""

from collections.abc import Sequence

from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from oracle.asset_file import Deployment
from oracle.chain.client import Chain
from oracle.chain.contracts import contracts_of
from oracle.chain.steps import Steps
from oracle.chain.transaction import Receipt


def allow(
    chain: Chain, deployment: Deployment, compliance: LocalAccount, holders: Sequence[str], *, allowed: bool = True
) -> Receipt:
    """Put up to 256 holders on the gate's list, or take them off it; errors as `Chain.transact`."""
    gate = contracts_of(chain, deployment).gate
    call = gate.functions.setAllowed([to_checksum_address(holder) for holder in holders], allowed)
    return chain.transact(compliance, call, action="allow holders" if allowed else "take holders off the list")


def mint(
    chain: Chain,
    deployment: Deployment,
    issuer: LocalAccount,
    to: str,
    shares: int,
    *,
    steps: Steps | None = None,
    confirmations: int = 0,
) -> Receipt:
    """Create shares, once for the same `steps`, and wait for `confirmations` blocks on top; errors as `Steps.transact`."""
    share = contracts_of(chain, deployment).share
    steps = steps or Steps(chain, issuer)
    steps.transact(
        "mint", lambda: share.functions.mint(to_checksum_address(to), shares), action=f"mint {shares} shares to {to}"
    )
    steps.confirm(confirmations)
    return steps.receipts[-1]


def transfer(chain: Chain, deployment: Deployment, holder: LocalAccount, to: str, shares: int) -> Receipt:
    """Move shares; the new holder earns from today's settlement day on. Errors as `Chain.transact`."""
    share = contracts_of(chain, deployment).share
    return chain.transact(
        holder, share.functions.transfer(to_checksum_address(to), shares), action=f"transfer {shares} shares to {to}"
    )
