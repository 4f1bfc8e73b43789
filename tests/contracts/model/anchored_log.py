"""The log that cannot be rewritten, and the one slow way to begin it anew."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.contracts.model.clock import DAY_S
from tests.contracts.model.merkle import Leaves, consistency_proof, root_of
from tests.contracts.model.refusal import Refused
from tests.contracts.model.roles import Address, Role
from tests.contracts.model.signer_sets import SignerSets
from tests.contracts.model.typed_data import struct_hash

ANCHOR_TYPE = "Anchor(uint32 logGeneration,uint64 logSize,bytes32 logRoot)"
RESTART_TYPE = "Restart(uint32 logGeneration,uint64 logSize,bytes32 logRoot,uint64 lostSize,bytes32 lostRoot)"
RESTART_DELAY_S = 14 * DAY_S
RESTART_LIFETIME_S = 30 * DAY_S


class LogEmpty(Refused):
    """A log without entries is not anchored."""


@dataclass(eq=False)
class LogShrank(Refused):
    """A log never gets shorter."""

    size: int
    head_size: int


@dataclass(eq=False)
class FirstAnchorNeedsNoProof(Refused):
    """From the empty log there is nothing to prove."""

    proof_length: int


class NotAPrefix(Refused):
    """The proof does not show that the log anchored before is the beginning of this one.

    Where in the reckoning that comes to light is the verifier's affair, so this is any one of its errors.
    """

    facts_unknown = True

    @property
    def names(self) -> frozenset[str]:
        """The errors of the verifier."""
        return frozenset({"ProofTooLong", "ProofTooShort", "OldRootMismatch", "RootMismatch"})


class NoRestartAnnounced(Refused):
    """No restart is announced."""


@dataclass(eq=False)
class RestartAlreadyAnnounced(Refused):
    """One at a time."""

    expires_at: int


@dataclass(eq=False)
class RestartNotReady(Refused):
    """Too early."""

    ready_at: int


@dataclass(eq=False)
class RestartExpired(Refused):
    """Too late."""

    expires_at: int


@dataclass(eq=False)
class RestartHeadWrong(Refused):
    """Another head was announced."""

    size: int
    root: bytes
    announced_size: int
    announced_root: bytes


@dataclass(frozen=True)
class Restart:
    """A restart that was announced; it may happen in [ready_at, expires_at), unix seconds."""

    leaves: tuple[bytes, ...]
    ready_at: int

    @property
    def expires_at(self) -> int:
        """Unix seconds."""
        return self.ready_at + RESTART_LIFETIME_S


class AnchoredLog(SignerSets):
    """All logs there ever were, with their leaves, and the sizes of each that were anchored.

    A contract sees roots and proofs; the model sees the entries, so that "is a beginning of" is just that. `generations`
    holds a log a generation, the newest last; `sizes` the anchored sizes of each.
    """

    generations: list[tuple[bytes, ...]]
    sizes: list[list[int]]
    restart: Restart | None

    def anchor(self, _caller: Address, leaves: Leaves, proof: Sequence[bytes], signatures: Sequence[bytes]) -> None:
        """Anchors a log with these leaf hashes."""
        head = self.generations[-1]
        if not leaves:
            raise LogEmpty
        if len(leaves) < len(head):
            raise LogShrank(len(leaves), len(head))
        self._require_signed(self.anchor_hash(leaves), signatures)
        if not head:
            if proof:
                raise FirstAnchorNeedsNoProof(len(proof))
        elif tuple(leaves[: len(head)]) != head or tuple(proof) != consistency_proof(len(head), leaves):
            raise NotAPrefix
        self.generations[-1] = tuple(leaves)
        if len(leaves) not in self.sizes[-1]:
            self.sizes[-1].append(len(leaves))

    def announce_restart(self, caller: Address, leaves: Leaves, _reason: bytes) -> None:
        """Says that the log is lost, and with which leaves another one begins."""
        self._restrict(caller, Role.RESTARTER, "announceRestart(uint64,bytes32,bytes32)")
        if not leaves:
            raise LogEmpty
        if self.restart is not None and self.clock.now < self.restart.expires_at:
            raise RestartAlreadyAnnounced(self.restart.expires_at)
        self.restart = Restart(tuple(leaves), self.clock.now + RESTART_DELAY_S)

    def cancel_restart(self, caller: Address) -> None:
        """Drops the announced restart, also one that has expired."""
        self._restrict(caller, Role.GUARDIAN, "cancelRestart()")
        if self.restart is None:
            raise NoRestartAnnounced
        self.restart = None

    def restart_log(self, _caller: Address, leaves: Leaves, signatures: Sequence[bytes]) -> None:
        """Begins the next generation."""
        if self.restart is None:
            raise NoRestartAnnounced
        if tuple(leaves) != self.restart.leaves:
            announced = self.restart.leaves
            raise RestartHeadWrong(len(leaves), root_of(leaves), len(announced), root_of(announced))
        if self.clock.now < self.restart.ready_at:
            raise RestartNotReady(self.restart.ready_at)
        if self.clock.now >= self.restart.expires_at:
            raise RestartExpired(self.restart.expires_at)
        self._require_signed(self.restart_hash(leaves), signatures)
        self.generations.append(tuple(leaves))
        self.sizes.append([len(leaves)])
        self.restart = None

    @property
    def generation(self) -> int:
        """The log that may be cited, counted from 1."""
        return len(self.generations)

    def root_of(self, generation: int, size: int) -> bytes:
        """The root anchored at `size`; zero if that size was never anchored."""
        if not 1 <= generation <= self.generation or size not in self.sizes[generation - 1]:
            return bytes(32)
        return root_of(self.generations[generation - 1][:size])

    def anchor_hash(self, leaves: Leaves) -> bytes:
        """What the signers of an anchor sign."""
        return struct_hash(ANCHOR_TYPE, self.generation, len(leaves), root_of(leaves))

    def restart_hash(self, leaves: Leaves) -> bytes:
        """What the signers of a restart sign: the generation that begins, its head, and the head it replaces."""
        lost = self.generations[-1]
        return struct_hash(RESTART_TYPE, self.generation + 1, len(leaves), root_of(leaves), len(lost), root_of(lost))
