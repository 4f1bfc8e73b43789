"""The header: the one fixed layout for every fact that a meter's key signs (spec/header.md).

A header starts at the previous header's end registers. So the differences end - start of headers in a row add up to the whole rise, and
nothing is lost between two headers: they telescope.
"""

import hashlib
import struct
from dataclasses import dataclass
from enum import IntEnum

from evidence import status as st
from evidence import tags
from evidence.errors import HeaderDisagrees, Malformed
from evidence.keys import MeterId, PublicKey, Signer
from evidence.reading import RECORD_SIZES
from evidence.status import Status

_LAYOUT = struct.Struct(">4sBBB20sIQHQQIIQQQQ16sQ32s32s")
ZERO_HASH = bytes(tags.HASH_SIZE)


class Kind(IntEnum):
    """What a header states."""

    READINGS = 1
    EPOCH = 2
    GAP = 3
    RETIRE = 4


class EpochReason(IntEnum):
    """Why an epoch opens; only METER_EXCHANGED may start at other registers than the header before ended with."""

    COMMISSIONED = 1
    COUNTER_STORE_LOST = 2
    KEY_REPLACED = 3
    METER_EXCHANGED = 4


class GapReason(IntEnum):
    """Why the slots between t0 and t1 were not polled, or why their readings are gone."""

    GATEWAY_OFF = 1
    DISK_FULL = 2


_REASONS: dict[Kind, frozenset[int]] = {
    Kind.READINGS: frozenset({0}),
    Kind.EPOCH: frozenset(EpochReason),
    Kind.GAP: frozenset(GapReason),
    Kind.RETIRE: frozenset({0}),
}


@dataclass(frozen=True, slots=True)
class Header:
    """The fields of one header, which a meter's key signs.

    Attributes:
        kind: what this header states.
        profile: layout of the readings in the body.
        reason: an `EpochReason` or `GapReason`; 0 for the other kinds.
        meter_id: the meter whose registers these are.
        epoch: number of the sequence counter; each new counter raises it by one.
        seq0: sequence number of the first reading; within an epoch the previous header's seq0 + count.
        count: readings in the body, 1..1024; 0 for the other kinds.
        t0: time of the first reading, UTC unix seconds.
        t1: time of the last reading.
        status_or: OR of all status words.
        status_close: status word of the closing reading.
        export_start_wh: the previous header's export_end_wh; None before the first valid register.
        import_start_wh: likewise.
        export_end_wh: the last valid export register of the body; export_start_wh where there is none.
        import_end_wh: likewise.
        boot_id: 16 bytes that change with every start of the gateway's kernel.
        monotonic_ms: the kernel's boot clock when the batch closed, so that a batch of an unsynchronised clock can be placed in time later.
        batch_root: RFC 9162 root over the salted readings; zeros for the other kinds.
        prev: hash of the previous header; the first one's is the hash of the binding.
    """

    kind: Kind
    profile: int
    reason: int
    meter_id: MeterId
    epoch: int
    seq0: int
    count: int
    t0: int
    t1: int
    status_or: Status
    status_close: Status
    export_start_wh: int | None
    import_start_wh: int | None
    export_end_wh: int | None
    import_end_wh: int | None
    boot_id: bytes
    monotonic_ms: int
    batch_root: bytes
    prev: bytes

    @property
    def next_seq(self) -> int:
        """The sequence number with which the next header of this epoch starts."""
        return self.seq0 + self.count

    def encode(self) -> bytes:
        """The 185 bytes that are signed.

        Raises:
            Malformed: a field breaks a rule of the format.
        """
        try:
            encoded = _LAYOUT.pack(
                tags.HEADER,
                self.kind,
                self.profile,
                self.reason,
                self.meter_id,
                self.epoch,
                self.seq0,
                self.count,
                self.t0,
                self.t1,
                int(self.status_or),
                int(self.status_close),
                _wire(self.export_start_wh),
                _wire(self.import_start_wh),
                _wire(self.export_end_wh),
                _wire(self.import_end_wh),
                self.boot_id,
                self.monotonic_ms,
                self.batch_root,
                self.prev,
            )
        except struct.error as error:
            raise Malformed("header", f"a value does not fit its field ({error})") from None
        if decode(encoded) != self:
            raise Malformed("header", "a value has another length or form than its field")
        return encoded


