"""The money: a stablecoin that may keep a fee, refuse somebody, or stand still."""

from dataclasses import dataclass

from tests.contracts.model.refusal import Refused
from tests.contracts.model.roles import Address
from tests.contracts.model.shares import ERC20InsufficientAllowance, ERC20InsufficientBalance

FEE_WHOLE = 10_000


class PaymentRefused(Refused):
    """The token does not pay."""


@dataclass(eq=False)
class Blacklisted(PaymentRefused):
    """The token neither pays nor is paid by this account."""

    account: Address


class Paused(PaymentRefused):
    """Nothing moves."""


class PaymentToken:
    """Balances in base units. `fee_parts` of 10,000 of every transfer are burnt."""

    def __init__(self) -> None:
        self.balances: dict[Address, int] = {}
        self.allowances: dict[tuple[Address, Address], int] = {}
        self.blacklist: set[Address] = set()
        self.fee_parts = 0
        self.paused = False

    def balance_of(self, account: Address) -> int:
        """Base units."""
        return self.balances.get(account, 0)

    def mint(self, _caller: Address, to: Address, amount: int) -> None:
        """Creates money."""
        self.balances[to] = self.balance_of(to) + amount

    def approve(self, caller: Address, spender: Address, amount: int) -> None:
        """Lets `spender` move the caller's money."""
        self.allowances[caller, spender] = amount

    def set_blacklisted(self, _caller: Address, account: Address, to: bool) -> None:
        """Refuses an account, or no longer."""
        self.blacklist = self.blacklist | {account} if to else self.blacklist - {account}

    def set_paused(self, _caller: Address, to: bool) -> None:
        """Stands still, or no longer."""
        self.paused = to

    def set_fee(self, _caller: Address, parts: int) -> None:
        """Keeps `parts` of 10,000."""
        self.fee_parts = parts

    def transfer(self, sender: Address, to: Address, amount: int) -> None:
        """Moves money of the sender."""
        arriving = self.arriving(sender, to, amount)
        self.balances[sender] = self.balance_of(sender) - amount
        self.balances[to] = self.balance_of(to) + arriving

    def transfer_from(self, caller: Address, owner: Address, to: Address, amount: int) -> None:
        """Moves money of somebody who approved it."""
        self.arriving_from(caller, owner, to, amount)
        self.transfer(owner, to, amount)
        self.allowances[owner, caller] = self.allowances.get((owner, caller), 0) - amount

    def arriving(self, sender: Address, to: Address, amount: int) -> int:
        """What a transfer would bring."""
        if self.paused:
            raise Paused
        for account in (sender, to):
            if account in self.blacklist:
                raise Blacklisted(account)
        if amount > self.balance_of(sender):
            raise ERC20InsufficientBalance(sender, self.balance_of(sender), amount)
        return amount - amount * self.fee_parts // FEE_WHOLE

    def arriving_from(self, caller: Address, owner: Address, to: Address, amount: int) -> int:
        """What a transfer by somebody else would bring."""
        allowed = self.allowances.get((owner, caller), 0)
        if amount > allowed:
            raise ERC20InsufficientAllowance(caller, allowed, amount)
        return self.arriving(owner, to, amount)

    def is_alive(self, account: Address) -> bool:
        """Whether `account` can move nothing to itself."""
        return not self.paused and account not in self.blacklist
