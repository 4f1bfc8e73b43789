"""Who holds which power: what `RoleHolders.of` refuses, and the whole table read back from the deployed AccessManager."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils.abi import abi_to_signature, function_signature_to_4byte_selector
from hypothesis import given
from hypothesis import strategies as st

from oracle.declare.follower import FOLLOWED
from oracle.errors import ChainConflict
from oracle.owner.deploy import check_roles
from oracle.owner.roles import ADMIN_ROLE, GUARDIAN_ROLE, RESTRICTED, ROLE_NAMES, SIGNERS_MAX, RoleHolders
from tests.plant.asset_site import DAY_S, Site, account_of

ROOT = Path(__file__).parents[3]
OWNER = account_of("owner").address
SIGNERS = [account_of(f"signer {number}").address for number in range(SIGNERS_MAX + 1)]
# What the admin alone may do, in the contracts' own words: `restricted` functions that no other role is named for.
OF_THE_ADMIN = {
    ("share", "forcedTransfer(address,address,uint256)"),
    ("share", "setGate(address)"),
    ("share", "abdicate(bytes4)"),
    ("distributor", "setGate(address)"),
    ("distributor", "abdicate(bytes4)"),
    ("declarations", "attachDirect(address)"),
    ("declarations", "abdicate(bytes4)"),
}


@given(
    count=st.integers(0, SIGNERS_MAX + 1),
    threshold=st.none() | st.integers(-1, SIGNERS_MAX + 2),
    named=st.dictionaries(st.sampled_from(ROLE_NAMES), st.sampled_from(SIGNERS), max_size=4),
)
def test_an_order_of_offices_is_made_or_refused_with_the_reason(
    count: int, threshold: int | None, named: dict[str, str]
) -> None:
    signers = SIGNERS[:count]
    least = count // 2 + 1
    if named.get("registrar", OWNER) in signers:
        reason = f"{named['registrar']} cannot be signer and registrar"
    elif count == 0:
        reason = "there is no signer"
    elif count > SIGNERS_MAX:
        reason = f"{count} signers; {SIGNERS_MAX} at most"
    elif threshold is not None and not least <= threshold <= count:
        reason = f"threshold {threshold} of {count} signers; {least} at least"
    else:
        made = RoleHolders.of(OWNER, signers=signers[::-1], threshold=threshold, **named)
        assert made.threshold == (least if threshold is None else threshold)
        assert [int(one, 16) for one in made.signers] == sorted(int(one, 16) for one in signers)
        assert made.as_tuple() == tuple(named.get(name, OWNER) for name in ROLE_NAMES)
        assert [holder for _role, holder, _delay in made.holders()] == list(made.as_tuple())
        assert [role for role, _holder, _delay in made.holders()] == list(range(len(ROLE_NAMES)))
        return
    with pytest.raises(ChainConflict, match=re.escape(reason)):
        RoleHolders.of(OWNER, signers=signers, threshold=threshold, **named)


def test_a_signer_that_stands_twice_is_refused_however_it_is_written() -> None:
    for again in (SIGNERS[0], SIGNERS[0].lower()):
        with pytest.raises(ChainConflict, match="a signer stands twice"):
            RoleHolders.of(OWNER, signers=[SIGNERS[0], SIGNERS[1], again])
    with pytest.raises(ChainConflict, match="cannot be signer and registrar"):
        RoleHolders.of(OWNER, signers=[SIGNERS[0].lower()], registrar=SIGNERS[0])
    made = RoleHolders.of(OWNER.lower(), signers=[SIGNERS[0].lower()], treasury=SIGNERS[1].lower())
    assert (made.admin, made.signers, made.treasury) == (OWNER, (SIGNERS[0],), SIGNERS[1])


def test_an_office_that_does_not_exist_is_a_mistake_of_the_program() -> None:
    with pytest.raises(TypeError, match="no such office: treasurer"):
        RoleHolders.of(OWNER, signers=SIGNERS[:1], treasurer=OWNER)


def test_the_offices_stand_in_the_factorys_order() -> None:
    source = (ROOT / "contracts/src/interfaces/IAssetFactory.sol").read_text("utf-8")
    body = source[source.index("struct Offices {") :]
    names = re.findall(r"address (\w+);", body[: body.index("}")])
    assert tuple(re.sub(r"[A-Z]", lambda found: f"_{found[0].lower()}", name) for name in names) == ROLE_NAMES


def test_every_function_is_guarded_by_the_role_that_the_list_says(site: Site) -> None:
    """Each function of each contract, the ones that nobody restricted too: the list leaves none out and names none that is not there."""
    contracts = site.on_chain.contracts
    wanted = {(name, function): role for name, function, role in RESTRICTED}
    role_of = contracts.access.functions.getTargetFunctionRole
    seen = set()
    for name in FOLLOWED:
        contract = getattr(contracts, name)
        for item in contract.abi:
            if item["type"] != "function" or item["stateMutability"] in ("view", "pure"):
                continue
            function = abi_to_signature(item)
            seen.add((name, function))
            got = site.chain.read(role_of(contract.address, function_signature_to_4byte_selector(function)))
            assert got == wanted.get((name, function), ADMIN_ROLE), (name, function)
    assert set(wanted) <= seen
    assert len(wanted) == len(RESTRICTED)
    assert seen >= OF_THE_ADMIN


def test_nobody_but_the_offices_holds_a_role(site: Site) -> None:
    """By the AccessManager's own events: each role was granted to its holder, with its delay, and taken from the factory."""
    contracts, chain = site.on_chain.contracts, site.chain
    roles = RoleHolders.of(site.owner.address, signers=[site.oracle.address])
    check_roles(site.on(chain), roles)
    events = contracts.access.events
    held = {}
    granted = [
        (log["blockNumber"], log["logIndex"], log["args"], True) for log in events.RoleGranted().get_logs(from_block=0)
    ]
    revoked = [
        (log["blockNumber"], log["logIndex"], log["args"], False) for log in events.RoleRevoked().get_logs(from_block=0)
    ]
    for _block, _index, args, on in sorted(granted + revoked, key=lambda one: one[:2]):
        if on:
            held[args["roleId"], args["account"]] = args["delay"]
        else:
            del held[args["roleId"], args["account"]]
    assert held == {(role, holder): delay_s for role, holder, delay_s in roles.holders()}
    manager = contracts.access.functions
    for role, _holder, _delay in roles.holders():
        assert chain.read(manager.getRoleGrantDelay(role)) in (
            0,
            7 * DAY_S,
        )  # 0 until AccessManager's own five days are over
        assert chain.read(manager.getRoleAdmin(role)) == ADMIN_ROLE
    guarded = {
        role for role, _holder, _delay in roles.holders() if chain.read(manager.getRoleGuardian(role)) == GUARDIAN_ROLE
    }
    assert guarded == {1, 6, 7}  # registrar, enforcer, signer admin
    chain.advance_to(chain.now() + 5 * DAY_S)
    assert {chain.read(manager.getRoleGrantDelay(role)) for role, _holder, _delay in roles.holders()} == {7 * DAY_S}


@pytest.mark.parametrize("role", ROLE_NAMES)
def test_another_holder_of_a_role_is_found_out(site: Site, role: str) -> None:
    stranger = str(site.holders[0].address)
    roles = replace(RoleHolders.of(site.owner.address, signers=[site.oracle.address]), **{role: stranger})  # type: ignore[arg-type]  # a role's name by name
    with pytest.raises(ChainConflict, match=f"{stranger} holds role {ROLE_NAMES.index(role)}: False"):
        check_roles(site.on_chain, roles)
