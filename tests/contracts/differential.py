"""Differential testing: the same calls to the model and to the contracts, and the same views of both."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from tests.contracts.anvil_evm import Reverted
from tests.contracts.model.asset import Asset
from tests.contracts.model.refusal import Refused
from tests.contracts.stage import Stage
from tests.contracts.views import View, of_span, views


class Disagreement(AssertionError):
    """The contracts do, or say, something else than the model."""


@dataclass(frozen=True)
class Did:
    """An act happened; `answer` is what the function returned, None if the model has nothing to say of it."""

    answer: object


class Differential:
    """One asset twice: as contracts on an EVM (`stage`) and as the Python model.

    Attributes:
        seen: How often which function ended how: `done`, or the name of the refusal.
    """

    def __init__(self, stage: Stage, model: Asset) -> None:
        self.stage = stage
        self.model = model
        self.seen: Counter[tuple[str, str]] = Counter()

    def wait_until(self, now: int) -> None:
        """Moves the time of both, unix seconds; never back."""
        self.model.clock.now = self.stage.evm.now = max(now, self.model.clock.now)

    def both(
        self, contract: str, function: str, caller: str, *arguments: object, model: Callable[[], object] | None = None
    ) -> bool:
        """`caller` does the same to both; whether it happened.

        Args:
            contract: `share`, `distributor`, ...
            function: By its name in the ABI.
            caller: Whose transaction it is.
            arguments: As the contract takes them.
            model: What the model does, where it takes something else.

        Raises:
            Disagreement: One of them refuses, or for another reason, or with other numbers, or answers something else.
        """

        def act() -> object:
            if model is not None:
                return model()
            return getattr(getattr(self.model, contract), _snake_case(function))(caller, *arguments)

        said = _outcome(act)
        did = _outcome(partial(self.stage.evm.send, caller, getattr(self.stage, contract), function, *arguments))
        if not _agree(said, did):
            what = f"{contract}.{function} by {caller} {arguments}"
            raise Disagreement(f"{what}: the model says {said!r}, the chain {did!r}")
        self.seen[f"{contract}.{function}", did.name if isinstance(did, Reverted) else "done"] += 1
        return isinstance(said, Did)

    def compare(self) -> None:
        """Asks both everything.

        Raises:
            Disagreement: They answer differently.
        """
        self._ask(views(self.stage, self.model))

    def compare_span(self, from_day: int, to_day: int) -> None:
        """Asks both about the days [from_day, to_day), whatever these are."""
        self._ask(of_span(self.stage, self.model, from_day, to_day))

    def _ask(self, asked: Sequence[View]) -> None:
        answers = self.stage.evm.read_all([view.read for view in asked])
        differences = [
            f"{view.read}: the model says {said!r}, the chain {answer!r}"
            for view, answer in zip(asked, answers, strict=True)
            if not _agree(said := _outcome(view.model), answer if isinstance(answer, Reverted) else Did((answer,)))
        ]
        if differences:
            raise Disagreement("\n".join(differences[:8]))


def _snake_case(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def _outcome(act: Callable[[], object]) -> Did | Refused | Reverted:
    try:
        return Did(act())
    except (Refused, Reverted) as refusal:
        return refusal


def _agree(said: Did | Refused | Reverted, did: Did | Refused | Reverted) -> bool:
    match said, did:
        case Refused(), Reverted():
            return did.name in said.names and (said.facts == did.facts or said.facts_unknown)
        case Did(answer=None), Did():
            return True
        case Did(answer=value), Did(answer=(answer,)):
            return value == answer
    return False
