"""The state of a report on chain, as an entry of the log (spec/standing.md)."""

import struct
from dataclasses import dataclass
from enum import IntEnum

from evidence import tags
from evidence.errors import EntryDisagrees, Malformed

_LAYOUT = struct.Struct(">4sBIHH32sQ")


class Status(IntEnum):
    """The contract's states of a report."""

    DECLARED = 1
    DISPUTED = 2
    VOID = 3
    FINAL = 4


_AFTER: dict[Status, tuple[Status, ...]] = {
    Status.DECLARED: (Status.DISPUTED, Status.FINAL),
    Status.DISPUTED: (Status.VOID, Status.DECLARED),
    Status.VOID: (Status.DECLARED,),
    Status.FINAL: (),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """One standing entry.

    Attributes:
        status: the report's state.
        period: of the report.
        supplement: 0 for the period's own report.
        revision: of the report.
        report_hash: 32 bytes, the EIP-712 struct hash of the report.
        block: log index of the block entry at which the chain said so.
    """

    status: Status
    period: int
    supplement: int
    revision: int
    report_hash: bytes
    block: int

    def encode(self) -> bytes:
        """The 53 bytes of the entry.

        Raises:
            Malformed: a field breaks a rule of the format.
        """
        try:
            encoded = _LAYOUT.pack(
                tags.STANDING,
                self.status,
                self.period,
                self.supplement,
                self.revision,
                self.report_hash,
                self.block,
            )
        except struct.error as error:
            raise Malformed("standing", f"a value does not fit its field ({error})") from None
        if decode(encoded) != self:
            raise Malformed("standing", "a value has another length or form than its field")
        return encoded


def decode(encoded: bytes) -> Standing:
    """The one standing entry that these bytes are.

    Raises:
        Malformed: wrong length, tag or status, a log index of 2^63 or more, or a report hash of zeros.
    """
    if len(encoded) != tags.STANDING_SIZE:
        raise Malformed("standing", f"{len(encoded)} bytes, {tags.STANDING_SIZE} expected")
    tag, code, period, supplement, revision, report_hash, block = _LAYOUT.unpack(encoded)
    if tag != tags.STANDING:
        raise Malformed("standing", f"tag {tag!r}, {tags.STANDING!r} expected")
    try:
        status = Status(code)
    except ValueError:
        raise Malformed("standing", f"status {code} is unknown") from None
    if block > tags.U63_MAX:
        raise Malformed("standing", f"block is {block}, below 2^63 expected")
    if not any(report_hash):
        raise Malformed("standing", "the report hash is all zeros")
    return Standing(status, period, supplement, revision, report_hash, block)


def check_follows(previous: Standing | None, standing: Standing) -> Standing:
    """Check that a standing entry continues the one before it of the same period and supplement, and return it.

    Args:
        previous: the entry before; None for the first one of its subject.
        standing: the entry.

    Raises:
        EntryDisagrees: another subject, a status that cannot follow, or a revision or report hash that does not go with the status.
    """
    if previous is None:
        expected: list[tuple[str, object, object]] = [
            ("status", standing.status.name, Status.DECLARED.name),
            ("revision", standing.revision, 0),
        ]
    else:
        expected = [
            ("period", standing.period, previous.period),
            ("supplement", standing.supplement, previous.supplement),
        ]
        after = _AFTER[previous.status]
        if standing.status not in after:
            names = " or ".join(status.name for status in after) or "nothing"
            expected.append(("status", standing.status.name, names))
        if standing.status is Status.DECLARED:
            expected.append(("revision", standing.revision, previous.revision + 1))
            if standing.report_hash == previous.report_hash:
                expected.append(("report_hash", standing.report_hash.hex(), "another report"))
        else:
            expected += [
                ("revision", standing.revision, previous.revision),
                ("report_hash", standing.report_hash.hex(), previous.report_hash.hex()),
            ]
    for field, stated, wanted in expected:
        if stated != wanted:
            raise EntryDisagrees(what="standing", field=field, stated=stated, expected=wanted)
    return standing
