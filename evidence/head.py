"""The oracle's signed head of a meter, and the gateway's request for it (spec/head.md).

A gateway asks for the heads before it seals anything: if the oracle is ahead of the outbox (a restored SD card), the gateway opens a new
epoch instead of signing a second branch. Every head repeats the request's nonce, so that an old head cannot be replayed.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from evidence import tags
from evidence.errors import Malformed
from evidence.keys import MeterId, PublicKey, Signer, meter_id_of

_REQUEST = struct.Struct(">4s16sH")
_HEAD = struct.Struct(">4s20s16sQ20sBIQ32sQQ")
NONCE_SIZE = 16
METERS_MAX = 64
_NOTHING = (0, 0, bytes(tags.HASH_SIZE), tags.ABSENT_U64, tags.ABSENT_U64)


@dataclass(frozen=True, slots=True)
class Head:
    """The newest header of one meter that the oracle holds.

    Attributes:
        oracle_id: first 20 bytes of SHA-256 over the public point of the oracle that signs.
        nonce: the 16 bytes of the request that this head answers.
        time: UTC unix seconds of the oracle's clock.
        meter_id: the meter.
        known: False when the oracle holds no header of this meter; the fields below are then 0 / zeros / None.
        epoch: epoch of the newest header.
        next_seq: sequence number that continues the newest header.
        header_hash: hash of the newest header.
        export_end_wh: export register at the end of the newest header.
        import_end_wh: import register at the end of the newest header.
    """

    oracle_id: bytes
    nonce: bytes
    time: int
    meter_id: MeterId
    known: bool
    epoch: int
    next_seq: int
    header_hash: bytes
    export_end_wh: int | None
    import_end_wh: int | None


def encode_request(nonce: bytes, meters: Sequence[MeterId]) -> bytes:
    """A request for the heads of 1..64 meters.

    Raises:
        Malformed: the nonce is not 16 bytes, a meter id not 20, or there are no or too many meters.
    """
    if len(nonce) != NONCE_SIZE:
        raise Malformed("head request", f"the nonce has {len(nonce)} bytes, {NONCE_SIZE} expected")
    if not 1 <= len(meters) <= METERS_MAX:
        raise Malformed("head request", f"{len(meters)} meters, 1..{METERS_MAX} expected")
    if any(len(meter) != tags.METER_ID_SIZE for meter in meters):
        raise Malformed("head request", f"a meter id is not {tags.METER_ID_SIZE} bytes")
    return _REQUEST.pack(tags.HEAD_REQUEST, nonce, len(meters)) + b"".join(meters)


def decode_request(encoded: bytes) -> tuple[bytes, list[MeterId]]:
    """(nonce, meter ids) of a request.

    Raises:
        Malformed: wrong tag, count or length.
    """
    if len(encoded) < _REQUEST.size:
        raise Malformed("head request", f"{len(encoded)} bytes are too few")
    tag, nonce, count = _REQUEST.unpack_from(encoded)
    if tag != tags.HEAD_REQUEST:
        raise Malformed("head request", f"tag {tag!r}, {tags.HEAD_REQUEST!r} expected")
    size = _REQUEST.size + count * tags.METER_ID_SIZE
    if not 1 <= count <= METERS_MAX or len(encoded) != size:
        raise Malformed(
            "head request", f"{len(encoded)} bytes with {count} meters, {size} expected and 1..{METERS_MAX}"
        )
    ids = encoded[_REQUEST.size :]
    return nonce, [MeterId(ids[at : at + tags.METER_ID_SIZE]) for at in range(0, len(ids), tags.METER_ID_SIZE)]


def sign_head(head: Head, signer: Signer) -> bytes:
    """Encode and sign; the oracle id is that of the signer's key, whatever `head.oracle_id` is.

    Raises:
        Malformed: a value does not fit its field, or the head of an unknown meter has a field that is not empty.
    """
    head = replace(head, oracle_id=meter_id_of(signer.public_point))
    try:
        body = _HEAD.pack(
            tags.HEAD,
            head.oracle_id,
            head.nonce,
            head.time,
            head.meter_id,
            int(head.known),
            head.epoch,
            head.next_seq,
            head.header_hash,
            tags.ABSENT_U64 if head.export_end_wh is None else head.export_end_wh,
            tags.ABSENT_U64 if head.import_end_wh is None else head.import_end_wh,
        )
    except struct.error as error:
        raise Malformed("head", f"a value does not fit its field ({error})") from None
    if _decode(body) != head:
        raise Malformed("head", "a value has another length or form than its field")
    return body + signer.sign(body)


def open_head(encoded: bytes, key: PublicKey, *, nonce: bytes) -> Head:
    """Check signature and nonce and return the head.

    Raises:
        Malformed: wrong tag or length, another oracle, another request's nonce, or a field out of its range.
        BadSignature: the signature is not by the pinned oracle key.
    """
    if len(encoded) != _HEAD.size + tags.SIGNATURE_SIZE:
        raise Malformed("head", f"{len(encoded)} bytes, {_HEAD.size + tags.SIGNATURE_SIZE} expected")
    body, signature = encoded[: _HEAD.size], encoded[_HEAD.size :]
    head = _decode(body)
    key.open(body, signature, what="head")
    if head.oracle_id != key.meter_id:
        raise Malformed("head", f"names oracle {head.oracle_id.hex()}, but {key.meter_id.hex()} signed it")
    if head.nonce != nonce:
        raise Malformed("head", "answers another request: the nonce differs")
    return head


def _decode(body: bytes) -> Head:
    tag, oracle_id, nonce, time, meter_id, known, epoch, next_seq, hash_, export_end, import_end = _HEAD.unpack(body)
    if tag != tags.HEAD:
        raise Malformed("head", f"tag {tag!r}, {tags.HEAD!r} expected")
    if known not in (0, 1):
        raise Malformed("head", f"known is {known}, 0 or 1 expected")
    if not known and (epoch, next_seq, hash_, export_end, import_end) != _NOTHING:
        raise Malformed("head", "the meter is unknown, but the fields after it are not empty")
    for name, value in (("time", time), ("next_seq", next_seq)):
        if value > tags.U63_MAX:
            raise Malformed("head", f"{name} is {value}, below 2^63 expected")
    for register in (export_end, import_end):
        if tags.U63_MAX < register < tags.ABSENT_U64:
            raise Malformed("head", f"the register {register} is neither below 2^63 nor absent")
    return Head(
        oracle_id=oracle_id,
        nonce=nonce,
        time=time,
        meter_id=MeterId(meter_id),
        known=bool(known),
        epoch=epoch,
        next_seq=next_seq,
        header_hash=hash_,
        export_end_wh=None if export_end == tags.ABSENT_U64 else export_end,
        import_end_wh=None if import_end == tags.ABSENT_U64 else import_end,
    )
