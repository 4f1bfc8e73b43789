"""The shares of one asset: an ERC-20 of whole shares over the holder register, with the powers of ERC-7943."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.contracts.model.clock import Clock
from tests.contracts.model.gate import Answer, Gate, GateUnchanged, NoContract, ZeroAddress
from tests.contracts.model.refusal import Refused
from tests.contracts.model.register import HolderRegister
from tests.contracts.model.roles import NOBODY, Address, Authority, Governed, Role

MOST_96_BITS = 2**96 - 1
UNLIMITED = 2**256 - 1


@dataclass(eq=False)
class ERC20InsufficientBalance(Refused):
    """More than the sender has."""

    sender: Address
    balance: int
    needed: int


@dataclass(eq=False)
class ERC20InsufficientAllowance(Refused):
    """More than the owner lets the spender move."""

    spender: Address
    allowance: int
    needed: int


@dataclass(eq=False)
class ERC20InvalidReceiver(Refused):
    """Nobody receives."""

    receiver: Address


@dataclass(eq=False)
class ERC7943CannotSend(Refused):
    """The gate doesn't let the account send."""

    account: Address


@dataclass(eq=False)
class ERC7943CannotReceive(Refused):
    """The gate doesn't let the account receive."""

    account: Address


@dataclass(eq=False)
class ERC7943CannotTransfer(Refused):
    """A forced transfer that would only unfreeze, or nothing at all."""

    sender: Address
    receiver: Address
    amount: int


@dataclass(eq=False)
class ERC7943InsufficientUnfrozenBalance(Refused):
    """The sender has it, and it is frozen."""

    account: Address
    amount: int
    unfrozen: int


@dataclass(eq=False)
class SupplyTooLarge(Refused):
    """A supply has 96 bits; it can grow by `room`."""

    amount: int
    room: int


@dataclass(eq=False)
class FrozenTooLarge(Refused):
    """More than anybody can ever have."""

    amount: int
    most: int


class ReasonMissing(Refused):
    """A forced transfer needs a reason."""


