"""A note: one label on a settlement day, and the time that the label covers."""

from collections.abc import Sequence
from dataclasses import dataclass

from oracle.core.calendar import instant_text
from oracle.core.energy.vee import Label


@dataclass(frozen=True, slots=True)
class Note:
    """A label of a meter's or a point's day: how often, from when to when (UTC unix seconds)."""

    label: Label
    subject: str
    count: int
    first: int
    last: int


def documents(notes: Sequence[Note]) -> list[dict[str, str]]:
    """Notes as the statement and the ledger hold them."""
    return [
        {
            "label": note.label.value,
            "subject": note.subject,
            "count": str(note.count),
            "first": instant_text(note.first),
            "last": instant_text(note.last),
        }
        for note in notes
    ]
