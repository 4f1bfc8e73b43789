"""log_entry.json, checkpoint.json, sum_tree.json and canonical.json."""
# ruff: noqa: E501 the tables hold one case a line; wrapped, a case would be harder to see

import base64
from typing import Any

from testbytes import headers as h
from testbytes import marks, records
from testbytes.primitives import LOG, METER, ORACLE, ORDER, ZERO32, Case, TestKey, hexed, sha256
from testbytes.trees import leaves, mth

ORIGIN = "helioracle/131277322940537/serf-east"
_DASH = "\u2014"


def log_entry() -> dict[str, Any]:
    """The document."""
    header = h.BATCH.pack()
    signed = header + METER.sign(header)
    record = records.bound(records.BIND)
    contents = (
        ("header", 0x10, signed),
        ("binding", 0x11, record),
        ("terms", 0x12, b'{"asset":"serf-east"}'),
        ("cash document", 0x13, b"%PDF-1.7"),
        ("decision", 0x14, b'HOD1{"asset":"serf-east"}'),
        ("redaction", 0x15, b"{}"),
        ("close", 0x16, marks.CLOSE.pack()),
        ("block", 0x17, marks.BLOCK.pack()),
        ("standing", 0x18, marks.STANDING.pack()),
    )
    cases: list[Case] = []
    for name, type_, content in contents:
        entry = sha256(bytes([type_]), content)
        cases.append(
            {"name": name, "ok": True, "type": type_, "content": hexed(content), "entry": hexed(entry),
             "leaf_hash": hexed(sha256(b"\0", entry))}
        )  # fmt: skip
    eight = leaves(8)
    left, right = mth(eight[:1]), mth(eight[1:2])
    salted = records.leaf_bytes(records.BATCH_KEY, [records.PLAIN.pack()])[0]
    bad = (
        ("batch node offered as a log leaf: type 0x01, content left | right", 0x01, left + right),
        ("batch leaf offered as a log entry: type 0x00, content salt | record", 0x00, salted),
        ("sum leaf offered as a log entry: type 0x02", 0x02, bytes(48)),
        ("sum node offered as a log entry: type 0x03", 0x03, bytes(112)),
        ("type 0x0f", 0x0F, b"x"),
        ("type 0x19", 0x19, b"x"),
        ("a close with a trailing byte", 0x16, marks.CLOSE.pack() + b"\0"),
        ("a block without its last byte", 0x17, marks.BLOCK.pack()[:-1]),
        ("a standing as a close", 0x16, marks.STANDING.pack()),
        ("a header without its signature", 0x10, header),
        ("a header and signature with a trailing byte", 0x10, signed + b"\0"),
        ("a binding without the installer's signature", 0x11, record[:-64]),
        ("a binding as a header", 0x10, record),
    )
    cases += [{"name": n, "ok": False, "type": t, "content": hexed(c), "code": "malformed"} for n, t, c in bad]
    return {
        "description": "entry = SHA-256(type u8 | content), leaf_hash = SHA-256(0x00 | entry). The first refusal is why types start at "
        "0x10: its entry would be the node hash of an RFC 9162 tree.",
        "cases": cases,
    }


def _text(origin: str = ORIGIN, size: str = "812", root: str | None = None) -> str:
    return f"{origin}\n{size}\n{base64.b64encode(mth(leaves(9))).decode() if root is None else root}\n"


def _line(
    text: str, key: TestKey = LOG, *, name: str = ORIGIN, key_id: bytes | None = None, der: bytes | None = None
) -> str:
    blob = (sha256(key.spki())[:4] if key_id is None else key_id) + (key.der(text.encode()) if der is None else der)
    return f"{_DASH} {name} {base64.b64encode(blob).decode()}\n"


def _der(r: int, s: int) -> bytes:
    parts = b""
    for number in (r, s):
        body = number.to_bytes(max(1, (number.bit_length() + 8) >> 3), "big")
        parts += b"\x02" + len(body).to_bytes(1, "big") + body
    return b"\x30" + len(parts).to_bytes(1, "big") + parts


