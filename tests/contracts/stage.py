"""One asset deployed on an EVM, and the model of it at the same moment."""

from dataclasses import dataclass

from bench.gas.asset import artifact
from tests.contracts.actors import OFFICERS, SIGNERS, UNSOLD
from tests.contracts.anvil_evm import CHAIN_ID, DEPLOYER, AnvilEvm, Contract
from tests.contracts.model.asset import Addresses, Asset
from tests.contracts.model.clock import DAY_S, HOUR_S
from tests.contracts.model.declarations import Terms
from tests.contracts.model.roles import Role
from tests.plant.doubles import compiled_doubles

THRESHOLD = 2
TERMS = Terms(
    asset_id=b"asset".ljust(32, b"\0"),
    first_day=20_000,
    days_per_period=2,
    utc_offset=8 * HOUR_S,
    challenge_window_s=36 * HOUR_S,
    resolve_window_s=30 * HOUR_S,
    margin_permille=1_150,
    profile_minutes=397,
)
# The first day, at nine in the morning there.
GENESIS = TERMS.first_day * DAY_S - TERMS.utc_offset + 9 * HOUR_S

# Whatever isn't named here is the admin's.
FUNCTIONS_OF_ROLES: dict[str, dict[Role, list[str]]] = {
    "gate": {Role.COMPLIANCE: ["setAllowed"]},
    "share": {
        Role.ISSUER: ["mint", "burn"],
        Role.COMPLIANCE: ["setFrozenTokens"],
        Role.ENFORCER: ["forcedTransfer(address,address,uint256,bytes32)"],
    },
    "registry": {Role.REGISTRAR: ["append"]},
    "declarations": {
        Role.GUARDIAN: ["guardianDispute", "withdrawSignerSet", "cancelRestart", "pause"],
        Role.SIGNER_ADMIN: ["announceSignerSet"],
        Role.RESTARTER: ["announceRestart"],
    },
    "distributor": {
        Role.TREASURY: ["fund"],
        Role.COMPLIANCE: ["setPayoutFrozen"],
        Role.ENFORCER: ["proposeRedirect"],
        Role.GUARDIAN: ["cancelRedirect", "pause"],
    },
}


@dataclass
class Stage:
    """The contracts of one asset. `misbehaving_gate` may be put in the place of the allow-list, which is `gate`."""

    evm: AnvilEvm
    gate: Contract
    share: Contract
    registry: Contract
    declarations: Contract
    token: Contract
    distributor: Contract
    misbehaving_gate: Contract

    def model(self) -> Asset:
        """The asset as it was just after its creation."""
        return Asset(
            GENESIS,
            TERMS,
            chain_id=CHAIN_ID,
            addresses=Addresses(self.gate.address, self.declarations.address, self.distributor.address),
            members=OFFICERS,
            excluded=[UNSOLD],
            signers=SIGNERS,
            threshold=THRESHOLD,
        )


def deployed(evm: AnvilEvm) -> Stage:
    """Creates everything, with the roles of `FUNCTIONS_OF_ROLES`, none of them delayed."""
    doubles = compiled_doubles()
    manager = evm.deploy(artifact("AccessManager"), DEPLOYER)
    gate = evm.deploy(artifact("InvestorGate"), manager.address)
    share = evm.deploy(artifact("AssetShare"), "Sun", "SUN", gate.address, TERMS.utc_offset, [UNSOLD], manager.address)
    registry = evm.deploy(artifact("MeterRegistry"), manager.address, TERMS.utc_offset)
    terms = (
        TERMS.asset_id,
        registry.address,
        TERMS.first_day,
        TERMS.days_per_period,
        TERMS.utc_offset,
        TERMS.challenge_window_s,
        TERMS.resolve_window_s,
        TERMS.margin_permille,
        TERMS.profile_minutes,
    )
    # The signers may not be registrars, so roles come before the declarations.
    for role, officer in OFFICERS.items():
        evm.send(DEPLOYER, manager, "grantRole", role, officer, 0)
    declarations = evm.deploy(artifact("RevenueDeclarations"), terms, SIGNERS, THRESHOLD, manager.address)
    token = evm.deploy(doubles["MisbehavingToken"])
    distributor = evm.deploy(
        artifact("RevenueDistributor"),
        declarations.address,
        share.address,
        gate.address,
        token.address,
        manager.address,
    )
    stage = Stage(evm, gate, share, registry, declarations, token, distributor, evm.deploy(doubles["MisbehavingGate"]))
    for name, functions_of in FUNCTIONS_OF_ROLES.items():
        contract: Contract = getattr(stage, name)
        for role, functions in functions_of.items():
            selectors = [contract.functions[function].selector for function in functions]
            evm.send(DEPLOYER, manager, "setTargetFunctionRole", contract.address, selectors, role)
    evm.send(DEPLOYER, manager, "renounceRole", Role.ADMIN, DEPLOYER)
    return stage
