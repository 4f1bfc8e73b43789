"""Canonical JSON: one byte string for one document (spec/canonical-json.md).

Keys in ASCII, sorted by code point, no white space, UTF-8 with only the escapes that JSON demands, every integer as a decimal string.
JSON numbers and null do not occur, so nothing depends on a reader's number type.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence

from evidence import tags
from evidence.errors import Malformed

Document = Mapping[str, "Value"]
Value = str | int | bool | bytes | Mapping[str, "Value"] | Sequence["Value"]


def encode(document: Document) -> bytes:
    """The canonical bytes; integers become decimal strings, bytes become 0x-prefixed hex.

    Raises:
        Malformed: a value of a type that has no canonical form (float, None), a key that is not ASCII, or text that is no Unicode.
    """
    plain = json.dumps(_plain(document, "$"), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        return plain.encode()
    except UnicodeEncodeError:
        raise Malformed("canonical JSON", "a text holds half of a surrogate pair") from None


def document_hash(document: Document) -> bytes:
    """SHA-256 of the canonical bytes."""
    return hashlib.sha256(encode(document)).digest()


def encode_decision(document: Document) -> bytes:
    """The content of a log entry of type decision: tag | canonical JSON."""
    return tags.DECISION + encode(document)


def _plain(value: object, path: str) -> object:
    match value:
        case bool() | str():
            return value
        case int():
            return str(value)
        case bytes():
            return "0x" + value.hex()
        case Mapping():
            return {_key(key, path): _plain(item, f"{path}.{key}") for key, item in value.items()}
        case Sequence():
            return [_plain(item, f"{path}[{at}]") for at, item in enumerate(value)]
    raise Malformed("canonical JSON", f"{path} is a {type(value).__name__}, which has no canonical form")


def _key(key: object, path: str) -> str:
    # In ASCII every language sorts the same way; beyond it, JavaScript sorts by UTF-16 and Python by code point.
    if not isinstance(key, str) or not key.isascii():
        raise Malformed("canonical JSON", f"the key {key!r} in {path} is not ASCII text")
    return key
