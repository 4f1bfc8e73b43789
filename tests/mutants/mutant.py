"""One fault in one source file, as a change of whole lines, whoever made it."""

from collections.abc import Iterable
from typing import NamedTuple


class Mutant(NamedTuple):
    """A fault: the lines from `line` on, counted from 1, said `was` and now say `becomes`.

    Two operators that make the same text make the same fault; it is run once.
    """

    line: int
    was: str
    becomes: str
    operator: str

    @property
    def fault(self) -> tuple[int, str, str]:
        """What the mutant does, its maker's name aside."""
        return self.line, self.was, self.becomes

    def applied(self, source: str) -> str:
        """The faulty text.

        Raises:
            ValueError: `source` doesn't say `was` at `line`; it is not the text that the fault was made for.
        """
        lines = source.splitlines(keepends=True)
        first, count = self.line - 1, len(self.was.splitlines())
        if "".join(lines[first : first + count]) != self.was:
            raise ValueError(f"line {self.line} is not {self.was!r}")
        return "".join([*lines[:first], self.becomes, *lines[first + count :]])


def between(source: str, faulty: str, operator: str) -> Mutant:
    """The mutant that makes `faulty` of `source`: the lines where they differ, at least one of the source."""
    old, new = source.splitlines(keepends=True), faulty.splitlines(keepends=True)
    head = min(_alike(old, new), len(old) - 1)
    tail = _alike(reversed(old[head + 1 :]), reversed(new[head:]))
    return Mutant(head + 1, "".join(old[head : len(old) - tail]), "".join(new[head : len(new) - tail]), operator)


def _alike(old: Iterable[str], new: Iterable[str]) -> int:
    """How many lines are the same from the beginning on."""
    count = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        count += 1
    return count
