"""The position of a header in its meter's chain, and the decision about the header, from the ledger's facts in the order of arrival.

The verdicts and codes are those of the signed answer (spec/answer.md).
"""

from dataclasses import dataclass

from evidence import header
from evidence.answer import Code, Verdict
from evidence.errors import HeaderDisagrees
from evidence.header import Header, Kind
from oracle.core.validation import Opened, Unopened

# Refusals that the meter's own signature stands behind: they hold for ever, so nothing can continue such a header.
# (MALFORMED is one of them where the signature opens: only the body's readings were none.)
SIGNED_REFUSALS = (Code.HEADER_DISAGREES, Code.OVERLAP, Code.FORK, Code.NOT_CONTINUING, Code.RETIRED)


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


def refused(unopened: Unopened) -> Decision:
    """What becomes of an item that proves nothing."""
    return Decision(Verdict.REFUSED, unopened.code, unopened.detail)


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


def duplicate(*, bodiless: bool) -> Decision:
    """The answer to an innocent resend."""
    return Decision(Verdict.DUPLICATE, Code.SEALED if bodiless else Code.OK)


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
    return Decision(Verdict.STORED, Code.SEALED if opened.bodiless else Code.OK, opened.bodiless)


def _not_continuing(detail: str) -> Decision:
    return Decision(Verdict.REFUSED, Code.NOT_CONTINUING, detail)


def _excluded(code: Code, why: str, header_hash: bytes, other: bytes) -> Decision:
    return Decision(Verdict.REFUSED, code, f"header {other.hex()} {why} {header_hash.hex()}", excludes=other)
