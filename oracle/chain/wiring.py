"""How a set of contracts must be wired: the check against the asset file, and the values that both are compared by."""

from collections.abc import Sequence

from web3.contract import Contract

from evidence import log_entry, merkle, tags
from oracle.asset_file import BoundMeter
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetOnChain
from oracle.core.terms import AssetTerms
from oracle.errors import ChainConflict


def bindings_root(meters: Sequence[BoundMeter]) -> bytes:
    """The registry's `bindingsRoot`: RFC 9162 root whose leaves are the log entries of the 402-byte binding records, in file order.

    The same leaves stand in the asset's log, so one inclusion proof format serves both.
    """
    return merkle.root([log_entry.entry_leaf(tags.ENTRY_BINDING, meter.record) for meter in meters])


def asset_id(asset: str) -> bytes:
    """The declarations' `assetId`: the asset's name as ASCII, padded with zeros to 32 bytes."""
    return asset.encode("ascii").ljust(32, b"\0")


def check_wiring(on_chain: AssetOnChain, *, terms: AssetTerms, meters: Sequence[BoundMeter], signer: str) -> None:
    """Read a set of contracts back and compare it with the asset file; the oracle does so whenever it starts.

    Raises:
        ChainConflict: a contract is missing, or belongs to another asset, schedule or signer, or the registry names other meters.
        ChainUnreachable: no answer.
    """
    chain, c = on_chain.chain, on_chain.contracts
    for name, address in on_chain.deployment.addresses.items():
        if not chain.call(lambda web3, at=address: web3.eth.get_code(web3.to_checksum_address(at))):  # type: ignore[misc]  # the default only binds the loop's value
            raise ChainConflict(
                f"the asset file's {name} contract, {address}, does not exist on chain {chain.chain_id}"
            )
    at = {name: c.named(name).address for name in on_chain.deployment.addresses}
    declarations, distributor, share = c.declarations.functions, c.distributor.functions, c.share.functions
    for what, call, want in (
        ("declarations.assetId", declarations.assetId(), asset_id(terms.asset)),
        ("declarations.registry", declarations.registry(), at["registry"]),
        ("declarations.firstDay", declarations.firstDay(), int(terms.first_day)),
        ("declarations.daysPerPeriod", declarations.daysPerPeriod(), terms.days_per_period),
        ("declarations.utcOffset", declarations.utcOffset(), terms.utc_offset_s),
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
    _check_meters(chain, c.registry, meters)
    version, _threshold, signers = chain.read(declarations.signerSet(), action="declarations.signerSet")
    if signer not in signers:
        raise ChainConflict(
            f"declarations.signerSet {version} on chain is {', '.join(signers)}; the oracle's key is {signer}"
        )


def _check_meters(chain: Chain, registry: Contract, meters: Sequence[BoundMeter]) -> None:
    # Reports name the first entry. An oracle that settled a meter outside that entry would report energy that leads to no registered key.
    found, _effective, count, *_ = chain.read(registry.functions.entry(0), action="registry.entry 0")
    root = bindings_root(meters)
    if bytes(found) != root:
        raise ChainConflict(
            f"registry.entry 0 on chain names {count} meters under root 0x{found.hex()}, the asset file binds {len(meters)}"
            f" under 0x{root.hex()}: take out what was not registered when the contracts were deployed"
        )


def _listed(value: object) -> Sequence[object]:
    return value if isinstance(value, list | tuple) else (value,)
