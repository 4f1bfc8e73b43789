"""A canonical document, read strictly: every field once, of the kind that its name stands for, and no field besides."""

import json
import re
from collections.abc import Sequence

from evidence import canonical
from evidence.errors import Malformed
from oracle.errors import DocumentRefused

_DEPTH_MAX = 32
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"')
# One text for one integer: neither -0 nor zeros in front; 2^256 has 78 digits.
_INTEGER = re.compile("0|-?[1-9][0-9]{0,77}")


class Fields:
    """One object of a document. Each getter takes its field out; `finish` refuses what is left.

    An integer stands there as a decimal string (spec/canonical-json.md, rule 3), so only the getter's name tells the kinds apart.
    """

    def __init__(self, document: str, where: str, fields: dict[str, object]) -> None:
        self._document = document
        self._where = where
        self._fields = dict(fields)

    def error(self, key: str, reason: str) -> DocumentRefused:
        """The refusal of one field."""
        return DocumentRefused(self._document, f"{self._where}.{key}", reason)

    def text(self, key: str) -> str:
        """A text."""
        value = self._take(key)
        if not isinstance(value, str):
            raise self.error(key, "is no text")
        return value

    def choice(self, key: str, among: Sequence[str]) -> str:
        """One of the texts that `among` lists."""
        value = self.text(key)
        if value not in among:
            raise self.error(key, f"{value!r} is none of {', '.join(among)}")
        return value

    def integer(self, key: str, minimum: int, maximum: int) -> int:
        """An integer between two bounds, both included."""
        return self._integer(key, self._take(key), minimum, maximum)

    def integers(self, key: str, minimum: int, maximum: int) -> tuple[int, ...]:
        """A list of integers between two bounds."""
        return tuple(self._integer(f"{key}[{at}]", item, minimum, maximum) for at, item in enumerate(self._list(key)))

    def table(self, key: str) -> "Fields":
        """An object in a field."""
        return self._object(key, self._take(key))

    def tables(self, key: str) -> "tuple[Fields, ...]":
        """A list of objects."""
        return tuple(self._object(f"{key}[{at}]", item) for at, item in enumerate(self._list(key)))

    def finish(self) -> None:
        """Refuse the fields that nobody took.

        Raises:
            DocumentRefused: naming the first of them.
        """
        for key in sorted(self._fields):
            raise self.error(key, "is not known")

    def _take(self, key: str) -> object:
        if key not in self._fields:
            raise self.error(key, "is missing")
        return self._fields.pop(key)

    def _list(self, key: str) -> list[object]:
        value = self._take(key)
        if not isinstance(value, list):
            raise self.error(key, "is no list")
        return value

    def _object(self, key: str, value: object) -> "Fields":
        if not isinstance(value, dict):
            raise self.error(key, "is no object")
        return Fields(self._document, f"{self._where}.{key}", value)

    def _integer(self, key: str, value: object, minimum: int, maximum: int) -> int:
        if not isinstance(value, str) or _INTEGER.fullmatch(value) is None:
            raise self.error(key, f"{value!r:.100} is no integer")
        number = int(value)
        if not minimum <= number <= maximum:
            raise self.error(key, f"{number} is not between {minimum} and {maximum}")
        return number


def open_document(name: str, content: bytes) -> Fields:
    """The fields of a document in its canonical bytes.

    Args:
        name: of the document, for messages.
        content: canonical JSON (spec/canonical-json.md).

    Raises:
        DocumentRefused: the bytes are no canonical JSON object: other white space, order or escapes, a field twice, a number, null.
    """
    if _depth(content) > _DEPTH_MAX:
        # Python's own bound is the process's recursion limit, which some libraries raise beyond what its stack holds.
        raise DocumentRefused(name, "$", f"is nested more than {_DEPTH_MAX} deep")
    try:
        value = json.loads(content)
        encoded = canonical.encode(value) if isinstance(value, dict) else b""
    except (ValueError, Malformed) as error:
        raise DocumentRefused(name, "$", f"is no canonical JSON: {error}") from None
    if encoded != content:
        raise DocumentRefused(name, "$", "is JSON, but not the canonical bytes of an object")
    return Fields(name, "$", value)


def _depth(content: bytes) -> int:
    """How deep lists and objects are nested, texts left out."""
    depth = deepest = 0
    for sign in re.findall(rb"[\[{\]}]", _TEXT.sub(b"", content)):
        depth += 1 if sign in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
