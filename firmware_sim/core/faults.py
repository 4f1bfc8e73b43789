"""Decides which answer of which device goes wrong, and how: by a seed or by a script, never by chance.

The fault of a device's nth answer depends on (seed, device, n) alone, so a run can be repeated, and a single fault moved.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from evidence.units import div_floor

PPM = 1_000_000


class FaultKind(Enum):
    """What goes wrong with one answer; the value is its name in configuration files."""

    CRC = "crc"  # one bit of the answer is flipped on the wire
    TRUNCATE = "truncate"  # the answer ends early
    LATE = "late"  # no answer now; it comes with the next request, before the answer to that request
    SLOW = "slow"  # the answer comes after `slow_ms` of real time, even where another request came meanwhile
    FOREIGN = "foreign"  # another slave's answer
    EXCEPTION = "exception"  # a Modbus exception 'busy', a DL/T 645 error word
    SILENCE = "silence"  # no answer
    SENTINEL = "sentinel"  # a whole answer that says 'not implemented'
    ZERO = "zero"  # a whole answer with registers at 0
    FALLING = "falling"  # a whole answer with registers one step below the last good answer's


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault; `entropy` (64 bits) chooses the bit or the length for the kinds that need one."""

    kind: FaultKind
    entropy: int


@dataclass(frozen=True, slots=True)
class FaultPlan:
    """All faults of a run.

    Attributes:
        seed: seed of the drawn faults.
        rates_ppm: how many of a million answers have each kind of fault; together at most a million.
        script: exact faults by (device name, number of the answer from 1); they replace drawn ones.
        slow_ms: real milliseconds that a slow answer takes.
    """

    seed: int = 1
    rates_ppm: Mapping[FaultKind, int] = field(default_factory=dict)
    script: Mapping[tuple[str, int], FaultKind] = field(default_factory=dict)
    slow_ms: int = 1500

    def of(self, device: str, answer: int) -> Fault | None:
        """The fault of the nth answer (from 1) of a device, or None."""
        digest = hashlib.sha256(f"{self.seed}|{answer}|{device}".encode()).digest()
        entropy = int.from_bytes(digest[8:16], "big")
        scripted = self.script.get((device, answer))
        if scripted is not None:
            return Fault(scripted, entropy)
        # 64 bits scaled to a million: the bias is below 10^-13, far under any rate.
        drawn = div_floor(int.from_bytes(digest[:8], "big") * PPM, 1 << 64)
        for kind in FaultKind:
            drawn -= self.rates_ppm.get(kind, 0)
            if drawn < 0:
                return Fault(kind, entropy)
        return None


NO_FAULTS = FaultPlan()


def flip_bit(answer: bytes, entropy: int) -> bytes:
    """Flip one bit of an answer."""
    byte, bit = divmod(entropy % (8 * len(answer)), 8)
    return answer[:byte] + bytes((answer[byte] ^ 1 << bit,)) + answer[byte + 1 :]


def truncate(answer: bytes, entropy: int) -> bytes:
    """Cut at least one byte off the end; at least one is left."""
    return answer[: 1 + entropy % (len(answer) - 1)]
