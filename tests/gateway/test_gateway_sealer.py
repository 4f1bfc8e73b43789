"""Sealing: whatever was read, in whatever order of boots, clocks and breaks, every run of headers opens and continues."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import batch, header
from evidence.header import EpochReason, GapReason, Header, Kind
from evidence.keys import PublicKey
from evidence.reading import Reading
from evidence.status import CLOCKS, Status
from gateway.core import schedule, sealer
from gateway.core.sealer import CutRule, MeterState, Moment, OpenReading, Sealed
from tests.plant.edge_site import entropy_of
from tests.plant.signer import signer_of

RULE = CutRule(interval_s=300, cut_every_s=900, count_max=5)
BINDING = bytes(range(32))
SIGNER = signer_of("meter")
KEY = PublicKey(SIGNER.public_point)
MOMENT = Moment(1_000, b"b" * 16, 5, Status.CLOCK_SYNCHRONISED)


def reading(time: int, wh: int | None, clock: Status = Status.CLOCK_SYNCHRONISED) -> Reading:
    if wh is None:
        return Reading(time, None, None, None, clock | Status.NO_ANSWER)
    return Reading(time, wh, None, 5, clock | Status.EXPORT_VALID | Status.POWER_VALID)


@st.composite
def runs(draw: st.DrawFn) -> list[OpenReading]:
    """Readings of one meter: slots mostly in a row, sometimes missing; boots, clock states and answers change at will."""
    slot, boot, wh, time = draw(st.integers(100, 150)) * 300, 0, draw(st.integers(0, 10**6)), 0
    clocks = st.sampled_from([Status.CLOCK_SYNCHRONISED] * 8 + [Status.CLOCK_UNKNOWN, Status.CLOCK_INFORMATIVE])
    out = []
    for _ in range(draw(st.integers(0, 40))):
        wh = max(wh + draw(st.integers(-20, 400)), 0)
        time = slot + draw(st.integers(-400, 60))
        said = draw(st.sampled_from([wh, wh, wh, None]))
        out.append(OpenReading(slot, bytes([boot]) * 16, slot * 1000, reading(time, said, draw(clocks))))
        slot += 300 * draw(st.sampled_from([1] * 9 + [2, 7, 0, -1]))
        boot += draw(st.sampled_from([0] * 9 + [1]))
    return out


def seal_all(
    state: MeterState, run: Sequence[OpenReading], rule: CutRule, *, final: bool = True
) -> tuple[list[Sealed], MeterState]:
    entropy = entropy_of("batch keys")
    out = []
    for group in sealer.split(run, rule, final=final):
        for sealed, after in sealer.seal(state, group, rule, entropy):
            out.append(sealed)
            state = after
    return out, state


def check_chain(chain: Sequence[Sealed]) -> list[Reading]:
    """Open everything under the meter's key, from the binding on; returns all readings."""
    readings: list[Reading] = []
    previous: tuple[Header, bytes] | None = None
    for sealed in chain:
        signature = SIGNER.sign(sealed.encoded)
        if sealed.header.kind is Kind.READINGS:
            opened = batch.open_batch(sealed.encoded, signature, sealed.batch_key, sealed.body, KEY)
            readings += opened.readings
        else:
            header.open_header(sealed.encoded, signature, KEY)
        if previous is None:
            header.check_first(BINDING, sealed.header)
        else:
            header.check_follows(*previous, sealed.header)
        previous = sealed.header, sealed.hash
    return readings


def commissioned() -> tuple[Sealed, MeterState]:
    return sealer.commission(KEY.meter_id, 1, BINDING, MOMENT)


@given(runs())
def test_every_sealed_run_opens_continues_and_loses_no_reading(run: list[OpenReading]) -> None:
    first, state = commissioned()
    chain, _ = seal_all(state, run, RULE)
    assert check_chain([first, *chain]) == [item.reading for item in run]


@given(runs())
def test_energy_telescopes_over_any_run_of_headers(run: list[OpenReading]) -> None:
    _, state = commissioned()
    chain, after = seal_all(state, run, RULE)
    for one, other in pairwise(sealed.header for sealed in chain):
        assert (other.export_start_wh, other.import_start_wh) == (one.export_end_wh, one.import_end_wh)
    valid = [item.reading.export_wh for item in run if item.reading.export_wh is not None]
    assert after.export_wh == (valid[-1] if valid else None)


