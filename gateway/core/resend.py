"""Decides which batches are sent next, and when an unanswered bundle is sent again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evidence.tags import BUNDLE_ITEMS_MAX, BUNDLE_SIZE_MAX
from evidence.units import div_floor

NEW_DATA_EVERY = 4  # every fourth bundle belongs to the meter with the newest backlog
_DOUBLINGS_MAX = 6
_BUNDLE_HEAD = 6


@dataclass(frozen=True, slots=True)
class Waiting:
    """A signed batch that no oracle has answered: its row, its meter, and the bytes it takes in a bundle."""

    row: int
    meter_id: bytes
    size: int


def is_for_new_data(number: int) -> bool:
    """Whether the bundle with this number (from 0) is reserved for new data."""
    return number % NEW_DATA_EVERY == NEW_DATA_EVERY - 1


def pick(waiting: Sequence[Waiting], *, new_data: bool) -> list[Waiting]:
    """Choose the batches of the next bundle, within its limits of items and bytes; empty when no batch waits.

    An oracle cannot use a header before the one that it follows, so a meter's batches always go oldest first. New data have
    bundles of their own, so that a meter with a long backlog does not hold up all the others.

    Args:
        waiting: batches that are not in flight, oldest first.
        new_data: begin with the meter whose oldest waiting batch is the newest.
    """
    if new_data:
        oldest: dict[bytes, int] = {}
        for item in waiting:
            oldest.setdefault(item.meter_id, item.row)
        waiting = sorted(waiting, key=lambda item: (-oldest[item.meter_id], item.row))
    chosen: list[Waiting] = []
    size = _BUNDLE_HEAD
    for item in waiting:
        if len(chosen) == BUNDLE_ITEMS_MAX or size + item.size > BUNDLE_SIZE_MAX:
            break
        chosen.append(item)
        size += item.size
    return chosen


def delay_ms(attempt: int, base_ms: int, draw: Callable[[int], int]) -> int:
    """How many milliseconds to wait for an answer: base_ms, doubled with each attempt up to 64 times, times 0.5 to 1.5.

    Args:
        attempt: number of the attempt, from 0.
        base_ms: the wait after the first attempt, before jitter.
        draw: n -> a number from 0 to n - 1; jitter, so that many gateways do not come back at the same instant.
    """
    wait = base_ms << min(attempt, _DOUBLINGS_MAX)
    return div_floor(wait * (500 + draw(1000)), 1000)