def checkpoint() -> dict[str, Any]:
    """The document."""
    known = {"public_point": hexed(LOG.point), "origin": ORIGIN}
    root = mth(leaves(9))
    text, empty, large = _text(), _text(size="0", root=base64.b64encode(mth([])).decode()), _text(size=str(2**63 - 1))
    ed25519 = f"{_DASH} witness.example/w1 {base64.b64encode(bytes(range(72))).decode()}\n"
    cases: list[Case] = [
        {
            "name": name,
            "ok": True,
            "note": note,
            **known,
            "size": size,
            "root": hexed(r),
            "key_id": hexed(sha256(LOG.spki())[:4]),
        }
        for name, note, size, r in (
            ("812 entries", f"{text}\n{_line(text)}", "812", root),
            ("an empty log", f"{empty}\n{_line(empty)}", "0", mth([])),
            ("the largest size", f"{large}\n{_line(large)}", str(2**63 - 1), root),
            ("cosigned by a witness nobody knows here", f"{text}\n{_line(text)}{ed25519}", "812", root),
            (
                "the same name, another key id: an unknown key, ignored",
                f"{text}\n{_line(text, ORACLE)}{_line(text)}",
                "812",
                root,
            ),
        )
    ]

    def bad(name: str, note: str, code: str) -> None:
        cases.append({"name": name, "ok": False, "note": note, **known, "code": code})

    def signed(name: str, broken: str, code: str = "malformed") -> None:
        bad(name, f"{broken}\n{_line(broken)}", code)

    padded = base64.b64encode(root).decode()
    # The last character before '=' carries two bits that decoding drops: four spellings, one root.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    respelt = padded[:-2] + alphabet[alphabet.index(padded[-2]) ^ 1] + "="
    signed("a size with a leading zero", _text(size="0812"))
    signed("an empty size", _text(size=""))
    signed("a negative size", _text(size="-1"))
    signed("a size in other digits", _text(size="\u0668\u0661\u0662"))
    signed("a size of 2^63", _text(size=str(2**63)))
    signed("a size of a thousand digits", _text(size="9" * 1000))
    signed("another origin in the text", _text(origin="helioracle/1/serf-east"))
    signed("a root of 31 bytes", _text(root=base64.b64encode(root[:-1]).decode()))
    signed("a root that is not base64", _text(root="*" * 44))
    signed("a root in the other base64 alphabet", _text(root="-_" * 21 + "A="))
    signed("a root spelt with stray bits", _text(root=respelt))
    signed("an extension line", text + "extension\n")
    signed("two lines", f"{ORIGIN}\n812\n")
    signed("a carriage return", _text(size="812\r"))
    bad(
        "another origin in the signature line", f"{text}\n{_line(text, name='helioracle/1/serf-east')}", "bad-signature"
    )
    bad("no known key", f"{text}\n{_line(text, ORACLE)}", "bad-signature")
    bad(
        "the known key's id, another key's signature",
        f"{text}\n{_line(text, der=ORACLE.der(text.encode()))}",
        "bad-signature",
    )
    bad("signed for another size", f"{text}\n{_line(_text(size='811'))}", "bad-signature")
    bad("a signature that is not ASN.1", f"{text}\n{_line(text, der=bytes(70))}", "bad-signature")
    bad(
        "a signature with a trailing byte",
        f"{text}\n{_line(text, der=LOG.der(text.encode()) + bytes(1))}",
        "bad-signature",
    )
    bad("a signature whose r is 0", f"{text}\n{_line(text, der=_der(0, 1))}", "bad-signature")
    bad(
        "a signature whose r is longer than the order",
        f"{text}\n{_line(text, der=_der(ORDER << 16, 1))}",
        "bad-signature",
    )
    bad(
        "one good and one bad line of the known key",
        f"{text}\n{_line(text)}{_line(_text(size='811'))}",
        "bad-signature",
    )
    bad("bad base64", f"{text}\n{_DASH} {ORIGIN} ***\n", "malformed")
    bad("base64 beyond ASCII", f"{text}\n{_DASH} {ORIGIN} \u00e9\u00e9\u00e9\u00e9\n", "malformed")
    bad("a hyphen for the em dash", f"{text}\n{_line(text)}".replace(_DASH, "-"), "malformed")
    bad("no signature line", f"{text}\n", "malformed")
    bad("no blank line", f"{text}{_line(text)}", "malformed")
    bad("no newline at the end", f"{text}\n{_line(text)}"[:-1], "malformed")
    bad("empty", "", "malformed")
    bad("longer than 16384 characters", f"{text}\n{_line(text)}" + ed25519 * 150, "malformed")
    return {
        "description": "A C2SP signed note opened under the log's known key (signature type 0x02: ECDSA over SHA-256 of the text, key id "
        "= SHA-256(DER SubjectPublicKeyInfo)[:4]).",
        "cases": cases,
    }


Sum = tuple[int, int, int, bytes]


def _sums(node: Sum) -> bytes:
    return b"".join(n.to_bytes(8, "big") for n in node[:3]) + node[3]


def _leaf(point: str, export: int, imported: int) -> Sum:
    content = point.encode().ljust(32, b"\0") + export.to_bytes(8, "big") + imported.to_bytes(8, "big")
    return 1, export, imported, sha256(b"\x02", content)


