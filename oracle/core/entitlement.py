"""Who is owed what, from the contract events in the ledger: the integer maths of `RevenueDistributor`, to the last unit.

A tranche pays `per_share_day_x96 = floor((received * 2^96 + carry) / total share-days)` base units times 2^96 for each share-day of its
period; the remainder of the division is the next tranche's carry. A holder earns that times their own share-days, is paid whole units
and keeps the fraction. So at every moment, exactly:

    funded * 2^96 = sum of everybody's earned * 2^96 + carry

Source: contracts/src/RevenueDistributor.sol and contracts/src/lib/DayCheckpoints.sol.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from evidence.units import SECONDS_PER_DAY, Minor, SettlementDay, div_exact, div_floor
from oracle.errors import SettlementError

X96 = 96
NOBODY = "0x" + "00" * 20


class ChainEvent(Protocol):
    """A row of `chain_events`, as far as it is needed here. `args` is JSON, integers as decimal strings."""

    @property
    def contract(self) -> str:
        """The name of the contract in the deployment: share, distributor, ..."""

    @property
    def name(self) -> str:
        """The event's name."""

    @property
    def block_time(self) -> int:
        """Unix seconds."""

    @property
    def args(self) -> str:
        """The event's arguments as JSON."""


@dataclass(frozen=True, slots=True)
class Movement:
    """Shares that moved on a settlement day; `sender` is `NOBODY` when they were created."""

    day: SettlementDay
    sender: str
    receiver: str
    shares: int


@dataclass(frozen=True, slots=True)
class Tranche:
    """Money that came in for a period: base units received, and what the contract says a share-day of it is worth, times 2^96."""

    index: int
    period: int
    received: Minor
    per_share_day_x96: int


@dataclass(frozen=True, slots=True)
class Line:
    """What one tranche brought one holder.

    Attributes:
        tranche: its index.
        period: the payout period it pays.
        from_day: first settlement day of that period.
        to_day: the day after its last.
        share_days: the holder's, in that period.
        total_share_days: everybody's.
        received: base units that the tranche brought.
        earned_x96: base units times 2^96.
    """

    tranche: int
    period: int
    from_day: SettlementDay
    to_day: SettlementDay
    share_days: int
    total_share_days: int
    received: Minor
    earned_x96: int


@dataclass(frozen=True, slots=True)
class Entitlement:
    """What one holder earned, was paid, and is owed.

    Attributes:
        holder: checksummed address.
        lines: one per tranche, in order.
        earned_x96: sum of the lines.
        paid: base units paid out so far.
        owed: whole base units that can be paid now; the contract's `owed`.
        fraction_x96: what is left of a unit; it stays with the holder.
    """

    holder: str
    lines: tuple[Line, ...]
    earned_x96: int
    paid: Minor
    owed: Minor
    fraction_x96: int


@dataclass(frozen=True, slots=True)
class Books:
    """The distributor's books: `funded == paid + owed + undistributed`.

    Attributes:
        funded: base units received.
        paid: base units paid out.
        owed: whole base units that the holders can be paid now.
        carry_x96: what the divisions left over; it joins the next tranche.
        undistributed: the carry and the holders' fractions together: a whole number of base units.
    """

    funded: Minor
    paid: Minor
    owed: Minor
    carry_x96: int
    undistributed: Minor


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
        receiver = self._holders.setdefault(movement.receiver, _Trace())
        receiver.record(movement.day, receiver.balance + movement.shares)

    @property
    def holders(self) -> list[str]:
        """Everybody who ever held a share, rising by address."""
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


@dataclass(frozen=True, slots=True)
class History:
    """What happened to shares and money, in chain order.

    Attributes:
        movements: share movements.
        tranches: fundings.
        paid: base units paid so far, by holder.
        first_day: first settlement day of period 0.
        days_per_period: the schedule's other constant.
        excluded: holders that earn nothing.
        register: made of the movements.
    """

    movements: tuple[Movement, ...]
    tranches: tuple[Tranche, ...]
    paid: dict[str, Minor]
    first_day: SettlementDay
    days_per_period: int
    excluded: frozenset[str] = frozenset()
    register: HolderRegister = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "register", HolderRegister(self.movements, excluded=self.excluded))

    def days(self, period: int) -> tuple[SettlementDay, SettlementDay]:
        """[from, to) of a payout period."""
        from_day = self.first_day + period * self.days_per_period
        return SettlementDay(from_day), SettlementDay(from_day + self.days_per_period)


