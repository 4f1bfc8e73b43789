"""The window of unanswered bundles: which batches are in flight, and when each bundle is sent again."""

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Flight:
    """One bundle on its way.

    Attributes:
        number: the bundle's number; later bundles have larger ones.
        rows: the outbox rows that are unanswered, by header hash.
        attempt: how often the bundle was sent, less one.
        due_ms: when the bundle is sent again, real milliseconds.
    """

    number: int
    rows: dict[bytes, int]
    attempt: int
    due_ms: int


@dataclass(slots=True)
class Window:
    """At most `size` bundles in flight; not thread-safe: one loop owns it.

    Attributes:
        size: how many bundles may be unanswered.
        flights: the bundles in flight by number, oldest first.
        next_number: the number of the next bundle.
    """

    size: int
    flights: dict[int, Flight] = field(default_factory=dict)
    next_number: int = 0

    @property
    def room(self) -> bool:
        """Whether another bundle may be sent."""
        return len(self.flights) < self.size

    @property
    def rows(self) -> set[int]:
        """All rows in flight."""
        return {row for flight in self.flights.values() for row in flight.rows.values()}

    def send(self, rows: dict[bytes, int], *, due_ms: int) -> Flight:
        """Take a new bundle into the window."""
        flight = Flight(self.next_number, rows, 0, due_ms)
        self.flights[flight.number] = flight
        self.next_number += 1
        return flight

    def answered(self, header_hashes: Sequence[bytes]) -> None:
        """Take answered headers out of their bundles, and bundles without unanswered headers out of the window."""
        for header_hash in header_hashes:
            for flight in list(self.flights.values()):
                if flight.rows.pop(header_hash, None) is not None and not flight.rows:
                    del self.flights[flight.number]

    def due(self, now_ms: int) -> list[Flight]:
        """Bundles whose answers are overdue, oldest first."""
        return [flight for flight in self.flights.values() if flight.due_ms <= now_ms]

    def next_due_ms(self) -> int | None:
        """When the next bundle becomes overdue; None where none is in flight."""
        return min((flight.due_ms for flight in self.flights.values()), default=None)
