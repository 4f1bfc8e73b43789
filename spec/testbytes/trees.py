"""merkle.json, from the recursive definitions of RFC 9162, sections 2.1.1, 2.1.3.1 and 2.1.4.1."""

from typing import Any

from testbytes.primitives import Case, hexed, sha256

# The eight leaves of Certificate Transparency's own reference test, then leaves of our own: the roots over the first eight are known
# from elsewhere.
_CT_LEAVES = (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)  # fmt: skip
RAGGED = 1021


def leaves(size: int) -> list[bytes]:
    """The first `size` test leaves."""
    own = [b"leaf" + i.to_bytes(2, "big") for i in range(len(_CT_LEAVES), size)]
    return [*(bytes.fromhex(leaf) for leaf in _CT_LEAVES), *own][:size]


def _split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def mth(data: list[bytes]) -> bytes:
    """MTH(D[n]): the tree head over leaf *bytes*."""
    if not data:
        return sha256(b"")
    if len(data) == 1:
        return sha256(b"\x00", data[0])
    k = _split(len(data))
    return sha256(b"\x01", mth(data[:k]), mth(data[k:]))


def path(m: int, data: list[bytes]) -> list[bytes]:
    """PATH(m, D[n])."""
    if len(data) == 1:
        return []
    k = _split(len(data))
    if m < k:
        return [*path(m, data[:k]), mth(data[k:])]
    return [*path(m - k, data[k:]), mth(data[:k])]


def proof(m: int, data: list[bytes]) -> list[bytes]:
    """PROOF(m, D[n])."""
    return _subproof(m, data, whole=True)


def _subproof(m: int, data: list[bytes], *, whole: bool) -> list[bytes]:
    if m == len(data):
        return [] if whole else [mth(data)]
    k = _split(len(data))
    if m <= k:
        return [*_subproof(m, data[:k], whole=whole), mth(data[k:])]
    return [*_subproof(m - k, data[k:], whole=False), mth(data[:k])]


def _inclusion(name: str, data: list[bytes], index: int, /, **change: Any) -> Case:
    case: dict[str, Any] = {
        "name": name,
        "ok": True,
        "size": len(data),
        "index": index,
        "leaf_hash": sha256(b"\x00", data[index]),
        "proof": path(index, data),
        "root": mth(data),
    }
    return _plain(case | change)


def _consistency(name: str, data: list[bytes], old: int, /, **change: Any) -> Case:
    case: dict[str, Any] = {
        "name": name,
        "ok": True,
        "size1": old,
        "root1": mth(data[:old]),
        "size2": len(data),
        "root2": mth(data),
        "proof": proof(old, data) if 0 < old <= len(data) else [],
    }
    return _plain(case | change)


def _plain(case: Case) -> Case:
    case["ok"] = "code" not in case
    return {
        key: hexed(value)
        if isinstance(value, bytes)
        else [hexed(h) for h in value]
        if isinstance(value, list)
        else value
        for key, value in case.items()
    }


def _bad_inclusions() -> list[Case]:
    eight, nine = leaves(8), leaves(9)
    audit = path(2, eight)
    node01 = mth(eight[:2])
    bad, off = "bad-proof", "root-mismatch"
    return [
        _inclusion("truncated: the last hash is missing", eight, 2, proof=audit[:-1], code=bad),
        _inclusion("truncated: the first hash is missing", eight, 2, proof=audit[1:], code=bad),
        _inclusion("an empty proof in a tree of eight", eight, 2, proof=[], code=bad),
        _inclusion("one extra hash at the end", eight, 2, proof=[*audit, mth(nine)], code=bad),
        _inclusion("one extra hash in a tree of one leaf", leaves(1), 0, proof=[mth(nine)], code=bad),
        _inclusion("65 hashes", eight, 2, proof=[mth(nine)] * 65, code=bad),
        _inclusion("wrong index: the sibling's", eight, 2, index=3, code=off),
        _inclusion("wrong index: a far one", eight, 2, index=5, code=off),
        _inclusion("index equal to the size", eight, 2, index=8, code=bad),
        _inclusion("index in an empty tree", eight, 0, size=0, index=0, proof=[], root=mth([]), code=bad),
        _inclusion("two hashes swapped", eight, 2, proof=[audit[1], audit[0], audit[2]], code=off),
        _inclusion("one bit of one hash flipped", eight, 2, proof=[_flip(audit[0]), *audit[1:]], code=off),
        _inclusion("another leaf's hash", eight, 2, leaf_hash=sha256(b"\x00", eight[3]), code=off),
        _inclusion("the root of another tree", eight, 2, root=mth(nine), code=off),
        _inclusion("the last leaf of nine with the proof of eight", nine, 8, proof=audit, code=bad),
        _inclusion("the size of a smaller tree", nine, 8, size=8, index=7, code=bad),
        _inclusion(
            "a node offered as a leaf, its own path", eight, 0, leaf_hash=node01, proof=path(0, eight)[1:], code=bad
        ),
        _inclusion("a node offered as a leaf, a leaf's path", eight, 0, leaf_hash=node01, code=off),
        _inclusion(
            "batch node offered as a log leaf: its preimage as leaf bytes",
            eight,
            0,
            leaf_hash=sha256(b"\x00", mth(eight[:1]), mth(eight[1:2])),
            code=off,
        ),
    ]


