"""The kernel's boot id and boot clock, and the state of the wall clock: every header carries the first two, every reading the last."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from evidence.status import Status
from evidence.units import div_floor

BOOT_ID_FILE = Path("/proc/sys/kernel/random/boot_id")
_CHRONY = ("chronyc", "-c", "tracking")
_CHRONY_TIMEOUT_S = 2
_CHRONY_ASK_EVERY_NS = 30 * 10**9
_LEAP_FIELD = 13  # of `chronyc -c tracking`: Normal, Insert second, Delete second, Not synchronised

CLOCK_BITS = {
    "unknown": Status.CLOCK_UNKNOWN,
    "informative": Status.CLOCK_INFORMATIVE,
    "synchronised": Status.CLOCK_SYNCHRONISED,
}
ClockState = Callable[[], Status]  # -> exactly one of the three clock bits


@dataclass(frozen=True, slots=True)
class Boot:
    """One boot of the kernel.

    Attributes:
        id: 16 bytes, another one at every boot.
        monotonic_ms: milliseconds since the boot, suspend included.
    """

    id: bytes
    monotonic_ms: Callable[[], int]


def kernel_boot() -> Boot:
    """The boot this process runs in (proc(5), random/boot_id; clock_gettime(2), CLOCK_BOOTTIME)."""
    text = BOOT_ID_FILE.read_text("ascii").strip()
    return Boot(bytes.fromhex(text.replace("-", "")), _boot_ms)


def fixed_clock(name: str) -> ClockState:
    """A clock whose state the configuration names: for a stepped world, or for a site that keeps its clock by other means."""
    bit = CLOCK_BITS[name]
    return lambda: bit


class ChronyClock:
    """Asks chrony for the clock's state, at most every half minute and for at most two seconds.

    The state is 'unknown' where chrony gives no answer in time, or says 'Not synchronised'.
    """

    def __init__(self, command: tuple[str, ...] = _CHRONY) -> None:
        self._command = command
        self._asked_ns: int | None = None
        self._bit = Status.CLOCK_UNKNOWN

    def __call__(self) -> Status:
        """The clock bit for a reading made now."""
        now = time.monotonic_ns()
        if self._asked_ns is None or now - self._asked_ns >= _CHRONY_ASK_EVERY_NS:
            self._asked_ns = now
            self._bit = self._ask()
        return self._bit

    def _ask(self) -> Status:
        try:
            done = subprocess.run(  # noqa: S603 a fixed command of ours
                self._command, capture_output=True, check=False, timeout=_CHRONY_TIMEOUT_S, text=True
            )
        except (OSError, subprocess.TimeoutExpired):
            return Status.CLOCK_UNKNOWN
        fields = done.stdout.strip().split(",")
        if done.returncode != 0 or len(fields) <= _LEAP_FIELD or fields[_LEAP_FIELD] == "Not synchronised":
            return Status.CLOCK_UNKNOWN
        return Status.CLOCK_SYNCHRONISED


def _boot_ms() -> int:
    return div_floor(time.clock_gettime_ns(time.CLOCK_BOOTTIME), 1_000_000)
