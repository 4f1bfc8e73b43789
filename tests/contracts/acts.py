"""What all random acts have in common: the differential test, and how officers and times are drawn."""

from collections.abc import Callable
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition

from tests.contracts.actors import HOLDERS, OFFICERS, STRANGER, signed, with_high_s
from tests.contracts.differential import Differential
from tests.contracts.model.asset import Asset
from tests.contracts.model.gate import MisbehavingGate
from tests.contracts.model.roles import Address, Role
from tests.contracts.model.typed_data import Domain

T = TypeVar("T")
TestFunc = TypeVar("TestFunc", bound=Callable[..., object])
# How often an act that can't succeed now is tried all the same: every so many steps.
TRIED_ANYWAY = 12
FLAWS = ("few", "twice", "unsorted", "stranger", "other_message", "high_s", "cut")


def one_of(*choices: T) -> st.SearchStrategy[T]:
    """One of these; the first is the simplest."""
    return st.sampled_from(choices)


def mostly(usual: T, *others: T) -> st.SearchStrategy[T]:
    """Three times in four the usual."""
    return st.sampled_from([usual] * 3 * len(others) + list(others))


def by(role: Role) -> st.SearchStrategy[Address]:
    """Mostly who has the role."""
    return mostly(OFFICERS[role], STRANGER, HOLDERS[0], OFFICERS[Role.ADMIN])


def when(worthwhile: Callable[[Asset], object]) -> Callable[[TestFunc], TestFunc]:
    """An act that is mostly left alone while the model says that it can't succeed."""
    return precondition(lambda self: self.steps % TRIED_ANYWAY == 0 or bool(worthwhile(self.model)))


class Acts(RuleBasedStateMachine):
    """Rules are added by nouns; see test_model_and_contracts.py."""

    differential: Differential
    misbehaving_gate: MisbehavingGate
    nothing: MisbehavingGate
    steps = 0

    @property
    def model(self) -> Asset:
        """The model; a rule reads it to know what would be legal."""
        return self.differential.model

    @property
    def now(self) -> int:
        """Unix seconds."""
        return self.model.clock.now

    def next_period(self) -> int:
        """The first period that nobody declared anything for."""
        return self.model.declarations.declarations_end()

    def wait_until(self, now: int) -> None:
        """Both move on, unix seconds; never back."""
        self.differential.wait_until(now)

    def quorum(self, domain: Domain, hashed_struct: bytes, flaw: str | None = None) -> list[bytes]:
        """Signatures of a quorum of the set in force, or something that must be refused."""
        in_force = self.model.declarations.signer_set()
        signers = list(in_force.signers[: in_force.threshold])
        message = hashed_struct if flaw != "other_message" else bytes(31) + b"\1"
        if flaw == "few":
            signers = signers[:-1]
        if flaw == "twice":
            signers = [signers[0], *signers]
        if flaw == "unsorted":
            signers = [*signers[1:], signers[0]]
        if flaw == "stranger":
            signers = sorted([*signers[1:], STRANGER])
        made = [signed(signer, domain.separator, message) for signer in signers]
        if made and flaw == "high_s":
            made[-1] = with_high_s(made[-1])
        if made and flaw == "cut":
            made[0] = made[0][:64]
        return made
