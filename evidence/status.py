"""The status word of a reading: which values are valid, how good the clock was, what went wrong.

The word has 32 bits, and every fact is a bit of its own. So the OR over a batch, which the header carries, still states facts.
"""

from enum import IntFlag
from functools import lru_cache

from evidence.errors import Malformed


class Status(IntFlag):
    """Bits of the status word (spec/reading.md)."""

    EXPORT_VALID = 1 << 0
    IMPORT_VALID = 1 << 1
    POWER_VALID = 1 << 2
    TARIFFS_VALID = 1 << 3
    CLOCK_UNKNOWN = 1 << 4
    CLOCK_INFORMATIVE = 1 << 5
    CLOCK_SYNCHRONISED = 1 << 6
    SUSPECT = 1 << 7
    # Why there is no usable answer; at most one of the four.
    NO_ANSWER = 1 << 8
    DAMAGED = 1 << 9
    FOREIGN = 1 << 10
    REFUSED = 1 << 11
    # Why a well-formed answer is suspect; its registers are signed as the meter shows them.
    SENTINEL = 1 << 12
    ZERO = 1 << 13
    FELL = 1 << 14


NONE = Status(0)
KNOWN = 0x7FFF
CLOCKS = Status.CLOCK_UNKNOWN | Status.CLOCK_INFORMATIVE | Status.CLOCK_SYNCHRONISED
OUTCOMES = Status.NO_ANSWER | Status.DAMAGED | Status.FOREIGN | Status.REFUSED
REGISTERS = Status.EXPORT_VALID | Status.IMPORT_VALID
VALUES = REGISTERS | Status.POWER_VALID | Status.TARIFFS_VALID
REASONS = Status.SENTINEL | Status.ZERO | Status.FELL


@lru_cache(maxsize=4096)
def parse(word: int) -> Status:
    """A status word of a reading.

    Raises:
        Malformed: a reserved bit is set; not exactly one clock bit is set; two outcome bits are set; a value is valid or suspect beside an
            outcome; or a reason for suspicion stands without SUSPECT.
    """
    if word & ~KNOWN:
        raise Malformed("status", f"reserved bits are set in {word:#010x}")
    status = Status(word)
    if (status & CLOCKS).bit_count() != 1:
        raise Malformed("status", f"exactly one clock bit is set in a status word, not {status & CLOCKS!r}")
    if (status & OUTCOMES).bit_count() > 1:
        raise Malformed("status", f"at most one outcome bit is set in a status word, not {status & OUTCOMES!r}")
    if status & OUTCOMES and status & (VALUES | Status.SUSPECT):
        raise Malformed("status", "no value is valid or suspect where there was no answer")
    if status & REASONS and not status & Status.SUSPECT:
        raise Malformed("status", "SENTINEL, ZERO and FELL say why an answer is suspect, but SUSPECT is not set")
    return status
