"""Turns open readings into sealed headers: decides where a batch ends, and fills its header.

A batch ends at the first of: a reading whose slot is a cut, the maximum count, a change of boot, clock state or profile, a
missing slot, a time that goes back, and stop. Sealing returns the meter's next state; nothing here signs or stores.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from evidence import batch, header, tags
from evidence.header import ZERO_HASH, EpochReason, GapReason, Header, Kind
from evidence.keys import Entropy, MeterId
from evidence.reading import Reading
from evidence.status import CLOCKS, Status
from gateway.core.schedule import cut_of, ends_batch


@dataclass(frozen=True, slots=True)
class OpenReading:
    """A reading that waits for its batch to end.

    Attributes:
        slot: the poll slot, UTC unix seconds.
        boot_id: 16 bytes, the kernel's boot in which the meter was read.
        monotonic_ms: the kernel's boot clock at that moment.
        reading: the reading.
    """

    slot: int
    boot_id: bytes
    monotonic_ms: int
    reading: Reading


@dataclass(frozen=True, slots=True)
class MeterState:
    """Where a meter's chain of headers stands.

    Attributes:
        meter_id: the meter.
        profile: layout of its readings.
        epoch: of the newest header.
        next_seq: the sequence number of the next reading.
        prev: hash of the newest header.
        export_wh: end register of the newest header.
        import_wh: likewise.
        last_slot: the newest slot that was sealed, or None after an epoch opened.
    """

    meter_id: MeterId
    profile: int
    epoch: int
    next_seq: int
    prev: bytes
    export_wh: int | None
    import_wh: int | None
    last_slot: int | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A header as it will be signed, with the batch key and body that travel beside it.

    Attributes:
        header: the header.
        encoded: its exact bytes.
        batch_key: 32 bytes; zeros without a body.
        body: the encoded readings; empty for an epoch or a gap.
        boundary: whether the closing reading satisfies a boundary; such a body is never dropped for want of space.
    """

    header: Header
    encoded: bytes
    batch_key: bytes
    body: bytes
    boundary: bool

    @property
    def hash(self) -> bytes:
        """The header's hash."""
        return header.header_hash(self.encoded)


@dataclass(frozen=True, slots=True)
class CutRule:
    """When a batch ends.

    Attributes:
        interval_s: seconds between two slots; a larger step is a gap.
        cut_every_s: cuts are the UTC multiples of this.
        count_max: how many readings a batch holds at most.
    """

    interval_s: int
    cut_every_s: int
    count_max: int = tags.BATCH_COUNT_MAX


@dataclass(frozen=True, slots=True)
class Moment:
    """The time, boot and clock bit with which a header is made."""

    time: int
    boot_id: bytes
    monotonic_ms: int
    clock: Status


def split(readings: Sequence[OpenReading], rule: CutRule, *, final: bool) -> list[list[OpenReading]]:
    """Group open readings into batches; returns the complete groups in order, and the readings of no group stay open.

    Args:
        readings: in the order in which they were read.
        rule: when a batch ends.
        final: no reading follows (stop, or another binding), so the last group is complete as it is.
    """
    groups: list[list[OpenReading]] = []
    for item in readings:
        if not groups or _ended(groups[-1], rule) or _breaks(groups[-1][-1], item, rule):
            groups.append([])
        groups[-1].append(item)
    if groups and not final and not _ended(groups[-1], rule):
        groups.pop()
    return groups


