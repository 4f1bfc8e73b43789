"""What a gateway does about an oracle's head before it seals anything.

A gateway that seals on top of an outdated outbox (a restored SD card, a lost store) signs a second branch of its own history.
So it first learns where the oracle stands, and where the two do not meet it opens an epoch on top of the oracle's head.
"""

from enum import Enum

from evidence.head import Head
from gateway.core.sealer import MeterState


class Step(Enum):
    """What to do about one meter."""

    COMMISSION = "commission"  # nobody knows the meter: epoch 0
    CONTINUE = "continue"  # the oracle stands at our newest header
    RESEND = (
        "resend"  # the oracle stands somewhere behind us, at a header that we hold or at nothing: send what follows
    )
    NEW_EPOCH = "new epoch"  # the oracle is ahead of us, or on another branch


def step_of(state: MeterState | None, head: Head, *, held: bool) -> Step:
    """What to do about one meter and one oracle.

    Args:
        state: the outbox's, or None when it has never sealed for this meter.
        head: the oracle's.
        held: the outbox holds the oracle's newest header and the one that follows it.
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
    """The state on top of which a new epoch opens: the oracle's."""
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
    """Whether the open readings of a restored outbox are known to be in batches that the oracle holds.

    The lost run of this gateway sealed them first thing, in this order; so they are when its sequence numbers got past them.
    """
    return (head.epoch, head.next_seq) >= (state.epoch, state.next_seq + open_count)
