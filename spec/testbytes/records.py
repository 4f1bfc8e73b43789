"""reading.json, batch.json and binding.json."""
# ruff: noqa: E501 the tables hold one case a line; wrapped, a case would be harder to see

import hmac
from dataclasses import dataclass, field, replace
from typing import Any

from testbytes import headers as h
from testbytes.primitives import (
    ABSENT,
    INSTALLER,
    METER,
    OTHER_METER,
    ZERO32,
    Case,
    TestKey,
    hexed,
    high_s,
    sha256,
)
from testbytes.trees import mth

T = h.T
VALID = h.EXPORT_VALID | h.IMPORT_VALID | h.POWER_VALID
ALL_ONES_I32 = -1


@dataclass(frozen=True, kw_only=True)
class Record:
    """A reading before it is packed; any field may break any rule."""

    time: int = T
    export: int = 120_500
    imported: int = 450
    power: int = 6_000
    status: int = VALID | h.SYNCHRONISED
    tariffs: tuple[int, ...] = ()
    original: bytes = b""

    @property
    def profile(self) -> int:
        """1, 2 or 3."""
        return 3 if self.original else 2 if self.tariffs else 1

    def pack(self) -> bytes:
        """32, 96 or 64 bytes."""
        words = b"".join(t.to_bytes(8, "big") for t in self.tariffs)
        head = b"".join(n.to_bytes(8, "big") for n in (self.time, self.export, self.imported))
        return (
            head + self.power.to_bytes(4, "big", signed=True) + self.status.to_bytes(4, "big") + words + self.original
        )

    def shown(self) -> dict[str, Any]:
        """The fields as a decoder gives them."""

        def present(value: int) -> str | None:
            return None if value == ABSENT else str(value)

        return {
            "time": str(self.time),
            "export_wh": present(self.export),
            "import_wh": present(self.imported),
            "power_w": self.power if self.status & h.POWER_VALID else None,
            "status": self.status,
            "tariffs_wh": [present(t) for t in self.tariffs],
            "original_hash": hexed(self.original),
        }


PLAIN = Record()
NOTHING = Record(export=ABSENT, imported=ABSENT, power=ALL_ONES_I32, status=h.NO_ANSWER | h.SYNCHRONISED)
_TARIFFS = (30_000, 60_500, 20_000, 10_000, 450, 0, ABSENT, ABSENT)
TARIFFS = replace(PLAIN, tariffs=_TARIFFS, status=PLAIN.status | h.TARIFFS_VALID)
ORIGINAL = replace(PLAIN, original=sha256(b"OCMF|{}|{}"))

_GOOD = (
    ("profile 1: every value valid", PLAIN),
    ("profile 1: a power of -1 W is a value", replace(PLAIN, power=-1)),
    ("profile 1: an absent power has the same bytes and no valid bit", replace(PLAIN, power=-1, status=PLAIN.status ^ h.POWER_VALID)),
    ("profile 1: import of 450 W", replace(PLAIN, power=-450)),
    ("profile 1: no import register", replace(PLAIN, imported=ABSENT, status=PLAIN.status ^ h.IMPORT_VALID)),
    ("profile 1: no answer", NOTHING),
    ("profile 1: damaged", replace(NOTHING, status=h.DAMAGED | h.SYNCHRONISED)),
    ("profile 1: another slave's answer", replace(NOTHING, status=h.FOREIGN | h.INFORMATIVE)),
    ("profile 1: the meter refused", replace(NOTHING, status=h.REFUSED | h.UNKNOWN)),
    ("profile 1: a register of 0 is signed as said, suspect", replace(PLAIN, export=0, status=PLAIN.status | h.SUSPECT | h.ZERO)),
    ("profile 1: a fallen register is signed as said, suspect", replace(PLAIN, export=7, status=PLAIN.status | h.SUSPECT | h.FELL)),
    ("profile 1: a sentinel: absent, suspect", replace(NOTHING, status=h.SUSPECT | h.SENTINEL | h.SYNCHRONISED)),
    ("profile 1: largest values", replace(PLAIN, time=2**63 - 1, export=2**63 - 1, imported=2**63 - 1, power=2**31 - 1)),
    ("profile 1: smallest values", replace(PLAIN, time=0, export=0, imported=0, power=-(2**31))),
    ("profile 2: six of eight tariff registers", TARIFFS),
    ("profile 2: no answer", replace(NOTHING, tariffs=(ABSENT,) * 8)),
    ("profile 3: hash of the original", ORIGINAL),
)  # fmt: skip