def seal(
    state: MeterState, group: Sequence[OpenReading], rule: CutRule, entropy: Entropy
) -> list[tuple[Sealed, MeterState]]:
    """Seal one group; returns the batch, after a gap header where slots are missing before it, each with the meter's state after it."""
    out: list[tuple[Sealed, MeterState]] = []
    first = group[0]
    if state.last_slot is not None and first.slot > state.last_slot + rule.interval_s:
        from_slot = state.last_slot + rule.interval_s
        # The gap never ends before `from_slot`, even where the poll interval was changed meanwhile.
        moment = Moment(
            max(from_slot, first.slot - rule.interval_s),
            first.boot_id,
            first.monotonic_ms,
            first.reading.status & CLOCKS,
        )
        out.append(gap(state, from_slot, moment))
        state = out[-1][1]
    state = replace(state, profile=first.reading.profile)
    batch_key = entropy(tags.BATCH_KEY_SIZE)
    records = [item.reading.encode() for item in group]
    readings = [item.reading for item in group]
    last = group[-1]
    facts = cast("dict[str, Any]", batch.summary((state.export_wh, state.import_wh), readings))
    blank = _blank(
        state,
        Kind.READINGS,
        0,
        Moment(last.reading.time, last.boot_id, last.monotonic_ms, last.reading.status & CLOCKS),
    )
    sealed_header = replace(blank, batch_root=batch.batch_root(batch_key, records), **facts)
    sealed = Sealed(
        header=sealed_header,
        encoded=sealed_header.encode(),
        batch_key=batch_key,
        body=b"".join(records),
        boundary=ends_batch(last.slot, rule.cut_every_s),
    )
    out.append((sealed, _after(state, sealed, last.slot)))
    return out


def gap(state: MeterState, from_slot: int, until: Moment) -> tuple[Sealed, MeterState]:
    """A header that states that the slots from `from_slot` to `until.time` were not polled because the gateway was off."""
    bare = replace(_blank(state, Kind.GAP, GapReason.GATEWAY_OFF, until), t0=from_slot)
    return _bare(state, bare, until.time)


def commission(meter_id: MeterId, profile: int, binding_hash: bytes, moment: Moment) -> tuple[Sealed, MeterState]:
    """The first header of a meter: epoch 0, no registers, following its binding."""
    nothing = MeterState(meter_id, profile, 0, 0, binding_hash, None, None, None)
    return _bare(nothing, _blank(nothing, Kind.EPOCH, EpochReason.COMMISSIONED, moment), None)


def new_epoch(state: MeterState, reason: EpochReason, moment: Moment) -> tuple[Sealed, MeterState]:
    """An epoch header that continues `state`: the sequence counter starts at 0 again, the registers at the previous header's end."""
    opened = replace(state, epoch=state.epoch + 1, next_seq=0)
    return _bare(opened, _blank(opened, Kind.EPOCH, reason, moment), None)


def _ended(group: Sequence[OpenReading], rule: CutRule) -> bool:
    return len(group) >= rule.count_max or ends_batch(group[-1].slot, rule.cut_every_s)


def _breaks(before: OpenReading, item: OpenReading, rule: CutRule) -> bool:
    return (
        item.boot_id != before.boot_id
        or (item.reading.status ^ before.reading.status) & CLOCKS != 0
        or item.reading.profile != before.reading.profile
        or item.reading.time < before.reading.time
        or item.slot > before.slot + rule.interval_s
        or cut_of(item.slot, rule.cut_every_s) != cut_of(before.slot, rule.cut_every_s)
    )


def _blank(state: MeterState, kind: Kind, reason: int, moment: Moment) -> Header:
    return Header(
        kind=kind,
        profile=state.profile,
        reason=reason,
        meter_id=state.meter_id,
        epoch=state.epoch,
        seq0=state.next_seq,
        count=0,
        t0=moment.time,
        t1=moment.time,
        status_or=moment.clock,
        status_close=moment.clock,
        export_start_wh=state.export_wh,
        import_start_wh=state.import_wh,
        export_end_wh=state.export_wh,
        import_end_wh=state.import_wh,
        boot_id=moment.boot_id,
        monotonic_ms=moment.monotonic_ms,
        batch_root=ZERO_HASH,
        prev=state.prev,
    )


def _bare(state: MeterState, bare: Header, last_slot: int | None) -> tuple[Sealed, MeterState]:
    sealed = Sealed(bare, bare.encode(), ZERO_HASH, b"", boundary=False)
    return sealed, _after(state, sealed, last_slot)


def _after(state: MeterState, sealed: Sealed, last_slot: int | None) -> MeterState:
    return replace(
        state,
        next_seq=sealed.header.next_seq,
        prev=sealed.hash,
        export_wh=sealed.header.export_end_wh,
        import_wh=sealed.header.import_end_wh,
        last_slot=last_slot,
    )
