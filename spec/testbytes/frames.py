"""bundle.json, answer.json and head.json."""

from dataclasses import dataclass, field, replace
from typing import Any

from testbytes import headers as h
from testbytes import records
from testbytes.primitives import (
    ABSENT,
    METER,
    ORACLE,
    OTHER_METER,
    OTHER_ORACLE,
    ZERO32,
    Case,
    TestKey,
    hexed,
    high_s,
    sha256,
)

Item = tuple[bytes, bytes, bytes, bytes, bytes]
NONCE = bytes(range(0x10, 0x20))


def _item(header: h.Fields, batch_key: bytes = ZERO32, body: bytes = b"", evidence: bytes = b"") -> Item:
    encoded = header.pack()
    return encoded, METER.sign(encoded), batch_key, body, evidence


def _framed(item: Item) -> bytes:
    header, signature, batch_key, body, evidence = item
    inner = header + signature + batch_key + len(body).to_bytes(4, "big") + body
    inner += len(evidence).to_bytes(2, "big") + evidence
    return len(inner).to_bytes(4, "big") + inner


def _bundle(items: list[bytes], *, tag: bytes = b"HOU1", count: int | None = None) -> bytes:
    return tag + (len(items) if count is None else count).to_bytes(2, "big") + b"".join(items)


def bundle() -> dict[str, Any]:
    """The document."""
    day = _item(records.of(records.DAY), records.BATCH_KEY, b"".join(r.pack() for r in records.DAY))
    bare = _item(h.FIRST)
    original = _item(records.of((records.ORIGINAL,)), records.BATCH_KEY, records.ORIGINAL.pack(), b"OCMF|{}|{}")
    good: list[tuple[str, list[Item]]] = [
        ("one batch", [day]),
        ("a header alone", [bare]),
        ("a header alone, a batch, and one with an original record", [bare, day, original]),
    ]
    cases: list[Case] = [
        {
            "name": name,
            "ok": True,
            "bundle": hexed(_bundle([_framed(i) for i in items])),
            "items": [
                dict(zip(("header", "signature", "batch_key", "body", "evidence"), map(hexed, item), strict=True))
                for item in items
            ],
        }
        for name, items in good
    ]
    one = _framed(day)
    whole = _bundle([one])
    short_item = (len(one) - 4 - 1).to_bytes(4, "big") + one[4:-1]
    long_item = (len(one) - 4 + 1).to_bytes(4, "big") + one[4:] + b"\0"
    body_at = 4 + 185 + 64 + 32
    beyond = one[:body_at] + (2**32 - 1).to_bytes(4, "big") + one[body_at + 4 :]
    filler = _framed((*bare[:3], bytes(1024 * 32), b""))
    bad = [
        ("wrong tag: an answer's", _bundle([one], tag=b"HOA1")),
        ("no items", _bundle([])),
        ("count wrong: two stated, one inside", _bundle([one], count=2)),
        ("count wrong: one stated, two inside", _bundle([one, one], count=1)),
        ("over the limit: 65 items", _bundle([_framed(bare)] * 65)),
        ("over the limit: more than 65536 bytes", _bundle([filler, filler])),
        ("trailing byte", whole + b"\0"),
        ("truncated", whole[:-1]),
        ("ends inside a length", whole[:8]),
        ("five bytes", whole[:5]),
        ("empty", b""),
        ("an item shorter than its parts", _bundle([short_item])),
        ("an item longer than its parts", _bundle([long_item])),
        ("an item of no bytes", _bundle([bytes(4)])),
        ("a body length beyond the item", _bundle([beyond])),
        ("an item length beyond the bundle", _bundle([(2**32 - 1).to_bytes(4, "big") + one[4:]])),
    ]
    cases += [{"name": name, "ok": False, "bundle": hexed(data), "code": "malformed"} for name, data in bad]
    return {"description": "A bundle and its items, each still unverified.", "cases": cases}


def _answer(
    items: list[tuple[bytes, int, int]],
    *,
    key: TestKey = ORACLE,
    tag: bytes = b"HOA1",
    oracle_id: bytes | None = None,
    time: int = h.T + 905,
    count: int | None = None,
) -> bytes:
    body = tag + (key.id if oracle_id is None else oracle_id) + time.to_bytes(8, "big")
    body += (len(items) if count is None else count).to_bytes(2, "big")
    body += b"".join(hash_ + verdict.to_bytes(1, "big") + code.to_bytes(2, "big") for hash_, verdict, code in items)
    return body + key.sign(body)