class AssetShare(Governed):
    """The token.

    Attributes:
        register: Its balances by day: the only place where balances are kept.
        gate: Says who may send and receive; one that fails lets nobody.
        frozen: Holder -> shares that don't move; may be more than the holder has.
        allowances: (owner, spender) -> shares.
    """

    abdicable = frozenset(
        {
            "mint(address,uint256)",
            "forcedTransfer(address,address,uint256,bytes32)",
            "forcedTransfer(address,address,uint256)",
            "setFrozenTokens(address,uint256)",
            "setGate(address)",
        }
    )

    def __init__(self, authority: Authority, clock: Clock, gate: Gate, excluded: Iterable[Address]) -> None:
        super().__init__(authority, clock)
        self.register = HolderRegister(clock, excluded)
        self.gate = gate
        self.frozen: dict[Address, int] = {}
        self.allowances: dict[tuple[Address, Address], int] = {}

    def mint(self, caller: Address, to: Address, amount: int) -> None:
        """Creates shares."""
        self._restrict(caller, Role.ISSUER, "mint(address,uint256)")
        if to == NOBODY:
            raise ERC20InvalidReceiver(to)
        self._require_receiver(to)
        room = MOST_96_BITS - self.register.total_supply()
        if amount > room:
            raise SupplyTooLarge(amount, room)
        self._add(to, amount)

    def burn(self, caller: Address, amount: int) -> None:
        """Destroys shares of the caller's own."""
        self._restrict(caller, Role.ISSUER, "burn(uint256)")
        self._require_sender(caller)
        self._require_unfrozen(caller, amount)
        self._add(caller, -amount)

    def transfer(self, caller: Address, to: Address, amount: int) -> None:
        """Moves shares of the caller."""
        self._move(caller, to, amount)

    def approve(self, caller: Address, spender: Address, amount: int) -> None:
        """Lets `spender` move shares of the caller."""
        self.allowances[caller, spender] = amount

    def transfer_from(self, caller: Address, owner: Address, to: Address, amount: int) -> None:
        """Moves shares of somebody who approved it."""
        allowed = self.allowances.get((owner, caller), 0)
        if allowed < amount:
            raise ERC20InsufficientAllowance(caller, allowed, amount)
        self._move(owner, to, amount)
        if allowed != UNLIMITED:
            self.allowances[owner, caller] = allowed - amount

    def forced_transfer(self, caller: Address, owner: Address, to: Address, amount: int, reason: bytes) -> None:
        """Takes shares by force: unfrozen ones first, then frozen ones, which are no longer frozen."""
        self._restrict(caller, Role.ENFORCER, "forcedTransfer(address,address,uint256,bytes32)")
        if not any(reason):
            raise ReasonMissing
        self._force(owner, to, amount)

    def forced_transfer_standard(self, caller: Address, owner: Address, to: Address, amount: int) -> None:
        """The standard's form, without a reason, is left to the admin."""
        self._restrict(caller, Role.ADMIN, "forcedTransfer(address,address,uint256)")
        self._force(owner, to, amount)

    def set_frozen_tokens(self, caller: Address, account: Address, amount: int) -> None:
        """Freezes `amount`, in place of what was frozen before."""
        self._restrict(caller, Role.COMPLIANCE, "setFrozenTokens(address,uint256)")
        if account == NOBODY:
            raise ZeroAddress
        if amount > MOST_96_BITS:
            raise FrozenTooLarge(amount, MOST_96_BITS)
        self.frozen[account] = amount

    def set_gate(self, caller: Address, gate: Gate) -> None:
        """Puts another gate in the place of the present one."""
        self._restrict(caller, Role.ADMIN, "setGate(address)")
        if gate is self.gate:
            raise GateUnchanged(gate.address)
        if not gate.exists:
            raise NoContract(gate.address)
        self.gate = gate

    def balance_of(self, holder: Address) -> int:
        """Shares of `holder` now."""
        return self.register.balance_of(holder)

    def unfrozen(self, holder: Address) -> int:
        """What `holder` may move."""
        return max(0, self.balance_of(holder) - self.frozen.get(holder, 0))

    def can_transfer(self, sender: Address, to: Address, amount: int) -> bool:
        """Whether the gate lets both, and so much is unfrozen."""
        return amount <= self.unfrozen(sender) and self.allows(sender) and self.allows(to)

    def _move(self, sender: Address, to: Address, amount: int) -> None:
        if to == NOBODY:
            raise ERC20InvalidReceiver(to)
        self._require_sender(sender)
        self._require_receiver(to)
        self._require_unfrozen(sender, amount)
        self._add(sender, -amount)
        self._add(to, amount)

    def _force(self, owner: Address, to: Address, amount: int) -> None:
        if owner == to or amount == 0:
            raise ERC7943CannotTransfer(owner, to, amount)
        if to == NOBODY:
            raise ERC20InvalidReceiver(to)
        self._require_receiver(to)
        self._require_held(owner, amount)
        if amount > self.unfrozen(owner):
            # All that was unfrozen goes, and the rest comes out of the frozen ones.
            self.frozen[owner] -= amount - self.unfrozen(owner)
        self._add(owner, -amount)
        self._add(to, amount)

    def _add(self, holder: Address, amount: int) -> None:
        if amount:
            self.register.set_balance(holder, self.balance_of(holder) + amount)

    def allows(self, account: Address) -> bool:
        """Whether the gate lets `account` send and receive; one that fails doesn't."""
        return self.gate.answer(account) is Answer.ALLOWS

    def _require_sender(self, account: Address) -> None:
        if not self.allows(account):
            raise ERC7943CannotSend(account)

    def _require_receiver(self, account: Address) -> None:
        if not self.allows(account):
            raise ERC7943CannotReceive(account)

    def _require_held(self, holder: Address, amount: int) -> None:
        if amount > self.balance_of(holder):
            raise ERC20InsufficientBalance(holder, self.balance_of(holder), amount)

    def _require_unfrozen(self, holder: Address, amount: int) -> None:
        self._require_held(holder, amount)
        if amount > self.unfrozen(holder):
            raise ERC7943InsufficientUnfrozenBalance(holder, amount, self.unfrozen(holder))
