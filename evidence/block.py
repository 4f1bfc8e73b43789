"""A block of the chain as an entry of the log: the clock of money (spec/block.md)."""

import struct
from dataclasses import dataclass
from enum import IntEnum

from evidence import tags
from evidence.errors import EntryDisagrees, Malformed

_LAYOUT = struct.Struct(">4sBQ32sQ")
_ZERO_HASH = bytes(tags.HASH_SIZE)


class BlockKind(IntEnum):
    """What a block entry states."""

    FINALISED = 1
    GONE = 2
    CLOCK = 3


@dataclass(frozen=True, slots=True)
class Block:
    """One block entry.

    Attributes:
        kind: what the entry states.
        number: of the block; 0 for a clock.
        hash: 32 bytes; zeros for a clock.
        time: of the block, UTC unix seconds.
    """

    kind: BlockKind
    number: int
    hash: bytes
    time: int

    def encode(self) -> bytes:
        """The 53 bytes of the entry.

        Raises:
            Malformed: a field breaks a rule of the format.
        """
        try:
            encoded = _LAYOUT.pack(tags.BLOCK, self.kind, self.number, self.hash, self.time)
        except struct.error as error:
            raise Malformed("block", f"a value does not fit its field ({error})") from None
        if decode(encoded) != self:
            raise Malformed("block", "a value has another length or form than its field")
        return encoded


def decode(encoded: bytes) -> Block:
    """The one block entry that these bytes are.

    Raises:
        Malformed: wrong length, tag or kind; a number or time of 2^63 or more; a hash that does not go with the kind.
    """
    if len(encoded) != tags.BLOCK_SIZE:
        raise Malformed("block", f"{len(encoded)} bytes, {tags.BLOCK_SIZE} expected")
    tag, kind_code, number, hash_, time = _LAYOUT.unpack(encoded)
    if tag != tags.BLOCK:
        raise Malformed("block", f"tag {tag!r}, {tags.BLOCK!r} expected")
    try:
        kind = BlockKind(kind_code)
    except ValueError:
        raise Malformed("block", f"kind {kind_code} is unknown") from None
    for name, value in (("number", number), ("time", time)):
        if value > tags.U63_MAX:
            raise Malformed("block", f"{name} is {value}, below 2^63 expected")
    if (kind is BlockKind.CLOCK) is not (hash_ == _ZERO_HASH):
        raise Malformed("block", "a clock has a hash of zeros, and a block of the chain has not")
    if kind is BlockKind.CLOCK and number:
        raise Malformed("block", f"a clock has number 0, not {number}")
    return Block(kind, number, hash_, time)


@dataclass(frozen=True, slots=True)
class LogTime:
    """The block entries of a log that stand, oldest first; the newest one's time is the time of the log."""

    standing: tuple[Block, ...] = ()
    is_clock: bool | None = None

    @property
    def now(self) -> int | None:
        """The time of the log, UTC unix seconds; None before the first block entry, and when none stands any more."""
        return self.standing[-1].time if self.standing else None

    def after(self, block: Block) -> "LogTime":
        """The time of the log once this entry is appended.

        Raises:
            EntryDisagrees: a clock among blocks of a chain or the reverse, a number that does not rise, a time that falls, or a block
                that is gone and is not the newest standing one.
        """
        is_clock = block.kind is BlockKind.CLOCK
        if self.is_clock is not None and self.is_clock is not is_clock:
            raise _disagrees("kind", block.kind.name, "CLOCK" if self.is_clock else "FINALISED or GONE")
        newest = self.standing[-1] if self.standing else None
        if block.kind is BlockKind.GONE:
            for field in ("number", "hash", "time"):
                expected = None if newest is None else getattr(newest, field)
                if getattr(block, field) != expected:
                    raise _disagrees(field, getattr(block, field), expected)
            return LogTime(self.standing[:-1], is_clock)
        if newest is not None:
            if not is_clock and block.number <= newest.number:
                raise _disagrees("number", block.number, f"more than {newest.number}")
            if block.time < newest.time:
                raise _disagrees("time", block.time, f"{newest.time} or later")
        return LogTime((*self.standing, block), is_clock)


def _disagrees(field: str, stated: object, expected: object) -> EntryDisagrees:
    return EntryDisagrees(what="block", field=field, stated=stated, expected=expected)
