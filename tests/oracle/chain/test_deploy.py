"""One set of contracts an asset, wired as its terms say, each right in one role."""

import hashlib
from dataclasses import replace

import pytest
from eth_account.messages import _hash_eip191_message

from evidence import merkle
from oracle.asset_file import Deployment
from oracle.chain import eip712
from oracle.chain.contracts import AssetOnChain
from oracle.chain.declarations import anchor_call, declare_call
from oracle.chain.wiring import bindings_root, check_wiring
from oracle.errors import ChainConflict, ChainRefused, SettlementError
from oracle.owner.deploy import deploy, nameplate_w
from oracle.owner.roles import RESTRICTED, RoleHolders
from tests.plant.asset_site import Site, bound_meter, terms_from


def test_the_first_registry_entry_commits_to_the_bindings(site: Site) -> None:
    root, day, count, watts, _before = site.chain.read(site.contracts.registry.functions.entry(0))
    leaves = [hashlib.sha256(b"\0" + hashlib.sha256(b"\x11" + meter.record).digest()).digest() for meter in site.meters]
    assert root == hashlib.sha256(b"\1" + leaves[0] + leaves[1]).digest()
    assert root == bindings_root(site.meters) == merkle.root(leaves)
    assert (day, count) == (int(site.terms.first_day), 2)
    # The check meter earns nothing, so its nameplate does not count.
    assert watts == nameplate_w(site.terms, site.meters) == 50_000


def test_every_restricted_function_is_refused_to_strangers(site: Site) -> None:
    plain: dict[str, object] = {
        "address": site.owner.address,
        "address[]": [site.owner.address],
        "bool": True,
        "bytes32": b"\1" * 32,
    }
    for name, function, _role in RESTRICTED:
        contract = getattr(site.on_chain.contracts, name)
        kinds = [kind for kind in function[function.index("(") + 1 : -1].split(",") if kind]
        call = contract.get_function_by_signature(function)(*(plain.get(kind, 1) for kind in kinds))
        for stranger in (site.oracle, site.holders[0]):
            with pytest.raises(ChainRefused, match="AccessManagedUnauthorized"):
                site.chain.transact(stranger, call, action=function)


def test_wiring_is_checked_against_the_terms(site: Site) -> None:
    check_wiring(site.on_chain, terms=site.terms, meters=site.meters, signer=site.oracle.address)
    for wrong, named in (
        (terms_from(int(site.terms.first_day) + 1), "declarations.firstDay"),
        (replace(site.terms, asset="roof-8"), "declarations.assetId"),
        (replace(site.terms, days_per_period=2), "declarations.daysPerPeriod"),
        (replace(site.terms, utc_offset_s=0), "declarations.utcOffset"),
        (replace(site.terms, money_decimals=2), "token.decimals"),
    ):
        with pytest.raises(ChainConflict, match=named):
            check_wiring(site.on_chain, terms=wrong, meters=site.meters, signer=site.oracle.address)
    for other in (
        site.meters[:1],
        site.meters[::-1],
        (*site.meters, bound_meter(site.terms.asset, "west", "E2", site.chain.chain_id)),
    ):
        with pytest.raises(
            ChainConflict, match=rf"names 2 meters under root 0x\w+, the asset file binds {len(other)} under"
        ):
            check_wiring(site.on_chain, terms=site.terms, meters=other, signer=site.oracle.address)
    with pytest.raises(ChainConflict, match="signerSet"):
        check_wiring(site.on_chain, terms=site.terms, meters=site.meters, signer=site.owner.address)
    empty = {**site.deployment.addresses, "gate": site.owner.address}
    with pytest.raises(ChainConflict, match=r"gate contract, 0x\w+, does not exist"):
        check_wiring(
            AssetOnChain.of(site.chain, Deployment(site.chain.chain_id, empty)),
            terms=site.terms,
            meters=site.meters,
            signer=site.oracle.address,
        )
    with pytest.raises(ChainConflict, match="live on chain 1,"):
        AssetOnChain.of(site.chain, Deployment(1, site.deployment.addresses))


def test_an_existing_token_is_used_and_the_signer_never_registers(site: Site) -> None:
    token = site.deployment.addresses["token"]
    people = [holder.address for holder in site.holders]
    roles = RoleHolders.of(
        site.owner.address,
        signers=[site.oracle.address],
        registrar=people[0],
        compliance=people[1],
        treasury=people[2],
        issuer=people[3],
    )
    deployed = deploy(
        site.chain, site.owner, terms=site.terms, meters=site.meters, roles=roles, token=token, excluded=[people[2]]
    )
    assert deployed.deployment.addresses["token"] == token
    assert deployed.deployment.addresses["share"] != site.deployment.addresses["share"]
    assert deployed.first_block > 0
    assert deployed.gas_used > 5_000_000
    with pytest.raises(ChainConflict, match="cannot be signer and registrar"):
        RoleHolders.of(site.owner.address, signers=[site.oracle.address], registrar=site.oracle.address)
    with pytest.raises(ChainRefused, match="RegistrarSigns"):
        deploy(
            site.chain,
            site.owner,
            terms=site.terms,
            meters=site.meters,
            roles=replace(roles, registrar=site.oracle.address),
        )


def test_typed_data_is_what_the_contract_hashes(site: Site) -> None:
    declarations, chain_id = site.contracts.declarations, site.chain.chain_id
    anchor = eip712.anchor_message(chain_id, declarations.address, 812, b"\7" * 32)
    digest = site.chain.read(declarations.functions.anchorDigest(1, 812, b"\7" * 32))
    assert _hash_eip191_message(anchor) == digest
    report = site.report(3, 812, 1_270_000, gross=2**128 - 1, export_wh=2**64 - 1)
    message = eip712.report_message(chain_id, declarations.address, report)
    assert _hash_eip191_message(message) == site.chain.read(declarations.functions.reportDigest(report.as_tuple()))
    assert eip712.struct_hash(message) == site.chain.read(declarations.functions.hashReport(report.as_tuple()))
    assert len(eip712.sign(site.oracle, message)) == 65


def test_a_report_signed_by_somebody_else_is_refused(site: Site) -> None:
    site.chain.advance_to(site.end_of(0))
    declarations = site.contracts.declarations
    call = anchor_call(site.chain, declarations, [site.owner], log_size=1, log_root=b"\1" * 32, proof=[])
    with pytest.raises(ChainRefused, match=f"SignerUnknown\\(signer={site.owner.address}"):
        site.chain.transact(site.owner, call, action="anchor")
    call = anchor_call(site.chain, declarations, [site.oracle], log_size=1, log_root=b"\1" * 32, proof=[])
    site.chain.transact(site.owner, call, action="anchor")
    call = declare_call(site.chain, declarations, [site.owner], site.report(0, 1, 5))
    with pytest.raises(ChainRefused, match=f"SignerUnknown\\(signer={site.owner.address}"):
        site.chain.transact(site.owner, call, action="declare")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"gross": 4}, "distributable 5 is above gross 4"),
        ({"export_wh": 2**64}, "export_wh 18446744073709551616 does not fit 64 bits"),
        ({"import_wh": -1}, "import_wh -1 does not fit"),
        ({"gross": 2**128}, "does not fit 128 bits"),
    ],
)
def test_a_report_that_its_fields_cannot_hold_is_refused(site: Site, change: dict[str, int], said: str) -> None:
    with pytest.raises(SettlementError, match=said):
        site.report(0, 1, 5, **change)
