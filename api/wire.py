"""How values look outside: times, days, bytes and cursors, and how they are read back from a request."""

import base64
import binascii
import re
import struct
from datetime import UTC, date, datetime, timedelta

from api.errors import BadRequest

_EPOCH = date(1970, 1, 1)
_CURSOR = struct.Struct(">4sqq")
_RFC3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}([Zz]|[+-]\d{2}:\d{2})")
_INSTANT_MAX = 2**62


def hexed(content: bytes) -> str:
    """Bytes as 0x-prefixed lower-case hex."""
    return "0x" + content.hex()


def unhex(text: str, size: int, field: str) -> bytes:
    """`size` bytes from hex, with or without 0x.

    Raises:
        BadRequest: not that many bytes of hex.
    """
    digits = text.removeprefix("0x")
    if len(digits) != 2 * size or not re.fullmatch(r"[0-9a-fA-F]*", digits):
        raise BadRequest(field, f"{size} bytes as hex expected ({2 * size} digits, with or without 0x)")
    return bytes.fromhex(digits)


def rfc3339(instant: int) -> str:
    """Unix seconds as RFC 3339 in UTC. Beyond the year 9999, which only a meter's broken clock reaches, the seconds themselves."""
    try:
        return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"@{instant}"


def instant_of(text: str | None, field: str, *, default: int | None = None) -> int:
    """Unix seconds from RFC 3339 with any offset; nothing given means `default`, or the end of time.

    Raises:
        BadRequest: not such a time.
    """
    if text is None:
        return _INSTANT_MAX if default is None else default
    if _RFC3339.fullmatch(text) is None:
        raise BadRequest(field, "a time such as 2026-07-01T00:00:00Z expected")
    try:
        return int(datetime.fromisoformat(text.upper()).timestamp())
    except ValueError:
        raise BadRequest(field, "there is no such time") from None


def iso_day(day: int) -> str:
    """A settlement day as a date."""
    return (_EPOCH + timedelta(days=day)).isoformat()


def cursor(kind: bytes, at: int, within: int = 0) -> str:
    """An opaque place to go on from; `kind` is four bytes that keep one route's cursors out of another."""
    return base64.urlsafe_b64encode(_CURSOR.pack(kind, at, within)).decode().rstrip("=")


def open_cursor(text: str | None, kind: bytes, *, start: tuple[int, int]) -> tuple[int, int]:
    """The place in a cursor; `start` where none is given.

    Raises:
        BadRequest: not a cursor that this route gave.
    """
    if text is None:
        return start
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        found, at, within = _CURSOR.unpack(raw)
    except (binascii.Error, ValueError, struct.error):
        found, at, within = b"", 0, 0
    if found != kind or at < -1 or not 0 <= within < 2**31:
        raise BadRequest("cursor", "this is no cursor of this route; begin without one")
    return at, within
