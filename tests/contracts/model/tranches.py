"""Money that came in, and whose it is: reckoned holder by holder, in full, at the moment it comes."""

from collections.abc import Mapping
from dataclasses import dataclass

from tests.contracts.model.refusal import Refused
from tests.contracts.model.roles import Address

X96 = 2**96


@dataclass(eq=False)
class UpToTooLarge(Refused):
    """There are not so many tranches."""

    up_to: int
    count: int


@dataclass(frozen=True)
class Tranche:
    """What one funding brought.

    Attributes:
        period: What it is for.
        received: Base units.
        per_share_day_x96: Base units times 2^96.
        credits_x96: Whose it is: holder -> base units times 2^96. With the carry it is all there is.
    """

    period: int
    received: int
    per_share_day_x96: int
    credits_x96: Mapping[Address, int]


@dataclass(frozen=True)
class Inheritance:
    """What a lost wallet handed to its heir in one settlement, in base units times 2^96."""

    lost: Address
    heir: Address
    amount_x96: int


@dataclass(frozen=True)
class Payment:
    """Base units that left for what `holder` was owed."""

    holder: Address
    to: Address
    amount: int


class Books:
    """Every tranche, inheritance and payment there ever was; whatever is owed is a sum over them."""

    def __init__(self) -> None:
        self.tranches: list[Tranche] = []
        self.inheritances: list[Inheritance] = []
        self.payments: list[Payment] = []
        self.carry_x96 = 0
        self.settled: dict[Address, int] = {}

    def fund(self, period: int, received: int, share_days: Mapping[Address, int]) -> None:
        """Shares `received` and what was left over before, by share-days; what the division leaves over is carried."""
        total = sum(share_days.values())
        per_share_day_x96, self.carry_x96 = divmod(received * X96 + self.carry_x96, total)
        credits_x96 = {holder: days * per_share_day_x96 for holder, days in share_days.items()}
        self.tranches.append(Tranche(period, received, per_share_day_x96, credits_x96))

    def credit_x96(self, holder: Address, up_to: int) -> int:
        """What `holder` is owed from the tranches below `up_to`, and from those that are settled already."""
        self.require_tranches(up_to)
        counted = self.tranches[: max(up_to, self.settled_below(holder))]
        earned = sum(tranche.credits_x96.get(holder, 0) for tranche in counted)
        inherited = sum(passed.amount_x96 for passed in self.inheritances if passed.heir == holder)
        handed_on = sum(passed.amount_x96 for passed in self.inheritances if passed.lost == holder)
        paid = sum(payment.amount for payment in self.payments if payment.holder == holder)
        return earned + inherited - handed_on - paid * X96

    def require_tranches(self, up_to: int) -> None:
        """There are as many."""
        if up_to > len(self.tranches):
            raise UpToTooLarge(up_to, len(self.tranches))

    def settled_below(self, holder: Address) -> int:
        """The tranches below this one are settled for `holder`."""
        return self.settled.get(holder, 0)

    def settle(self, holder: Address, up_to: int) -> None:
        """The tranches below `up_to` are settled, and never again."""
        self.settled[holder] = max(up_to, self.settled_below(holder))

    def funded(self, period: int | None = None) -> int:
        """Base units received for a period, or for all."""
        return sum(tranche.received for tranche in self.tranches if period in (None, tranche.period))

    def paid(self) -> int:
        """Base units that left."""
        return sum(payment.amount for payment in self.payments)
