"""Who held how many shares at the end of which settlement day: a table with a row for every day and nothing clever."""

from collections.abc import Iterable
from dataclasses import dataclass

from tests.contracts.model.clock import Clock
from tests.contracts.model.refusal import Refused
from tests.contracts.model.roles import Address


@dataclass(eq=False)
class DayNotOver(Refused):
    """A day that can still change has no answer."""

    day: int
    today: int


@dataclass(eq=False)
class DaysReversed(Refused):
    """The span ends before it begins."""

    from_day: int
    to_day: int


class HolderRegister:
    """A row a day, from the day of creation up to today: holder -> shares at the end of that day, today's so far.

    Share-days are sums over rows. Excluded holders stand in the rows like anybody, and earn nothing.
    """

    def __init__(self, clock: Clock, excluded: Iterable[Address]) -> None:
        self.clock = clock
        self.excluded = frozenset(excluded)
        self._first = self._last = clock.today
        self._rows: dict[int, dict[Address, int]] = {self._first: {}}

    def balance_of(self, holder: Address) -> int:
        """Shares of `holder` now."""
        return self._today().get(holder, 0)

    def total_supply(self) -> int:
        """All shares in existence now."""
        return sum(self._today().values())

    def holders(self) -> list[Address]:
        """Everybody who ever held a share, in the order of their first one."""
        return list(self._today())

    def set_balance(self, holder: Address, shares: int) -> None:
        """Writes what `holder` has at the end of today, so far."""
        self._today()[holder] = shares

    def balance_at(self, holder: Address, day: int) -> int:
        """Shares of `holder` at the end of `day`."""
        self._require_over(day)
        return self._row(day).get(holder, 0)

    def supply_at(self, day: int) -> int:
        """All shares in existence at the end of `day`."""
        self._require_over(day)
        return sum(self._row(day).values())

    def share_days(self, holder: Address, from_day: int, to_day: int) -> int:
        """The sum of the holder's balances at the end of each day of [from_day, to_day); 0 for an excluded holder."""
        self._require_span(from_day, to_day)
        if holder in self.excluded:
            return 0
        return sum(self._row(day).get(holder, 0) for day in self._kept(from_day, to_day))

    def total_share_days(self, from_day: int, to_day: int) -> int:
        """Share-days of everybody who isn't excluded."""
        self._require_span(from_day, to_day)
        return sum(self.share_days(holder, from_day, to_day) for holder in self.holders())

    def _today(self) -> dict[Address, int]:
        return self._row(self.clock.today)

    def _row(self, day: int) -> dict[Address, int]:
        while self._last < self.clock.today:
            self._rows[self._last + 1] = dict(self._rows[self._last])
            self._last += 1
        return self._rows.get(day, {})

    def _kept(self, from_day: int, to_day: int) -> range:
        """The days of the span that have a row: before the first one nobody held anything."""
        return range(max(from_day, self._first), to_day)

    def _require_over(self, day: int) -> None:
        if day >= self.clock.today:
            raise DayNotOver(day, self.clock.today)

    def _require_span(self, from_day: int, to_day: int) -> None:
        if from_day > to_day:
            raise DaysReversed(from_day, to_day)
        if to_day > self.clock.today:
            raise DayNotOver(to_day, self.clock.today)
