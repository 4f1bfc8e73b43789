"""header.json and chain.json: headers packed field by field from the layout table of `spec/header.md`."""
# ruff: noqa: E501 the tables hold one case a line; wrapped, a case would be harder to see

from dataclasses import dataclass, field, replace
from typing import Any

from testbytes.primitives import ABSENT, METER, ORDER, OTHER_METER, PRIME, ZERO32, Case, TestKey, hexed, high_s, sha256

READINGS, EPOCH, GAP, RETIRE = 1, 2, 3, 4
EXPORT_VALID, IMPORT_VALID, POWER_VALID, TARIFFS_VALID = 1, 2, 4, 8
UNKNOWN, INFORMATIVE, SYNCHRONISED, SUSPECT = 16, 32, 64, 128
NO_ANSWER, DAMAGED, FOREIGN, REFUSED = 256, 512, 1024, 2048
SENTINEL, ZERO, FELL = 4096, 8192, 16384
T = 1_782_864_000  # 2026-07-01T00:00:00Z


@dataclass(frozen=True, kw_only=True)
class Fields:
    """A header before it is packed; any field may break any rule."""

    tag: bytes = b"HOH1"
    kind: int = READINGS
    profile: int = 1
    reason: int = 0
    meter_id: bytes = field(default=METER.id)
    epoch: int = 0
    seq0: int = 288
    count: int = 3
    t0: int = T
    t1: int = T + 600
    status_or: int = EXPORT_VALID | IMPORT_VALID | POWER_VALID | SYNCHRONISED
    status_close: int = EXPORT_VALID | IMPORT_VALID | POWER_VALID | SYNCHRONISED
    export_start: int = 120_000
    import_start: int = 450
    export_end: int = 121_500
    import_end: int = 450
    boot_id: bytes = bytes(range(0xB0, 0xC0))
    monotonic_ms: int = 86_412_345
    batch_root: bytes = field(default=sha256(b"test batch root"))
    prev: bytes = field(default=sha256(b"test previous header"))

    def pack(self) -> bytes:
        """185 bytes."""
        parts = (
            self.tag,
            self.kind.to_bytes(1, "big"),
            self.profile.to_bytes(1, "big"),
            self.reason.to_bytes(1, "big"),
            self.meter_id,
            self.epoch.to_bytes(4, "big"),
            self.seq0.to_bytes(8, "big"),
            self.count.to_bytes(2, "big"),
            self.t0.to_bytes(8, "big"),
            self.t1.to_bytes(8, "big"),
            self.status_or.to_bytes(4, "big"),
            self.status_close.to_bytes(4, "big"),
            self.export_start.to_bytes(8, "big"),
            self.import_start.to_bytes(8, "big"),
            self.export_end.to_bytes(8, "big"),
            self.import_end.to_bytes(8, "big"),
            self.boot_id,
            self.monotonic_ms.to_bytes(8, "big"),
            self.batch_root,
            self.prev,
        )
        return b"".join(parts)

    def hash(self) -> bytes:
        """What `prev` names."""
        return sha256(self.pack())

    def shown(self) -> dict[str, Any]:
        """The fields as a decoder gives them: integers, hex, null for an absent register."""
        shown: dict[str, Any] = {
            "kind": self.kind,
            "profile": self.profile,
            "reason": self.reason,
            "meter_id": hexed(self.meter_id),
            "epoch": self.epoch,
            "seq0": str(self.seq0),
            "count": self.count,
            "t0": str(self.t0),
            "t1": str(self.t1),
            "status_or": self.status_or,
            "status_close": self.status_close,
        }
        for name in ("export_start", "import_start", "export_end", "import_end"):
            value = getattr(self, name)
            shown[f"{name}_wh"] = None if value == ABSENT else str(value)
        return shown | {
            "boot_id": hexed(self.boot_id),
            "monotonic_ms": str(self.monotonic_ms),
            "batch_root": hexed(self.batch_root),
            "prev": hexed(self.prev),
        }


