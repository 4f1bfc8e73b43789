"""What becomes of one batch that arrived: pure decisions, from what the batch proves and what is known of its meter.

Opening (`open_item`) needs no history and may run on any thread; deciding (`decide`) compares with the chain of headers and goes in
order. The verdicts and codes are those of the signed answer (spec/answer.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evidence import batch, header
from evidence.answer import Code, Verdict
from evidence.bundle import BundleItem
from evidence.errors import BadSignature, HeaderDisagrees, Malformed, RootMismatch
from evidence.header import Header, Kind
from evidence.keys import PublicKey
from evidence.status import Status

# Refusals that the meter's own signature stands behind: they hold for ever, so nothing can continue such a header.
# (MALFORMED is one of them where the signature opens: only the body's readings were none.)
SIGNED_REFUSALS = (Code.HEADER_DISAGREES, Code.OVERLAP, Code.FORK, Code.NOT_CONTINUING, Code.RETIRED)


@dataclass(frozen=True, slots=True)
class KnownBinding:
    """What intake needs of a binding: its hash and since when it holds (unix seconds)."""

    hash: bytes
    valid_from: int


@dataclass(frozen=True, slots=True)
class Opened:
    """An item whose header is signed by its meter.

    Attributes:
        header: the opened header.
        key: the meter's key, which opened it.
        binding_hash: the binding in force at the header's end.
        sealed: why the body does not count although the header does; empty where it counts or where none is due.
    """

    header: Header
    key: PublicKey
    binding_hash: bytes
    sealed: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An item that proves nothing, whatever else is known."""

    code: Code
    detail: str
    meter_id: bytes | None


@dataclass(frozen=True, slots=True)
class Previous:
    """A header of the log and its hash."""

    hash: bytes
    header: Header


@dataclass(frozen=True, slots=True)
class Facts:
    """What the ledger knows about the place of a header.

    Attributes:
        previous: the header that `prev` names, if it is in the log.
        follower: hash of another header that names the same `prev`.
        overlapping: hash of another header that holds one of the same sequence numbers of the same epoch.
        prev_refused: the code with which the header that `prev` names was refused for ever.
        prev_forked: hash of the logged header that excludes the header that `prev` names.
    """

    previous: Previous | None
    follower: bytes | None = None
    overlapping: bytes | None = None
    prev_refused: Code | None = None
    prev_forked: bytes | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a header.

    Attributes:
        verdict: as answered.
        code: as answered.
        detail: for people; empty where all is well.
        excludes: where code is FORK or OVERLAP, the hash of the logged header that this one contradicts.
    """

    verdict: Verdict
    code: Code
    detail: str = ""
    excludes: bytes | None = None


def open_item(item: BundleItem, key: PublicKey | None, bindings: Sequence[KnownBinding]) -> Opened | Refused:
    """Open one item by itself: format, binding as of then, signature, root, header against body.

    Args:
        item: as it came in the bundle.
        key: the key of the meter that the header names, None when no binding names that meter.
        bindings: the meter's bindings, oldest first.
    """
    try:
        stated = header.decode(item.header)
    except Malformed as error:
        return Refused(Code.MALFORMED, str(error), None)
    binding = binding_at(stated, bindings)
    if key is None or binding is None:
        known = "no binding names it" if not bindings else f"its first binding holds from {bindings[0].valid_from}"
        detail = f"meter {stated.meter_id.hex()} is not bound at {stated.t1}: {known}"
        return Refused(Code.UNKNOWN_METER, detail, stated.meter_id)
    try:
        opened = header.open_header(item.header, item.signature, key)
    except BadSignature as error:
        return Refused(Code.BAD_SIGNATURE, str(error), stated.meter_id)
    if opened.kind is not Kind.READINGS:
        return Opened(opened, key, binding.hash, sealed="")  # a body sent beside it is no part of it and is dropped
    return _open_body(Opened(opened, key, binding.hash, sealed=""), item)


def binding_at(stated: Header, bindings: Sequence[KnownBinding]) -> KnownBinding | None:
    """The binding in force when the header ended.

    Where the clock was not synchronised its times place nothing: the binding that a first header names counts, else the newest.
    """
    if stated.status_close & Status.CLOCK_SYNCHRONISED:
        candidates = [b for b in bindings if b.valid_from <= stated.t1]
    else:
        candidates = [b for b in bindings if b.hash == stated.prev] or list(bindings)
    return candidates[-1] if candidates else None


def decide(header_hash: bytes, opened: Opened, facts: Facts) -> Decision:
    """The place of an opened header in its meter's chain. A header that is known by its hash never comes here: it is a duplicate."""
    item, previous = opened.header, facts.previous
    other = facts.follower or facts.prev_forked
    if other is not None:
        return _excluded(
            Code.FORK, "is on the branch that was logged first, which excludes the branch of", header_hash, other
        )
    first = item.prev == opened.binding_hash or (item.kind is Kind.EPOCH and item.epoch == 0)
    if first or (previous is not None and previous.header.meter_id == item.meter_id):
        return _decide_chained(header_hash, opened, None if first else previous, facts)
    if facts.overlapping is not None:
        return _excluded(Code.OVERLAP, "holds some of the same sequence as", header_hash, facts.overlapping)
    if previous is not None:
        return _not_continuing(f"the header before it, {item.prev.hex()}, is of another meter")
    if facts.prev_refused is not None:
        return _not_continuing(f"the header before it, {item.prev.hex()}, was refused: {facts.prev_refused.name}")
    return Decision(Verdict.RETRY, Code.PREV_UNKNOWN, f"header {item.prev.hex()} has not arrived")


