"""The Merkle sum tree over per-point results: its root commits to every count, export and import (spec/settlement.md).

A node hashes each child's sums beside that child's hash. The form that hashes only the sum of both is broken (ePrint 2018/1139): its
builder can show each of two holders a sibling that fits the same false total.
"""

import hashlib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from evidence import tags
from evidence.errors import BadProof, Malformed, RootMismatch

_SUMS = struct.Struct(">QQQ")
_U64_MAX = 0xFFFF_FFFF_FFFF_FFFF
PROOF_LENGTH_MAX = 64


@dataclass(frozen=True, slots=True)
class SumNode:
    """A subtree: the number of its leaves, their export and import in Wh, and the subtree's hash."""

    count: int
    export_wh: int
    import_wh: int
    hash: bytes

    def encode(self) -> bytes:
        """count u64 | export u64 | import u64 | hash.

        Raises:
            Malformed: a sum does not fit its field, or the hash is not 32 bytes.
        """
        if len(self.hash) != tags.HASH_SIZE or not all(
            0 <= number <= _U64_MAX for number in (self.count, self.export_wh, self.import_wh)
        ):
            raise Malformed("sum node", f"{self} does not fit three unsigned 64-bit sums and a 32-byte hash")
        return _SUMS.pack(self.count, self.export_wh, self.import_wh) + self.hash


@dataclass(frozen=True, slots=True)
class SumLeaf:
    """One metering point's result: its id, which is hashed padded with zeros to 32 bytes, and its energy of the period in Wh."""

    point: str
    export_wh: int
    import_wh: int

    def node(self) -> SumNode:
        """The leaf's node: SHA-256(0x02 | point32 | export u64 | import u64).

        Raises:
            Malformed: the point id is not 1..32 of a-z 0-9 and '-', or an energy is negative or too large.
        """
        # An id holds no NUL and has one spelling, so two ids never give the same padded 32 bytes.
        if not tags.IDENTIFIER.fullmatch(self.point):
            raise Malformed("sum leaf", f"the point id {self.point[:40]!r} is not 1..32 of a-z 0-9 and '-'")
        point = self.point.encode()
        for energy in (self.export_wh, self.import_wh):
            if not 0 <= energy <= _U64_MAX:
                raise Malformed("sum leaf", f"energy {energy} Wh does not fit an unsigned 64-bit field")
        content = point.ljust(32, b"\0") + struct.pack(">QQ", self.export_wh, self.import_wh)
        return SumNode(1, self.export_wh, self.import_wh, hashlib.sha256(tags.SUM_LEAF_PREFIX + content).digest())


def parent(left: SumNode, right: SumNode) -> SumNode:
    """SHA-256(0x03 | left's sums | left's hash | right's sums | right's hash), with the sums added.

    Raises:
        Malformed: a sum overflows 64 bits.
    """
    export_wh, import_wh = left.export_wh + right.export_wh, left.import_wh + right.import_wh
    if max(export_wh, import_wh) > _U64_MAX:
        raise Malformed("sum node", "a sum overflows 64 bits")
    hash_ = hashlib.sha256(tags.SUM_NODE_PREFIX + left.encode() + right.encode()).digest()
    return SumNode(left.count + right.count, export_wh, import_wh, hash_)


def _checked(leaves: Sequence[SumLeaf]) -> list[SumNode]:
    if not leaves:
        raise Malformed("sum tree", "there are no leaves")
    for before, after in pairwise(leaves):
        if not before.point.encode() < after.point.encode():
            raise Malformed("sum tree", f"points are not strictly rising: {before.point!r}, then {after.point!r}")
    return [leaf.node() for leaf in leaves]


def _above(level: list[SumNode]) -> list[SumNode]:
    pairs = iter(level)
    above = [parent(a, b) for a, b in zip(pairs, pairs, strict=False)]
    return above + level[-1:] if len(level) & 1 else above


def sum_root(leaves: Sequence[SumLeaf]) -> SumNode:
    """The root node over leaves whose point ids rise strictly; an odd node is promoted, as in RFC 9162.

    Raises:
        Malformed: there are no leaves, the points do not rise strictly, or an energy is out of range.
    """
    level = _checked(leaves)
    while len(level) > 1:
        level = _above(level)
    return level[0]


def root_hash(node: SumNode) -> bytes:
    """The settlement root of a report: SHA-256(0x03 | the root node's sums | its hash), so that 32 bytes commit to the totals too."""
    return hashlib.sha256(tags.SUM_NODE_PREFIX + node.encode()).digest()


def sum_proof(leaves: Sequence[SumLeaf], index: int) -> list[SumNode]:
    """The siblings from a leaf up to the root; errors as `sum_root`, and BadProof for an index out of range."""
    level = _checked(leaves)
    if not 0 <= index < len(level):
        raise BadProof("sum inclusion", f"index {index} is not below {len(level)} leaves")
    path = []
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        level = _above(level)
        index >>= 1
    return path


def open_sum_inclusion(leaf: SumLeaf, index: int, size: int, proof: Sequence[SumNode], stated_root: bytes) -> SumNode:
    """Check that the leaf counts in the settlement root and return the root node with its totals.

    Raises:
        BadProof: index or proof length is wrong.
        Malformed: a sibling or a sum does not fit its fields.
        RootMismatch: the proof leads to another root.
    """
    if not 0 <= index < size:
        raise BadProof("sum inclusion", f"index {index} is not below {size} leaves")
    if len(proof) > PROOF_LENGTH_MAX:
        raise BadProof("sum inclusion", f"{len(proof)} siblings; no tree is that deep")
    fn, sn, node = index, size - 1, leaf.node()
    for sibling in proof:
        if sn == 0:
            raise BadProof("sum inclusion", f"{len(proof)} siblings are too many for {size} leaves")
        if fn & 1 or fn == sn:
            node = parent(sibling, node)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            node = parent(node, sibling)
        fn >>= 1
        sn >>= 1
    if sn or node.count != size:
        raise BadProof("sum inclusion", f"{len(proof)} siblings lead to {node.count} leaves, {size} are stated")
    computed = root_hash(node)
    if computed != stated_root:
        raise RootMismatch(what="sum inclusion", stated=stated_root, computed=computed)
    return node