BATCH = Fields()
BARE = replace(
    BATCH, count=0, batch_root=ZERO32, status_or=SYNCHRONISED, status_close=SYNCHRONISED, export_end=120_000, t0=T, t1=T
)
FIRST = replace(
    BARE, kind=EPOCH, reason=1, seq0=0,
    export_start=ABSENT, import_start=ABSENT, export_end=ABSENT, import_end=ABSENT,
    prev=sha256(b"test binding"),
)  # fmt: skip

_GOOD: tuple[tuple[str, Fields], ...] = (
    ("readings: three, to the boundary", BATCH),
    ("readings: profile 2", replace(BATCH, profile=2, status_or=BATCH.status_or | TARIFFS_VALID)),
    ("readings: profile 3", replace(BATCH, profile=3)),
    ("readings: one reading", replace(BATCH, count=1, t1=T)),
    ("readings: 1024 readings", replace(BATCH, count=1024, t1=T + 1023 * 60)),
    (
        "readings: no valid register, the end repeats the start",
        replace(
            BATCH, status_or=NO_ANSWER | SYNCHRONISED, status_close=NO_ANSWER | SYNCHRONISED, export_end=120_000
        ),
    ),
    (
        "readings: the first valid register, absent at the start",
        replace(BATCH, export_start=ABSENT, import_start=ABSENT),
    ),
    (
        "readings: a meter that has no import register",
        replace(
            BATCH,
            status_or=EXPORT_VALID | SYNCHRONISED,
            status_close=EXPORT_VALID | SYNCHRONISED,
            import_start=ABSENT,
            import_end=ABSENT,
        ),
    ),
    (
        "readings: the register fell, as the meter said",
        replace(
            BATCH, export_end=7, status_or=BATCH.status_or | SUSPECT | FELL, status_close=BATCH.status_or | SUSPECT | FELL
        ),
    ),
    ("readings: clock unknown", replace(BATCH, status_or=EXPORT_VALID | IMPORT_VALID | UNKNOWN, status_close=EXPORT_VALID | IMPORT_VALID | UNKNOWN)),
    (
        "readings: every field at its largest",
        replace(
            BATCH, epoch=2**32 - 1, seq0=2**63 - 4, t0=2**63 - 1, t1=2**63 - 1, monotonic_ms=2**63 - 1,
            export_start=2**63 - 1, import_start=2**63 - 1, export_end=2**63 - 1, import_end=2**63 - 1,
        ),
    ),
    ("epoch: commissioned", FIRST),
    ("epoch: counter store lost", replace(BARE, kind=EPOCH, reason=2, epoch=1, seq0=0)),
    ("epoch: key replaced", replace(BARE, kind=EPOCH, reason=3, epoch=1, seq0=0)),
    ("epoch: meter exchanged", replace(BARE, kind=EPOCH, reason=4, epoch=1, seq0=0, export_start=12, export_end=12)),
    ("gap: gateway off", replace(BARE, kind=GAP, reason=1, t0=T - 7200)),
    ("gap: disk full", replace(BARE, kind=GAP, reason=2, t0=T - 7200)),
    ("retire", replace(BARE, kind=RETIRE)),
)  # fmt: skip