_BAD: tuple[tuple[str, int, bytes], ...] = (
    ("truncated to 31 bytes", 1, PLAIN.pack()[:-1]),
    ("trailing byte", 1, PLAIN.pack() + b"\0"),
    ("empty", 1, b""),
    ("profile 0", 0, PLAIN.pack()),
    ("profile 4", 4, PLAIN.pack()),
    ("a profile 1 record read as profile 2", 2, PLAIN.pack()),
    ("a profile 3 record read as profile 1", 1, ORIGINAL.pack()),
    ("reserved bit 15", 1, replace(PLAIN, status=PLAIN.status | 1 << 15).pack()),
    ("reserved bit 31", 1, replace(PLAIN, status=PLAIN.status | 1 << 31).pack()),
    ("no clock bit", 1, replace(PLAIN, status=VALID).pack()),
    ("two clock bits", 1, replace(PLAIN, status=PLAIN.status | h.UNKNOWN).pack()),
    ("two outcomes", 1, replace(NOTHING, status=NOTHING.status | h.DAMAGED).pack()),
    ("a valid value beside an outcome", 1, replace(PLAIN, status=PLAIN.status | h.NO_ANSWER).pack()),
    ("suspect where there was no answer", 1, replace(NOTHING, status=NOTHING.status | h.SUSPECT).pack()),
    ("FELL without SUSPECT", 1, replace(PLAIN, status=PLAIN.status | h.FELL).pack()),
    ("EXPORT_VALID, but all ones", 1, replace(PLAIN, export=ABSENT).pack()),
    ("export bytes without EXPORT_VALID", 1, replace(PLAIN, status=PLAIN.status ^ h.EXPORT_VALID).pack()),
    ("IMPORT_VALID, but all ones", 1, replace(PLAIN, imported=ABSENT).pack()),
    ("import bytes without IMPORT_VALID", 1, replace(PLAIN, status=PLAIN.status ^ h.IMPORT_VALID).pack()),
    ("power bytes without POWER_VALID", 1, replace(PLAIN, status=PLAIN.status ^ h.POWER_VALID).pack()),
    ("a register of 2^63", 1, replace(PLAIN, export=2**63).pack()),
    ("a register one below absent", 1, replace(PLAIN, export=ABSENT - 1).pack()),
    ("a time of 2^63", 1, replace(PLAIN, time=2**63).pack()),
    ("TARIFFS_VALID in profile 1", 1, replace(PLAIN, status=PLAIN.status | h.TARIFFS_VALID).pack()),
    ("TARIFFS_VALID, but all eight absent", 2, replace(TARIFFS, tariffs=(ABSENT,) * 8).pack()),
    ("a tariff register without TARIFFS_VALID", 2, replace(TARIFFS, status=PLAIN.status).pack()),
    ("a tariff register of 2^63", 2, replace(TARIFFS, tariffs=(2**63, *_TARIFFS[1:])).pack()),
    ("the hash of the original is all zeros", 3, PLAIN.pack() + ZERO32),
)  # fmt: skip


def reading() -> dict[str, Any]:
    """The document."""
    cases: list[Case] = [
        {"name": name, "ok": True, "profile": r.profile, "record": hexed(r.pack()), "fields": r.shown()}
        for name, r in _GOOD
    ]
    cases += [
        {"name": name, "ok": False, "profile": profile, "record": hexed(record), "code": "malformed"}
        for name, profile, record in _BAD
    ]
    return {
        "description": "A reading's record in its profile, and the fields a decoder gives (null is absent).",
        "cases": cases,
    }


BATCH_KEY = sha256(b"helioracle test batch key")


def leaf_bytes(batch_key: bytes, records: list[bytes]) -> list[bytes]:
    """salt_i | record_i; the tree adds 0x00 and hashes."""
    return [hmac.digest(batch_key, i.to_bytes(4, "big"), "sha256")[:16] + r for i, r in enumerate(records)]


DAY = (
    replace(PLAIN, time=T, export=120_500),
    replace(PLAIN, time=T + 300, export=121_000, power=5_950),
    replace(PLAIN, time=T + 600, export=121_500, power=-3),
)


