"""No live close is overtaken, and nothing is stuck for ever (spec/close.md, rule 7): two signers, slow quorums, hourly anchors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.close import LIVE_MAX_S, Close, CloseKind, PlacedClose, check_next, may_anchor
from evidence.errors import EntryDisagrees

HOUR_S = 3_600
LIVE_H = LIVE_MAX_S // HOUR_S
MayAnchor = Callable[..., bool]


@dataclass
class Wanted:
    """An anchor, and the report of a close with it, that the oracle asks both signers for.

    `reached` are the hours from which on each of them can be reached.
    """

    size: int
    reached: list[int]
    close: PlacedClose | None = None
    signed: set[int] = field(default_factory=set)


class World:
    """A log, a chain that takes only greater sizes, and two signers who both must sign."""

    def __init__(self, rule: MayAnchor = may_anchor) -> None:
        self.rule = rule
        self.hour = 0
        self.size = 10
        self.anchored = 0
        self.roots: set[int] = set()  # the sizes of which the chain holds the root
        self.live: list[PlacedClose] = []
        self.declared: dict[int, int] = {}  # period -> hours that its declared close had waited
        self.wanted: list[Wanted] = []

    def close(self, period: int, delays: Sequence[int]) -> None:
        until = (self.hour + LIVE_H) * HOUR_S
        placed = PlacedClose(self.size, check_next(self.live, Close(CloseKind.DUE, period, 0, 0, 1, bytes(32), until)))
        self.size += 1
        self.live.append(placed)
        self.wanted.append(Wanted(placed.index + 1, [self.hour + delay for delay in delays], placed))

    def want_anchor(self, delays: Sequence[int]) -> None:
        self.wanted.append(Wanted(self.size, [self.hour + delay for delay in delays]))

    def pass_an_hour(self, entries: int) -> None:
        self.live = [one for one in self.live if one.close.valid_until > self.hour * HOUR_S]
        # Until no signature and no anchor comes any more: within an hour everybody has heard of everything.
        moved = True
        while moved:
            signed = sum(self._sign(one) for one in self.wanted)
            moved = bool(signed + sum(self._land(one) for one in list(self.wanted)))
        self.hour += 1
        self.size += entries

    def _sign(self, one: Wanted) -> bool:
        new = {
            signer
            for signer, from_ in enumerate(one.reached)
            if signer not in one.signed
            and from_ <= self.hour
            and (one.close is None or one.close in self.live)
            and self.rule(one.size, live=self.live, anchored=self.anchored)
        }
        one.signed |= new
        return bool(new)

    def _land(self, one: Wanted) -> bool:
        if len(one.signed) < 2:
            return False
        self.wanted.remove(one)
        if one.close is not None and one.close not in self.live:
            return False
        if one.size not in self.roots:
            if one.size < self.anchored:
                return False  # the contract takes only sizes that grow, and declares only over a root that it has
            self.roots.add(one.size)
            self.anchored = one.size
        if one.close is not None:
            self.live.remove(one.close)
            self.declared[one.close.close.period] = self.hour
        return True


hours = st.lists(
    st.tuples(
        st.integers(0, 5),  # new entries of the log
        st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=2),  # closes, with each signer's delay
        st.tuples(st.integers(0, 20), st.integers(0, 20)),  # the hourly anchor's delays
    ),
    min_size=1,
    max_size=30,
)


def live_through(world: World, story: list[tuple[int, list[tuple[int, int]], tuple[int, int]]]) -> int:
    """Every hour some closes and an anchor; returns how many closes there were."""
    closes = 0
    for entries, delays, anchor in story:
        for one in delays:
            world.close(closes, one)
            closes += 1
        world.want_anchor(anchor)
        world.pass_an_hour(entries)
    for _ in range(2 * LIVE_H):
        world.want_anchor((0, 0))
        world.pass_an_hour(1)
    return closes


@settings(max_examples=100)
@given(hours)
def test_a_close_whose_signers_come_within_twenty_hours_is_declared(
    story: list[tuple[int, list[tuple[int, int]], tuple[int, int]]],
) -> None:
    world = World()
    closes = live_through(world, story)
    assert sorted(world.declared) == list(range(closes))
    # Anchors go on as well: what the log held an hour ago is on chain.
    assert world.anchored >= world.size - 2


def test_without_the_rule_an_hourly_anchor_overtakes_a_slow_close() -> None:
    story = [(1, [(20, 20)], (20, 20)), *[(1, [], (0, 0))] * 3]
    assert live_through(World(), [*story]) == 1
    reckless = World(rule=lambda *_args, **_more: True)
    live_through(reckless, [*story])
    assert reckless.declared == {}


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), min_size=1, max_size=4))
def test_a_period_whose_quorum_was_too_slow_is_closed_again_and_declared(slow: list[tuple[int, int]]) -> None:
    """Signers may be away for days: each close that nobody signed ends by itself, and the next one finds them."""
    world = World()
    attempts = [*slow, (20, 0)]
    for _ in range(len(attempts) * (LIVE_H + 2)):
        if not world.declared and not world.live and attempts:
            world.close(0, attempts.pop(0))
        world.want_anchor((0, 0))
        world.pass_an_hour(1)
    assert set(world.declared) == {0}
    assert world.anchored >= world.size - 2


def test_a_second_close_of_a_live_subject_is_refused() -> None:
    world = World()
    world.close(0, (30, 30))
    with pytest.raises(EntryDisagrees, match="period says 0") as refused:
        world.close(0, (0, 0))
    assert refused.value.field == "period"
    world.close(1, (0, 0))
    assert [one.index for one in world.live] == [10, 11]


def test_live_closes_are_anchored_in_their_order() -> None:
    first, second = (PlacedClose(i, Close(CloseKind.DUE, i, 0, 0, 1, bytes(32), 1)) for i in (10, 20))
    live = [first, second]
    assert [size for size in range(25) if may_anchor(size, live=live, anchored=5)] == list(range(12))
    assert [size for size in range(25) if may_anchor(size, live=live, anchored=11)] == list(range(22))
    assert may_anchor(99, live=live, anchored=21)
    assert may_anchor(99, live=[], anchored=0)
