"""How fast an RFC 9162 tree is built: leaves a second, beside bare SHA-256 in the same run.

.venv/bin/python bench/bench_tree.py [leaves]
"""

import hashlib
import sys
import time

from evidence import merkle


def main(leaves: int) -> None:
    """Print seconds and the ratio to hashing the same number of nodes with nothing around it."""
    hashes = [merkle.leaf_hash(number.to_bytes(32, "big")) for number in range(leaves)]
    started = time.perf_counter()
    root = merkle.root(hashes)
    tree_s = time.perf_counter() - started
    node = b"\x01" + bytes(64)
    started = time.perf_counter()
    for _ in range(leaves - 1):
        hashlib.sha256(node).digest()
    bare_s = time.perf_counter() - started
    print(f"tree of {leaves:,} leaves: {tree_s:.3f} s, root {root.hex()[:16]}...")
    print(f"bare SHA-256 of as many nodes: {bare_s:.3f} s; the tree takes {tree_s / bare_s:.2f} x that")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
