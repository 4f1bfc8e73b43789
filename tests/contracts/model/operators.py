"""Who may claim for somebody else, by word or by signature (ERC-7540, ERC-7741)."""

from dataclasses import astuple, dataclass

from tests.contracts.model.clock import Clock
from tests.contracts.model.refusal import Refused
from tests.contracts.model.roles import Address
from tests.contracts.model.typed_data import Domain, struct_hash

AUTHORIZE_TYPE = "AuthorizeOperator(address controller,address operator,bool approved,bytes32 nonce,uint256 deadline)"


@dataclass(eq=False)
class NotOperator(Refused):
    """Neither the holder nor one of its operators."""

    holder: Address
    caller: Address


@dataclass(eq=False)
class AuthorizationExpired(Refused):
    """The signature was good until `deadline`, unix seconds."""

    deadline: int
    now: int


@dataclass(eq=False)
class AuthorizationUsed(Refused):
    """A nonce is good once."""

    controller: Address
    nonce: bytes


@dataclass(eq=False)
class AuthorizationInvalid(Refused):
    """Somebody else signed, or something else."""

    controller: Address


@dataclass(frozen=True)
class Authorization:
    """What a controller signs: `operator` may claim for it, or no longer, if this is sent by `deadline` (unix seconds)."""

    controller: Address
    operator: Address
    approved: bool
    nonce: bytes
    deadline: int

    def hash(self) -> bytes:
        """EIP-712 struct hash."""
        return struct_hash(AUTHORIZE_TYPE, *astuple(self))


class Operators:
    """Pairs of (controller, operator), and the nonces that each controller used up."""

    def __init__(self, clock: Clock, domain: Domain) -> None:
        self.clock = clock
        self.domain = domain
        self.pairs: set[tuple[Address, Address]] = set()
        self.used: set[tuple[Address, bytes]] = set()

    def set_operator(self, caller: Address, operator: Address, approved: bool) -> None:
        """Lets `operator` claim for the caller, or no longer."""
        self.pairs = self.pairs | {(caller, operator)} if approved else self.pairs - {(caller, operator)}

    def authorize_operator(self, _caller: Address, authorization: Authorization, signature: bytes) -> None:
        """The same, signed by the controller and sent by anybody."""
        controller = authorization.controller
        if self.clock.now > authorization.deadline:
            raise AuthorizationExpired(authorization.deadline, self.clock.now)
        if (controller, authorization.nonce) in self.used:
            raise AuthorizationUsed(controller, authorization.nonce)
        if self._signer(authorization.hash(), signature) != controller:
            raise AuthorizationInvalid(controller)
        self.used.add((controller, authorization.nonce))
        self.set_operator(controller, authorization.operator, authorization.approved)

    def invalidate_nonce(self, caller: Address, nonce: bytes) -> None:
        """Takes a signature back."""
        self.used.add((caller, nonce))

    def require_operator(self, holder: Address, caller: Address) -> None:
        """Refuses a stranger."""
        if caller != holder and (holder, caller) not in self.pairs:
            raise NotOperator(holder, caller)

    def _signer(self, hashed: bytes, signature: bytes) -> Address | None:
        try:
            return self.domain.signer_of(hashed, signature)
        except Refused:
            return None
