"""block.json, standing.json and close.json: what the oracle writes into the log about time, reports and periods."""
# ruff: noqa: E501 the tables hold one case a line; wrapped, a case would be harder to see

from dataclasses import dataclass, field, replace
from typing import Any

from testbytes.primitives import METER, OTHER_METER, ZERO32, Case, hexed, sha256
from testbytes.trees import mth

T = 1_782_864_912  # 2026-07-01T00:15:12Z
FINALISED, GONE, CLOCK = 1, 2, 3
DECLARED, DISPUTED, VOID, FINAL = 1, 2, 3, 4
DUE, DEADLINE = 1, 2


def _u(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A block entry before it is packed; any field may break any rule."""

    tag: bytes = b"HOK1"
    kind: int = FINALISED
    number: int = 21_000_000
    hash: bytes = field(default=sha256(b"test block 21000000"))
    time: int = T

    def pack(self) -> bytes:
        """53 bytes."""
        return self.tag + _u(self.kind, 1) + _u(self.number, 8) + self.hash + _u(self.time, 8)

    def shown(self) -> dict[str, Any]:
        """The fields as a decoder gives them."""
        return {"kind": self.kind, "number": str(self.number), "hash": hexed(self.hash), "time": str(self.time)}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """A standing entry before it is packed."""

    tag: bytes = b"HOT1"
    status: int = DECLARED
    period: int = 5
    supplement: int = 0
    revision: int = 0
    report_hash: bytes = field(default=sha256(b"test report 5"))
    block: int = 900

    def pack(self) -> bytes:
        """53 bytes."""
        head = self.tag + _u(self.status, 1) + _u(self.period, 4) + _u(self.supplement, 2) + _u(self.revision, 2)
        return head + self.report_hash + _u(self.block, 8)

    def shown(self) -> dict[str, Any]:
        """The fields as a decoder gives them."""
        return {
            "status": self.status, "period": self.period, "supplement": self.supplement, "revision": self.revision,
            "report_hash": hexed(self.report_hash), "block": str(self.block),
        }  # fmt: skip


def _branch(meter_id: bytes, last: bytes, count: int) -> bytes:
    return meter_id + last + _u(count, 8)


def _root(branches: list[bytes]) -> bytes:
    return mth(branches)


BRANCHES = sorted(
    [
        _branch(METER.id, sha256(b"test header 1"), 24),
        _branch(OTHER_METER.id, sha256(b"test header 2"), 25),
        _branch(sha256(b"a meter without a header")[:20], sha256(b"test binding"), 0),
    ]
)


@dataclass(frozen=True, kw_only=True)
class Close:
    """A close entry before it is packed."""

    tag: bytes = b"HOC1"
    kind: int = DUE
    period: int = 5
    supplement: int = 0
    revision: int = 0
    count: int = 3
    branches: bytes = field(default=_root(BRANCHES))
    valid_until: int = T + 86_400

    def pack(self) -> bytes:
        """57 bytes."""
        head = self.tag + _u(self.kind, 1) + _u(self.period, 4) + _u(self.supplement, 2) + _u(self.revision, 2)
        return head + _u(self.count, 4) + self.branches + _u(self.valid_until, 8)

    def shown(self) -> dict[str, Any]:
        """The fields as a decoder gives them."""
        return {
            "kind": self.kind, "period": self.period, "supplement": self.supplement, "revision": self.revision,
            "count": self.count, "branches": hexed(self.branches), "valid_until": str(self.valid_until),
        }  # fmt: skip


def _cases(good: list[tuple[str, Any]], bad: list[tuple[str, bytes]]) -> list[Case]:
    cases: list[Case] = [
        {"name": name, "ok": True, "content": hexed(one.pack()), "fields": one.shown()} for name, one in good
    ]
    cases += [
        {"name": name, "ok": False, "content": hexed(content), "code": "malformed", "reason": name}
        for name, content in bad
    ]
    return cases


def _around(encoded: bytes) -> list[tuple[str, bytes]]:
    return [
        ("a byte too few", encoded[:-1]),
        ("a byte too many", encoded + b"\0"),
        ("empty", b""),
        ("another format's tag", b"HOH1" + encoded[4:]),
        ("the next version's tag", encoded[:3] + b"2" + encoded[4:]),
    ]


def _row(name: str, entries: list[Any], field_: str | None = None, **more: Any) -> Case:
    """Entries in the order of the log; where `field_` is given, the last of them is refused for it."""
    case: Case = {"name": name, "ok": field_ is None, "entries": [hexed(one.pack()) for one in entries]}
    return case | more if field_ is None else case | more | {"code": "entry-disagrees", "field": field_}


BLOCK = Block()
NEXT = Block(number=BLOCK.number + 300, hash=sha256(b"test block 21000300"), time=T + 3_600)
THIRD = Block(number=BLOCK.number + 600, hash=sha256(b"test block 21000600"), time=T + 7_200)
CLOCK_ = Block(kind=CLOCK, number=0, hash=ZERO32)
STANDING = Standing()
CLOSE = Close()


def block() -> dict[str, Any]:
    """The document."""
    gone = replace(BLOCK, kind=GONE)
    good = [
        ("a finalised block", BLOCK), ("a block that is gone", gone), ("a clock", CLOCK_),
        ("the genesis block", replace(BLOCK, number=0)),
        ("every field at its largest", replace(BLOCK, number=2**63 - 1, hash=b"\xff" * 32, time=2**63 - 1)),
    ]  # fmt: skip
    bad = [
        *_around(BLOCK.pack()),
        ("kind 0", replace(BLOCK, kind=0).pack()), ("kind 4", replace(BLOCK, kind=4).pack()),
        ("number of 2^63", replace(BLOCK, number=2**63).pack()), ("time of 2^63", replace(BLOCK, time=2**63).pack()),
        ("a finalised block without a hash", replace(BLOCK, hash=ZERO32).pack()),
        ("a block that is gone, without a hash", replace(gone, hash=ZERO32).pack()),
        ("a clock with a hash", replace(CLOCK_, hash=BLOCK.hash).pack()),
        ("a clock with a number", replace(CLOCK_, number=1).pack()),
    ]  # fmt: skip
    gone_next, gone_third = replace(NEXT, kind=GONE), replace(THIRD, kind=GONE)
    reorged = replace(NEXT, number=NEXT.number - 7, hash=sha256(b"another block"), time=NEXT.time - 84)
    logs = [
        _row("blocks in order", [BLOCK, NEXT, THIRD], now=str(THIRD.time)),
        _row("two blocks of one time", [BLOCK, replace(NEXT, time=T)], now=str(T)),
        _row("one is gone", [BLOCK, NEXT, gone_next], now=str(T)),
        _row("all are gone", [BLOCK, gone], now=None),
        _row("two are gone, the newest first", [BLOCK, NEXT, THIRD, gone_third, gone_next], now=str(T)),
        _row("another block where one is gone, of a lower number and an earlier time", [BLOCK, NEXT, gone_next, reorged], now=str(reorged.time)),
        _row("clocks", [CLOCK_, CLOCK_, replace(CLOCK_, time=T + 1)], now=str(T + 1)),
        _row("the same number again", [BLOCK, replace(NEXT, number=BLOCK.number)], "number"),
        _row("a number that falls", [NEXT, replace(BLOCK, time=NEXT.time)], "number"),
        _row("a time that falls", [BLOCK, replace(NEXT, time=T - 1)], "time"),
        _row("a clock that falls", [CLOCK_, replace(CLOCK_, time=T - 1)], "time"),
        _row("a clock after a block", [BLOCK, replace(CLOCK_, time=T + 1)], "kind"),
        _row("a block after a clock", [CLOCK_, NEXT], "kind"),
        _row("a clock after all blocks are gone", [BLOCK, gone, replace(CLOCK_, time=T + 1)], "kind"),
        _row("gone, and nothing stands", [gone], "number"),
        _row("gone, but not the newest", [BLOCK, NEXT, gone], "number"),
        _row("gone under another hash", [BLOCK, replace(gone, hash=NEXT.hash)], "hash"),
        _row("gone at another time", [BLOCK, replace(gone, time=T + 1)], "time"),
        _row("gone twice", [BLOCK, NEXT, gone_next, gone_next], "number"),
    ]  # fmt: skip
    return {
        "description": "A block entry by itself (cases), and block entries in the order of a log (logs), with the time of the log after the last.",
        "cases": _cases(good, bad),
        "logs": logs,
    }


def standing() -> dict[str, Any]:
    """The document."""
    disputed, void, final = (replace(STANDING, status=one, block=901) for one in (DISPUTED, VOID, FINAL))
    again = replace(STANDING, revision=1, report_hash=sha256(b"test report 5.1"), block=902)
    good = [
        ("declared", STANDING), ("disputed", disputed), ("void", void), ("final", final), ("a second revision", again),
        ("a supplement", replace(STANDING, supplement=1)),
        ("every field at its largest", replace(STANDING, period=2**32 - 1, supplement=2**16 - 1, revision=2**16 - 1, report_hash=b"\xff" * 32, block=2**63 - 1)),
    ]  # fmt: skip
    bad = [
        *_around(STANDING.pack()),
        ("status 0", replace(STANDING, status=0).pack()), ("status 5", replace(STANDING, status=5).pack()),
        ("a block index of 2^63", replace(STANDING, block=2**63).pack()),
        ("a report hash of zeros", replace(STANDING, report_hash=ZERO32).pack()),
    ]  # fmt: skip
    logs = [
        _row("declared and final", [STANDING, final]),
        _row("disputed and void", [STANDING, disputed, void]),
        _row("disputed and answered", [STANDING, disputed, again]),
        _row("void and answered, then final", [STANDING, disputed, void, again, replace(again, status=FINAL)]),
        _row("the first is disputed", [disputed], "status"),
        _row("the first is revision 1", [again], "revision"),
        _row("void without a dispute", [STANDING, void], "status"),
        _row("declared twice", [STANDING, again], "status"),
        _row("final after a dispute", [STANDING, disputed, final], "status"),
        _row("disputed after final", [STANDING, final, disputed], "status"),
        _row("a revision after final", [STANDING, final, again], "status"),
        _row("a revision is left out", [STANDING, disputed, replace(again, revision=2)], "revision"),
        _row("the same report as the next revision", [STANDING, disputed, replace(again, report_hash=STANDING.report_hash)], "report_hash"),
        _row("another report is disputed", [STANDING, replace(disputed, report_hash=again.report_hash)], "report_hash"),
        _row("another revision is final", [STANDING, replace(final, revision=1)], "revision"),
        _row("another period", [STANDING, replace(final, period=6)], "period"),
        _row("another supplement", [STANDING, replace(final, supplement=1)], "supplement"),
    ]  # fmt: skip
    return {
        "description": "A standing entry by itself (cases), and the entries of one period and supplement in the order of a log (logs).",
        "cases": _cases(good, bad),
        "logs": logs,
    }


def _place(name: str, one: Close, now: int, field_: str | None = None, *, end: int = T, delay: int = 0) -> Case:
    case: Case = {
        "name": name, "ok": field_ is None, "content": hexed(one.pack()), "now": str(now), "period_end": str(end),
        "missing_delay_s": delay,
    }  # fmt: skip
    return case if field_ is None else case | {"code": "entry-disagrees", "field": field_}


def close() -> dict[str, Any]:
    """The document."""
    deadline = replace(CLOSE, kind=DEADLINE)
    good = [
        ("a period whose meters have all passed its end", CLOSE), ("a deadline", deadline),
        ("a supplement's second revision", replace(CLOSE, supplement=1, revision=1)),
        ("every field at its largest", replace(CLOSE, period=2**32 - 1, supplement=2**16 - 1, revision=2**16 - 1, count=2**32 - 1, branches=b"\xff" * 32, valid_until=2**40 - 1)),
    ]  # fmt: skip
    bad = [
        *_around(CLOSE.pack()),
        ("kind 0", replace(CLOSE, kind=0).pack()), ("kind 3", replace(CLOSE, kind=3).pack()),
        ("no branch", replace(CLOSE, count=0).pack()),
        ("valid until 0", replace(CLOSE, valid_until=0).pack()),
        ("valid until 2^40", replace(CLOSE, valid_until=2**40).pack()),
    ]  # fmt: skip
    places = [
        _place("at the end of the period", CLOSE, T),
        _place("a second before the end", replace(CLOSE, valid_until=T + 100), T - 1, "kind"),
        _place("a deadline when the delay is over", replace(deadline, valid_until=T + 259_200 + 60), T + 259_200, delay=259_200),
        _place("a deadline a second too early", replace(deadline, valid_until=T + 259_200), T + 259_199, "kind", delay=259_200),
        _place("due does not wait for the delay", CLOSE, T, delay=259_200),
        _place("valid for a day", CLOSE, T),
        _place("valid for a day and a second", replace(CLOSE, valid_until=T + 86_401), T, "valid_until"),
        _place("valid until now", replace(CLOSE, valid_until=T), T, "valid_until"),
        _place("valid for a second", replace(CLOSE, valid_until=T + 1), T),
    ]  # fmt: skip
    twice = [BRANCHES[0], BRANCHES[0], BRANCHES[1]]
    trees: list[Case] = [
        {"name": "three branches", "ok": True, "count": 3, "root": hexed(_root(BRANCHES)), "branches": [hexed(b) for b in BRANCHES]},
        {"name": "one branch", "ok": True, "count": 1, "root": hexed(_root(BRANCHES[:1])), "branches": [hexed(BRANCHES[0])]},
        {"name": "none", "ok": False, "code": "malformed", "count": 3, "root": hexed(CLOSE.branches), "branches": []},
        {"name": "out of order", "ok": False, "code": "malformed", "count": 3, "root": hexed(_root(BRANCHES[::-1])), "branches": [hexed(b) for b in BRANCHES[::-1]]},
        {"name": "a meter twice", "ok": False, "code": "malformed", "count": 3, "root": hexed(_root(twice)), "branches": [hexed(b) for b in twice]},
        {"name": "another number than stated", "ok": False, "code": "root-mismatch", "count": 2, "root": hexed(_root(BRANCHES)), "branches": [hexed(b) for b in BRANCHES]},
        {"name": "one is left out", "ok": False, "code": "root-mismatch", "count": 3, "root": hexed(_root(BRANCHES)), "branches": [hexed(b) for b in BRANCHES[:2]]},
        {"name": "another header", "ok": False, "code": "root-mismatch", "count": 3, "root": hexed(_root(BRANCHES)), "branches": [hexed(BRANCHES[0][:20] + sha256(b"another") + BRANCHES[0][52:]), *(hexed(b) for b in BRANCHES[1:])]},
    ]  # fmt: skip
    return {
        "description": "A close entry by itself (cases), its place in a log whose time is `now` (places), and its branches (trees).",
        "cases": _cases(good, bad),
        "places": places,
        "trees": trees,
    }