def answer() -> dict[str, Any]:
    """The document."""
    a, b, c, d = (sha256(bytes([i])) for i in range(4))
    oracle = {"public_point": hexed(ORACLE.point)}
    cases: list[Case] = [
        {
            "name": name,
            "ok": True,
            "answer": hexed(_answer(items)),
            **oracle,
            "oracle_id": hexed(ORACLE.id),
            "time": str(h.T + 905),
            "items": [{"header_hash": hexed(i[0]), "verdict": i[1], "code": i[2]} for i in items],
        }
        for name, items in (
            ("one header stored", [(a, 1, 0)]),
            ("stored, duplicate, retry, refused", [(a, 1, 0), (b, 2, 0), (c, 3, 30), (d, 4, 14)]),
            ("stored sealed: the body did not match", [(a, 1, 1)]),
            ("sixty-four headers", [(sha256(bytes([i])), 1, 0) for i in range(64)]),
        )
    ]
    good = _answer([(a, 1, 0)])
    raised = bytearray(good)
    raised[4 + 20 + 8 + 2 + 32] = 4
    bad = [
        ("wrong tag: a head's", _answer([(a, 1, 0)], tag=b"HOS1"), "malformed"),
        ("no items", _answer([]), "malformed"),
        ("65 items", _answer([(a, 1, 0)] * 65), "malformed"),
        ("wrong count: two stated, one inside", _answer([(a, 1, 0)], count=2), "malformed"),
        ("truncated", good[:-1], "malformed"),
        ("trailing byte", good + b"\0", "malformed"),
        ("empty", b"", "malformed"),
        ("verdict 0", _answer([(a, 0, 0)]), "malformed"),
        ("verdict 5", _answer([(a, 5, 0)]), "malformed"),
        ("code 2, which is unknown", _answer([(a, 1, 2)]), "malformed"),
        ("stored, but with a refusal's code", _answer([(a, 1, 12)]), "malformed"),
        ("refused, but with code OK", _answer([(a, 4, 0)]), "malformed"),
        ("refused, but with a retry's code", _answer([(a, 4, 30)]), "malformed"),
        ("retry, but with a refusal's code", _answer([(a, 3, 12)]), "malformed"),
        ("a time of 2^63", _answer([(a, 1, 0)], time=2**63), "malformed"),
        ("names another oracle than its key's", _answer([(a, 1, 0)], oracle_id=OTHER_ORACLE.id), "malformed"),
        ("signed by another oracle", _answer([(a, 1, 0)], key=OTHER_ORACLE), "bad-signature"),
        ("signed by another oracle in the pinned one's name", _answer([(a, 1, 0)], key=OTHER_ORACLE, oracle_id=ORACLE.id), "bad-signature"),
        ("a verdict changed after signing", bytes(raised[:66]) + b"\x02" + bytes(raised[67:]), "bad-signature"),
        ("high s", good[:-64] + high_s(good[-64:]), "bad-signature"),
    ]  # fmt: skip
    cases += [{"name": n, "ok": False, "answer": hexed(data), **oracle, "code": code} for n, data, code in bad]
    return {"description": "An answer opened under the pinned key of an oracle.", "cases": cases}


@dataclass(frozen=True, kw_only=True)
class HeadFields:
    """A head before it is packed."""

    tag: bytes = b"HOS1"
    oracle_id: bytes = field(default=ORACLE.id)
    nonce: bytes = NONCE
    time: int = h.T + 1000
    meter_id: bytes = field(default=METER.id)
    known: int = 1
    epoch: int = 2
    next_seq: int = 291
    header_hash: bytes = field(default=h.BATCH.hash())
    export_end: int = 121_500
    import_end: int = 450

    def signed(self, key: TestKey = ORACLE) -> bytes:
        """129 bytes and the signature."""
        body = self.tag + self.oracle_id + self.nonce + self.time.to_bytes(8, "big") + self.meter_id
        body += self.known.to_bytes(1, "big") + self.epoch.to_bytes(4, "big") + self.next_seq.to_bytes(8, "big")
        body += self.header_hash + self.export_end.to_bytes(8, "big") + self.import_end.to_bytes(8, "big")
        return body + key.sign(body)

    def shown(self) -> dict[str, Any]:
        """The fields as a decoder gives them."""
        return {
            "oracle_id": hexed(self.oracle_id),
            "nonce": hexed(self.nonce),
            "time": str(self.time),
            "meter_id": hexed(self.meter_id),
            "known": bool(self.known),
            "epoch": self.epoch,
            "next_seq": str(self.next_seq),
            "header_hash": hexed(self.header_hash),
            "export_end_wh": None if self.export_end == ABSENT else str(self.export_end),
            "import_end_wh": None if self.import_end == ABSENT else str(self.import_end),
        }