def duplicate(*, sealed: bool) -> Decision:
    """The answer to an innocent resend."""
    return Decision(Verdict.DUPLICATE, Code.SEALED if sealed else Code.OK)


def _decide_chained(header_hash: bytes, opened: Opened, previous: Previous | None, facts: Facts) -> Decision:
    if previous is not None and previous.header.kind is Kind.RETIRE:
        return Decision(Verdict.REFUSED, Code.RETIRED, f"the meter was retired by header {previous.hash.hex()}")
    try:
        if previous is None:
            header.check_first(opened.binding_hash, opened.header)
        else:
            header.check_follows(previous.header, previous.hash, opened.header)
    except HeaderDisagrees as error:
        if facts.overlapping is not None:
            return _excluded(Code.OVERLAP, "holds some of the same sequence as", header_hash, facts.overlapping)
        return _not_continuing(
            f"header field {error.field} says {error.stated}, its place in the chain {error.computed}"
        )
    return Decision(Verdict.STORED, Code.SEALED if opened.sealed else Code.OK, opened.sealed)


def _not_continuing(detail: str) -> Decision:
    return Decision(Verdict.REFUSED, Code.NOT_CONTINUING, detail)


def _excluded(code: Code, why: str, header_hash: bytes, other: bytes) -> Decision:
    return Decision(Verdict.REFUSED, code, f"header {other.hex()} {why} {header_hash.hex()}", excludes=other)


def _open_body(opened: Opened, item: BundleItem) -> Opened | Refused:
    if not item.body:
        return replace(opened, sealed="the body did not come with the header")
    try:
        batch.open_body(opened.header, item.batch_key, item.body)
    except RootMismatch as error:
        return replace(opened, sealed=str(error))
    except HeaderDisagrees as error:
        return Refused(Code.HEADER_DISAGREES, str(error), opened.header.meter_id)
    except Malformed as error:
        # A body of the wrong length was never the signed one; a record that is none, under the signed root, was signed as it is.
        if error.what in ("body", "batch key"):
            return replace(opened, sealed=str(error))
        detail = f"the signed body holds what is no reading: {error}"
        return Refused(Code.MALFORMED, detail, opened.header.meter_id)
    return opened
