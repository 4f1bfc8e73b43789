"""The oracle's signed answer: it says of each header, by hash, what became of it (spec/answer.md). It speaks of no other header.

An answer is the proof of delivery, a broker's PUBACK is not: a gateway deletes only batches that an answer names.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from evidence import tags
from evidence.errors import Malformed
from evidence.keys import PublicKey, Signer, meter_id_of

_HEAD = struct.Struct(">4s20sQH")
_ITEM = struct.Struct(">32sBH")
ITEMS_MAX = tags.BUNDLE_ITEMS_MAX


class Verdict(IntEnum):
    """What became of one header."""

    STORED = 1
    DUPLICATE = 2
    RETRY = 3
    REFUSED = 4


class Code(IntEnum):
    """The verdict's reason; 0 and 1 go with STORED and DUPLICATE, 10 to 29 with REFUSED, 30 and above with RETRY."""

    OK = 0
    # Stored, but the body is missing or did not match: only the header's registers count. spec/answer.md freezes the name SEALED.
    # Everywhere else such a batch is *bodiless*, and a *sealed* batch is any batch whose header bytes are fixed before they are signed.
    SEALED = 1
    MALFORMED = 10
    UNKNOWN_METER = 11
    BAD_SIGNATURE = 12
    HEADER_DISAGREES = 13
    OVERLAP = 14  # another header already holds part of this sequence range
    FORK = 15  # another header already follows the same previous one
    NOT_CONTINUING = 16  # sequence, epoch or start registers do not continue `prev`
    ROOT_MISMATCH = 17
    RETIRED = 18
    PREV_UNKNOWN = 30  # retry: the header before this one has not arrived yet
    BUSY = 31  # retry: the oracle's inbox or disk is full


@dataclass(frozen=True, slots=True)
class AnswerItem:
    """What became of one header."""

    header_hash: bytes
    verdict: Verdict
    code: Code


@dataclass(frozen=True, slots=True)
class Answer:
    """One oracle's verdicts on the headers of one bundle.

    Attributes:
        oracle_id: first 20 bytes of SHA-256 over the oracle key's public point.
        time: UTC unix seconds of the oracle's clock.
        items: one verdict a header, 1..64.
    """

    oracle_id: bytes
    time: int
    items: tuple[AnswerItem, ...]


def sign_answer(time: int, items: Sequence[AnswerItem], signer: Signer) -> bytes:
    """Encode and sign: body | 64-byte signature.

    Raises:
        Malformed: no item, more than 64, a hash that is not 32 bytes, or a code that does not go with its verdict.
    """
    if not 1 <= len(items) <= ITEMS_MAX:
        raise Malformed("answer", f"{len(items)} items, 1..{ITEMS_MAX} expected")
    for item in items:
        if len(item.header_hash) != tags.HASH_SIZE:
            raise Malformed("answer", f"a header hash has {len(item.header_hash)} bytes, {tags.HASH_SIZE} expected")
        _check_item(item)
    if not 0 <= time <= tags.U63_MAX:
        raise Malformed("answer", f"time {time} is not between 0 and 2^63 - 1")
    body = _HEAD.pack(tags.ANSWER, meter_id_of(signer.public_point), time, len(items))
    body += b"".join(_ITEM.pack(i.header_hash, i.verdict, i.code) for i in items)
    return body + signer.sign(body)


def open_answer(encoded: bytes, key: PublicKey) -> Answer:
    """Check the oracle's signature and return the answer.

    Raises:
        Malformed: wrong tag, length, count or code, or a code that does not go with its verdict.
        BadSignature: the signature is not by the pinned oracle key.
    """
    if len(encoded) < _HEAD.size + tags.SIGNATURE_SIZE:
        raise Malformed("answer", f"{len(encoded)} bytes are too few")
    tag, oracle_id, time, count = _HEAD.unpack_from(encoded)
    if tag != tags.ANSWER:
        raise Malformed("answer", f"tag {tag!r}, {tags.ANSWER!r} expected")
    if not 1 <= count <= ITEMS_MAX:
        raise Malformed("answer", f"{count} items, 1..{ITEMS_MAX} expected")
    size = _HEAD.size + count * _ITEM.size
    if len(encoded) != size + tags.SIGNATURE_SIZE:
        raise Malformed("answer", f"{len(encoded)} bytes, {size + tags.SIGNATURE_SIZE} expected with {count} items")
    body, signature = encoded[:size], encoded[size:]
    key.open(body, signature, what="answer")
    if oracle_id != key.meter_id:
        raise Malformed("answer", f"names oracle {oracle_id.hex()}, but {key.meter_id.hex()} signed it")
    items = []
    for header_hash, verdict, code in _ITEM.iter_unpack(body[_HEAD.size :]):
        try:
            item = AnswerItem(header_hash, Verdict(verdict), Code(code))
        except ValueError as error:
            raise Malformed("answer", str(error)) from None
        _check_item(item)
        items.append(item)
    if time > tags.U63_MAX:
        raise Malformed("answer", f"time {time} is not below 2^63")
    return Answer(oracle_id, time, tuple(items))


def _check_item(item: AnswerItem) -> None:
    match item.verdict:
        case Verdict.STORED | Verdict.DUPLICATE:
            fits = item.code < Code.MALFORMED
        case Verdict.REFUSED:
            fits = Code.MALFORMED <= item.code < Code.PREV_UNKNOWN
        case Verdict.RETRY:
            fits = item.code >= Code.PREV_UNKNOWN
    if not fits:
        raise Malformed("answer", f"code {item.code.name} does not go with verdict {item.verdict.name}")
