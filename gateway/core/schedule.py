"""Poll slots: UTC multiples of the interval, so that every meter of every site is read at the same instants."""

from evidence.units import div_ceil


def first_slot(now: int, interval_s: int, last_slot: int | None) -> int:
    """The first slot at or after `now`, or the next one where `last_slot`, the newest in the outbox, is that slot."""
    slot = div_ceil(now, interval_s) * interval_s
    # A clock that was set back must not poll a slot twice, but neither may it stop polling until it has caught up.
    return slot + interval_s if slot == last_slot else slot


def next_slot(slot: int, now: int, interval_s: int) -> int:
    """The slot after `slot`, or the first slot at or after `now` where a poll took longer than the interval."""
    return max(slot + interval_s, div_ceil(now, interval_s) * interval_s)


def ends_batch(slot: int, cut_every_s: int) -> bool:
    """Whether a reading of this slot satisfies a boundary, and so ends its batch."""
    return slot == cut_of(slot, cut_every_s)


def cut_of(slot: int, cut_every_s: int) -> int:
    """The boundary that the batch of this slot runs up to: the first multiple of `cut_every_s` at or after it."""
    return div_ceil(slot, cut_every_s) * cut_every_s
