"""Who can be paid now, and where: freezes, payout addresses, and a gate that has to answer within thirty days."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.contracts.model.clock import DAY_S, Clock
from tests.contracts.model.gate import MAX_HOLDERS, Answer, Gate, GateUnchanged, NoContract, TooManyHolders
from tests.contracts.model.refusal import Refused
from tests.contracts.model.roles import NOBODY, Address, Authority, Pausable, Role, selector_of

GATE_GRACE_S = 30 * DAY_S
SET_PAYOUT_FROZEN = "setPayoutFrozen(address[],bool)"


@dataclass(eq=False)
class PayoutAddressInvalid(Refused):
    """Money sent there would belong to nobody."""

    to: Address


@dataclass(eq=False)
class PayoutFrozen(Refused):
    """Compliance holds the payouts of this holder back."""

    holder: Address


@dataclass(eq=False)
class HolderNotAllowed(Refused):
    """The gate says no."""

    holder: Address


@dataclass(eq=False)
class GateFails(Refused):
    """The gate says nothing; it no longer counts from `grace_ends_at` on (unix seconds; 0 if nobody noted the failure)."""

    holder: Address
    grace_ends_at: int


class Recipients(Pausable):
    """What stands in the way of payments.

    Attributes:
        address: Of the distributor.
        gate: Whom to ask.
        gate_failures: Holder -> since when the gate was seen to fail and not to answer, unix seconds.
        payout_addresses: Holder -> where it is paid, if elsewhere.
        payouts_frozen: Holders whose payouts wait.
    """

    def __init__(self, authority: Authority, clock: Clock, address: Address, gate: Gate) -> None:
        super().__init__(authority, clock)
        self.address = address
        self.gate = gate
        self.gate_failures: dict[Address, int] = {}
        self.payout_addresses: dict[Address, Address] = {}
        self.payouts_frozen: frozenset[Address] = frozenset()

    def set_payout_address(self, caller: Address, to: Address) -> None:
        """Has the caller paid elsewhere; nobody means to itself."""
        if to == self.address:
            raise PayoutAddressInvalid(to)
        self.payout_addresses[caller] = to

    def set_payout_frozen(self, caller: Address, holders: Sequence[Address], frozen: bool) -> None:
        """Holds the payouts of `holders` back, or no longer."""
        self._restrict(caller, Role.COMPLIANCE, SET_PAYOUT_FROZEN)
        if len(holders) > MAX_HOLDERS:
            raise TooManyHolders(len(holders), MAX_HOLDERS)
        known = self.payouts_frozen
        self.payouts_frozen = known.union(holders) if frozen else known.difference(holders)

    def set_gate(self, caller: Address, gate: Gate) -> None:
        """Asks another gate from now on; the failures of the old one are forgotten."""
        self._restrict(caller, Role.ADMIN, "setGate(address)")
        if gate is self.gate:
            raise GateUnchanged(gate.address)
        if not gate.exists:
            raise NoContract(gate.address)
        self.gate = gate
        self.gate_failures = {}

    def note_gate(self, _caller: Address, holder: Address) -> None:
        """Remembers since when the gate fails for `holder`, or forgets it when it answers."""
        if self.gate.answer(holder) is Answer.FAILS:
            self.gate_failures.setdefault(holder, self.clock.now)
        else:
            self.gate_failures.pop(holder, None)

    def payout_address_of(self, holder: Address) -> Address:
        """Where `holder` is paid."""
        to = self.payout_addresses.get(holder, NOBODY)
        return holder if to == NOBODY else to

    def is_payout_frozen(self, holder: Address) -> bool:
        """Whether payouts wait; no freeze outlives the power to lift it."""
        return holder in self.payouts_frozen and selector_of(SET_PAYOUT_FROZEN) not in self.abdicated

    def gate_grace_ends_at(self, holder: Address) -> int:
        """When the failure noted for `holder` opens the way past the gate, unix seconds; 0 if none is noted."""
        since = self.gate_failures.get(holder)
        return 0 if since is None else since + GATE_GRACE_S

    def _require_payable(self, holder: Address) -> Address:
        """Where `holder` is paid; both have to be free."""
        to = self.payout_address_of(holder)
        self._require_free(holder)
        if to != holder:
            self._require_free(to)
        return to

    def _require_free(self, who: Address) -> None:
        if self.is_payout_frozen(who):
            raise PayoutFrozen(who)
        answer = self.gate.answer(who)
        if answer is Answer.REFUSES:
            raise HolderNotAllowed(who)
        grace_ends_at = self.gate_grace_ends_at(who)
        if answer is Answer.FAILS and not 0 < grace_ends_at <= self.clock.now:
            raise GateFails(who, grace_ends_at)

    def _gate_answered(self, holder: Address) -> None:
        """A settlement that asked the gate about `holder` and got an answer forgets the failure."""
        if not self.is_payout_frozen(holder) and self.gate.answer(holder) is not Answer.FAILS:
            self.gate_failures.pop(holder, None)
