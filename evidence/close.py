"""The close of a period: the entry that fixes every figure of its report (spec/close.md)."""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

from evidence import merkle, tags
from evidence.errors import EntryDisagrees, Malformed, RootMismatch

_LAYOUT = struct.Struct(">4sBIHHI32sQ")
_BRANCH = struct.Struct(">20s32sQ")
_U40_MAX = (1 << 40) - 1
LIVE_MAX_S = 86_400


class CloseKind(IntEnum):
    """Why a period may be closed."""

    DUE = 1
    DEADLINE = 2


@dataclass(frozen=True, slots=True)
class Branch:
    """The chain of headers of one meter that a close stands on.

    Attributes:
        meter_id: 20 bytes.
        last_header: hash of the newest header; of the binding where there is none.
        count: headers from the first one to this.
    """

    meter_id: bytes
    last_header: bytes
    count: int

    def encode(self) -> bytes:
        """The 60 bytes of the leaf.

        Raises:
            Malformed: a value of another length, or a count of 2^63 or more.
        """
        if len(self.meter_id) != tags.METER_ID_SIZE or len(self.last_header) != tags.HASH_SIZE:
            raise Malformed("branch", "the meter id or the header hash has another length than its field")
        if not 0 <= self.count <= tags.U63_MAX:
            raise Malformed("branch", f"{self.count} headers, below 2^63 expected")
        return _BRANCH.pack(self.meter_id, self.last_header, self.count)


@dataclass(frozen=True, slots=True)
class Close:
    """One close entry.

    Attributes:
        kind: why the period may be closed.
        period: the payout period.
        supplement: 0 for the period's own report.
        revision: of the report.
        count: number of branches.
        branches: 32 bytes, RFC 9162 root over the branches.
        valid_until: UTC unix seconds; report and anchor carry it.
    """

    kind: CloseKind
    period: int
    supplement: int
    revision: int
    count: int
    branches: bytes
    valid_until: int

    @property
    def subject(self) -> tuple[int, int]:
        """Period and supplement: closes of one subject follow each other."""
        return self.period, self.supplement

    def encode(self) -> bytes:
        """The 57 bytes of the entry.

        Raises:
            Malformed: a field breaks a rule of the format.
        """
        try:
            encoded = _LAYOUT.pack(
                tags.CLOSE,
                self.kind,
                self.period,
                self.supplement,
                self.revision,
                self.count,
                self.branches,
                self.valid_until,
            )
        except struct.error as error:
            raise Malformed("close", f"a value does not fit its field ({error})") from None
        if decode(encoded) != self:
            raise Malformed("close", "a value has another length or form than its field")
        return encoded


@dataclass(frozen=True, slots=True)
class PlacedClose:
    """A close that is live, and its index in the log."""

    index: int
    close: Close


def decode(encoded: bytes) -> Close:
    """The one close entry that these bytes are.

    Raises:
        Malformed: wrong length, tag or kind, no branch, or a valid until that is 0 or not below 2^40.
    """
    if len(encoded) != tags.CLOSE_SIZE:
        raise Malformed("close", f"{len(encoded)} bytes, {tags.CLOSE_SIZE} expected")
    tag, code, period, supplement, revision, count, branches, valid_until = _LAYOUT.unpack(encoded)
    if tag != tags.CLOSE:
        raise Malformed("close", f"tag {tag!r}, {tags.CLOSE!r} expected")
    try:
        kind = CloseKind(code)
    except ValueError:
        raise Malformed("close", f"kind {code} is unknown") from None
    if count == 0:
        raise Malformed("close", "there is no branch")
    if not 0 < valid_until <= _U40_MAX:
        raise Malformed("close", f"valid until {valid_until}, 1 to 2^40 - 1 expected")
    return Close(kind, period, supplement, revision, count, branches, valid_until)


def branches_root(branches: Iterable[Branch]) -> bytes:
    """The root that a close carries; the branches rise by meter id.

    Raises:
        Malformed: there is none, or two are out of order or of one meter.
    """
    leaves = list(branches)
    if not leaves:
        raise Malformed("branches", "there is none")
    for earlier, later in pairwise(leaves):
        if later.meter_id <= earlier.meter_id:
            raise Malformed("branches", f"{later.meter_id.hex()} stands behind {earlier.meter_id.hex()}")
    return merkle.root([merkle.leaf_hash(branch.encode()) for branch in leaves])


def open_branches(close: Close, branches: Sequence[Branch]) -> tuple[Branch, ...]:
    """Check the branches of a close against its root, and return them.

    Raises:
        Malformed: as `branches_root`.
        RootMismatch: another root, or another number of branches.
    """
    computed = branches_root(branches)
    if (computed, len(branches)) != (close.branches, close.count):
        raise RootMismatch(what=f"{close.count} branches", stated=close.branches, computed=computed)
    return tuple(branches)


def check_place(close: Close, *, now: int, period_end: int, missing_delay_s: int) -> Close:
    """Check that a close may stand where the time of the log is `now`, and return it.

    Args:
        close: the close.
        now: time of the log, UTC unix seconds (`evidence.block.LogTime`).
        period_end: end of the period, UTC unix seconds.
        missing_delay_s: the contract's delay for reports of which meters are missing.

    Raises:
        EntryDisagrees: the period, or the delay, is not over, or `valid_until` is not within a day after `now`.
    """
    earliest = period_end + (missing_delay_s if close.kind is CloseKind.DEADLINE else 0)
    if now < earliest:
        raise _disagrees("kind", close.kind.name, f"a log whose time is {earliest} or later, and not {now}")
    if not now < close.valid_until <= now + LIVE_MAX_S:
        raise _disagrees("valid_until", close.valid_until, f"more than {now}, at most {now + LIVE_MAX_S}")
    return close


def check_next(live: Sequence[PlacedClose], close: Close) -> Close:
    """Check that no close of the same subject is live, and return the close.

    Raises:
        EntryDisagrees: one is.
    """
    for one in live:
        if one.close.subject == close.subject:
            raise _disagrees("period", close.period, f"no live close of this subject, and {one.index} is one")
    return close


def may_anchor(size: int, *, live: Sequence[PlacedClose], anchored: int) -> bool:
    """Whether a signer may sign an anchor of this size: no live close is overtaken (spec/close.md, rule 7).

    Args:
        size: the size to be anchored.
        live: the live closes of the log.
        anchored: the newest size of which the chain holds the root.
    """
    # Sizes on chain only grow, so a close whose size is anchored already has been anchored at exactly index + 1, or can never be.
    return all(size <= one.index + 1 or anchored >= one.index + 1 for one in live)


def _disagrees(field: str, stated: object, expected: object) -> EntryDisagrees:
    return EntryDisagrees(what="close", field=field, stated=stated, expected=expected)
