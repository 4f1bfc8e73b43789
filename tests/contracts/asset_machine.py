"""The walk of random acts over one asset, twice: once in the model, once on a chain."""

import os
from typing import ClassVar

from hypothesis import HealthCheck, settings
from hypothesis.stateful import initialize, invariant

from tests.contracts.actors import HOLDERS, OFFICERS, SHAREHOLDERS, UNSOLD
from tests.contracts.acts_in_order import ActsInOrder
from tests.contracts.acts_of_money import NOT_A_CONTRACT
from tests.contracts.differential import Differential
from tests.contracts.length import TENTH
from tests.contracts.model.asset import Asset
from tests.contracts.model.gate import Answer, MisbehavingGate
from tests.contracts.model.invariants import check, look
from tests.contracts.model.roles import Role
from tests.contracts.stage import TERMS, Stage

# The same walks on every machine, so that a test may also say where they lead.
DEFAULT = settings(
    max_examples=18,
    stateful_step_count=50,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
# Longer walks, and others every time.
LONG = settings(DEFAULT, max_examples=100, stateful_step_count=80, derandomize=False)
PROFILE = {"default": DEFAULT, "long": settings(LONG, max_examples=10) if TENTH else LONG}[
    os.environ.get("HELIORACLE_PROFILE", "default")
]


class AssetMachine(ActsInOrder):
    """All rules, on one asset that nobody has touched yet.

    Attributes:
        stage: The contracts; whatever happens to them is undone afterwards.
    """

    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.undone = self.stage.evm.undone()
        self.undone.__enter__()
        self.differential = Differential(self.stage, self.create())
        self.before = look(self.model)
        self.misbehaving_gate = MisbehavingGate(self.stage.misbehaving_gate.address, Answer.REFUSES)
        self.nothing = MisbehavingGate(NOT_A_CONTRACT, exists=False)

    def create(self) -> Asset:
        """The model of what stands on the stage."""
        return self.stage.model()

    def teardown(self) -> None:
        """Sets the chain back."""
        self.undone.__exit__(None, None, None)

    @initialize()
    def begin(self) -> None:
        """Holders are allowed and have shares; there are meters, and a log."""
        both = self.differential.both
        both("gate", "setAllowed", OFFICERS[Role.COMPLIANCE], SHAREHOLDERS, True)
        for holder, shares in ((HOLDERS[0], 700), (HOLDERS[1], 299), (UNSOLD, 1_000), (OFFICERS[Role.ISSUER], 3)):
            both("share", "mint", OFFICERS[Role.ISSUER], holder, shares)
        both("registry", "append", OFFICERS[Role.REGISTRAR], TERMS.first_day, b"\1" * 32, 5, 50_000)
        self.anchor_more(3)

    @invariant()
    def the_model_and_the_contracts_agree(self) -> None:
        """On everything; and what always holds does."""
        self.steps += 1
        self.differential.compare()
        self.before = check(self.model, self.before)
