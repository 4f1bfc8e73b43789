"""Who is owed what, from the contract events in the ledger: the integer maths of `RevenueDistributor`, to the last unit.

A tranche pays `per_share_day_x96 = floor((received * 2^96 + carry) / total share-days)` base units times 2^96 for each share-day of its
period; the remainder of the division is the next tranche's carry. A holder earns that times their own share-days, is paid whole units
and keeps the fraction. So at every moment, exactly:

    funded * 2^96 = sum of everybody's earned * 2^96 + carry

Source: contracts/src/RevenueDistributor.sol and contracts/src/lib/DayCheckpoints.sol.
"""

from dataclasses import dataclass

from evidence.units import Minor, SettlementDay, div_exact, div_floor
from oracle.core.calendar import period_days
from oracle.core.holders.history import History
from oracle.errors import SettlementError

X96 = 96


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
        redirected_x96: what came from lost wallets, less what went to an heir.
        paid: base units paid out so far.
        owed: whole base units that can be paid now; the contract's `owed`.
        fraction_x96: what is left of a unit; it stays with the holder.
    """

    holder: str
    lines: tuple[Line, ...]
    earned_x96: int
    redirected_x96: int
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


def entitlement_of(history: History, holder: str) -> Entitlement:
    """What one holder earned with every tranche so far.

    Raises:
        SettlementError: more was paid than earned: the events are not complete.
    """
    lines = []
    for tranche in history.tranches:
        days = period_days(history, tranche.period)
        share_days = history.register.share_days(holder, days.start, days.stop)
        lines.append(
            Line(
                tranche=tranche.index,
                period=tranche.period,
                from_day=SettlementDay(days.start),
                to_day=SettlementDay(days.stop),
                share_days=share_days,
                total_share_days=history.register.total_share_days(days.start, days.stop),
                received=tranche.received,
                earned_x96=tranche.per_share_day_x96 * share_days,
            )
        )
    earned_x96 = sum(line.earned_x96 for line in lines)
    redirected_x96 = sum(one.credit_x96 * ((one.heir == holder) - (one.lost == holder)) for one in history.redirected)
    paid = history.paid.get(holder, Minor(0))
    credit_x96 = earned_x96 + redirected_x96 - (paid << X96)
    if credit_x96 < 0:
        raise SettlementError(f"{holder} was paid {paid} and earned {earned_x96 >> X96}: an event is missing")
    return Entitlement(
        holder=holder,
        lines=tuple(lines),
        earned_x96=earned_x96,
        redirected_x96=redirected_x96,
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
        days = period_days(history, tranche.period)
        total = history.register.total_share_days(days.start, days.stop)
        pot_x96 = (tranche.received << X96) + carry_x96
        if total <= 0 or div_floor(pot_x96, total) != tranche.per_share_day_x96:
            raise SettlementError(
                f"tranche {tranche.index}: {tranche.received} over {total} share-days do not give {tranche.per_share_day_x96}"
            )
        carry_x96 = pot_x96 - tranche.per_share_day_x96 * total
    return carry_x96


def books_of(history: History) -> Books:
    """The distributor's books; errors as `carry_after` and `entitlement_of`."""
    holders = {*history.register.holders, *(one.heir for one in history.redirected)}
    each = [entitlement_of(history, holder) for holder in sorted(holders)]
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
