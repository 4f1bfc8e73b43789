"""Funds, entitlements and payments of one asset."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.contracts.model.clock import Clock
from tests.contracts.model.declarations import RevenueDeclarations
from tests.contracts.model.gate import MAX_HOLDERS, Gate, TooManyHolders
from tests.contracts.model.operators import Operators
from tests.contracts.model.payment_token import PaymentRefused, PaymentToken
from tests.contracts.model.recipients import GateFails, HolderNotAllowed, PayoutFrozen
from tests.contracts.model.redirects import Redirects
from tests.contracts.model.refusal import Refused
from tests.contracts.model.register import HolderRegister
from tests.contracts.model.report import Status
from tests.contracts.model.roles import Address, Authority, Role
from tests.contracts.model.tranches import X96, Books, Inheritance, Payment
from tests.contracts.model.typed_data import Domain

MOST_96_BITS = 2**96 - 1


@dataclass(eq=False)
class PeriodNotFinal(Refused):
    """Money comes against a Final report only."""

    period: int
    status: Status


@dataclass(eq=False)
class FundingZero(Refused):
    """Nothing arrived."""

    period: int


@dataclass(eq=False)
class FundingAboveDistributable(Refused):
    """More than the report still lets be distributed."""

    period: int
    received: int
    room: int


@dataclass(eq=False)
class FundingBelowMinimum(Refused):
    """Neither 1 % of the distributable amount nor all that is missing."""

    period: int
    received: int
    least: int


@dataclass(eq=False)
class NoShareDays(Refused):
    """The money would belong to nobody."""

    period: int


@dataclass(eq=False)
class TotalTooLarge(Refused):
    """All funds together have 96 bits."""

    total: int
    most: int


class RevenueDistributor(Redirects):
    """Where the money is until it is paid."""

    abdicable = frozenset(
        {
            "setGate(address)",
            "proposeRedirect(address,address,bytes32)",
            "setPayoutFrozen(address[],bool)",
            "pause(uint32)",
        }
    )

    def __init__(
        self,
        *,
        authority: Authority,
        clock: Clock,
        address: Address,
        gate: Gate,
        register: HolderRegister,
        declarations: RevenueDeclarations,
        token: PaymentToken,
        domain: Domain,
    ) -> None:
        super().__init__(authority, clock, address, gate)
        self.heirs, self.proposals = {}, {}
        self.register = register
        self.declarations = declarations
        self.token = token
        self.operators = Operators(clock, domain)
        self.books = Books()

    # ---------------------------------------------------------------- what may happen

    def fund(self, caller: Address, period: int, amount: int) -> None:
        """The treasury brings money for a period; what arrives is what counts."""
        self._restrict(caller, Role.TREASURY, "fund(uint32,uint256)")
        self._require_running()
        received = self.token.arriving_from(self.address, caller, self.address, amount)
        self._require_fundable(period, received)
        from_day, to_day = self.declarations.terms.days_of(period)
        share_days = {holder: self.register.share_days(holder, from_day, to_day) for holder in self.register.holders()}
        if not any(share_days.values()):
            raise NoShareDays(period)
        if self.books.funded() + received > MOST_96_BITS:
            raise TotalTooLarge(self.books.funded() + received, MOST_96_BITS)
        self.token.transfer_from(self.address, caller, self.address, amount)
        self.books.fund(period, received, share_days)

    def claim(self, caller: Address, up_to: int) -> int:
        """Pays the caller what it is owed from the tranches below `up_to`; a lost wallet's heir is credited."""
        return self._claim(caller, up_to)

    def claim_for(self, caller: Address, holder: Address, up_to: int) -> int:
        """The same for a holder, by one of its operators."""
        self.operators.require_operator(holder, caller)
        return self._claim(holder, up_to)

    def push(self, _caller: Address, holders: Sequence[Address], up_to: int) -> int:
        """Pays others what they are owed; returns how many were dealt with before the token stood still."""
        if len(holders) > MAX_HOLDERS:
            raise TooManyHolders(len(holders), MAX_HOLDERS)
        self.books.require_tranches(up_to)
        for done, holder in enumerate(holders):
            if not self._push_to(holder, up_to):
                return done
        return len(holders)

    # ---------------------------------------------------------------- what can be asked

    def owed_x96(self, holder: Address, up_to: int) -> int:
        """Base units times 2^96 that `holder` is owed and was not paid."""
        return self.books.credit_x96(holder, up_to)

    def coverage(self, period: int) -> tuple[int, int]:
        """Declared and funded, side by side, in base units."""
        return self.declarations.distributable_of(period), self.books.funded(period)

    def arrears(self, from_period: int, to_period: int) -> int:
        """What Final reports let be distributed and nobody has funded."""
        covered = [self.coverage(period) for period in range(from_period, to_period)]
        return sum(declared - funded for declared, funded in covered)

    # ---------------------------------------------------------------- the rules

    def _require_fundable(self, period: int, received: int) -> None:
        declared, funded = self.coverage(period)
        status = self.declarations.status(period)
        if status is not Status.FINAL:
            raise PeriodNotFinal(period, status)
        if received == 0:
            raise FundingZero(period)
        room = declared - funded
        if received > room:
            raise FundingAboveDistributable(period, received, room)
        least = (declared + 99) // 100
        if received < least and received != room:
            raise FundingBelowMinimum(period, received, least)

    def _claim(self, holder: Address, up_to: int) -> int:
        credit_x96 = self.books.credit_x96(holder, up_to)
        amount = credit_x96 // X96
        if holder in self.heirs:
            self._pass_on(holder, credit_x96)
            amount = 0
        if amount:
            to = self._require_payable(holder)
            self.token.transfer(self.address, to, amount)
            self._gate_answered(holder)
            self.books.payments.append(Payment(holder, to, amount))
        self.books.settle(holder, up_to)
        return amount

    def _push_to(self, holder: Address, up_to: int) -> bool:
        """Pays, credits the heir, or leaves the credit; False, with nothing changed, if it is the token that fails."""
        try:
            self._claim(holder, up_to)
        except PaymentRefused:
            if not self.token.is_alive(self.address):
                return False
        except (PayoutFrozen, HolderNotAllowed, GateFails):
            pass  # held back
        else:
            return True
        self._gate_answered(holder)
        self.books.settle(holder, up_to)
        return True

    def _pass_on(self, lost: Address, credit_x96: int) -> None:
        if credit_x96:
            self.books.inheritances.append(Inheritance(lost, self.heirs[lost], credit_x96))
