"""Which role may call what, which functions were given up, and the pause that ends by itself."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from tests.contracts.model.clock import DAY_S, Clock
from tests.contracts.model.refusal import Refused
from tests.contracts.model.typed_data import keccak256

Address = str
NOBODY: Address = "0x" + "00" * 20
MAX_PAUSE_S = 7 * DAY_S


class Role(IntEnum):
    """The roles of one asset, by their ids."""

    ADMIN = 0
    REGISTRAR = 1
    COMPLIANCE = 2
    TREASURY = 3
    ISSUER = 4
    GUARDIAN = 5
    ENFORCER = 6
    SIGNER_ADMIN = 7
    RESTARTER = 8


@dataclass(eq=False)
class AccessManagedUnauthorized(Refused):
    """The caller doesn't have the role."""

    caller: Address


@dataclass(eq=False)
class FunctionAbdicated(Refused):
    """The function was given up for ever."""

    selector: bytes


@dataclass(eq=False)
class NotAbdicable(Refused):
    """Giving up this function would take something from holders, or there is no such function."""

    selector: bytes


@dataclass(eq=False)
class PausedUntil(Refused):
    """The function rests."""

    until: int


@dataclass(eq=False)
class PauseCoolsDown(Refused):
    """The last pause is too fresh."""

    ready_at: int


@dataclass(eq=False)
class PauseLengthOutOfRange(Refused):
    """A pause lasts a second to seven days."""

    seconds: int
    most: int


def selector_of(signature: str) -> bytes:
    """The first four bytes of the hash of, say, `fund(uint32,uint256)`."""
    return keccak256(signature.encode())[:4]


class Authority:
    """Who has which role. The delays of the real one are another test's matter."""

    def __init__(self, members: Mapping[Role, Address]) -> None:
        self.members = dict(members)

    def require(self, role: Role, caller: Address) -> None:
        """Refuses a caller without the role."""
        if self.members[role] != caller:
            raise AccessManagedUnauthorized(caller)


class Governed:
    """A contract of which some functions are restricted to a role, and some of those can be given up."""

    abdicable: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, authority: Authority, clock: Clock) -> None:
        self.authority = authority
        self.clock = clock
        self.abdicated: set[bytes] = set()

    def abdicate(self, caller: Address, selector: bytes) -> None:
        """Switches a function off for ever."""
        self._restrict(caller, Role.ADMIN, "abdicate(bytes4)")
        if selector not in {selector_of(signature) for signature in self.abdicable}:
            raise NotAbdicable(selector)
        if selector in self.abdicated:
            raise FunctionAbdicated(selector)
        self.abdicated.add(selector)

    def _restrict(self, caller: Address, role: Role, signature: str) -> None:
        selector = selector_of(signature)
        if selector in self.abdicated:
            raise FunctionAbdicated(selector)
        self.authority.require(role, caller)


class Pausable(Governed):
    """A contract that the guardian may slow down, and never stop."""

    def __init__(self, authority: Authority, clock: Clock) -> None:
        super().__init__(authority, clock)
        self.paused_until = 0
        self.pause_ready_at = 0

    def pause(self, caller: Address, seconds: int) -> None:
        """Rests for `seconds`; the next pause may begin when as much again has passed."""
        self._restrict(caller, Role.GUARDIAN, "pause(uint32)")
        if not 0 < seconds <= MAX_PAUSE_S:
            raise PauseLengthOutOfRange(seconds, MAX_PAUSE_S)
        if self.clock.now < self.pause_ready_at:
            raise PauseCoolsDown(self.pause_ready_at)
        self.paused_until = self.clock.now + seconds
        self.pause_ready_at = self.clock.now + 2 * seconds

    def _require_running(self) -> None:
        if self.clock.now < self.paused_until:
            raise PausedUntil(self.paused_until)
