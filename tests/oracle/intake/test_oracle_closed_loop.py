"""From a meter's signature to a declaration on a real EVM, through a real broker."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eth_account import Account

from evidence.answer import Code, Verdict
from firmware_sim.broker import EmbeddedBroker
from oracle import asset_file, config
from oracle.chain.client import Chain
from oracle.chain.embedded import embedded_chain, fund_accounts
from oracle.contract_names import CONTRACT_NAMES
from oracle.errors import Fatal
from oracle.owner.deploy import deploy
from oracle.owner.roles import AT_ONCE, RoleHolders
from oracle.service import OracleService
from runtime.clock import SteppedClock
from tests.plant.gateway_client import GatewayClient
from tests.plant.open_key_file import write_account
from tests.plant.running import Running
from tests.plant.signed_meter import SignedMeter
from tests.plant.site import write_site

DAY_S = 86_400
KEY = b"\x07" * 32
OWNER = Account.from_key(b"\x08" * 32)
ORACLE_ADDRESS = Account.from_key(KEY).address


@pytest.fixture
def chain() -> Iterator[Chain]:
    chain = embedded_chain()
    yield chain
    chain.close()


def test_a_settled_period_is_anchored_and_declared_before_the_world_moves_on(
    tmp_path: Path,
    broker: EmbeddedBroker,
    chain: Chain,
    start: Callable[..., Running],
    connect: Callable[[bytes, str], GatewayClient],
) -> None:
    day = chain.now() // DAY_S + 1
    midnight = day * DAY_S
    meter = SignedMeter("SIM-0001", valid_from=midnight)
    path = write_site(tmp_path, [meter], port=broker.port, first_day=day)
    asset = asset_file.load(tmp_path / "asset.toml")
    fund_accounts(chain, [OWNER.address, ORACLE_ADDRESS])
    owner = OWNER.address
    roles = RoleHolders.of(owner, signers=[ORACLE_ADDRESS])
    deployed = deploy(chain, OWNER, terms=asset.terms, meters=asset.meters, roles=roles, rules=AT_ONCE)
    write_site(
        tmp_path,
        [meter],
        port=broker.port,
        first_day=day,
        ledger=False,
        contracts=deployed.deployment.addresses,
    )
    write_account(tmp_path / "chain.hex", KEY, demo=False)
    path.write_text(path.read_text() + '[chain]\nkey = "chain.hex"\n')

    oracle = start(path, chain=chain, world_start=midnight)
    gateway = connect(oracle.config.signer.public_point, "roof-pi")
    oracle.wait_idle(until=midnight + DAY_S + 300)
    assert gateway.send(meter.first()) == [(Verdict.STORED, Code.OK)]
    meter.time = midnight - 300
    for count in (96, 96, 96, 2):
        assert gateway.send(meter.batch(count)) == [(Verdict.STORED, Code.OK)]
    oracle.wait_idle()

    reader = oracle.service.reader
    period = reader.settlement.period(0)
    assert period is not None, oracle.service.status()
    assert (period.state, period.export_wh) == ("declared", 288 * 25), oracle.service.status()
    (declared,) = reader.chain.events(contract="declarations", name="Declared")
    assert json.loads(declared.args)["period"] == "0"
    (anchored,) = reader.chain.events(contract="declarations", name="Anchored")
    assert period.log_root is not None
    assert period.log_root.hex() in anchored.args.lower()
    assert reader.log.checkpoint(period.log_size) is not None
    assert oracle.failures.empty()


def test_a_chain_without_contracts_or_without_a_key_is_fatal(tmp_path: Path, chain: Chain) -> None:
    meter = SignedMeter("SIM-0001")
    path = write_site(tmp_path, [meter], port=1)
    world = SteppedClock(0)
    with pytest.raises(Fatal, match="names no contracts"):
        OracleService(config.load(path), world, chain=chain, on_failure=lambda _: None)
    names = {name: f"0x{number:040x}" for number, name in enumerate(CONTRACT_NAMES, 1)}
    write_site(tmp_path, [meter], port=1, ledger=False, contracts=names)
    with pytest.raises(Fatal, match=r"no \[chain\] key"):
        OracleService(config.load(path), world, chain=chain, on_failure=lambda _: None)
    assert world.busy_participants() == []
