"""A batch: 1..1024 consecutive readings of one meter under a salted RFC 9162 tree (spec/batch.md).

leaf_i = SHA-256(0x00 | salt_i | record_i), salt_i = HMAC-SHA256(batch key, i as u32)[:16]. Once body and batch key are destroyed, the
readings cannot be opened any more, while every root above them stays valid.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from evidence import merkle, reading, tags
from evidence.errors import HeaderDisagrees, Malformed, RootMismatch
from evidence.header import Header, Kind, open_header
from evidence.keys import PublicKey
from evidence.reading import Reading
from evidence.status import Status


@dataclass(frozen=True, slots=True)
class OpenedBatch:
    """A batch whose signature, root and header fields were all checked."""

    header: Header
    readings: tuple[Reading, ...]


def salt(batch_key: bytes, index: int) -> bytes:
    """The 16 bytes that hide the reading at `index` until the batch key or this salt is shown."""
    return hmac.digest(batch_key, index.to_bytes(4, "big"), "sha256")[: tags.SALT_SIZE]


def leaf_hashes(batch_key: bytes, records: Sequence[bytes]) -> list[bytes]:
    """The salted leaf hashes of encoded readings, in order.

    Raises:
        Malformed: the batch key is not 32 bytes.
    """
    if len(batch_key) != tags.BATCH_KEY_SIZE:
        raise Malformed("batch key", f"{len(batch_key)} bytes, {tags.BATCH_KEY_SIZE} expected")
    return [merkle.leaf_hash(salt(batch_key, i) + record) for i, record in enumerate(records)]


def batch_root(batch_key: bytes, records: Sequence[bytes]) -> bytes:
    """The root that a header carries."""
    return merkle.root(leaf_hashes(batch_key, records))


def split_body(body: bytes, profile: int, count: int) -> list[bytes]:
    """The encoded readings of a body.

    Raises:
        Malformed: the body's length is not count records of this profile.
    """
    size = reading.RECORD_SIZES.get(profile)
    if size is None:
        raise Malformed("body", f"profile {profile} is unknown")
    if len(body) != size * count:
        raise Malformed("body", f"{len(body)} bytes, {count} records of {size} expected")
    return [body[at : at + size] for at in range(0, len(body), size)]


def summary(start: tuple[int | None, int | None], readings: Sequence[Reading]) -> dict[str, object]:
    """The header fields that follow from a body and the start registers (export, import) in Wh: the one rule for edge and oracle."""
    export_end, import_end = start
    status_or = Status(0)
    for item in readings:
        status_or |= item.status
        export_end = item.export_wh if item.export_wh is not None else export_end
        import_end = item.import_wh if item.import_wh is not None else import_end
    return {
        "count": len(readings),
        "t0": readings[0].time,
        "t1": readings[-1].time,
        "status_or": status_or,
        "status_close": readings[-1].status,
        "export_end_wh": export_end,
        "import_end_wh": import_end,
    }


def open_batch(encoded: bytes, signature: bytes, batch_key: bytes, body: bytes, key: PublicKey) -> OpenedBatch:
    """Check signature, root and every header field against the body, and return header and readings.

    Raises:
        Malformed: bytes that are not of the format.
        BadSignature: the header is not signed by this key.
        RootMismatch: the body is not the one that was signed.
        HeaderDisagrees: the signed header contradicts its own body.
    """
    return open_body(open_header(encoded, signature, key), batch_key, body)


def open_body(header: Header, batch_key: bytes, body: bytes) -> OpenedBatch:
    """Check a body against a header whose signature was checked before; errors as `open_batch`."""
    if header.kind is not Kind.READINGS:
        raise Malformed("body", f"a header of kind {header.kind.name} has no body")
    records = split_body(body, header.profile, header.count)
    computed_root = batch_root(batch_key, records)
    if computed_root != header.batch_root:
        raise RootMismatch(what="batch", stated=header.batch_root, computed=computed_root)
    readings = tuple(reading.decode(record, header.profile) for record in records)
    for earlier, later in pairwise(readings):
        if later.time < earlier.time:
            raise HeaderDisagrees(field="order of times", stated=earlier.time, computed=later.time)
    for field, computed in summary((header.export_start_wh, header.import_start_wh), readings).items():
        stated = getattr(header, field)
        if stated != computed:
            raise HeaderDisagrees(field=field, stated=stated, computed=computed)
    return OpenedBatch(header, readings)
