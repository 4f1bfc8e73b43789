"""Who holds how many shares, day by day, from the share's Transfer events (contracts/src/lib/DayCheckpoints.sol)."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.units import SettlementDay
from oracle.errors import SettlementError

NOBODY = "0x" + "00" * 20


@dataclass(frozen=True, slots=True)
class Movement:
    """Shares that moved on a settlement day; `sender` is `NOBODY` when they were created, `receiver` when they were destroyed."""

    day: SettlementDay
    sender: str
    receiver: str
    shares: int


class _Trace:
    """A balance by day and its running sum: one entry for each day on which it changed."""

    def __init__(self) -> None:
        self._days: list[int] = []
        self._balances: list[int] = []
        self._before: list[int] = []  # share-days gathered before the entry's day

    @property
    def balance(self) -> int:
        return self._balances[-1] if self._balances else 0

    def record(self, day: int, balance: int) -> None:
        if self._days and self._days[-1] == day:
            self._balances[-1] = balance
            return
        self._before.append(self.until(day))
        self._days.append(day)
        self._balances.append(balance)

    def at(self, day: int) -> int:
        """The balance at the end of `day`."""
        found = bisect_right(self._days, day)
        return self._balances[found - 1] if found else 0

    def until(self, day: int) -> int:
        """Share-days gathered before `day` begins."""
        found = bisect_right(self._days, day)
        if not found:
            return 0
        return self._before[found - 1] + (day - self._days[found - 1]) * self._balances[found - 1]


class HolderRegister:
    """Who held how many shares at the end of which settlement day."""

    def __init__(self, movements: Iterable[Movement], *, excluded: Iterable[str] = ()) -> None:
        """Take the movements in chain order.

        Raises:
            SettlementError: days that go backwards, or a sender without the shares: the events are not complete.
        """
        self._excluded = frozenset(excluded)
        self._holders: dict[str, _Trace] = {}
        self._supply = _Trace()
        latest = 0
        for movement in movements:
            if movement.day < latest:
                raise SettlementError(
                    f"shares moved on day {movement.day} after day {latest}: the events are not in order"
                )
            latest = movement.day
            self._move(movement)

    def _move(self, movement: Movement) -> None:
        if not movement.shares:
            return
        if movement.sender == NOBODY:
            self._supply.record(movement.day, self._supply.balance + movement.shares)
        else:
            sender = self._holders.setdefault(movement.sender, _Trace())
            if sender.balance < movement.shares:
                raise SettlementError(
                    f"{movement.sender} moved {movement.shares} shares and held {sender.balance}: an event is missing"
                )
            sender.record(movement.day, sender.balance - movement.shares)
        if movement.receiver == NOBODY:
            self._supply.record(movement.day, self._supply.balance - movement.shares)
            return
        receiver = self._holders.setdefault(movement.receiver, _Trace())
        receiver.record(movement.day, receiver.balance + movement.shares)

    @property
    def holders(self) -> list[str]:
        """Every address that ever held a share, rising."""
        return sorted(self._holders)

    def balance_at(self, holder: str, day: int) -> int:
        """Shares at the end of `day`."""
        trace = self._holders.get(holder)
        return trace.at(day) if trace else 0

    def share_days(self, holder: str, from_day: int, to_day: int) -> int:
        """Sum of the balances at the end of each day of [from_day, to_day); 0 for an excluded holder."""
        trace = self._holders.get(holder)
        if trace is None or holder in self._excluded:
            return 0
        return trace.until(to_day) - trace.until(from_day)

    def total_share_days(self, from_day: int, to_day: int) -> int:
        """The same for all holders that earn."""
        total = self._supply.until(to_day) - self._supply.until(from_day)
        for holder in self._excluded:
            trace = self._holders.get(holder)
            if trace is not None:
                total -= trace.until(to_day) - trace.until(from_day)
        return total
