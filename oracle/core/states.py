"""The states of what is settled and declared, as the ledger keeps them."""

from enum import StrEnum


class DayState(StrEnum):
    """A settlement day."""

    SETTLED = "settled"
    HELD = "held"  # it cannot be settled from what the log holds; a person must look


class PeriodState(StrEnum):
    """A payout period: each state follows the one before it, but for a reorganisation of the chain, which leads back."""

    SETTLED = "settled"  # its statement stands in the log
    ANCHORED = "anchored"  # the contract holds the log's root at the period's size
    DECLARED = "declared"  # the contract holds its report


class JournalState(StrEnum):
    """A write to the chain."""

    PLANNED = "planned"
    SENT = "sent"
    MINED = "mined"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