@given(runs())
def test_no_batch_reaches_past_a_cut_a_boot_a_clock_state_or_the_maximum(run: list[OpenReading]) -> None:
    for group in sealer.split(run, RULE, final=True):
        assert len(group) <= RULE.count_max
        assert len({item.boot_id for item in group}) == 1
        assert len({item.reading.status & CLOCKS for item in group}) == 1
        assert len({schedule.cut_of(item.slot, RULE.cut_every_s) for item in group}) == 1
        assert not any(schedule.ends_batch(item.slot, RULE.cut_every_s) for item in group[:-1])


@given(runs(), st.data())
def test_cutting_at_once_or_as_the_readings_come_gives_the_same_headers(
    run: list[OpenReading], data: st.DataObject
) -> None:
    _, state = commissioned()
    whole, _ = seal_all(state, run, RULE)
    kept: list[OpenReading] = []
    entropy = entropy_of("batch keys")
    out = []
    for number, item in enumerate(run):
        kept.append(item)
        if data.draw(st.booleans()) or number == len(run) - 1:
            for group in sealer.split(kept, RULE, final=number == len(run) - 1):
                for sealed, after in sealer.seal(state, group, RULE, entropy):
                    out.append(sealed)
                    state = after
                kept = kept[len(group) :]
    assert [sealed.header for sealed in out] == [sealed.header for sealed in whole]


def test_a_reading_at_a_cut_ends_its_batch_and_what_follows_stays_open() -> None:
    run = [OpenReading(slot, bytes(16), 0, reading(slot, slot)) for slot in (300, 600, 900, 1200)]
    groups = sealer.split(run, RULE, final=False)
    assert [[item.slot for item in group] for group in groups] == [[300, 600, 900]]
    _, state = commissioned()
    assert seal_all(state, run, RULE, final=False)[0][0].boundary


def test_midnight_is_the_last_reading_of_a_batch_in_any_whole_hour_offset() -> None:
    midnight = 1_700_000_000 // 86_400 * 86_400 + 7 * 3600
    assert schedule.ends_batch(midnight, 900)


def test_missing_slots_are_said_in_a_gap_header() -> None:
    run = [OpenReading(slot, bytes(16), 0, reading(slot, slot)) for slot in (300, 1500)]
    first, state = commissioned()
    chain, _ = seal_all(state, run, RULE)
    assert [sealed.header.kind for sealed in chain] == [Kind.READINGS, Kind.GAP, Kind.READINGS]
    gap = chain[1].header
    assert (gap.t0, gap.t1, gap.reason, gap.count) == (600, 1200, GapReason.GATEWAY_OFF, 0)
    check_chain([first, *chain])


def test_a_changed_interval_makes_no_impossible_gap() -> None:
    _, state = commissioned()
    state = replace(state, last_slot=900)
    (gap, _), _ = sealer.seal(
        state, [OpenReading(1800, bytes(16), 0, reading(1800, 5))], CutRule(600, 600), entropy_of("x")
    )
    assert gap.header.kind is Kind.GAP
    assert gap.header.t0 <= gap.header.t1


def test_a_new_epoch_continues_the_registers_and_counts_from_zero() -> None:
    first, state = commissioned()
    chain, state = seal_all(state, [OpenReading(900, bytes(16), 0, reading(900, 77))], RULE)
    epoch, after = sealer.new_epoch(state, EpochReason.COUNTER_STORE_LOST, MOMENT)
    assert (epoch.header.epoch, epoch.header.seq0, epoch.header.export_start_wh) == (1, 0, 77)
    assert after.last_slot is None
    check_chain([first, *chain, epoch])


@pytest.mark.parametrize(
    ("now", "last", "first"),
    [(1000, None, 1200), (900, None, 900), (900, 900, 1200), (900, 600, 900), (900, 9000, 900)],
)
def test_the_first_slot_is_never_one_that_was_polled(now: int, last: int | None, first: int) -> None:
    assert schedule.first_slot(now, 300, last) == first


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from([1, 60, 300, 900]))
def test_slots_only_go_forwards_and_stay_aligned(slot: int, now: int, interval: int) -> None:
    slot = slot // interval * interval
    following = schedule.next_slot(slot, now, interval)
    assert following > slot
    assert following % interval == 0
    assert following >= now