_MALFORMED: tuple[tuple[str, Fields], ...] = (
    ("wrong tag: a binding's", replace(BATCH, tag=b"HOB1")),
    ("wrong tag: the next version", replace(BATCH, tag=b"HOH2")),
    ("wrong kind: 0", replace(BATCH, kind=0)),
    ("wrong kind: 5", replace(BATCH, kind=5)),
    ("wrong profile: 0", replace(BATCH, profile=0)),
    ("wrong profile: 4", replace(BATCH, profile=4)),
    ("wrong reason: readings with one", replace(BATCH, reason=1)),
    ("wrong reason: an epoch without one", replace(BARE, kind=EPOCH, reason=0, seq0=0)),
    ("wrong reason: an epoch's is 5", replace(BARE, kind=EPOCH, reason=5, seq0=0)),
    ("wrong reason: a gap's is 3", replace(BARE, kind=GAP, reason=3)),
    ("wrong reason: a retirement with one", replace(BARE, kind=RETIRE, reason=1)),
    ("wrong count: readings, but none", replace(BATCH, count=0)),
    ("wrong count: 1025 readings", replace(BATCH, count=1025)),
    ("wrong count: a gap with readings", replace(BARE, kind=GAP, reason=1, count=1)),
    ("a gap with a batch root", replace(BARE, kind=GAP, reason=1, batch_root=BATCH.batch_root)),
    ("an export register of 2^63", replace(BATCH, export_end=2**63)),
    ("an import register one below absent", replace(BATCH, import_start=ABSENT - 1)),
    ("t1 of 2^63", replace(BATCH, t1=2**63)),
    ("monotonic_ms of 2^63", replace(BATCH, monotonic_ms=2**63)),
    ("seq0 + count of 2^63", replace(BATCH, seq0=2**63 - 3)),
    ("a suspicion's reason without SUSPECT in the closing status", replace(BATCH, status_close=BATCH.status_close | FELL, status_or=BATCH.status_or | FELL)),
    ("t0 after t1", replace(BATCH, t0=T + 601)),
    ("reserved status bit 15, closing", replace(BATCH, status_close=BATCH.status_close | 1 << 15, status_or=BATCH.status_or | 1 << 15)),
    ("reserved status bit 31, in the OR", replace(BATCH, status_or=BATCH.status_or | 1 << 31)),
    ("no clock bit in the closing status", replace(BATCH, status_close=EXPORT_VALID | IMPORT_VALID)),
    ("two clock bits in the closing status", replace(BATCH, status_close=BATCH.status_close | UNKNOWN, status_or=BATCH.status_or | UNKNOWN)),
    ("two clock states in the OR", replace(BATCH, status_or=BATCH.status_or | INFORMATIVE)),
    ("two outcomes in the closing status", replace(BATCH, status_close=SYNCHRONISED | NO_ANSWER | DAMAGED, status_or=BATCH.status_or | NO_ANSWER | DAMAGED)),
    ("a valid register beside an outcome in the closing status", replace(BATCH, status_close=BATCH.status_close | NO_ANSWER, status_or=BATCH.status_or | NO_ANSWER)),
    ("the closing status is not within the OR", replace(BATCH, status_or=EXPORT_VALID | IMPORT_VALID | SYNCHRONISED)),
    ("the export register vanishes", replace(BATCH, export_end=ABSENT)),
    ("a valid export register, absent at the end", replace(BATCH, export_start=ABSENT, export_end=ABSENT)),
    ("no valid export register, but the end differs from the start", replace(BATCH, status_or=IMPORT_VALID | SYNCHRONISED, status_close=IMPORT_VALID | SYNCHRONISED)),
    ("a gap that moves the export register", replace(BARE, kind=GAP, reason=1, export_end=130_000)),
    ("an epoch that moves the export register", replace(BARE, kind=EPOCH, reason=2, seq0=0, epoch=1, export_end=130_000)),
    ("a gap whose status says that a register is valid", replace(BARE, kind=GAP, reason=1, status_or=BATCH.status_or, status_close=BATCH.status_close)),
    ("a retirement whose OR is not its closing status", replace(BARE, kind=RETIRE, status_or=SYNCHRONISED | SUSPECT)),
)  # fmt: skip


def _case(
    name: str,
    encoded: bytes,
    signature: bytes,
    *,
    point: bytes = METER.point,
    code: str | None = None,
    reason: str | None = None,
    **more: Any,
) -> Case:
    case: Case = {"name": name, "ok": code is None, "header": hexed(encoded), "signature": hexed(signature)}
    case |= {"public_point": hexed(point), "hash": hexed(sha256(encoded))}
    if code is not None:
        case |= {"code": code, "reason": reason}
    return case | more


def _signed(name: str, encoded: bytes, **more: Any) -> Case:
    return _case(name, encoded, METER.sign(encoded), **more)


