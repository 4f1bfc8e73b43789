"""Share-days and books against a model that counts day by day, share by share."""

from dataclasses import dataclass
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.units import Minor, SettlementDay
from oracle.core.calendar import day_of, period_days
from oracle.core.holders.entitlement import books_of, carry_after, entitlement_of
from oracle.core.holders.history import History, Tranche, read_history
from oracle.core.holders.holder_register import NOBODY, HolderRegister, Movement
from oracle.errors import SettlementError

HOLDERS = ["0xA", "0xB", "0xC"]


@st.composite
def movements(draw: st.DrawFn) -> list[Movement]:
    held = dict.fromkeys(HOLDERS, 0)
    day = draw(st.integers(0, 3))
    found = []
    for _ in range(draw(st.integers(1, 12))):
        day += draw(st.integers(0, 3))
        receiver = draw(st.sampled_from(HOLDERS))
        senders = [NOBODY, *(holder for holder in HOLDERS if held[holder])]
        sender = draw(st.sampled_from(senders))
        shares = draw(st.integers(0, 1_000 if sender == NOBODY else held[sender]))
        found.append(Movement(SettlementDay(day), sender, receiver, shares))
        if sender != NOBODY:
            held[sender] -= shares
        held[receiver] += shares
    return found


def naive_balance(moves: list[Movement], holder: str, day: int) -> int:
    return sum(
        (move.shares if move.receiver == holder else 0) - (move.shares if move.sender == holder else 0)
        for move in moves
        if move.day <= day
    )


@given(movements(), st.integers(0, 30), st.integers(0, 15), st.sets(st.sampled_from(HOLDERS), max_size=2))
def test_share_days_are_the_sum_of_the_balances_at_each_days_end(
    moves: list[Movement], first: int, length: int, excluded: set[str]
) -> None:
    register = HolderRegister(moves, excluded=excluded)
    days = range(first, first + length)
    total = 0
    for holder in HOLDERS:
        naive = 0 if holder in excluded else sum(naive_balance(moves, holder, day) for day in days)
        assert register.share_days(holder, first, first + length) == naive
        assert register.balance_at(holder, first) == naive_balance(moves, holder, first)
        total += naive
    assert register.total_share_days(first, first + length) == total


@given(movements(), st.lists(st.tuples(st.integers(0, 9), st.integers(1, 10**9)), max_size=5), st.integers(1, 3))
def test_not_a_fraction_of_the_money_is_lost(
    moves: list[Movement], fundings: list[tuple[int, int]], days_per_period: int
) -> None:
    empty = History(tuple(moves), (), {}, SettlementDay(0), days_per_period)
    tranches: list[Tranche] = []
    carry_x96 = 0
    for period, received in fundings:
        days = period_days(empty, period)
        total = empty.register.total_share_days(days.start, days.stop)
        if not total:
            continue
        price_x96, carry_x96 = divmod((received << 96) + carry_x96, total)
        tranches.append(Tranche(len(tranches), period, Minor(received), price_x96))
    paid = {}
    history = History(tuple(moves), tuple(tranches), {}, SettlementDay(0), days_per_period)
    for holder in HOLDERS[:2]:
        paid[holder] = entitlement_of(history, holder).owed
    history = History(tuple(moves), tuple(tranches), paid, SettlementDay(0), days_per_period)
    books = books_of(history)
    assert books.carry_x96 == carry_x96
    assert books.funded == books.paid + books.owed + books.undistributed
    assert books.undistributed < 1 + len(HOLDERS) + max((t.received for t in tranches), default=0)
    for holder in HOLDERS:
        entitlement = entitlement_of(history, holder)
        exact = sum(Fraction(line.received * line.share_days, line.total_share_days) for line in entitlement.lines)
        # X96 keeps a holder's part to within a unit in 2^96 a share-day, plus what the carry moves to later tranches.
        assert abs(Fraction(entitlement.earned_x96, 1 << 96) - exact) < 1
        if holder in paid:
            assert entitlement.owed == 0


def test_a_day_begins_at_the_assets_midnight() -> None:
    assert day_of(86_400 - 8 * 3600 - 1, 8 * 3600) == 0
    assert day_of(86_400 - 8 * 3600, 8 * 3600) == 1
    assert day_of(3_599, -3_600) == -1


