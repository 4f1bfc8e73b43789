"""Decides, from an oracle's head, how a gateway continues a meter's chain before it seals anything.

A gateway that seals on top of an outdated outbox (a restored SD card, a lost store) signs a second branch of its own history.
So it first learns where the oracle stands. Where its own chain does not lead there, it opens an epoch on top of the oracle's head.
"""

from enum import Enum

from evidence.head import Head
from gateway.core.sealer import MeterState


class Step(Enum):
    """What to do about one meter."""

    COMMISSION = "commission"  # neither outbox nor oracle knows the meter: epoch 0
    CONTINUE = "continue"  # the oracle's newest header is the outbox's newest header
    RESEND = "resend"  # the oracle's newest header is an older one that the outbox holds, or none: send what follows it
    NEW_EPOCH = "new epoch"  # the oracle is ahead of the outbox, or on another branch


def step_of(state: MeterState | None, head: Head, *, held: bool) -> Step:
    """What to do about one meter and one oracle.

    Args:
        state: where the meter's chain stands in the outbox, or None before its first header.
        head: the oracle's head of the meter.
        held: whether the outbox holds the header that follows the oracle's newest one.
    """
    if state is None:
        return Step.NEW_EPOCH if head.known else Step.COMMISSION
    if not head.known:
        return Step.RESEND
    if head.header_hash == state.prev:
        return Step.CONTINUE
    return Step.RESEND if held else Step.NEW_EPOCH


def ahead(heads: list[Head]) -> Head:
    """The most advanced of some heads."""
    return max(heads, key=lambda head: (head.known, head.epoch, head.next_seq))


def continued(head: Head, *, profile: int) -> MeterState:
    """The oracle's head as a state, on top of which a new epoch opens."""
    return MeterState(
        meter_id=head.meter_id,
        profile=profile,
        epoch=head.epoch,
        next_seq=head.next_seq,
        prev=head.header_hash,
        export_wh=head.export_end_wh,
        import_wh=head.import_end_wh,
        last_slot=None,
    )


def already_stored(state: MeterState, head: Head, open_count: int) -> bool:
    """Whether the oracle is known to hold the open readings of a restored outbox in batches.

    The run that was lost sealed these readings first and in this order. So the oracle holds them if its sequence numbers are past them.
    """
    return (head.epoch, head.next_seq) >= (state.epoch, state.next_seq + open_count)
