"""Meters that an oracle asked to wait, and until when."""

from collections.abc import Callable

from gateway.core.resend import delay_ms


class Holds:
    """Who waits; not thread-safe, one loop owns it. Bounded by the number of meters. Instants are real milliseconds."""

    def __init__(self) -> None:
        self._held: dict[bytes, tuple[int, int]] = {}  # (attempt, until)

    def hold(self, meter_id: bytes, base_ms: int, now_ms: int, draw: Callable[[int], int]) -> int | None:
        """Make a meter wait, longer where it is made to again and again; until when, or None where it waits already."""
        attempt, until = self._held.get(meter_id, (-1, 0))
        if until > now_ms:
            return None
        until = now_ms + delay_ms(attempt + 1, base_ms, draw)
        self._held[meter_id] = (attempt + 1, until)
        return until

    def release(self, meter_id: bytes) -> None:
        """A meter waits no more, and its next wait is a first one: something of it was stored, or the two have met again."""
        self._held.pop(meter_id, None)

    def held(self, now_ms: int) -> set[bytes]:
        """Who waits now. A wait that is over counts until `release`: whoever is told again after it waits longer."""
        return {meter_id for meter_id, (_, until) in self._held.items() if until > now_ms}

    def next_end_ms(self, now_ms: int) -> int | None:
        """When the next of them need not wait any more."""
        return min((until for _, until in self._held.values() if until > now_ms), default=None)