def _bad_signatures() -> list[Case]:
    encoded = BATCH.pack()
    good = METER.sign(encoded)
    r, s = good[:32], good[32:]
    order = ORDER.to_bytes(32, "big")
    bad = "bad-signature"
    off_curve = METER.point[:63] + bytes([METER.point[63] ^ 1])
    rows: list[tuple[str, bytes, str]] = [
        ("high s", high_s(good), "s is in the upper half of the order"),
        ("signature truncated to 63 bytes", good[:-1], "not 64 bytes"),
        ("signature with a trailing byte", good + b"\0", "not 64 bytes"),
        ("empty signature", b"", "not 64 bytes"),
        ("r is 0", ZERO32 + s, "r is out of range"),
        ("s is 0", r + ZERO32, "s is out of range"),
        ("r and s are 0", bytes(64), "r is out of range"),
        ("r is the order", order + s, "r is out of range"),
        ("s is the order", r + order, "s is out of range"),
        ("r and s swapped", s + r if int.from_bytes(r, "big") <= ORDER >> 1 else high_s(s + r), "does not verify"),
        ("one bit of r flipped", bytes([good[0] ^ 1]) + good[1:], "does not verify"),
        ("one bit of s flipped", good[:63] + bytes([good[63] ^ 1]), "does not verify"),
        ("signature of another key", OTHER_METER.sign(encoded), "does not verify"),
        ("signature of another header", METER.sign(replace(BATCH, seq0=291).pack()), "does not verify"),
        ("signature over the hash of the hash", METER.sign(sha256(encoded)), "does not verify"),
    ]
    cases = [_case(name, encoded, signature, code=bad, reason=reason) for name, signature, reason in rows]
    changed = replace(BATCH, export_end=BATCH.export_end + 1_000).pack()
    cases.append(
        _case("the end register raised by 1 kWh after signing", changed, good, code=bad, reason="does not verify")
    )
    x, y = METER.point[:32], METER.point[32:]
    points: list[tuple[str, bytes, str]] = [
        ("point off the curve", off_curve, "not on the curve"),
        ("point of zeros", bytes(64), "not on the curve"),
        ("x not below the field's prime", PRIME.to_bytes(32, "big") + y, "not on the curve"),
        ("x and y swapped", y + x, "not on the curve"),
        ("point truncated to 63 bytes", METER.point[:-1], "not 64 bytes"),
        ("point with a leading 0x04", b"\x04" + METER.point, "not 64 bytes"),
    ]
    cases += [_case(name, encoded, good, point=point, code="bad-key", reason=reason) for name, point, reason in points]
    foreign = replace(BATCH, meter_id=OTHER_METER.id).pack()
    cases.append(_signed("names another meter than the key's", foreign, code="header-disagrees", reason="meter_id"))
    return cases


def header() -> dict[str, Any]:
    """The document."""
    cases = [_signed(name, f.pack(), fields=f.shown()) for name, f in _GOOD]
    cases += [_signed(name, f.pack(), code="malformed", reason=name) for name, f in _MALFORMED]
    encoded = BATCH.pack()
    for name, broken in (
        ("header truncated to 184 bytes", encoded[:-1]),
        ("header with a trailing byte", encoded + b"\0"),
        ("empty header", b""),
    ):
        cases.append(_signed(name, broken, code="malformed", reason="not 185 bytes"))
    return {
        "description": "A header opened under a public point: layout, then meter id, then signature.",
        "cases": cases + _bad_signatures(),
    }


def _chain(name: str, link: Fields, code: str | None = None, reason: str | None = None, **more: Any) -> Case:
    case: Case = {"name": name, "ok": code is None, **more, "header": hexed(link.pack())}
    return case if code is None else case | {"code": code, "field": reason}


def _resigned(key: TestKey, link: Fields) -> str:
    return hexed(key.sign(link.pack()))