def _bad_consistencies() -> list[Case]:
    eight, nine, five = leaves(8), leaves(9), leaves(5)
    forked = [*five[:2], b"another leaf", *nine[3:]]
    honest = proof(5, nine)
    bad, off = "bad-proof", "root-mismatch"
    return [
        _consistency("fork: a leaf below the old size was replaced", forked, 5, root1=mth(five), code=off),
        _consistency("fork: the honest proof, the forked new root", nine, 5, root2=mth(forked), code=off),
        _consistency(
            "fork: at a power of two, where the old root opens the proof", forked, 4, root1=mth(five[:4]), code=off
        ),
        _consistency("a leaf left out below the old size", [*nine[:2], *nine[3:]], 5, root1=mth(five), code=off),
        _consistency("truncated", nine, 5, proof=honest[:-1], code=bad),
        _consistency("one extra hash", nine, 5, proof=[*honest, mth(five)], code=bad),
        _consistency("an empty proof between different sizes", nine, 5, proof=[], code=bad),
        _consistency("an empty proof from a power of two", nine, 8, proof=[], code=bad),
        _consistency("65 hashes", nine, 5, proof=[mth(five)] * 65, code=bad),
        _consistency("two hashes swapped", nine, 5, proof=[honest[1], honest[0], *honest[2:]], code=off),
        _consistency("one bit of one hash flipped", nine, 5, proof=[_flip(honest[0]), *honest[1:]], code=off),
        _consistency("another old root", nine, 5, root1=mth(leaves(6)), code=off),
        _consistency("another old root at a power of two", nine, 4, root1=mth(leaves(6)), code=off),
        _consistency("another old size", nine, 5, size1=6, code=bad),
        _consistency("old and new swapped", nine, 5, size1=9, root1=mth(nine), size2=5, root2=mth(five), code=bad),
        _consistency(
            "an old size of zero with a root that is not the empty tree's", nine, 0, root1=mth(five), code=bad
        ),
        _consistency("equal sizes, other root: a fork", eight, 8, root2=mth([*eight[:7], b"other"]), code=off),
        _consistency("equal sizes with a hash too many", eight, 8, proof=[mth(eight)], code=bad),
    ]


def _flip(hash_: bytes) -> bytes:
    return bytes([hash_[0] ^ 1]) + hash_[1:]


def merkle() -> dict[str, Any]:
    """The document."""
    small = range(1, 10)
    inclusion = [_inclusion(f"leaf {i} of {n}", leaves(n), i) for n in small for i in range(n)]
    inclusion += [_inclusion(f"leaf {i} of 17", leaves(17), i) for i in (0, 7, 8, 15, 16)]
    ragged = leaves(RAGGED)
    inclusion += [_inclusion(f"leaf {i} of {RAGGED}", ragged, i) for i in (0, 511, 512, 1000, 1019, 1020)]
    consistency = [_consistency(f"from {m} to {n}", leaves(n), m) for n in small for m in range(1, n + 1)]
    consistency += [_consistency(f"from {m} to 17", leaves(17), m) for m in (1, 8, 15, 16, 17)]
    consistency += [_consistency(f"from {m} to {RAGGED}", ragged, m) for m in (1, 511, 512, 1000, 1020, 1021)]
    return {
        "description": "RFC 9162 SHA-256 trees: roots over leaf bytes, inclusion proofs of leaf hashes, consistency proofs.",
        "root": [
            {"name": f"{n} leaves", "leaves": [hexed(leaf) for leaf in leaves(n)], "root": hexed(mth(leaves(n)))}
            for n in (*range(10), 17, RAGGED)
        ],
        "inclusion": inclusion + _bad_inclusions(),
        "consistency": consistency + _bad_consistencies(),
    }