def decode(encoded: bytes) -> Header:
    """The one header that these bytes are, *unverified*: `open_header` checks the signature.

    Raises:
        Malformed: wrong length, tag, kind, reason, count, order of times or status word; a value of 2^63 or more; registers that
            contradict the status words.
    """
    if len(encoded) != tags.HEADER_SIZE:
        raise Malformed("header", f"{len(encoded)} bytes, {tags.HEADER_SIZE} expected")
    (
        tag, kind_code, profile, reason, meter_id, epoch, seq0, count, t0, t1, or_word, close_word,
        export_start, import_start, export_end, import_end, boot_id, monotonic_ms, batch_root, prev,
    ) = _LAYOUT.unpack(encoded)  # fmt: skip
    if tag != tags.HEADER:
        raise Malformed("header", f"tag {tag!r}, {tags.HEADER!r} expected")
    try:
        kind = Kind(kind_code)
    except ValueError:
        raise Malformed("header", f"kind {kind_code} is unknown") from None
    if profile not in RECORD_SIZES:
        raise Malformed("header", f"profile {profile} is unknown")
    if reason not in _REASONS[kind]:
        raise Malformed("header", f"reason {reason} does not go with kind {kind.name}")
    _check_count(kind, count, batch_root)
    for name, number in (("seq0 + count", seq0 + count), ("t1", t1), ("monotonic_ms", monotonic_ms)):
        if number > tags.U63_MAX:
            raise Malformed("header", f"{name} is {number}, below 2^63 expected")
    if t0 > t1:
        raise Malformed("header", f"t0 {t0} is after t1 {t1}")
    close = _check_status(kind, or_word, close_word)
    _check_registers("export", export_start, export_end, valid=bool(or_word & Status.EXPORT_VALID))
    _check_registers("import", import_start, import_end, valid=bool(or_word & Status.IMPORT_VALID))
    return Header(
        kind=kind,
        profile=profile,
        reason=reason,
        meter_id=MeterId(meter_id),
        epoch=epoch,
        seq0=seq0,
        count=count,
        t0=t0,
        t1=t1,
        status_or=Status(or_word),
        status_close=close,
        export_start_wh=_value(export_start),
        import_start_wh=_value(import_start),
        export_end_wh=_value(export_end),
        import_end_wh=_value(import_end),
        boot_id=boot_id,
        monotonic_ms=monotonic_ms,
        batch_root=batch_root,
        prev=prev,
    )


def header_hash(encoded: bytes) -> bytes:
    """SHA-256 over the 185 header bytes: the key signs it, `prev` names it, and two headers are equal where it is equal."""
    return hashlib.sha256(encoded).digest()


def sign_header(header: Header, signer: Signer) -> tuple[bytes, bytes]:
    """Encode and sign; returns (185 header bytes, 64 signature bytes)."""
    encoded = header.encode()
    return encoded, signer.sign(encoded)


def open_header(encoded: bytes, signature: bytes, key: PublicKey) -> Header:
    """Check the signature and return the signed header.

    Raises:
        Malformed: the bytes are no header.
        HeaderDisagrees: the header names another meter than the key's.
        BadSignature: the signature is not by this key, or not in the canonical form.
    """
    header = decode(encoded)
    if header.meter_id != key.meter_id:
        raise HeaderDisagrees(field="meter_id", stated=header.meter_id.hex(), computed=key.meter_id.hex())
    key.open(encoded, signature, what="header")
    return header