def _node(left: Sum, right: Sum) -> Sum:
    hash_ = sha256(b"\x03", _sums(left), _sums(right))
    return left[0] + right[0], left[1] + right[1], left[2] + right[2], hash_


def _tree(nodes: list[Sum]) -> Sum:
    if len(nodes) == 1:
        return nodes[0]
    k = 1
    while k * 2 < len(nodes):
        k *= 2
    return _node(_tree(nodes[:k]), _tree(nodes[k:]))


def _path(index: int, nodes: list[Sum]) -> list[Sum]:
    if len(nodes) == 1:
        return []
    k = 1
    while k * 2 < len(nodes):
        k *= 2
    if index < k:
        return [*_path(index, nodes[:k]), _tree(nodes[k:])]
    return [*_path(index - k, nodes[k:]), _tree(nodes[:k])]


def _root(node: Sum) -> bytes:
    return sha256(b"\x03", _sums(node))


def _shown(node: Sum) -> dict[str, Any]:
    return {"count": str(node[0]), "export_wh": str(node[1]), "import_wh": str(node[2]), "hash": hexed(node[3])}


_POINTS = [(f"point-{i}", 1_000 * i + 7, 13 * i) for i in range(1, 8)]


def _broken_parent(total: tuple[int, int, int], left: bytes, right: bytes) -> Sum:
    # The broken form: the hash takes both hashes, but only the sum of both sums.
    return (*total, sha256(b"\x03", *(n.to_bytes(8, "big") for n in total), left, right))


def _sum_case(name: str, points: list[tuple[str, int, int]], index: int, /, **change: Any) -> Case:
    nodes = [_leaf(*p) for p in points]
    point, export, imported = points[index]
    case: Case = {
        "name": name,
        "ok": "code" not in change,
        "leaf": {"point": point, "export_wh": str(export), "import_wh": str(imported)},
        "index": index,
        "size": len(points),
        "proof": [_shown(n) for n in _path(index, nodes)],
        "root": hexed(_root(_tree(nodes))),
        "total": _shown(_tree(nodes)),
    }
    return case | change


def sum_tree() -> dict[str, Any]:
    """The document."""
    cases = [_sum_case(f"point {i} of {n}", _POINTS[:n], i) for n in range(1, 8) for i in range(n)]
    nodes = [_leaf(*p) for p in _POINTS[:4]]
    proof = [_shown(n) for n in _path(1, nodes)]
    a, b, four = _POINTS[0], _POINTS[1], _POINTS[:4]

    def raised(at: int, field: str, by: int) -> list[dict[str, Any]]:
        changed = [dict(p) for p in proof]
        changed[at][field] = str(int(changed[at][field]) + by)
        return changed

    # ePrint 2018/1139: in the form that hashes only the sum of both children, who builds the tree may state any total above each single
    # leaf. Here a and b delivered 3014 Wh, the root says 2507, and each of them is shown a sibling that fits: nobody sees the lie alone.
    left, right = _leaf(*a), _leaf(*b)
    total = (2, b[1] + 500, left[2] + right[2])
    broken = hexed(_root(_broken_parent(total, left[3], right[3])))
    shown_to_a = [_shown((1, total[1] - a[1], total[2] - a[2], right[3]))]
    shown_to_b = [_shown((1, total[1] - b[1], total[2] - b[2], left[3]))]
    off = "root-mismatch"
    leaf_b = {"point": b[0], "export_wh": str(b[1] + 500), "import_wh": str(b[2])}
    cases += [
        _sum_case("broken-sum forgery (ePrint 2018/1139): what the first is shown", [a, b], 0, proof=shown_to_a, root=broken, code=off),
        _sum_case("broken-sum forgery (ePrint 2018/1139): what the second is shown", [a, b], 1, proof=shown_to_b, root=broken, code=off),
        _sum_case("a sibling's export lowered by what the leaf's is raised", four, 1, leaf=leaf_b, proof=raised(0, "export_wh", -500), code=off),
        _sum_case("a sibling's export raised", four, 1, proof=raised(1, "export_wh", 1), code=off),
        _sum_case("a sibling's import raised", four, 1, proof=raised(1, "import_wh", 1), code=off),
        _sum_case("a sibling's count raised", four, 1, proof=raised(1, "count", 1), code="bad-proof"),
        _sum_case("the leaf's export raised by 1 Wh", four, 1, leaf={"point": b[0], "export_wh": str(b[1] + 1), "import_wh": str(b[2])}, code=off),
        _sum_case("another point's name", four, 1, leaf={"point": "point-9", "export_wh": str(b[1]), "import_wh": str(b[2])}, code=off),
        _sum_case("wrong index", four, 1, index=0, code=off),
        _sum_case("truncated", four, 1, proof=proof[:-1], code="bad-proof"),
        _sum_case("one extra sibling", four, 1, proof=[*proof, proof[0]], code="bad-proof"),
        _sum_case("index equal to the size", four, 1, index=4, code="bad-proof"),
        _sum_case("another root", four, 1, root=hexed(ZERO32), code=off),
        _sum_case("the tree's root hash without its totals", four, 1, root=hexed(_tree(nodes)[3]), code=off),
        _sum_case("sums that overflow 64 bits", four, 1, proof=raised(1, "export_wh", 2**64 - 1 - int(proof[1]["export_wh"])), code="malformed"),
        _sum_case("an empty point", four, 1, leaf={"point": "", "export_wh": "1", "import_wh": "0"}, code="malformed"),
        _sum_case("a point of 33 bytes", four, 1, leaf={"point": "p" * 33, "export_wh": "1", "import_wh": "0"}, code="malformed"),
        _sum_case("a point with a NUL at its end: the padding of another", four, 1, leaf={"point": "point-2\0", "export_wh": str(b[1]), "import_wh": str(b[2])}, code="malformed"),
        _sum_case("a negative energy", four, 1, leaf={"point": b[0], "export_wh": "-1", "import_wh": "0"}, code="malformed", solidity=False),
    ]  # fmt: skip
    trees: list[Case] = [
        {"name": name, "ok": False, "code": "malformed",
         "leaves": [{"point": p, "export_wh": str(e), "import_wh": str(i)} for p, e, i in points]}
        for name, points in (
            ("no leaves", []),
            ("points out of order", [b, a]),
            ("a point twice", [a, a]),
            ("a sum that overflows 64 bits", [("a", 2**64 - 1, 0), ("b", 1, 0)]),
        )
    ]  # fmt: skip
    return {
        "description": "Inclusion of a point's result in a settlement root; a node commits to each child's count, export and import. "
        "`trees` are leaf lists that have no root. `solidity` is false where an unsigned type cannot hold what is refused.",
        "cases": cases,
        "trees": trees,
    }


