"""The stepped clock stands still while anybody is busy, and its end wakes everybody."""

import threading
from collections.abc import Callable
from queue import Queue

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.clock import RealClock, SteppedClock
from runtime.errors import ClockClosed

WAIT_S = 60


def run(*targets: Callable[[], None]) -> None:
    """Run the targets in threads to their end; an exception in one fails the test."""
    failures: Queue[BaseException] = Queue()

    def guarded(target: Callable[[], None]) -> None:
        try:
            target()
        except BaseException as error:  # noqa: BLE001 handed on to the test's own thread
            failures.put(error)

    threads = [threading.Thread(target=guarded, args=(target,), daemon=True) for target in targets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_S)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    if not failures.empty():
        raise failures.get()


def test_time_goes_to_the_earliest_instant_anybody_waits_for() -> None:
    clock = SteppedClock(1_000)
    seen: list[tuple[int, str]] = []
    lock = threading.Lock()

    def loop(name: str, step: int, participant: object) -> Callable[[], None]:
        def body() -> None:
            for instant in range(1_000 + step, 1_061, step):
                participant.wait_until(instant)  # type: ignore[attr-defined]
                assert clock.now() == instant
                with lock:
                    seen.append((instant, name))
            participant.leave()  # type: ignore[attr-defined]

        return body

    # All join before any runs, so that none moves on alone.
    joined = {name: clock.join(name) for name in ("a", "b", "c")}
    run(loop("a", 5, joined["a"]), loop("b", 3, joined["b"]), loop("c", 20, joined["c"]))
    assert [instant for instant, _ in seen] == sorted(instant for instant, _ in seen)
    assert len(seen) == 12 + 20 + 3
    assert clock.now() == 1_060


def test_nothing_moves_while_one_participant_is_busy() -> None:
    clock = SteppedClock(0)
    poll, intake = clock.join("poll"), clock.join("intake")
    arrived = threading.Event()

    def poller() -> None:
        poll.wait_until(300)
        arrived.set()

    thread = threading.Thread(target=poller, daemon=True)
    thread.start()
    # The poller can have said whatever it says: `intake` never was idle, so the world stands.
    while clock.busy_participants() != ["intake"]:
        assert thread.is_alive()
    assert clock.now() == 0
    assert not arrived.is_set()
    intake.idle()
    assert arrived.wait(WAIT_S)
    assert clock.now() == 300
    thread.join(WAIT_S)
    assert clock.busy_participants() == ["poll"]


def test_work_made_busy_before_idling_holds_the_world() -> None:
    clock = SteppedClock(0)
    poll, uplink = clock.join("poll"), clock.join("uplink")
    uplink.idle()
    instants: list[int] = []
    answered: Queue[None] = Queue()

    def poller() -> None:
        for slot in (10, 20, 30):
            poll.wait_until(slot)
            uplink.busy()
            answered.put(None)
        poll.leave()

    def sender() -> None:
        for _ in range(3):
            answered.get(timeout=WAIT_S)
            instants.append(clock.now())
            uplink.idle()

    run(poller, sender)
    assert instants == [10, 20, 30]


def test_a_past_instant_returns_at_once_and_time_never_goes_back() -> None:
    clock = SteppedClock(500)
    one = clock.join("one")
    one.wait_until(400)
    assert clock.now() == 500
    one.wait_until(500)
    assert clock.now() == 500


def test_idle_participants_alone_move_nothing() -> None:
    clock = SteppedClock(7)
    clock.join("a").idle()
    clock.join("b").idle()
    assert (clock.now(), clock.busy_participants()) == (7, [])


def test_leaving_lets_the_others_go_on() -> None:
    clock = SteppedClock(0)
    stays, leaves = clock.join("stays"), clock.join("leaves")
    run(lambda: stays.wait_until(9), leaves.leave)
    assert clock.now() == 9
    leaves.leave()


def test_close_wakes_all_and_all_later_waits_end_too() -> None:
    clock = SteppedClock(0)
    holder = clock.join("holder")
    woken: Queue[str] = Queue()

    def waiter(name: str) -> Callable[[], None]:
        participant = clock.join(name)

        def body() -> None:
            with pytest.raises(ClockClosed):
                participant.wait_until(10)
            woken.put(name)

        return body

    names = [f"waiter-{i}" for i in range(5)]
    run(*(waiter(name) for name in names), clock.close)
    assert sorted(woken.get(timeout=WAIT_S) for _ in names) == names
    with pytest.raises(ClockClosed):
        holder.wait_until(1)


@settings(max_examples=20)
@given(st.lists(st.lists(st.integers(1, 50), min_size=1, max_size=6), min_size=1, max_size=5))
def test_every_participant_sees_exactly_its_own_instants(steps: list[list[int]]) -> None:
    clock = SteppedClock(0)
    seen: list[list[int]] = [[] for _ in steps]

    def loop(number: int) -> Callable[[], None]:
        participant = clock.join(str(number))

        def body() -> None:
            at = 0
            for step in steps[number]:
                at += step
                participant.wait_until(at)
                seen[number].append(clock.now())
            participant.leave()

        return body

    run(*[loop(number) for number in range(len(steps))])
    assert seen == [[sum(own[: i + 1]) for i in range(len(own))] for own in steps]


def test_the_real_clock_returns_for_a_past_instant_and_ends_a_long_wait_on_close() -> None:
    clock = RealClock()
    one = clock.join("one")
    one.wait_until(clock.now() - 5)
    one.busy()
    one.idle()
    one.leave()

    def waits() -> None:
        with pytest.raises(ClockClosed):
            one.wait_until(clock.now() + 3_600)

    run(waits, clock.close)
