"""A bundle: up to 64 sealed batches in one message of at most 64 KiB (spec/bundle.md).

A bundle is a frame, not evidence: no item is trusted until it was opened on its own.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from evidence import tags
from evidence.errors import Malformed
from evidence.header import ZERO_HASH

_HEAD = struct.Struct(">4sH")
_LENGTH = struct.Struct(">I")
_EVIDENCE_LENGTH = struct.Struct(">H")
EVIDENCE_SIZE_MAX = 65_535
_FIXED = tags.HEADER_SIZE + tags.SIGNATURE_SIZE + tags.BATCH_KEY_SIZE + _LENGTH.size + _EVIDENCE_LENGTH.size


@dataclass(frozen=True, slots=True)
class BundleItem:
    """One sealed batch as sent.

    Attributes:
        header: 185 header bytes.
        signature: 64 bytes.
        batch_key: 32 bytes; zeros where there is no body.
        body: the encoded readings; empty for kinds without readings, or when the body is lost or withheld.
        evidence: original records that profile 3 readings name by hash; empty otherwise.
    """

    header: bytes
    signature: bytes
    batch_key: bytes
    body: bytes
    evidence: bytes = b""

    @property
    def size(self) -> int:
        """Bytes this item takes in a bundle, its length prefix included."""
        return _LENGTH.size + _FIXED + len(self.body) + len(self.evidence)


def encode_bundle(items: Sequence[BundleItem]) -> bytes:
    """Frame the items.

    Raises:
        Malformed: no item, more than 64, a part of the wrong length, or more than 64 KiB in all.
    """
    if not 1 <= len(items) <= tags.BUNDLE_ITEMS_MAX:
        raise Malformed("bundle", f"{len(items)} items, 1..{tags.BUNDLE_ITEMS_MAX} expected")
    parts = [_HEAD.pack(tags.BUNDLE, len(items))]
    for item in items:
        if (len(item.header), len(item.signature), len(item.batch_key)) != (
            tags.HEADER_SIZE,
            tags.SIGNATURE_SIZE,
            tags.BATCH_KEY_SIZE,
        ):
            raise Malformed("bundle", "header, signature or batch key of an item has the wrong length")
        if len(item.evidence) > EVIDENCE_SIZE_MAX:
            raise Malformed("bundle", f"evidence of {len(item.evidence)} bytes, at most {EVIDENCE_SIZE_MAX} allowed")
        parts += [
            _LENGTH.pack(item.size - _LENGTH.size),
            item.header,
            item.signature,
            item.batch_key,
            _LENGTH.pack(len(item.body)),
            item.body,
            _EVIDENCE_LENGTH.pack(len(item.evidence)),
            item.evidence,
        ]
    encoded = b"".join(parts)
    if len(encoded) > tags.BUNDLE_SIZE_MAX:
        raise Malformed("bundle", f"{len(encoded)} bytes, at most {tags.BUNDLE_SIZE_MAX} allowed")
    return encoded


def decode_bundle(encoded: bytes) -> list[BundleItem]:
    """The items of a bundle, each still unverified.

    Raises:
        Malformed: wrong tag, count or length anywhere, or bytes left over.
    """
    if len(encoded) > tags.BUNDLE_SIZE_MAX:
        raise Malformed("bundle", f"{len(encoded)} bytes, at most {tags.BUNDLE_SIZE_MAX} allowed")
    if len(encoded) < _HEAD.size:
        raise Malformed("bundle", f"{len(encoded)} bytes are too few")
    tag, count = _HEAD.unpack_from(encoded)
    if tag != tags.BUNDLE:
        raise Malformed("bundle", f"tag {tag!r}, {tags.BUNDLE!r} expected")
    if not 1 <= count <= tags.BUNDLE_ITEMS_MAX:
        raise Malformed("bundle", f"{count} items, 1..{tags.BUNDLE_ITEMS_MAX} expected")
    items = []
    at = _HEAD.size
    for number in range(count):
        if at + _LENGTH.size > len(encoded):
            raise Malformed("bundle", f"ends before item {number} of {count}")
        (length,) = _LENGTH.unpack_from(encoded, at)
        at += _LENGTH.size
        if at + length > len(encoded):
            raise Malformed("bundle", f"ends inside item {number} of {count}")
        items.append(_decode_item(encoded[at : at + length], number))
        at += length
    if at != len(encoded):
        raise Malformed("bundle", f"{len(encoded) - at} bytes are left over after {count} items")
    return items


def split(items: Sequence[BundleItem]) -> list[list[BundleItem]]:
    """Group items, in order, into bundles that keep both limits.

    Raises:
        Malformed: one item alone is larger than a bundle may be.
    """
    groups: list[list[BundleItem]] = []
    size = 0
    for item in items:
        if _HEAD.size + item.size > tags.BUNDLE_SIZE_MAX:
            raise Malformed("bundle", f"an item of {item.size} bytes does not fit into {tags.BUNDLE_SIZE_MAX}")
        if not groups or len(groups[-1]) == tags.BUNDLE_ITEMS_MAX or size + item.size > tags.BUNDLE_SIZE_MAX:
            groups.append([])
            size = _HEAD.size
        groups[-1].append(item)
        size += item.size
    return groups


def without_body(header: bytes, signature: bytes) -> BundleItem:
    """An item with a header alone: an epoch, a gap, a retirement, or a batch that has lost its body."""
    return BundleItem(header, signature, ZERO_HASH, b"")


def _decode_item(item: bytes, number: int) -> BundleItem:
    if len(item) < _FIXED:
        raise Malformed("bundle", f"item {number} has {len(item)} bytes, at least {_FIXED} expected")
    signature_at = tags.HEADER_SIZE
    key_at = signature_at + tags.SIGNATURE_SIZE
    length_at = key_at + tags.BATCH_KEY_SIZE
    (body_length,) = _LENGTH.unpack_from(item, length_at)
    body_at = length_at + _LENGTH.size
    evidence_at = body_at + body_length
    if evidence_at + _EVIDENCE_LENGTH.size > len(item):
        raise Malformed("bundle", f"item {number} ends inside its body")
    (evidence_length,) = _EVIDENCE_LENGTH.unpack_from(item, evidence_at)
    evidence_at += _EVIDENCE_LENGTH.size
    if evidence_at + evidence_length != len(item):
        raise Malformed("bundle", f"item {number} is longer or shorter than its parts")
    return BundleItem(
        header=item[:signature_at],
        signature=item[signature_at:key_at],
        batch_key=item[key_at:length_at],
        body=item[body_at : body_at + body_length],
        evidence=item[evidence_at:],
    )
