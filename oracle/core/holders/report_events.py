"""What the declarations' events say of reports (contracts/src/interfaces/IRevenueDeclarations.sol)."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from oracle.core.holders.history import ChainEvent


def report_events(events: Iterable[ChainEvent]) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """`Declared` and `Disputed` among these events, in their order: name, period and arguments."""
    for event in events:
        if event.contract == "declarations" and event.name in ("Declared", "Disputed"):
            args = json.loads(event.args)
            yield event.name, int(args["period"]), args