def of(readings: tuple[Record, ...], **change: Any) -> h.Fields:
    """The header that these readings determine, after h.BATCH's start registers."""
    export, imported, or_word = h.BATCH.export_start, h.BATCH.import_start, 0
    for r in readings:
        export = export if r.export == ABSENT else r.export
        imported = imported if r.imported == ABSENT else r.imported
        or_word |= r.status
    made = replace(
        h.BATCH, profile=readings[0].profile, count=len(readings), t0=readings[0].time, t1=readings[-1].time,
        status_or=or_word, status_close=readings[-1].status, export_end=export, import_end=imported,
        batch_root=mth(leaf_bytes(BATCH_KEY, [r.pack() for r in readings])),
    )  # fmt: skip
    return replace(made, **change)


def _batch(
    name: str, header: h.Fields, body: bytes, *, batch_key: bytes = BATCH_KEY, key: TestKey = METER, **more: Any
) -> Case:
    encoded = header.pack()
    case: Case = {
        "name": name,
        "ok": "code" not in more,
        "header": hexed(encoded),
        "signature": hexed(key.sign(encoded)),
    }
    case |= {"public_point": hexed(METER.point), "batch_key": hexed(batch_key), "body": hexed(body)}
    return case | more


def _body(readings: tuple[Record, ...]) -> bytes:
    return b"".join(r.pack() for r in readings)


def batch() -> dict[str, Any]:
    """The document."""
    absent_twice = (replace(NOTHING, time=T), replace(NOTHING, time=T + 300, status=h.DAMAGED | h.SYNCHRONISED))
    closes_absent = (DAY[0], DAY[1], replace(NOTHING, time=T + 600))
    falls = (DAY[0], replace(DAY[1], export=9, status=DAY[1].status | h.SUSPECT | h.FELL))
    long = tuple(replace(PLAIN, time=T + 300 * i, export=120_000 + 250 * i) for i in range(37))
    no_import = tuple(replace(r, imported=ABSENT, status=r.status ^ h.IMPORT_VALID) for r in DAY)
    good: tuple[tuple[str, tuple[Record, ...]], ...] = (
        ("three readings", DAY),
        ("a meter without an import register: absent at start and end", no_import),
        ("one reading", DAY[:1]),
        ("thirty-seven readings, a ragged tree", long),
        ("absent registers: the end repeats the start", absent_twice),
        ("the closing reading is absent: the end is the last valid register", closes_absent),
        ("a fallen register is the end, as the meter said", falls),
        ("profile 2", (TARIFFS, replace(TARIFFS, time=T + 300, export=121_000))),
        ("profile 3", (ORIGINAL, replace(ORIGINAL, time=T + 300, original=sha256(b"another")))),
        ("two readings of one second", (DAY[0], replace(DAY[1], time=T))),
    )
    cases = []
    for name, readings in good:
        records = [r.pack() for r in readings]
        header = of(readings) if readings is not no_import else of(readings, import_start=ABSENT, import_end=ABSENT)
        cases.append(
            _batch(
                name,
                header,
                _body(readings),
                leaf_hashes=[hexed(sha256(b"\0", leaf)) for leaf in leaf_bytes(BATCH_KEY, records)],
                batch_root=hexed(header.batch_root),
                readings=[r.shown() for r in readings],
            )
        )
    body, off, root = _body(DAY), "header-disagrees", "root-mismatch"
    for name, change in (
        ("t0", {"t0": T - 1}),
        ("t1", {"t1": T + 601}),
        ("status_or", {"status_or": of(DAY).status_or | h.SUSPECT}),
        ("export_end_wh", {"export_end": 121_501}),
        ("import_end_wh", {"import_end": 449}),
    ):
        cases.append(_batch(f"disagrees with its body: {name}", of(DAY, **change), body, code=off, field=name))
    close = of(DAY).status_close ^ h.POWER_VALID
    cases += [
        _batch("disagrees with its body: status_close", of(DAY, status_close=close), body, code=off, field="status_close"),
        _batch("disagrees with its body: the end of the second reading where the third is valid", of(DAY, export_end=121_000), body, code=off, field="export_end_wh"),
        _batch("times that go back", of((DAY[0], DAY[2], replace(DAY[1]))), _body((DAY[0], DAY[2], DAY[1])), code=off, field="order of times"),
        _batch("wrong count: the body is one short", of(DAY), body[:-32], code="malformed"),
        _batch("wrong count: the header says four", of(DAY, count=4), body, code="malformed"),
        _batch("body truncated by a byte", of(DAY), body[:-1], code="malformed"),
        _batch("body with a trailing byte", of(DAY), body + b"\0", code="malformed"),
        _batch("empty body", of(DAY), b"", code="malformed"),
        _batch("wrong profile", of(DAY, profile=3), body, code="malformed"),
        _batch("a record that breaks its layout, under a good root", of((DAY[0], replace(DAY[1], status=VALID)), status_or=DAY[0].status, status_close=DAY[0].status), _body((DAY[0], replace(DAY[1], status=VALID))), code="malformed"),
        _batch("one reading raised by 1 kWh", of(DAY), _body((DAY[0], replace(DAY[1], export=DAY[1].export + 1_000), DAY[2])), code=root),
        _batch("two readings swapped", of(DAY), _body((DAY[1], DAY[0], DAY[2])), code=root),
        _batch("wrong batch key", of(DAY), body, batch_key=sha256(b"wrong"), code=root),
        _batch("batch key of zeros", of(DAY), body, batch_key=ZERO32, code=root),
        _batch("batch key truncated", of(DAY), body, batch_key=BATCH_KEY[:-1], code="malformed"),
        _batch("a root over unsalted records", of(DAY, batch_root=mth([r.pack() for r in DAY])), body, code=root),
        _batch("a gap header with a body", replace(h.BARE, kind=h.GAP, reason=1), body, code="malformed"),
        _batch("signed by another key", of(DAY), body, key=OTHER_METER, code="bad-signature"),
    ]  # fmt: skip
    return {
        "description": "A batch opened under a public point: header, signature, then root, then every header field against the body. "
        "leaf_hashes[i] = SHA-256(0x00 | HMAC-SHA256(batch_key, i u32)[:16] | record_i).",
        "cases": cases,
    }


