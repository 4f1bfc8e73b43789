"""Lost wallets and their heirs."""

from dataclasses import dataclass

from tests.contracts.model.clock import DAY_S
from tests.contracts.model.recipients import Recipients
from tests.contracts.model.refusal import Refused
from tests.contracts.model.roles import NOBODY, Address, Role

REDIRECT_DELAY_S = 7 * DAY_S
REDIRECT_LIFE_S = 30 * DAY_S
MAX_HEIRS = 16


@dataclass(eq=False)
class RedirectInvalid(Refused):
    """Nobody inherits from or to nobody, nor from itself."""

    lost: Address
    heir: Address


@dataclass(eq=False)
class AlreadyRedirected(Refused):
    """A redirect is for ever."""

    lost: Address
    heir: Address


@dataclass(eq=False)
class RedirectOpen(Refused):
    """A proposal is open."""

    lost: Address
    expires_at: int


@dataclass(eq=False)
class NoRedirect(Refused):
    """No proposal is open."""

    lost: Address


@dataclass(eq=False)
class RedirectNotReady(Refused):
    """Too early."""

    lost: Address
    ready_at: int


@dataclass(eq=False)
class RedirectExpired(Refused):
    """Too late."""

    lost: Address
    expires_at: int


@dataclass(eq=False)
class RedirectCycle(Refused):
    """The heirs of the heir lead back."""

    lost: Address
    heir: Address


@dataclass(eq=False)
class RedirectChainTooLong(Refused):
    """Too many wallets were lost in a row."""

    heir: Address
    most: int


@dataclass(frozen=True)
class Proposal:
    """May be executed in [ready_at, expires_at), unix seconds."""

    heir: Address
    ready_at: int

    @property
    def expires_at(self) -> int:
        """Unix seconds."""
        return self.ready_at + REDIRECT_LIFE_S


class Redirects(Recipients):
    """Lost -> heir, for ever; and what is proposed."""

    heirs: dict[Address, Address]
    proposals: dict[Address, Proposal]

    def propose_redirect(self, caller: Address, lost: Address, heir: Address, _reason: bytes) -> None:
        """Says that a wallet is lost, and who inherits."""
        self._restrict(caller, Role.ENFORCER, "proposeRedirect(address,address,bytes32)")
        if NOBODY in (lost, heir) or heir in (lost, self.address):
            raise RedirectInvalid(lost, heir)
        if lost in self.heirs:
            raise AlreadyRedirected(lost, self.heirs[lost])
        if lost in self.proposals and self.clock.now < self.proposals[lost].expires_at:
            raise RedirectOpen(lost, self.proposals[lost].expires_at)
        self._require_no_cycle(lost, heir)
        self.proposals[lost] = Proposal(heir, self.clock.now + REDIRECT_DELAY_S)

    def cancel_redirect(self, caller: Address, lost: Address) -> None:
        """The guardian stops a proposal."""
        self._restrict(caller, Role.GUARDIAN, "cancelRedirect(address)")
        self._require_proposed(lost)
        del self.proposals[lost]

    def object_to_redirect(self, caller: Address) -> None:
        """The wallet itself does, and so it isn't lost."""
        self._require_proposed(caller)
        del self.proposals[caller]

    def execute_redirect(self, _caller: Address, lost: Address) -> None:
        """Makes a proposal true."""
        self._require_running()
        proposal = self._require_proposed(lost)
        if self.clock.now < proposal.ready_at:
            raise RedirectNotReady(lost, proposal.ready_at)
        if self.clock.now >= proposal.expires_at:
            raise RedirectExpired(lost, proposal.expires_at)
        self._require_no_cycle(lost, proposal.heir)
        del self.proposals[lost]
        self.heirs[lost] = proposal.heir

    def _require_proposed(self, lost: Address) -> Proposal:
        if lost not in self.proposals:
            raise NoRedirect(lost)
        return self.proposals[lost]

    def _require_no_cycle(self, lost: Address, heir: Address) -> None:
        line: list[Address] = []
        while (heir_of_heir := self.heirs.get(line[-1] if line else heir)) is not None:
            if heir_of_heir == lost:
                raise RedirectCycle(lost, heir)
            if len(line) == MAX_HEIRS:
                raise RedirectChainTooLong(heir, MAX_HEIRS)
            line.append(heir_of_heir)