def _request(meters: list[bytes], *, tag: bytes = b"HOQ1", count: int | None = None) -> bytes:
    return tag + NONCE + (len(meters) if count is None else count).to_bytes(2, "big") + b"".join(meters)


def head() -> dict[str, Any]:
    """The document: heads, and the requests they answer."""
    head = HeadFields()
    unknown = replace(
        head,
        known=0,
        epoch=0,
        next_seq=0,
        header_hash=ZERO32,
        export_end=ABSENT,
        import_end=ABSENT,
        meter_id=OTHER_METER.id,
    )
    asked = {"public_point": hexed(ORACLE.point), "nonce": hexed(NONCE)}
    cases: list[Case] = [
        {"name": name, "ok": True, "head": hexed(f.signed()), **asked, "fields": f.shown()}
        for name, f in (
            ("a meter the oracle knows", head),
            ("a meter without registers yet", replace(head, export_end=ABSENT, import_end=ABSENT)),
            ("a meter the oracle does not know", unknown),
        )
    ]
    good = head.signed()
    bad = [
        ("wrong tag: an answer's", replace(head, tag=b"HOA1").signed(), "malformed"),
        ("truncated", good[:-1], "malformed"),
        ("trailing byte", good + b"\0", "malformed"),
        ("answers another request", replace(head, nonce=bytes(16)).signed(), "malformed"),
        ("known is 2", replace(head, known=2).signed(), "malformed"),
        ("unknown, but with a sequence number", replace(unknown, next_seq=1).signed(), "malformed"),
        ("unknown, but with a register", replace(unknown, export_end=0).signed(), "malformed"),
        ("a time of 2^63", replace(head, time=2**63).signed(), "malformed"),
        ("a sequence number of 2^63", replace(head, next_seq=2**63).signed(), "malformed"),
        ("a register of 2^63", replace(head, export_end=2**63).signed(), "malformed"),
        ("names another oracle than its key's", replace(head, oracle_id=OTHER_ORACLE.id).signed(), "malformed"),
        ("signed by another oracle", replace(head, oracle_id=OTHER_ORACLE.id).signed(OTHER_ORACLE), "bad-signature"),
        ("high s", good[:-64] + high_s(good[-64:]), "bad-signature"),
    ]
    cases += [{"name": n, "ok": False, "head": hexed(data), **asked, "code": code} for n, data, code in bad]
    one, many = [METER.id], [sha256(bytes([i]))[:20] for i in range(64)]
    requests: list[Case] = [
        {
            "name": name,
            "ok": True,
            "request": hexed(_request(ids)),
            "nonce": hexed(NONCE),
            "meters": [hexed(i) for i in ids],
        }
        for name, ids in (("one meter", one), ("two meters", [METER.id, OTHER_METER.id]), ("sixty-four meters", many))
    ]
    whole = _request(one)
    requests += [
        {"name": name, "ok": False, "request": hexed(data), "code": "malformed"}
        for name, data in (
            ("wrong tag: a head's", _request(one, tag=b"HOS1")),
            ("no meters", _request([])),
            ("65 meters", _request([METER.id] * 65)),
            ("wrong count", _request(one, count=2)),
            ("truncated", whole[:-1]),
            ("trailing byte", whole + b"\0"),
            ("empty", b""),
        )
    ]
    return {
        "description": "A head opened under the pinned key of an oracle for the nonce that was sent; and head requests.",
        "cases": cases,
        "requests": requests,
    }
