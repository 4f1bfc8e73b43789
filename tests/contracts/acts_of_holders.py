"""Shares move, are made, frozen and taken."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.contracts.actors import EVERYBODY, HOLDERS, OFFICERS, SHAREHOLDERS, STRANGER
from tests.contracts.acts import Acts, by, mostly, one_of
from tests.contracts.model.roles import Address, Role
from tests.contracts.model.shares import MOST_96_BITS, UNLIMITED

shareholders = st.sampled_from(SHAREHOLDERS)
receivers = st.sampled_from([*SHAREHOLDERS, *SHAREHOLDERS, *EVERYBODY])
REASON = b"order of the court".ljust(32, b"\0")


class ActsOfHolders(Acts):
    """Rules of shares."""

    def _some_of(self, holder: Address, part: int) -> int:
        """Of what `holder` has: nothing, some hundredths, all, or one more."""
        held = self.model.share.balance_of(holder)
        return held + 1 if part > 100 else held * part // 100

    @rule(sender=shareholders, to=receivers, part=st.integers(0, 101))
    def transfer(self, sender: Address, to: Address, part: int) -> None:
        self.differential.both("share", "transfer", sender, to, self._some_of(sender, part))

    @rule(owner=shareholders, to=receivers, part=st.integers(0, 101), allowed=one_of(-1, 0, 1, UNLIMITED))
    def transfer_for_somebody(self, owner: Address, to: Address, part: int, allowed: int) -> None:
        amount = self._some_of(owner, part)
        spender = HOLDERS[1]
        if allowed != UNLIMITED:
            allowed = max(0, amount + allowed)
        self.differential.both("share", "approve", owner, spender, allowed)
        self.differential.both("share", "transferFrom", spender, owner, to, amount)

    @rule(caller=by(Role.ISSUER), to=receivers, amount=mostly(500, 0, 1, 77, MOST_96_BITS))
    def mint(self, caller: Address, to: Address, amount: int) -> None:
        self.differential.both("share", "mint", caller, to, amount)

    @rule(caller=by(Role.ISSUER), part=st.integers(0, 101))
    def burn(self, caller: Address, part: int) -> None:
        self.differential.both("share", "burn", caller, self._some_of(caller, part))

    @rule(caller=by(Role.COMPLIANCE), holder=shareholders, part=one_of(0, 30, 100, 101))
    def freeze(self, caller: Address, holder: Address, part: int) -> None:
        self.differential.both("share", "setFrozenTokens", caller, holder, self._some_of(holder, part))

    @rule(amount=one_of(MOST_96_BITS, MOST_96_BITS + 1), holder=st.sampled_from(EVERYBODY))
    def freeze_whatever_comes(self, amount: int, holder: Address) -> None:
        self.differential.both("share", "setFrozenTokens", OFFICERS[Role.COMPLIANCE], holder, amount)

    @rule(
        caller=by(Role.ENFORCER),
        owner=shareholders,
        to=receivers,
        part=st.integers(0, 101),
        reason=mostly(REASON, bytes(32)),
    )
    def take_by_force(self, caller: Address, owner: Address, to: Address, part: int, reason: bytes) -> None:
        amount = self._some_of(owner, part)
        self.differential.both(
            "share",
            "forcedTransfer(address,address,uint256,bytes32)",
            caller,
            owner,
            to,
            amount,
            reason,
            model=lambda: self.model.share.forced_transfer(caller, owner, to, amount, reason),
        )

    @rule(caller=by(Role.ADMIN), owner=shareholders, to=receivers, part=st.integers(0, 101))
    def take_by_force_without_a_reason(self, caller: Address, owner: Address, to: Address, part: int) -> None:
        amount = self._some_of(owner, part)
        self.differential.both(
            "share",
            "forcedTransfer(address,address,uint256)",
            caller,
            owner,
            to,
            amount,
            model=lambda: self.model.share.forced_transfer_standard(caller, owner, to, amount),
        )

    @rule(caller=by(Role.COMPLIANCE), who=st.sampled_from([*EVERYBODY, STRANGER]), allowed=mostly(True, False))
    def allow(self, caller: Address, who: Address, allowed: bool) -> None:
        self.differential.both("gate", "setAllowed", caller, [who, HOLDERS[0]] if allowed else [who], allowed)