def day_of(instant: int, utc_offset_s: int) -> SettlementDay:
    """The settlement day of an instant: floor((unix seconds + offset) / 86400)."""
    return SettlementDay(div_floor(instant + utc_offset_s, SECONDS_PER_DAY))


def read_history(
    events: Iterable[ChainEvent],
    *,
    utc_offset_s: int,
    first_day: SettlementDay,
    days_per_period: int,
    excluded: Sequence[str] = (),
) -> History:
    """The history that a ledger's `chain_events` tell, in chain order; events of other kinds are passed over.

    Raises:
        SettlementError: an event is missing or out of order.
    """
    movements: list[Movement] = []
    tranches: list[Tranche] = []
    paid: dict[str, Minor] = {}
    for event in events:
        if (event.contract, event.name) == ("share", "Transfer"):
            args = json.loads(event.args)
            day = day_of(event.block_time, utc_offset_s)
            movements.append(Movement(day, args["from"], args["to"], int(args["value"])))
        elif (event.contract, event.name) == ("distributor", "Funded"):
            args = json.loads(event.args)
            tranche = Tranche(
                int(args["tranche"]), int(args["period"]), Minor(int(args["received"])), int(args["perShareDayX96"])
            )
            if tranche.index != len(tranches):
                raise SettlementError(f"tranche {tranche.index} follows {len(tranches)} tranches: an event is missing")
            tranches.append(tranche)
        elif (event.contract, event.name) == ("distributor", "Paid"):
            args = json.loads(event.args)
            paid[args["holder"]] = Minor(paid.get(args["holder"], 0) + int(args["amount"]))
    return History(tuple(movements), tuple(tranches), paid, first_day, days_per_period, frozenset(excluded))


def entitlement_of(history: History, holder: str) -> Entitlement:
    """What one holder earned with every tranche so far.

    Raises:
        SettlementError: more was paid than earned: the events are not complete.
    """
    lines = []
    for tranche in history.tranches:
        from_day, to_day = history.days(tranche.period)
        share_days = history.register.share_days(holder, from_day, to_day)
        lines.append(
            Line(
                tranche=tranche.index,
                period=tranche.period,
                from_day=from_day,
                to_day=to_day,
                share_days=share_days,
                total_share_days=history.register.total_share_days(from_day, to_day),
                received=tranche.received,
                earned_x96=tranche.per_share_day_x96 * share_days,
            )
        )
    earned_x96 = sum(line.earned_x96 for line in lines)
    paid = history.paid.get(holder, Minor(0))
    credit_x96 = earned_x96 - (paid << X96)
    if credit_x96 < 0:
        raise SettlementError(f"{holder} was paid {paid} and earned {earned_x96 >> X96}: an event is missing")
    return Entitlement(
        holder=holder,
        lines=tuple(lines),
        earned_x96=earned_x96,
        paid=paid,
        owed=Minor(credit_x96 >> X96),
        fraction_x96=credit_x96 & ((1 << X96) - 1),
    )


def carry_after(history: History) -> int:
    """The carry times 2^96 after the last tranche, with every tranche's price of a share-day worked out again.

    Raises:
        SettlementError: a tranche's price on chain is not what money and shares give.
    """
    carry_x96 = 0
    for tranche in history.tranches:
        total = history.register.total_share_days(*history.days(tranche.period))
        pot_x96 = (tranche.received << X96) + carry_x96
        if total <= 0 or div_floor(pot_x96, total) != tranche.per_share_day_x96:
            raise SettlementError(
                f"tranche {tranche.index}: {tranche.received} over {total} share-days do not give {tranche.per_share_day_x96}"
            )
        carry_x96 = pot_x96 - tranche.per_share_day_x96 * total
    return carry_x96


def books_of(history: History) -> Books:
    """The distributor's books; errors as `carry_after` and `entitlement_of`."""
    each = [entitlement_of(history, holder) for holder in history.register.holders]
    carry_x96 = carry_after(history)
    # The sum is whole because funded, paid and owed are.
    left_x96 = carry_x96 + sum(one.fraction_x96 for one in each)
    return Books(
        funded=Minor(sum(tranche.received for tranche in history.tranches)),
        paid=Minor(sum(history.paid.values())),
        owed=Minor(sum(one.owed for one in each)),
        carry_x96=carry_x96,
        undistributed=Minor(div_exact(left_x96, 1 << X96)),
    )