@dataclass(frozen=True)
class Event:
    contract: str
    name: str
    block_time: int
    args: str


def test_missing_events_are_noticed() -> None:
    arguments = {"utc_offset_s": 0, "first_day": SettlementDay(0), "days_per_period": 1}
    moved = Event("share", "Transfer", 0, '{"from":"0xA","to":"0xB","value":"5"}')
    with pytest.raises(SettlementError, match="0xA moved 5 shares and held 0"):
        read_history([moved], **arguments)  # type: ignore[arg-type]  # a dict of keyword arguments
    funded = Event("distributor", "Funded", 0, '{"tranche":"1","period":"0","received":"5","perShareDayX96":"9"}')
    with pytest.raises(SettlementError, match="tranche 1 follows 0 tranches"):
        read_history([funded], **arguments)  # type: ignore[arg-type]  # as above
    with pytest.raises(SettlementError, match="not in order"):
        HolderRegister([Movement(SettlementDay(d), NOBODY, "0xA", 1) for d in (2, 1)])
    history = History((), (), {"0xA": Minor(5)}, SettlementDay(0), 1)
    with pytest.raises(SettlementError, match="0xA was paid 5 and earned 0"):
        entitlement_of(history, "0xA")


def test_a_wrong_price_of_a_share_day_is_noticed() -> None:
    moves = (Movement(SettlementDay(0), NOBODY, "0xA", 3),)
    good = History(moves, (Tranche(0, 0, Minor(10), (10 << 96) // 3),), {}, SettlementDay(0), 1)
    assert carry_after(good) == (10 << 96) % 3
    bad = History(moves, (Tranche(0, 0, Minor(10), (10 << 96) // 3 + 1),), {}, SettlementDay(0), 1)
    with pytest.raises(SettlementError, match="tranche 0: 10 over 3 share-days"):
        carry_after(bad)


def test_a_burn_lowers_the_share_days_of_the_supply_from_its_day_on() -> None:
    moves = [
        Movement(SettlementDay(0), NOBODY, "0xA", 10),
        Movement(SettlementDay(0), NOBODY, "0xB", 5),
        Movement(SettlementDay(2), "0xA", NOBODY, 4),
    ]
    register = HolderRegister(moves)
    assert register.total_share_days(0, 2) == 30
    assert register.total_share_days(0, 4) == 30 + 2 * 11
    assert register.share_days("0xA", 0, 4) + register.share_days("0xB", 0, 4) == register.total_share_days(0, 4)
    assert register.holders == ["0xA", "0xB"]
    with pytest.raises(SettlementError, match="0xB moved 6 shares and held 5"):
        HolderRegister([*moves, Movement(SettlementDay(3), "0xB", NOBODY, 6)])


def test_a_redirect_moves_credit_to_an_heir_and_the_books_still_add_up() -> None:
    moved = [
        Event("share", "Transfer", 0, f'{{"from":"{NOBODY}","to":"0xA","value":"2"}}'),
        Event("share", "Transfer", 0, f'{{"from":"{NOBODY}","to":"0xB","value":"1"}}'),
    ]
    price = (10 << 96) // 3
    funded = Event(
        "distributor", "Funded", 0, f'{{"tranche":"0","period":"0","received":"10","perShareDayX96":"{price}"}}'
    )
    # The heir never held a share, so only the redirect names it.
    passed = Event(
        "distributor", "Redirected", 0, f'{{"lost":"0xA","heir":"0xH","creditX96":"{2 * price}","upTo":"1"}}'
    )
    paid = Event("distributor", "Paid", 0, '{"holder":"0xH","amount":"6"}')
    history = read_history(
        [*moved, funded, passed, paid], utc_offset_s=0, first_day=SettlementDay(0), days_per_period=1
    )
    lost, heir = entitlement_of(history, "0xA"), entitlement_of(history, "0xH")
    assert (lost.earned_x96, lost.redirected_x96, lost.owed, lost.fraction_x96) == (2 * price, -2 * price, 0, 0)
    assert (heir.earned_x96, heir.redirected_x96, heir.paid, heir.owed) == (0, 2 * price, 6, 0)
    assert heir.fraction_x96 == 2 * price - (6 << 96)
    books = books_of(history)
    assert (books.funded, books.paid, books.owed, books.undistributed) == (10, 6, 3, 1)