def check_follows(previous: Header, previous_hash: bytes, header: Header) -> Header:
    """Check that a header continues the one before it, and return it.

    Raises:
        HeaderDisagrees: `prev`, epoch, sequence number or start registers do not continue the previous header; the header is a second
            commissioning; or the previous header is a retirement.
    """
    if previous.kind is Kind.RETIRE:
        raise HeaderDisagrees(field="prev", stated=header.prev.hex(), computed="no header after a retirement")
    expected: list[tuple[str, object, object]] = [("prev", header.prev.hex(), previous_hash.hex())]
    if header.kind is Kind.EPOCH:
        if header.reason == EpochReason.COMMISSIONED:
            raise HeaderDisagrees(field="reason", stated=header.reason, computed="commissioned before")
        expected += [("epoch", header.epoch, previous.epoch + 1), ("seq0", header.seq0, 0)]
    else:
        expected += [("epoch", header.epoch, previous.epoch), ("seq0", header.seq0, previous.next_seq)]
    if not (header.kind is Kind.EPOCH and header.reason == EpochReason.METER_EXCHANGED):
        expected += [
            ("export_start_wh", header.export_start_wh, previous.export_end_wh),
            ("import_start_wh", header.import_start_wh, previous.import_end_wh),
        ]
    for field, stated, computed in expected:
        if stated != computed:
            raise HeaderDisagrees(field=field, stated=stated, computed=computed)
    return header


def check_first(binding_hash: bytes, header: Header) -> Header:
    """Check that a header can be a meter's first, an epoch header of epoch 0 and sequence 0 that names the binding; and return it.

    Raises:
        HeaderDisagrees: the header is no first header of this binding.
    """
    for field, stated, computed in (
        ("prev", header.prev.hex(), binding_hash.hex()),
        ("kind", header.kind.name, Kind.EPOCH.name),
        ("epoch", header.epoch, 0),
        ("seq0", header.seq0, 0),
    ):
        if stated != computed:
            raise HeaderDisagrees(field=field, stated=stated, computed=computed)
    return header


def _check_count(kind: Kind, count: int, batch_root: bytes) -> None:
    if kind is Kind.READINGS:
        if not 1 <= count <= tags.BATCH_COUNT_MAX:
            raise Malformed("header", f"{count} readings, 1..{tags.BATCH_COUNT_MAX} expected")
        return
    if count:
        raise Malformed("header", f"kind {kind.name} carries {count} readings, none expected")
    if batch_root != ZERO_HASH:
        raise Malformed("header", f"kind {kind.name} has no readings, but a batch root")


def _check_status(kind: Kind, or_word: int, close_word: int) -> Status:
    close = st.parse(close_word)
    if or_word & ~st.KNOWN:
        raise Malformed("header", f"reserved bits are set in the status word {or_word:#010x}")
    if close_word & ~or_word:
        raise Malformed("header", f"the closing status {close_word:#x} is not contained in the OR {or_word:#x}")
    if (or_word ^ close_word) & st.CLOCKS:
        raise Malformed(
            "header", f"more than one clock state in the OR {or_word:#x}; a change of clock state ends a batch"
        )
    if kind is not Kind.READINGS and (or_word != close_word or close_word & ~st.CLOCKS):
        raise Malformed("header", f"kind {kind.name} has no readings: its status words hold one clock bit and no other")
    return close


def _check_registers(name: str, start: int, end: int, *, valid: bool) -> None:
    for register in (start, end):
        if tags.U63_MAX < register < tags.ABSENT_U64:
            raise Malformed("header", f"the {name} register {register} is neither below 2^63 nor absent")
    if valid and end == tags.ABSENT_U64:
        raise Malformed("header", f"the status says that the {name} register was read, but it ends absent")
    if not valid and end != start:
        raise Malformed(
            "header", f"the status says that no {name} register was read, but it went from {start} to {end}"
        )


def _wire(register: int | None) -> int:
    return tags.ABSENT_U64 if register is None else register


def _value(register: int) -> int | None:
    return None if register == tags.ABSENT_U64 else register
