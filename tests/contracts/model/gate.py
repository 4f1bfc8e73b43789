"""Who may hold shares and be paid, and gates that don't say."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Protocol

from tests.contracts.model.refusal import Refused
from tests.contracts.model.roles import NOBODY, Address, Authority, Role

MAX_HOLDERS = 256


@dataclass(eq=False)
class TooManyHolders(Refused):
    """More holders in one call than it takes."""

    got: int
    most: int


@dataclass(eq=False)
class NoContract(Refused):
    """There is no contract at this address."""

    account: Address


@dataclass(eq=False)
class GateUnchanged(Refused):
    """This gate is the one in force."""

    gate: Address


class ZeroAddress(Refused):
    """Nobody is meant."""


class Answer(Enum):
    """What a gate says of somebody. It fails when it reverts, eats its gas, or answers neither yes nor no."""

    ALLOWS = auto()
    REFUSES = auto()
    FAILS = auto()


class Gate(Protocol):
    """What may be set as the gate of a contract.

    Attributes:
        address: Where it stands.
        exists: Whether there is code.
    """

    address: Address
    exists: bool

    def answer(self, holder: Address) -> Answer:
        """What the gate says of `holder`."""


class InvestorGate:
    """The allow-list of one asset."""

    exists = True

    def __init__(self, authority: Authority, address: Address) -> None:
        self.authority = authority
        self.address = address
        self.allowed: frozenset[Address] = frozenset()

    def set_allowed(self, caller: Address, holders: Sequence[Address], allowed: bool) -> None:
        """Allows or disallows each of `holders`."""
        self.authority.require(Role.COMPLIANCE, caller)
        if len(holders) > MAX_HOLDERS:
            raise TooManyHolders(len(holders), MAX_HOLDERS)
        if NOBODY in holders:
            raise ZeroAddress
        self.allowed = self.allowed.union(holders) if allowed else self.allowed.difference(holders)

    def answer(self, holder: Address) -> Answer:
        """Yes or no."""
        return Answer.ALLOWS if holder in self.allowed else Answer.REFUSES


@dataclass(eq=False)
class MisbehavingGate:
    """A gate that answers the same for everybody, and not always. A test sets `behaviour`."""

    address: Address
    behaviour: Answer = Answer.FAILS
    exists: bool = True

    def answer(self, holder: Address) -> Answer:
        """The answer that the test has set."""
        return self.behaviour
