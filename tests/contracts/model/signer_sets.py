"""Who speaks for the oracle: signer sets, each announced before it counts."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.contracts.model.clock import DAY_S, Clock
from tests.contracts.model.refusal import Refused
from tests.contracts.model.roles import NOBODY, Address, Authority, Pausable, Role
from tests.contracts.model.typed_data import Domain

MAX_SIGNERS = 16
MIN_NOTICE_S = DAY_S


@dataclass(eq=False)
class SignerUnknown(Refused):
    """Not a member of the set in force."""

    signer: Address


@dataclass(eq=False)
class SignersNotRising(Refused):
    """Addresses rise strictly, so that nobody counts twice."""

    signer: Address
    previous: Address


@dataclass(eq=False)
class SignaturesTooFew(Refused):
    """Fewer than the threshold."""

    got: int
    least: int


@dataclass(eq=False)
class SignerCountOutOfRange(Refused):
    """A set has 1 to 16 signers."""

    got: int
    most: int


@dataclass(eq=False)
class ThresholdOutOfRange(Refused):
    """A threshold is more than half of the set and at most all of it."""

    threshold: int
    signers: int


@dataclass(eq=False)
class SignerIsRegistrar(Refused):
    """Whoever says which meters count must not say what they measured."""

    signer: Address


@dataclass(eq=False)
class SignerSetTooEarly(Refused):
    """The holders could not see it coming."""

    effective_at: int
    earliest: int


@dataclass(eq=False)
class SignerSetAlreadyAnnounced(Refused):
    """One at a time."""

    version: int
    effective_at: int


class NoSignerSetAnnounced(Refused):
    """No set waits to take effect."""


@dataclass(frozen=True)
class SignerSet:
    """Set `version` counts from `effective_at` on (unix seconds), until a later one does."""

    version: int
    threshold: int
    signers: tuple[Address, ...]
    effective_at: int


class SignerSets(Pausable):
    """Every set that was announced and not withdrawn, in order, and the highest number that was given away."""

    def __init__(
        self,
        *,
        authority: Authority,
        clock: Clock,
        domain: Domain,
        signers: Sequence[Address],
        threshold: int,
        challenge_window_s: int,
    ) -> None:
        super().__init__(authority, clock)
        self.domain = domain
        self.notice_s = max(challenge_window_s, MIN_NOTICE_S) if challenge_window_s else 0
        self._check_set(signers, threshold)
        self.sets = [SignerSet(1, threshold, tuple(signers), clock.now)]
        self.last_version = 1

    def announce_signer_set(
        self, caller: Address, signers: Sequence[Address], threshold: int, effective_at: int
    ) -> None:
        """Says who signs from `effective_at` on."""
        self._restrict(caller, Role.SIGNER_ADMIN, "announceSignerSet(address[],uint8,uint40)")
        if waiting := self.announced_signer_set():
            raise SignerSetAlreadyAnnounced(waiting.version, waiting.effective_at)
        earliest = self.clock.now + self.notice_s
        if effective_at < earliest:
            raise SignerSetTooEarly(effective_at, earliest)
        self._check_set(signers, threshold)
        self.last_version += 1
        self.sets.append(SignerSet(self.last_version, threshold, tuple(signers), effective_at))

    def withdraw_signer_set(self, caller: Address) -> None:
        """Takes back a set that doesn't count yet; its number is used up."""
        self._restrict(caller, Role.GUARDIAN, "withdrawSignerSet()")
        waiting = self.announced_signer_set()
        if waiting is None:
            raise NoSignerSetAnnounced
        self.sets.remove(waiting)

    def signer_set(self) -> SignerSet:
        """The set in force."""
        return [candidate for candidate in self.sets if candidate.effective_at <= self.clock.now][-1]

    def announced_signer_set(self) -> SignerSet | None:
        """The set that waits to take effect."""
        return self.sets[-1] if self.sets[-1].effective_at > self.clock.now else None

    def _require_signed(self, hashed_struct: bytes, signatures: Sequence[bytes]) -> None:
        """A quorum of the set in force signed, each once."""
        in_force = self.signer_set()
        if len(signatures) < in_force.threshold:
            raise SignaturesTooFew(len(signatures), in_force.threshold)
        previous = NOBODY
        for signature in signatures:
            signer = self.domain.signer_of(hashed_struct, signature)
            if signer <= previous:
                raise SignersNotRising(signer, previous)
            if signer not in in_force.signers:
                raise SignerUnknown(signer)
            previous = signer

    def _check_set(self, signers: Sequence[Address], threshold: int) -> None:
        count = len(signers)
        if not 0 < count <= MAX_SIGNERS:
            raise SignerCountOutOfRange(count, MAX_SIGNERS)
        if 2 * threshold <= count or threshold > count:
            raise ThresholdOutOfRange(threshold, count)
        previous = NOBODY
        for signer in signers:
            if signer <= previous:
                raise SignersNotRising(signer, previous)
            if signer == self.authority.members[Role.REGISTRAR]:
                raise SignerIsRegistrar(signer)
            previous = signer
