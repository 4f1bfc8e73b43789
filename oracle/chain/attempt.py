"""One signed attempt at a write.

It is looked up on the chain before it is sent again, and replaced by a dearer one when its fee is too low.

To send again is to send the *same bytes*: a chain takes one transaction at most once. When the bytes offer too little for gas, dearer bytes
with the same nonce replace them, and a chain takes at most one of the two. The caller makes every attempt durable before it is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import cast

from eth_account.signers.local import LocalAccount

from oracle.chain.client import Chain
from oracle.chain.transaction import Call, Fees, Prepared, Receipt
from oracle.errors import ChainConflict, ChainRefused

STUCK_BLOCKS = 5  # so many blocks went by without it: it offers too little, or the node has lost it
REPLACEMENTS_MAX = 16  # each offers a quarter more: forty times the first fee, then a person must look


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Signed bytes of one write.

    Attributes:
        tx_hash: 0x-prefixed hex.
        raw: the signed bytes.
        nonce: the sender's.
        fees: what they offer for gas.
        signed_at: number of the latest block when they were signed.
        resent: whether the bytes were sent again after a long time; `signed_at` is then the block of that moment.
        earlier: hashes of the attempts that this one replaces, oldest first; any one of them may still be mined instead.
    """

    tx_hash: str
    raw: bytes = field(repr=False)
    nonce: int
    fees: Fees
    signed_at: int
    resent: bool = False
    earlier: tuple[str, ...] = ()

    def facts(self) -> dict[str, object]:
        """As JSON-able values."""
        return {
            "raw": self.raw.hex(),
            "tx_hash": self.tx_hash,
            "nonce": self.nonce,
            "fee": str(self.fees.most),
            "tip": None if self.fees.tip is None else str(self.fees.tip),
            "signed_at": self.signed_at,
            "resent": self.resent,
            "earlier": list(self.earlier),
        }

    @classmethod
    def of_facts(cls, found: dict[str, object]) -> "Attempt":
        """What `facts` wrote.

        Raises:
            ValueError: it did not.
        """
        try:
            tip = found["tip"]
            return cls(
                tx_hash=str(found["tx_hash"]),
                raw=bytes.fromhex(str(found["raw"])),
                nonce=int(str(found["nonce"])),
                fees=Fees(int(str(found["fee"])), None if tip is None else int(str(tip))),
                signed_at=int(str(found["signed_at"])),
                resent=found["resent"] is True,
                earlier=tuple(str(one) for one in cast("list[object]", found["earlier"])),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not a signed attempt: {error}") from None


def sign(chain: Chain, account: LocalAccount, call: Call, *, action: str) -> Attempt:
    """Simulate and sign a first attempt; nothing is sent. Errors as `Chain.transact`."""
    at = chain.block_number()
    return _attempt(chain.prepare(account, call, action=action), at, ())


def mined(chain: Chain, attempt: Attempt, *, action: str) -> Receipt | None:
    """The receipt of the transaction of this attempt that was mined.

    None when none was mined, or when the mined one reverted: then the nonce is used up.
    """
    for tx_hash in (attempt.tx_hash, *reversed(attempt.earlier)):
        try:
            receipt = chain.receipt(tx_hash, action=action)
        except ChainRefused:
            continue
        if receipt is not None:
            return receipt
    return None


def resend_or_replace(
    chain: Chain,
    account: LocalAccount,
    attempt: Attempt,
    call: Callable[[], Call],
    keep: Callable[[Attempt], None],
    *,
    action: str,
) -> Attempt | None:
    """Send an unmined attempt again: the same bytes, or dearer ones with the same nonce where it is stuck.

    Args:
        chain: where.
        account: the signer of the attempt.
        attempt: signed bytes that are not mined.
        call: makes the contract call anew.
        keep: makes an attempt durable; called before new bytes are sent.
        action: for messages.

    Returns:
        The attempt to wait for now; None when the nonce was used, by these bytes or by others.

    Raises:
        ChainRefused: the simulation, or the node, says no.
        ChainConflict: it was outbid `REPLACEMENTS_MAX` times already.
    """
    if chain.next_nonce(account.address) > attempt.nonce:
        return None
    # The nonce is unused: these bytes never arrived, were lost in a reorganisation, or wait to be mined. To send them again mends all
    # three.
    taken = chain.send(attempt.raw, action=action)
    head = chain.block_number()
    if head < attempt.signed_at + STUCK_BLOCKS:
        return attempt
    if taken and not attempt.resent:
        # The node had lost them and has them again: they get their blocks' time once more.
        renewed = replace(attempt, signed_at=head, resent=True)
        keep(renewed)
        return renewed
    next_nonce = chain.next_nonce(account.address)
    if next_nonce > attempt.nonce:
        return None
    if len(attempt.earlier) >= REPLACEMENTS_MAX:
        raise ChainConflict(
            f"{action}: outbid {REPLACEMENTS_MAX} times, and {attempt.tx_hash} with nonce {attempt.nonce} is still not mined at"
            f" {attempt.fees.most} wei per gas: a person must look at the node and the account"
        )
    # A reorganisation may have freed a nonce below ours, and ours would wait for it for ever. So the new bytes take the free nonce.
    prepared = chain.prepare(account, call(), action=action, nonce=next_nonce, above=attempt.fees)
    dearer = _attempt(prepared, head, (*attempt.earlier, attempt.tx_hash))
    keep(dearer)
    # Durable: the dearer bytes, and the hashes of those that they replace.
    chain.send(dearer.raw, action=action)
    return dearer


def _attempt(prepared: Prepared, at: int, earlier: tuple[str, ...]) -> Attempt:
    return Attempt(
        tx_hash=prepared.tx_hash,
        raw=prepared.raw,
        nonce=prepared.nonce,
        fees=prepared.fees,
        signed_at=at,
        earlier=earlier,
    )
