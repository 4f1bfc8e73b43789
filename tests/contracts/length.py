"""How long the contracts' tests are: as in `make test`, at length (`make test-long`), or a tenth of that which a commit chooses.

HELIORACLE_LONG=1 asks for all of it, HELIORACLE_TENTH=<commit> beside it for a tenth: CI runs another tenth for each commit.
"""

import hashlib
import os
from collections.abc import Iterable

LONG = os.environ.get("HELIORACLE_LONG") == "1"
TENTH = os.environ.get("HELIORACLE_TENTH", "")


def chosen(names: Iterable[str], tenth: str = TENTH) -> list[str]:
    """All names, or where `tenth` names a commit, the tenth of them that the commit chooses: at least one, in their order."""
    given = list(names)
    if not tenth:
        return given
    ranked = sorted(given, key=lambda name: hashlib.sha256(f"{tenth} {name}".encode()).digest())
    taken = set(ranked[: -(-len(given) // 10)])
    return [name for name in given if name in taken]


def seed_of(tenth: str = TENTH) -> int:
    """A seed for random walks that differs from commit to commit."""
    return int.from_bytes(hashlib.sha256(tenth.encode()).digest()[:8], "big")