def canonical() -> dict[str, Any]:
    """The document: JSON inputs in which an object {"$bytes": "0x.."} stands for bytes."""
    good: tuple[tuple[str, Any, str], ...] = (
        ("empty", {}, "{}"),
        ("keys sorted by code point", {"b": 1, "a": 2, "B": 3, "_": 4, "aa": 5}, '{"B":"3","_":"4","a":"2","aa":"5","b":"1"}'),
        ("integers as strings", {"zero": 0, "minus": -12, "large": 2**80}, '{"large":"1208925819614629174706176","minus":"-12","zero":"0"}'),
        ("true and false", {"a": True, "b": False}, '{"a":true,"b":false}'),
        ("bytes as hex", {"root": {"$bytes": "0x00ff"}, "none": {"$bytes": "0x"}}, '{"none":"0x","root":"0x00ff"}'),
        ("nesting, no white space", {"a": [{"d": 1, "c": []}, [2, [3]], {}]}, '{"a":[{"c":[],"d":"1"},["2",["3"]],{}]}'),
        ("text beyond ASCII stays", {"name": "Zürich 电 \U0001f31e"}, '{"name":"Zürich 电 \U0001f31e"}'),
        ("only what JSON demands is escaped", {"t": '"\\/\b\f\n\r\t\u0001\u007f\u2028'}, '{"t":"\\"\\\\/\\b\\f\\n\\r\\t\\u0001\u007f\u2028"}'),
        ("a string of digits and its integer are one", {"a": "5", "b": 5}, '{"a":"5","b":"5"}'),
    )  # fmt: skip
    cases: list[Case] = [
        {
            "name": name,
            "ok": True,
            "document": document,
            "bytes": hexed(text.encode()),
            "hash": hexed(sha256(text.encode())),
        }
        for name, document, text in good
    ]
    for name, document in (
        ("a true number", {"a": 1.5}),
        ("null", {"a": None}),
        ("a true number deep inside", {"a": [{"b": [0.0]}]}),
        ("a key beyond ASCII", {"ü": 1}),
        ("half of a surrogate pair", {"a": "\ud83c"}),
    ):
        cases.append({"name": name, "ok": False, "document": document, "code": "malformed", "solidity": False})
    return {
        "description": 'Canonical JSON. In `document`, {"$bytes": "0x.."} stands for a byte string. `solidity` is false where a '
        "document holds what the EVM's types cannot.",
        "cases": cases,
    }
