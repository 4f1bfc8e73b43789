"""Time, and the settlement days of one asset."""

from dataclasses import dataclass

DAY_S = 86_400
HOUR_S = 3_600


@dataclass
class Clock:
    """The time of the block that is being made.

    Attributes:
        now: Unix seconds, UTC.
        utc_offset: Seconds that the asset's clock is ahead of UTC; never changes.
    """

    now: int
    utc_offset: int

    @property
    def today(self) -> int:
        """The settlement day, counted since 1970-01-01 in the asset's own time."""
        return (self.now + self.utc_offset) // DAY_S

    def start_of(self, day: int) -> int:
        """The first second of `day`, unix seconds."""
        return day * DAY_S - self.utc_offset
