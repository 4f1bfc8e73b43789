"""The contracts of one asset as web3 objects."""

from dataclasses import dataclass

from eth_utils.abi import abi_to_signature, event_signature_to_log_topic
from web3.contract import Contract
from web3.contract.contract import ContractEvent

from oracle.asset_file import Deployment
from oracle.chain.client import Chain
from oracle.contract_names import CONTRACT_NAMES
from oracle.errors import ChainConflict

# The artifact behind each name. The token may be any ERC-20: only its standard functions are called.
ARTIFACTS = dict(
    zip(
        CONTRACT_NAMES,
        (
            "AccessManager",
            "InvestorGate",
            "AssetShare",
            "MeterRegistry",
            "RevenueDeclarations",
            "RevenueDistributor",
            "DemoStablecoin",
        ),
        strict=True,
    )
)


@dataclass(frozen=True, slots=True)
class AssetContracts:
    """One asset's contracts; an asset cannot touch another's."""

    access: Contract
    gate: Contract
    share: Contract
    registry: Contract
    declarations: Contract
    distributor: Contract
    token: Contract

    def named(self, name: str) -> Contract:
        """The contract of that name in `CONTRACT_NAMES`."""
        found: Contract = getattr(self, name)
        return found


@dataclass(frozen=True, slots=True)
class AssetOnChain:
    """One asset's contracts on a connected chain; made once by `of`, and handed to every actor on that asset.

    Attributes:
        chain: the client.
        deployment: where the contracts live.
        contracts: the same as web3 objects.
    """

    chain: Chain
    deployment: Deployment
    contracts: AssetContracts

    @classmethod
    def of(cls, chain: Chain, deployment: Deployment) -> "AssetOnChain":
        """The contracts of a deployment on this chain; nothing is asked of the chain but its id.

        Raises:
            ChainConflict: the deployment belongs to another chain than this one.
        """
        if chain.chain_id != deployment.chain_id:
            raise ChainConflict(
                f"the asset file's contracts live on chain {deployment.chain_id}, the node speaks for chain {chain.chain_id}"
            )
        made = {name: chain.contract(artifact, deployment.addresses[name]) for name, artifact in ARTIFACTS.items()}
        return cls(chain, deployment, AssetContracts(**made))


def topic_of(event: ContractEvent) -> bytes:
    """The first topic of an event's logs."""
    return event_signature_to_log_topic(abi_to_signature(event.abi))
