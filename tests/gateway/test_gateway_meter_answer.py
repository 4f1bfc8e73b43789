"""From an answer to a reading: everything well-formed is signed as it was said, and labelled."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import reading as readings
from evidence.binding import Direction
from evidence.reading import PROFILE_BASIC, PROFILE_TARIFFS, Reading
from evidence.status import Status
from gateway.core.meter_answer import REGISTER_MAX, LastRegisters, MeterAnswer, Outcome, reading_of

NOTHING = LastRegisters(None, None)
SYNC = Status.CLOCK_SYNCHRONISED


def made(
    answer: MeterAnswer | Outcome,
    *,
    last: LastRegisters = NOTHING,
    profile: int = PROFILE_BASIC,
    direction: Direction = Direction.FORWARD_IS_EXPORT,
) -> Reading:
    return reading_of(answer, time=900, clock=SYNC, direction=direction, profile=profile, last=last)


registers = st.none() | st.integers(0, 2**66)


@given(
    st.builds(
        MeterAnswer,
        registers,
        registers,
        st.none() | st.integers(-(2**40), 2**40),
        st.just(()) | st.lists(registers, min_size=8, max_size=8).map(tuple),
        st.none() | st.integers(0, 2**32 - 1),
        st.booleans(),
    )
    | st.sampled_from(Outcome),
    st.builds(LastRegisters, registers, registers),
    st.sampled_from([PROFILE_BASIC, PROFILE_TARIFFS]),
    st.sampled_from(Direction),
)
def test_whatever_a_meter_says_becomes_a_reading_that_encodes(
    answer: MeterAnswer | Outcome, last: LastRegisters, profile: int, direction: Direction
) -> None:
    reading = made(answer, last=last, profile=profile, direction=direction)
    assert readings.decode(reading.encode(), profile) == reading
    assert all(value is None or value <= REGISTER_MAX for value in (reading.export_wh, reading.import_wh))


@pytest.mark.parametrize(
    ("outcome", "bit"),
    [
        (Outcome.NO_ANSWER, Status.NO_ANSWER),
        (Outcome.DAMAGED, Status.DAMAGED),
        (Outcome.FOREIGN, Status.FOREIGN),
        (Outcome.REFUSED, Status.REFUSED),
    ],
)
def test_absence_is_a_reading_without_values_that_says_why(outcome: Outcome, bit: Status) -> None:
    assert made(outcome) == Reading(900, None, None, None, SYNC | bit)


@pytest.mark.parametrize(
    ("answer", "last", "suspicion"),
    [
        (MeterAnswer(0), NOTHING, Status.ZERO),
        (MeterAnswer(0), LastRegisters(5, None), Status.ZERO | Status.FELL),
        (MeterAnswer(4), LastRegisters(5, None), Status.FELL),
        (MeterAnswer(5, 1), LastRegisters(5, 2), Status.FELL),
        (MeterAnswer(42_949_672_950, raw_forward=0xFFFFFFFF), NOTHING, Status.SENTINEL),
        (MeterAnswer(None, forward_missing=True), NOTHING, Status.SENTINEL),
        (MeterAnswer(2**63), NOTHING, Status.SENTINEL),
    ],
)
def test_a_suspect_answer_is_signed_as_it_was_said(answer: MeterAnswer, last: LastRegisters, suspicion: Status) -> None:
    reading = made(answer, last=last)
    labels = Status.SUSPECT | Status.SENTINEL | Status.ZERO | Status.FELL
    assert reading.status & labels == suspicion | Status.SUSPECT
    assert reading.export_wh == (answer.forward_wh if answer.forward_wh != 2**63 else None)


def test_an_innocent_answer_is_not_suspect() -> None:
    reading = made(MeterAnswer(6, 0, -3), last=LastRegisters(5, 0))
    assert reading.status == SYNC | Status.EXPORT_VALID | Status.IMPORT_VALID | Status.POWER_VALID
    assert (reading.export_wh, reading.import_wh, reading.power_w) == (6, 0, -3)


def test_direction_says_which_register_is_export() -> None:
    tariffs = (1, 2, 3, 4, 5, 6, 7, 8)
    answer = MeterAnswer(10, 20, 30, tariffs)
    reading = made(answer, profile=PROFILE_TARIFFS, direction=Direction.FORWARD_IS_IMPORT)
    assert (reading.export_wh, reading.import_wh, reading.power_w) == (20, 10, -30)
    assert reading.tariffs_wh == (5, 6, 7, 8, 1, 2, 3, 4)


def test_a_clock_that_is_two_things_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match="not one clock state"):
        reading_of(
            Outcome.NO_ANSWER,
            time=1,
            clock=SYNC | Status.CLOCK_UNKNOWN,
            direction=Direction.FORWARD_IS_EXPORT,
            profile=PROFILE_BASIC,
            last=NOTHING,
        )
