"""Entropy that a seed determines: the demo's keys and batch keys; they are public, and named so."""

import hashlib
import threading

from evidence.keys import Entropy


def seeded_entropy(seed: int, purpose: str) -> Entropy:
    """A stream of bytes for one purpose: SHA-256(purpose, seed, counter). Not random, and not to be used for anything but the demo."""
    lock = threading.Lock()
    counter = 0

    def take(size: int) -> bytes:
        nonlocal counter
        out = b""
        with lock:
            while len(out) < size:
                out += hashlib.sha256(f"helioracle demo|{purpose}|{seed}|{counter}".encode()).digest()
                counter += 1
        return out[:size]

    return take
