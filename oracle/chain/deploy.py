"""Deployment of one asset's set of contracts, and the check that a set is wired as its asset file says."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from eth_account.signers.local import LocalAccount
from web3.contract import Contract

from evidence import log_entry, merkle, tags
from oracle.asset_file import BoundMeter, Deployment
from oracle.chain.client import Chain
from oracle.chain.contracts import (
    COMPLIANCE_ROLE,
    ISSUER_ROLE,
    REGISTRAR_ROLE,
    RESTRICTED,
    TREASURY_ROLE,
    AssetContracts,
    contracts_of,
    selector_of,
)
from oracle.chain.steps import Steps
from oracle.chain.transaction import Call, Receipt
from oracle.core.terms import AssetTerms, Role
from oracle.errors import ChainConflict

NO_DELAY = 0


@dataclass(frozen=True, slots=True)
class Offices:
    """Who may do what: checksummed addresses.

    Attributes:
        signer: signs anchors and reports; holds no role.
        registrar: appends to the meter registry; never the signer, for whoever says what meters measured must not say which meters count.
        compliance: keeps the gate's list.
        treasury: funds declared periods.
        issuer: mints shares.
    """

    signer: str
    registrar: str
    compliance: str
    treasury: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Deployed:
    """A fresh set of contracts and what it cost."""

    deployment: Deployment
    receipts: tuple[Receipt, ...] = field(repr=False)

    @property
    def gas_used(self) -> int:
        """Gas of all transactions together."""
        return sum(receipt.gas_used for receipt in self.receipts)

    @property
    def first_block(self) -> int:
        """The block of the first transaction: a follower need not look before it."""
        return min(receipt.block for receipt in self.receipts)


def bindings_root(records: Sequence[bytes]) -> bytes:
    """The registry's `bindingsRoot`: RFC 9162 root whose leaves are the log entries of the 402-byte binding records, in file order.

    The same leaves stand in the asset's log, so one inclusion proof format serves both.
    """
    return merkle.root([log_entry.entry_leaf(tags.ENTRY_BINDING, record) for record in records])


def nameplate_w(terms: AssetTerms, meters: Sequence[BoundMeter]) -> int:
    """Sum of the nameplates of the meters that earn, in watts; a meter counts once, whatever formulas it stands in."""
    earning = {term.serial for point in terms.points if point.role is not Role.CHECK for term in point.formula}
    return sum(meter.binding.nameplate_w for meter in meters if meter.binding.serial in earning)


def asset_id(asset: str) -> bytes:
    """The declarations' `assetId`: the asset's name as ASCII, padded with zeros to 32 bytes."""
    return asset.encode("ascii").ljust(32, b"\0")


def deploy(
    chain: Chain,
    deployer: LocalAccount,
    *,
    terms: AssetTerms,
    meters: Sequence[BoundMeter],
    offices: Offices,
    token: str | None = None,
    excluded: Sequence[str] = (),
    steps: Steps | None = None,
    confirmations: int = 0,
) -> Deployed:
    """Create the contracts of one asset, append its first registry entry, hand out the roles and check the result.

    The deployer stays admin of the AccessManager.

    Args:
        chain: where.
        deployer: pays, and becomes admin.
        terms: schedule and offset, which the contracts fix for ever.
        meters: the bindings, in file order; the first entry takes effect on `terms.first_day`.
        offices: who gets which role.
        token: an existing payment token; without one a DemoStablecoin is created, whose owner is the treasury.
        excluded: holders that earn nothing, at most 8.
        steps: journals each transaction, so that a later call goes on where this one broke off; without one, what was created until
            then is abandoned.
        confirmations: blocks on top of the last transaction to wait for.

    Raises:
        ChainRefused, ChainUnreachable: as `Steps.transact`.
        ChainConflict: the contracts do not read back as they were created, or signer and registrar are the same.
    """
    if offices.signer == offices.registrar:
        raise ChainConflict(f"{offices.signer} cannot be signer and registrar")
    steps = steps or Steps(chain, deployer)

    def create(name: str, *arguments: object) -> str:
        return str(steps.transact(name, lambda: chain.creation(name, *arguments), action=f"deploy {name}").contract)

    def do(call: Call, action: str) -> None:
        steps.transact(action, lambda: call, action=action)

    addresses = {"access": create("AccessManager", deployer.address)}
    addresses["token"] = token or create("DemoStablecoin", offices.treasury)
    addresses["gate"] = create("InvestorGate", addresses["access"])
    addresses["share"] = create(
        "AssetShare", terms.name, _symbol(terms.asset), addresses["gate"], terms.utc_offset_s, list(excluded), addresses["access"]
    )  # fmt: skip
    addresses["registry"] = create("MeterRegistry", addresses["access"])
    addresses["declarations"] = create(
        "RevenueDeclarations",
        asset_id(terms.asset),
        addresses["registry"],
        int(terms.first_day),
        terms.days_per_period,
        terms.utc_offset_s,
        offices.signer,
        addresses["access"],
    )
    addresses["distributor"] = create(
        "RevenueDistributor",
        addresses["declarations"],
        addresses["share"],
        addresses["gate"],
        addresses["token"],
        addresses["access"],
    )
    deployment = Deployment(chain.chain_id, addresses)
    contracts = contracts_of(chain, deployment)

    # Before the roles are handed out every restricted function belongs to the admin, who is the deployer.
    root = bindings_root([meter.record for meter in meters])
    do(
        contracts.registry.functions.append(int(terms.first_day), root, len(meters), nameplate_w(terms, meters)),
        "append the first registry entry",
    )
    for name, function, role in RESTRICTED:
        target = _contract(contracts, name)
        selector = selector_of(target, function)
        do(
            contracts.access.functions.setTargetFunctionRole(target.address, [selector], role),
            f"restrict {name}.{function}",
        )
    for role, holder in _holders(offices):
        do(contracts.access.functions.grantRole(role, holder, NO_DELAY), f"grant role {role}")
    steps.confirm(confirmations)
    check_wiring(chain, deployment, terms=terms, signer=offices.signer)
    check_roles(chain, deployment, offices)
    first_block = min(receipt.block for receipt in steps.receipts)
    return Deployed(replace(deployment, first_block=first_block), steps.receipts)


def task_of(
    *, terms: AssetTerms, meters: Sequence[BoundMeter], offices: Offices, token: str | None, excluded: Sequence[str]
) -> dict[str, str]:
    """What a deployment is, for `Steps`: one that broke off goes on only as the same one."""
    return {
        "asset": terms.asset,
        "terms": f"0x{terms.hash().hex()}",
        "bindings": f"0x{bindings_root([meter.record for meter in meters]).hex()}",
        **asdict(offices),
        "token": token or "a new DemoStablecoin",
        "excluded": " ".join(excluded),
    }


def check_wiring(chain: Chain, deployment: Deployment, *, terms: AssetTerms, signer: str) -> None:
    """Read a set of contracts back and compare it with the asset's terms; the oracle does so whenever it starts.

    Raises:
        ChainConflict: a contract is missing, or belongs to another asset, schedule or signer.
        ChainUnreachable: no answer.
    """
    for name, address in deployment.addresses.items():
        if not chain.call(lambda web3, at=address: web3.eth.get_code(web3.to_checksum_address(at))):  # type: ignore[misc]  # the default only binds the loop's value
            raise ChainConflict(
                f"the asset file's {name} contract, {address}, does not exist on chain {chain.chain_id}"
            )
    c = contracts_of(chain, deployment)
    at = {name: _contract(c, name).address for name in deployment.addresses}
    declarations, distributor, share = c.declarations.functions, c.distributor.functions, c.share.functions
    for what, call, want in (
        ("declarations.assetId", declarations.assetId(), asset_id(terms.asset)),
        ("declarations.registry", declarations.registry(), at["registry"]),
        ("declarations.firstDay", declarations.firstDay(), int(terms.first_day)),
        ("declarations.daysPerPeriod", declarations.daysPerPeriod(), terms.days_per_period),
        ("declarations.utcOffset", declarations.utcOffset(), terms.utc_offset_s),
        ("declarations.signerSet", declarations.signerSet(), [1, 1, [signer]]),
        ("share.gate", share.gate(), at["gate"]),
        ("share.utcOffset", share.utcOffset(), terms.utc_offset_s),
        ("distributor.declarations", distributor.declarations(), at["declarations"]),
        ("distributor.register", distributor.register(), at["share"]),
        ("distributor.gate", distributor.gate(), at["gate"]),
        ("distributor.paymentToken", distributor.paymentToken(), at["token"]),
        ("token.decimals", c.token.functions.decimals(), terms.money_decimals),
    ):
        got = chain.read(call, action=what)
        if got != want and list(_listed(got)) != list(_listed(want)):
            raise ChainConflict(f"{what} on chain is {got!r}, the asset file says {want!r}")


def check_roles(chain: Chain, deployment: Deployment, offices: Offices) -> None:
    """Read back who may do what.

    Raises:
        ChainConflict: a function is guarded by another role, or a role is not held by its office.
        ChainUnreachable: no answer.
    """
    contracts = contracts_of(chain, deployment)
    for name, function, role in RESTRICTED:
        target = _contract(contracts, name)
        selector = selector_of(target, function)
        got = chain.read(contracts.access.functions.getTargetFunctionRole(target.address, selector))
        if got != role:
            raise ChainConflict(f"{name}.{function} is guarded by role {got}, {role} expected")
    for role, holder in _holders(offices):
        member, delay = chain.read(contracts.access.functions.hasRole(role, holder))
        if not member or delay != NO_DELAY:
            raise ChainConflict(f"{holder} holds role {role}: {member}, delay {delay}")


def _holders(offices: Offices) -> tuple[tuple[int, str], ...]:
    return (
        (REGISTRAR_ROLE, offices.registrar),
        (COMPLIANCE_ROLE, offices.compliance),
        (TREASURY_ROLE, offices.treasury),
        (ISSUER_ROLE, offices.issuer),
    )


def _contract(contracts: AssetContracts, name: str) -> Contract:
    found: Contract = getattr(contracts, name)
    return found


def _symbol(asset: str) -> str:
    return "".join(letter for letter in asset.upper() if letter.isalnum())[:11]


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else (value,)
