"""Deployment of one asset's set of contracts, and the check that a set is wired as its asset file says."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

from eth_account.signers.local import LocalAccount
from eth_utils.abi import function_signature_to_4byte_selector
from eth_utils.crypto import keccak
from web3.contract import Contract

from oracle.asset_file import BoundMeter, Deployment
from oracle.chain import artifacts
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetOnChain
from oracle.chain.steps import Steps
from oracle.chain.transaction import Receipt
from oracle.chain.wiring import asset_id, bindings_root, check_wiring
from oracle.core.terms import AssetTerms, Role
from oracle.errors import ChainConflict
from oracle.owner.roles import RESTRICTED, ReportRules, RoleHolders

# In the order of IAssetFactory.CodeHashes, and of the two halves in which the codes are handed over.
_FIRST_HALF = ("AccessManager", "InvestorGate", "MeterRegistry", "AssetShare")
_SECOND_HALF = ("RevenueDeclarations", "RevenueDistributor", "DirectSettlement")
_MADE = (*_FIRST_HALF, "Erc3643Register", *_SECOND_HALF)
_NOBODY = "0x" + "00" * 20
_NO_CODE = b""


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


def nameplate_w(terms: AssetTerms, meters: Sequence[BoundMeter]) -> int:
    """Sum of the nameplates of the meters that earn, in watts; a meter counts once, whatever formulas it stands in."""
    earning = {term.serial for point in terms.points if point.role is not Role.CHECK for term in point.formula}
    return sum(meter.binding.nameplate_w for meter in meters if meter.binding.serial in earning)


def deploy(
    chain: Chain,
    deployer: LocalAccount,
    *,
    terms: AssetTerms,
    meters: Sequence[BoundMeter],
    roles: RoleHolders,
    rules: ReportRules | None = None,
    token: str | None = None,
    factory: str | None = None,
    excluded: Sequence[str] = (),
    steps: Steps | None = None,
    confirmations: int = 0,
) -> Deployed:
    """Have a factory create the contracts of one asset with its first registry entry and its roles, and check the result.

    The deployer keeps nothing: every power is of a role, with the delays of `contracts/src/factory/RoleTable.sol`.

    Args:
        chain: where.
        deployer: pays.
        terms: schedule and offset, which the contracts fix for ever.
        meters: the bindings, in file order; the first entry takes effect on `terms.first_day`.
        roles: who gets which role, and who signs.
        rules: windows and bounds of reports, which the contracts fix for ever.
        token: an existing payment token; without one a DemoStablecoin is created, whose owner is the treasury.
        factory: an existing AssetFactory of this version; without one it is created first.
        excluded: holders that earn nothing, at most 8.
        steps: journals each transaction, so that a later call goes on where this one broke off; without one, what was created until
            then is abandoned.
        confirmations: blocks on top of the last transaction to wait for.

    Raises:
        ChainRefused, ChainUnreachable: as `Steps.transact`.
        ChainConflict: the contracts do not read back as they were created, or the factory makes others than this version's.
    """
    steps = steps or Steps(chain, deployer)
    rules = rules or ReportRules()

    def create(name: str, *arguments: object) -> str:
        return str(steps.transact(name, lambda: chain.creation(name, *arguments), action=f"deploy {name}").contract)

    token = token or create("DemoStablecoin", roles.treasury)
    maker = chain.contract("AssetFactory", factory or create("AssetFactory", _code_hashes()))
    _check_factory(chain, maker)
    asset = _asset(terms=terms, meters=meters, roles=roles, rules=rules, token=token, excluded=excluded)
    steps.transact("begin", lambda: maker.functions.begin(asset, _codes(_FIRST_HALF)), action="begin the asset")
    # A half-made asset cannot be used at all; a later run completes it.
    second = (*_codes(_SECOND_HALF[:2]), _NO_CODE)
    steps.transact("complete", lambda: maker.functions.complete(asset, second), action="complete the asset")
    steps.confirm(confirmations)
    key = chain.read(maker.functions.keyOf(deployer.address, asset))
    access, gate, share, registry, declarations, distributor, _direct = chain.read(maker.functions.addressesOf(key))
    addresses = {
        "access": access,
        "gate": gate,
        "share": share,
        "registry": registry,
        "declarations": declarations,
        "distributor": distributor,
        "token": token,
    }
    deployment = Deployment(chain.chain_id, addresses)
    on_chain = AssetOnChain.of(chain, deployment)
    check_wiring(on_chain, terms=terms, meters=meters, signer=roles.signers[0])
    check_roles(on_chain, roles)
    first_block = min(receipt.block for receipt in steps.receipts)
    return Deployed(replace(deployment, first_block=first_block), steps.receipts)


def task_of(
    *,
    terms: AssetTerms,
    meters: Sequence[BoundMeter],
    roles: RoleHolders,
    rules: ReportRules,
    token: str | None,
    factory: str | None,
    excluded: Sequence[str],
) -> dict[str, str]:
    """The task of a deployment, for `Steps`: a deployment that broke off goes on only with the same task."""
    return {
        "asset": terms.asset,
        "terms": f"0x{terms.hash().hex()}",
        "bindings": f"0x{bindings_root(meters).hex()}",
        **{name: str(value) for name, value in asdict(roles).items() if name != "signers"},
        "signers": " ".join(roles.signers),
        **{name: str(value) for name, value in asdict(rules).items()},
        "token": token or "a new DemoStablecoin",
        "factory": factory or "a new AssetFactory",
        "excluded": " ".join(excluded),
    }


def _asset(
    *,
    terms: AssetTerms,
    meters: Sequence[BoundMeter],
    roles: RoleHolders,
    rules: ReportRules,
    token: str,
    excluded: Sequence[str],
) -> tuple[object, ...]:
    """`IAssetFactory.Asset`, field by field."""
    return (
        (
            asset_id(terms.asset),
            int(terms.first_day),
            terms.days_per_period,
            terms.utc_offset_s,
            rules.challenge_window_s,
            rules.resolve_window_s,
            rules.margin_permille,
            rules.profile_minutes,
        ),
        (bindings_root(meters), len(meters), nameplate_w(terms, meters)),
        (_NOBODY, terms.name, _symbol(terms.asset), list(excluded)),
        (list(roles.signers), roles.threshold),
        roles.as_tuple(),
        token,
        0,
    )


def _codes(names: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(artifacts.load(name).bytecode[2:]) for name in names)


def _code_hashes() -> tuple[bytes, ...]:
    return tuple(keccak(code) for code in _codes(_MADE))


def _check_factory(chain: Chain, factory: Contract) -> None:
    if tuple(bytes(hash_) for hash_ in chain.read(factory.functions.codeHashes())) != _code_hashes():
        raise ChainConflict(
            f"the factory {factory.address} makes other contracts than this version of helioracle knows"
        )


def check_roles(on_chain: AssetOnChain, roles: RoleHolders) -> None:
    """Read back who may do what.

    Raises:
        ChainConflict: a function is guarded by another role, or a role is not held by its holder.
        ChainUnreachable: no answer.
    """
    chain, contracts = on_chain.chain, on_chain.contracts
    for name, function, role in RESTRICTED:
        target = contracts.named(name)
        selector = function_signature_to_4byte_selector(function)
        got = chain.read(contracts.access.functions.getTargetFunctionRole(target.address, selector))
        if got != role:
            raise ChainConflict(f"{name}.{function} is guarded by role {got}, {role} expected")
    for role, holder, delay_s in roles.holders():
        member, got_s = chain.read(contracts.access.functions.hasRole(role, holder))
        if not member or got_s != delay_s:
            raise ChainConflict(f"{holder} holds role {role}: {member}, delay {got_s} s; {delay_s} s expected")


def _symbol(asset: str) -> str:
    return "".join(letter for letter in asset.upper() if letter.isalnum())[:11]
