"""What goes next, and when again."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from evidence.bundle import BundleItem, encode_bundle
from evidence.tags import BUNDLE_ITEMS_MAX, BUNDLE_SIZE_MAX
from gateway.core import resend
from gateway.core.holds import Holds
from gateway.core.resend import Waiting
from gateway.core.window import Window

METERS = [b"a" * 20, b"b" * 20, b"c" * 20]


@given(st.lists(st.tuples(st.sampled_from(METERS), st.integers(300, 40_000)), max_size=200), st.booleans())
def test_a_bundle_keeps_both_limits_and_the_order_of_each_meter(
    batches: list[tuple[bytes, int]], new_data: bool
) -> None:
    waiting = [Waiting(row, meter, size) for row, (meter, size) in enumerate(batches)]
    chosen = resend.pick(waiting, new_data=new_data)
    assert bool(chosen) is bool(waiting)
    assert len(chosen) <= BUNDLE_ITEMS_MAX
    assert sum(item.size for item in chosen) + 6 <= BUNDLE_SIZE_MAX
    for meter in METERS:
        of_meter = [item.row for item in waiting if item.meter_id == meter]
        picked = [item.row for item in chosen if item.meter_id == meter]
        assert picked == of_meter[: len(picked)]


def test_new_data_begin_with_the_meter_that_has_waited_least() -> None:
    waiting = [*(Waiting(row, METERS[0], 1000) for row in range(200)), Waiting(200, METERS[1], 1000)]
    assert resend.pick(waiting, new_data=False)[0].row == 0
    assert resend.pick(waiting, new_data=True)[0].row == 200
    assert [resend.is_for_new_data(number) for number in range(8)] == [False, False, False, True] * 2


def test_the_size_of_an_item_is_the_one_that_a_bundle_takes() -> None:
    item = BundleItem(bytes(185), bytes(64), bytes(32), bytes(96))
    assert len(encode_bundle([item, item])) == 6 + 2 * item.size


@given(st.integers(0, 100), st.integers(1, 10_000), st.integers(0, 999))
def test_the_back_off_doubles_up_to_sixty_four_times_and_is_jittered_by_half(
    attempt: int, base: int, drawn: int
) -> None:
    wait = resend.delay_ms(attempt, base, lambda _n: drawn)
    nominal = base * 2 ** min(attempt, 6)
    assert nominal // 2 <= wait <= nominal * 3 // 2


def rooms(window: Window) -> tuple[bool, set[int]]:
    return window.room, window.rows


def flights(window: Window) -> Sequence[int]:
    return list(window.flights)


def test_a_bundle_is_done_when_all_its_headers_are_answered() -> None:
    window = Window(2)
    window.send({b"x": 1, b"y": 2}, due_ms=10)
    window.send({b"z": 3}, due_ms=20)
    assert rooms(window) == (False, {1, 2, 3})
    window.answered([b"x", b"unknown"])
    assert flights(window) == [0, 1]
    window.answered([b"y"])
    assert flights(window) == [1]
    assert rooms(window) == (True, {3})
    assert (window.next_due_ms(), [flight.number for flight in window.due(20)]) == (20, [1])
    assert window.due(19) == []


def test_a_meter_that_is_told_to_wait_waits_alone_and_longer_when_told_again() -> None:
    holds = Holds()
    assert holds.hold(METERS[0], 100, 1_000, lambda _n: 500) == 1_100
    assert holds.hold(METERS[0], 100, 1_099, lambda _n: 500) is None
    assert (holds.held(1_099), holds.next_end_ms(1_099)) == ({METERS[0]}, 1_100)
    assert holds.hold(METERS[0], 100, 1_100, lambda _n: 500) == 1_300
    assert (holds.held(1_300), holds.next_end_ms(1_300)) == (set(), None)
    assert holds.hold(METERS[0], 100, 1_300, lambda _n: 500) == 1_700
    holds.release(METERS[0])
    assert holds.hold(METERS[0], 100, 1_300, lambda _n: 500) == 1_400
    assert holds.held(1_400) == set()
    # Asking who waits, as every send does, shortens no later wait.
    assert holds.hold(METERS[0], 100, 1_400, lambda _n: 500) == 1_600
