"""Which meters an oracle asked to wait, and until when."""

from collections.abc import Callable

from gateway.core.resend import delay_ms


class Holds:
    """The meters that wait, at most all meters there are. Not thread-safe: one loop owns it. Instants are real milliseconds."""

    def __init__(self) -> None:
        self._held: dict[bytes, tuple[int, int]] = {}  # (attempt, until)

    def hold(self, meter_id: bytes, base_ms: int, now_ms: int, draw: Callable[[int], int]) -> int | None:
        """Make a meter wait, each time longer; returns until when, or None where the meter waits already."""
        attempt, until = self._held.get(meter_id, (-1, 0))
        if until > now_ms:
            return None
        until = now_ms + delay_ms(attempt + 1, base_ms, draw)
        self._held[meter_id] = (attempt + 1, until)
        return until

    def release(self, meter_id: bytes) -> None:
        """End a meter's wait and let its next one be short again: a batch was stored, or gateway and oracle agree about its chain."""
        self._held.pop(meter_id, None)

    def held(self, now_ms: int) -> set[bytes]:
        """The meters that wait now. A wait that is over still lengthens the next one, until `release`."""
        return {meter_id for meter_id, (_, until) in self._held.items() if until > now_ms}

    def next_end_ms(self, now_ms: int) -> int | None:
        """When the first of the waiting meters has waited long enough; None where none waits."""
        return min((until for _, until in self._held.values() if until > now_ms), default=None)