@dataclass(frozen=True, kw_only=True)
class Bind:
    """A binding before it is packed."""

    tag: bytes = b"HOB1"
    chain_id: int = 131277322940537
    asset: bytes = b"serf-east"
    point: bytes = b"inverter-1"
    serial: bytes = b"SN-0001"
    public_point: bytes = field(default=METER.point)
    direction: int = 1
    custody: int = 3
    multiplier_num: int = 40
    multiplier_den: int = 1
    step_wh: int = 10
    modulus_num: int = 4_294_967_296
    modulus_den: int = 1
    nameplate_w: int = 10_000
    valid_from: int = T
    installer_point: bytes = field(default=INSTALLER.point)

    def pack(self) -> bytes:
        """274 bytes."""
        numbers = b"".join(
            value.to_bytes(size, "big")
            for value, size in (
                (self.direction, 1), (self.custody, 1), (self.multiplier_num, 4), (self.multiplier_den, 4),
                (self.step_wh, 4), (self.modulus_num, 8), (self.modulus_den, 4), (self.nameplate_w, 4), (self.valid_from, 8),
            )
        )  # fmt: skip
        texts = b"".join(text.ljust(32, b"\0") for text in (self.asset, self.point, self.serial))
        return self.tag + self.chain_id.to_bytes(8, "big") + texts + self.public_point + numbers + self.installer_point

    def shown(self) -> dict[str, Any]:
        """The fields as a decoder gives them; 64-bit ones as decimal strings."""
        return {
            "chain_id": str(self.chain_id),
            "asset": self.asset.decode(),
            "point": self.point.decode(),
            "serial": self.serial.decode(),
            "public_point": hexed(self.public_point),
            "direction": self.direction,
            "custody": self.custody,
            "multiplier_num": self.multiplier_num,
            "multiplier_den": self.multiplier_den,
            "step_wh": self.step_wh,
            "modulus_num": str(self.modulus_num),
            "modulus_den": self.modulus_den,
            "nameplate_w": self.nameplate_w,
            "valid_from": str(self.valid_from),
            "installer_point": hexed(self.installer_point),
        }


BIND = Bind()


