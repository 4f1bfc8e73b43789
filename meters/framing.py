"""Find frames in a stream of bytes that may begin, break off and be damaged anywhere.

Incomplete is not corrupt: bytes that may still become a frame wait for more bytes. Bytes that cannot are skipped one at
a time, so a frame that follows damage is found wherever it starts. The caller decides how long to wait: it calls `flush`
when the line has been quiet.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Generic, TypeVar

T = TypeVar("T")


class Verdict(Enum):
    """Why no whole frame starts at a position."""

    INCOMPLETE = "incomplete"  # the start of a possible frame
    NOT_HERE = "not here"  # no frame starts at this byte
    FILLER = "filler"  # a wake-up byte that belongs to no frame and is no damage


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A whole frame of `length` bytes."""

    frame: T
    length: int


@dataclass(frozen=True, slots=True)
class Damaged:
    """Bytes that are in no frame: `skipped` of them in a row."""

    skipped: int


class FrameScanner(Generic[T]):
    """Cuts a byte stream into frames by a function that judges one position.

    Args:
        match: takes the buffer and a position, and returns the frame there, or why there is none. It may return INCOMPLETE
            only while a frame of bounded length is still possible; this bounds the buffer.
    """

    def __init__(self, match: Callable[[bytes, int], Found[T] | Verdict]) -> None:
        self._match = match
        self._buffer = b""

    @property
    def pending(self) -> int:
        """Bytes that wait for the rest of their frame."""
        return len(self._buffer)

    def feed(self, chunk: bytes) -> list[T | Damaged]:
        """Take the next bytes; return the frames and damage that are complete with them, in order."""
        return self._scan(self._buffer + chunk, at_end=False)

    def flush(self) -> list[T | Damaged]:
        """Stop waiting: count an incomplete frame as damage, and return the frames that it hid."""
        return self._scan(self._buffer, at_end=True)

    def _scan(self, buffer: bytes, *, at_end: bool) -> list[T | Damaged]:
        out: list[T | Damaged] = []
        position = skipped = 0
        while position < len(buffer):
            verdict = self._match(buffer, position)
            if verdict is Verdict.INCOMPLETE and not at_end:
                break
            if isinstance(verdict, Found):
                if skipped:
                    out.append(Damaged(skipped))
                skipped = 0
                out.append(verdict.frame)
                position += verdict.length
                continue
            if verdict is not Verdict.FILLER:
                skipped += 1
            position += 1
        if skipped:
            out.append(Damaged(skipped))
        self._buffer = buffer[position:]
        return out
