"""Log entries: SHA-256(type u8 | content), so that public tiles of the log reveal nothing of the content (spec/log-entry.md)."""

import hashlib

from evidence import merkle, tags
from evidence.errors import Malformed

_SIZES: dict[int, int] = {
    tags.ENTRY_HEADER: tags.HEADER_SIZE + tags.SIGNATURE_SIZE,
    tags.ENTRY_BINDING: tags.BINDING_SIZE + 2 * tags.SIGNATURE_SIZE,
    tags.ENTRY_CLOSE: tags.CLOSE_SIZE,
    tags.ENTRY_BLOCK: tags.BLOCK_SIZE,
    tags.ENTRY_STANDING: tags.STANDING_SIZE,
}


def entry(type_: int, content: bytes) -> bytes:
    """The 32 bytes that the log stores.

    Raises:
        Malformed: the type is unknown, or the content has another length than its type.
    """
    if type_ not in tags.ENTRY_TYPES.values():
        raise Malformed("log entry", f"type {type_:#04x} is unknown")
    size = _SIZES.get(type_)
    if size is not None and len(content) != size:
        raise Malformed("log entry", f"{len(content)} bytes of type {type_:#04x}, {size} expected")
    return hashlib.sha256(bytes([type_]) + content).digest()


def entry_leaf(type_: int, content: bytes) -> bytes:
    """The RFC 9162 leaf hash of an entry: SHA-256(0x00 | SHA-256(type | content)); errors as `entry`."""
    return merkle.leaf_hash(entry(type_, content))