def bound(binding: Bind, meter: TestKey = METER, installer: TestKey = INSTALLER) -> bytes:
    """402 bytes: binding | meter's signature | installer's."""
    encoded = binding.pack()
    return encoded + meter.sign(encoded) + installer.sign(encoded)


def binding() -> dict[str, Any]:
    """The document."""
    trusted = {"installer_point": hexed(INSTALLER.point)}
    cases: list[Case] = [
        {"name": name, "ok": True, "record": hexed(bound(b)), **trusted, "meter_id": hexed(sha256(b.public_point)[:20]),
         "hash": hexed(sha256(b.pack())), "fields": b.shown()}
        for name, b in (
            ("an inverter behind a 40:1 transformer", BIND),
            ("forward is import, sealed custody", replace(BIND, direction=2, custody=2)),
            ("names of 32 bytes", replace(BIND, asset=b"a" * 32, point=b"0-" * 16, serial=b"~" * 32)),
            ("a register that wraps at a third of a kilowatt-hour's multiple", replace(BIND, modulus_num=10_000_000, modulus_den=3)),
        )
    ]  # fmt: skip
    good = bound(BIND)
    half = 274 + 64
    malformed: list[tuple[str, bytes]] = [
        ("truncated", good[:-1]),
        ("trailing byte", good + b"\0"),
        ("the binding without signatures", BIND.pack()),
    ]
    malformed += [
        (name, bound(b))
        for name, b in (
            ("wrong tag: a header's", replace(BIND, tag=b"HOH1")),
            ("direction 0", replace(BIND, direction=0)),
            ("direction 3", replace(BIND, direction=3)),
            ("custody 0", replace(BIND, custody=0)),
            ("custody 4", replace(BIND, custody=4)),
            ("multiplier numerator 0", replace(BIND, multiplier_num=0)),
            ("multiplier denominator 0", replace(BIND, multiplier_den=0)),
            ("register step 0", replace(BIND, step_wh=0)),
            ("modulus numerator 0", replace(BIND, modulus_num=0)),
            ("modulus denominator 0", replace(BIND, modulus_den=0)),
            ("nameplate 0", replace(BIND, nameplate_w=0)),
            ("chain id of 2^63", replace(BIND, chain_id=2**63)),
            ("valid from 2^63", replace(BIND, valid_from=2**63)),
            ("empty asset", replace(BIND, asset=b"")),
            ("upper case in the asset", replace(BIND, asset=b"Serf")),
            ("the asset starts with '-'", replace(BIND, asset=b"-serf")),
            ("'/' in the point", replace(BIND, point=b"inverter/1")),
            ("a byte after the padding began", replace(BIND, asset=b"serf\0east")),
            ("a space in the serial", replace(BIND, serial=b"SN 1")),
            ("a byte beyond ASCII in the serial", replace(BIND, serial=b"SN-\xe9")),
        )
    ]
    cases += [{"name": n, "ok": False, "record": hexed(r), **trusted, "code": "malformed"} for n, r in malformed]
    cases.append(
        {"name": "another installer than the trusted one", "ok": False, "record": hexed(good),
         "installer_point": hexed(OTHER_METER.point), "code": "malformed"}
    )  # fmt: skip
    off_curve = METER.point[:63] + bytes([METER.point[63] ^ 1])
    raised = replace(BIND, multiplier_num=41).pack()
    rows = [
        ("the meter's point is off the curve", bound(replace(BIND, public_point=off_curve)), "bad-key"),
        ("signed by another meter", bound(BIND, meter=OTHER_METER), "bad-signature"),
        ("signed by another installer", bound(BIND, installer=OTHER_METER), "bad-signature"),
        ("the two signatures swapped", good[:274] + good[half:] + good[274:half], "bad-signature"),
        ("the meter's signature with high s", good[:274] + high_s(good[274:half]) + good[half:], "bad-signature"),
        ("the installer's signature with high s", good[:half] + high_s(good[half:]), "bad-signature"),
        ("the multiplier raised after signing", raised + good[274:], "bad-signature"),
    ]
    cases += [{"name": n, "ok": False, "record": hexed(r), **trusted, "code": code} for n, r, code in rows]
    return {
        "description": "A binding record (binding | the meter's signature | the installer's), opened with the installer's point trusted.",
        "cases": cases,
    }
