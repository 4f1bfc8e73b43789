"""Which meters the asset had, and since when."""

from dataclasses import dataclass

from tests.contracts.model.clock import Clock
from tests.contracts.model.refusal import Refused
from tests.contracts.model.register import DaysReversed
from tests.contracts.model.roles import Address, Authority, Role


@dataclass(eq=False)
class EntryEmpty(Refused):
    """An entry names at least one meter and a root."""


@dataclass(eq=False)
class EffectiveDayNotLater(Refused):
    """An entry takes effect after the one before it."""

    day: int
    last_day: int


@dataclass(eq=False)
class EffectiveDayPast(Refused):
    """Only the first entry may reach back: a later one would change what was already measured under another."""

    day: int
    today: int


@dataclass(eq=False)
class NoEntryInForce(Refused):
    """The first entry takes effect later."""

    day: int


@dataclass(frozen=True)
class Entry:
    """In force from `effective_day` on, until the next entry's day."""

    effective_day: int
    bindings_root: bytes
    meter_count: int
    nameplate_w: int


class MeterRegistry:
    """The history of the meters."""

    def __init__(self, authority: Authority, clock: Clock) -> None:
        self.authority = authority
        self.clock = clock
        self.entries: list[Entry] = []

    def append(
        self, caller: Address, effective_day: int, bindings_root: bytes, meter_count: int, nameplate_w: int
    ) -> None:
        """Adds an entry."""
        self.authority.require(Role.REGISTRAR, caller)
        if not any(bindings_root) or meter_count == 0:
            raise EntryEmpty
        if self.entries:
            if effective_day <= self.entries[-1].effective_day:
                raise EffectiveDayNotLater(effective_day, self.entries[-1].effective_day)
            if effective_day < self.clock.today:
                raise EffectiveDayPast(effective_day, self.clock.today)
        self.entries.append(Entry(effective_day, bindings_root, meter_count, nameplate_w))

    def index_at(self, day: int) -> int:
        """The entry in force on `day`."""
        begun = [index for index, entry in enumerate(self.entries) if entry.effective_day <= day]
        if not begun:
            raise NoEntryInForce(day)
        return begun[-1]

    def watt_days(self, from_day: int, to_day: int) -> int:
        """The sum of the nameplates in force on each day of [from_day, to_day); 0 before the first entry."""
        if from_day > to_day:
            raise DaysReversed(from_day, to_day)
        first = min((entry.effective_day for entry in self.entries), default=to_day)
        return sum(self.entries[self.index_at(day)].nameplate_w for day in range(max(from_day, first), to_day))
