"""One asset: everything that its contracts know, in one place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.contracts.model.clock import Clock
from tests.contracts.model.declarations import RevenueDeclarations, Terms
from tests.contracts.model.distributor import RevenueDistributor
from tests.contracts.model.gate import InvestorGate
from tests.contracts.model.meters import MeterRegistry
from tests.contracts.model.payment_token import PaymentToken
from tests.contracts.model.roles import Address, Authority, Role
from tests.contracts.model.shares import AssetShare
from tests.contracts.model.typed_data import Domain


@dataclass(frozen=True)
class Addresses:
    """Where the contracts stand, as far as they know their own address or each other's."""

    gate: Address
    declarations: Address
    distributor: Address


class Asset:
    """The contracts of one asset at one time."""

    def __init__(
        self,
        now: int,
        terms: Terms,
        *,
        chain_id: int,
        addresses: Addresses,
        members: Mapping[Role, Address],
        excluded: Iterable[Address],
        signers: Sequence[Address],
        threshold: int,
    ) -> None:
        self.clock = Clock(now, terms.utc_offset)
        self.authority = Authority(members)
        self.gate = InvestorGate(self.authority, addresses.gate)
        self.share = AssetShare(self.authority, self.clock, self.gate, excluded)
        self.registry = MeterRegistry(self.authority, self.clock)
        self.declarations = RevenueDeclarations(
            authority=self.authority,
            clock=self.clock,
            domain=Domain(chain_id, addresses.declarations),
            terms=terms,
            registry=self.registry,
            signers=signers,
            threshold=threshold,
        )
        self.token = PaymentToken()
        self.distributor = RevenueDistributor(
            authority=self.authority,
            clock=self.clock,
            address=addresses.distributor,
            gate=self.gate,
            register=self.share.register,
            declarations=self.declarations,
            token=self.token,
            domain=Domain(chain_id, addresses.distributor),
        )
