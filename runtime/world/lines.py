"""The line protocol of a stepped world: short ASCII lines over a socket, one fact each.

To the world:                                     From the world:
    hello 2 <process>       first, once               now <t>                after the hello, and before a participant sees t
    join <id> <state> <name>                          held <id> <count> <t>  the time stands still at t for this participant
    set <id> <state> [<count>]                        error <text>           and the connection ends
    leave <id>
    ready                   all participants have joined
    bye                     the world need not wait for this process any more; a connection that ends without it is a process that died

<state> is `busy`, `idle`, or the unix second that is waited for. <count> numbers the `busy` lines of a participant: the time stands still
for it only once `held` has answered that number.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runtime.errors import WorldRefused

LINE_MAX = 256
VERSION = 2
BUSY, IDLE = "busy", "idle"
PARTICIPANTS_MAX = 64
_NAME = r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}"
_NUMBER = r"0|[1-9][0-9]{0,14}"
_STATE = rf"busy|idle|{_NUMBER}"

_SHAPES = {
    "hello": re.compile(rf"hello ({_NUMBER}) ({_NAME})"),
    "join": re.compile(rf"join ({_NUMBER}) ({_STATE}) ({_NAME})"),
    "set": re.compile(rf"set ({_NUMBER}) ({_STATE})(?: ({_NUMBER}))?"),
    "leave": re.compile(rf"leave ({_NUMBER})"),
    "ready": re.compile("ready"),
    "bye": re.compile("bye"),
    "now": re.compile(rf"now ({_NUMBER})"),
    "held": re.compile(rf"held ({_NUMBER}) ({_NUMBER}) ({_NUMBER})"),
    "error": re.compile(r"error ([ -~]{1,200})"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """A parsed line: its verb, and the groups of its shape (a missing <count> is an empty string)."""

    verb: str
    values: tuple[str, ...]

    def number(self, index: int) -> int:
        """The value at `index`, which its shape says is a number."""
        return int(self.values[index])


def parse(line: str) -> Line:
    """One line, without its end.

    Raises:
        WorldRefused: the line has none of the shapes above.
    """
    verb = line.split(" ", 1)[0]
    match = _SHAPES[verb].fullmatch(line) if verb in _SHAPES else None
    if match is None:
        raise WorldRefused(f"not a line of the world's protocol: {line[:80]!r}")
    return Line(verb, tuple(value or "" for value in match.groups()))


def encode(*words: object) -> bytes:
    """A line with its end."""
    return (" ".join(str(word) for word in words) + "\n").encode("ascii")


class LineReader:
    """Cuts a byte stream into lines."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, chunk: bytes) -> Iterator[Line]:
        """The lines that are complete with this chunk.

        Raises:
            WorldRefused: a line is too long, or is not of the protocol.
        """
        *complete, self._rest = (self._rest + chunk).split(b"\n")
        for raw in complete:
            if len(raw) > LINE_MAX:
                raise WorldRefused(f"a line of {len(raw)} bytes, at most {LINE_MAX} allowed")
            yield parse(raw.decode("ascii", errors="replace"))
        if len(self._rest) > LINE_MAX:
            raise WorldRefused(f"a line of more than {LINE_MAX} bytes")