def chain() -> dict[str, Any]:
    """The document: check_first (a `binding_hash`) and check_follows (a `previous` header)."""
    binding = {"binding_hash": hexed(FIRST.prev)}
    off = "header-disagrees"
    cases = [
        _chain("first: an epoch that names the binding", FIRST, **binding),
        _chain("first: a key that replaces another goes on from its registers", replace(BARE, kind=EPOCH, reason=3, seq0=0, prev=FIRST.prev), **binding),
        _chain("first: names another binding", replace(FIRST, prev=ZERO32), off, "prev", **binding),
        _chain("first: readings without an epoch", replace(BATCH, prev=FIRST.prev, seq0=0), off, "kind", **binding),
        _chain("first: epoch 1", replace(FIRST, epoch=1), off, "epoch", **binding),
        _chain("first: sequence 1", replace(FIRST, seq0=1), off, "seq0", **binding),
    ]  # fmt: skip
    previous = BATCH
    before = {"previous": hexed(previous.pack())}
    after = replace(
        BATCH, seq0=291, t0=T + 900, t1=T + 1500, export_start=121_500, export_end=122_000, prev=previous.hash()
    )
    bare = replace(
        BARE, seq0=291, t0=T + 900, t1=T + 900, export_start=121_500, export_end=121_500, prev=previous.hash()
    )
    epoch = replace(bare, kind=EPOCH, reason=2, epoch=1, seq0=0)
    cases += [
        _chain("follows: readings", after, **before),
        _chain("follows: a gap", replace(bare, kind=GAP, reason=1), **before),
        _chain("follows: a retirement", replace(bare, kind=RETIRE), **before),
        _chain("follows: a new epoch, counters lost", epoch, **before),
        _chain("follows: a new epoch, meter exchanged, registers start afresh", replace(epoch, reason=4, export_start=12, export_end=12), **before),
        _chain("gap in the sequence", replace(after, seq0=292), off, "seq0", **before),
        _chain("overlap: the last reading again", replace(after, seq0=290), off, "seq0", **before),
        _chain("the same range again", replace(after, seq0=288), off, "seq0", **before),
        _chain("another previous header", replace(after, prev=ZERO32), off, "prev", **before),
        _chain("a batch left out: prev and registers of the one before", replace(after, prev=previous.prev, export_start=120_000), off, "prev", **before),
        _chain("the export register does not continue", replace(after, export_start=121_501), off, "export_start_wh", **before),
        _chain("the import register does not continue", replace(after, import_start=449), off, "import_start_wh", **before),
        _chain("the export register is forgotten", replace(after, export_start=ABSENT), off, "export_start_wh", **before),
        _chain("an epoch without an epoch header", replace(after, epoch=1, seq0=0), off, "epoch", **before),
        _chain("an epoch that repeats its number", replace(epoch, epoch=0), off, "epoch", **before),
        _chain("an epoch that jumps by two", replace(epoch, epoch=2), off, "epoch", **before),
        _chain("an epoch that does not start at sequence 0", replace(epoch, seq0=291), off, "seq0", **before),
        _chain("counters lost, but the registers start afresh", replace(epoch, export_start=12, export_end=12), off, "export_start_wh", **before),
        _chain("commissioned a second time", replace(epoch, reason=1), off, "reason", **before),
    ]  # fmt: skip
    retired = replace(bare, kind=RETIRE)
    end = {"previous": hexed(retired.pack())}
    cases.append(_chain("nothing follows a retirement", replace(after, prev=retired.hash()), off, "prev", **end))
    fork = replace(after, export_end=123_000)
    forks = [
        {
            "name": "fork: two headers with the same prev, both signed, each a good successor",
            "previous": hexed(previous.pack()),
            "headers": [hexed(after.pack()), hexed(fork.pack())],
            "signatures": [_resigned(METER, after), _resigned(METER, fork)],
            "hashes": [hexed(after.hash()), hexed(fork.hash())],
        },
    ]
    return {
        "description": "Whether a header may open a meter's history (binding_hash) or continue the header before it (previous). `forks` are "
        "pairs that each pass on their own: only keeping both shows the fork.",
        "cases": cases,
        "forks": forks,
    }
