"""The demo's stage: a folder, a chain and the very services that `helioracle sim|gateway|oracle|api run` start, in one process."""

import threading
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path

from eth_account.signers.local import LocalAccount

import firmware_sim.config
import gateway.config
import oracle.config
from api.config import ApiConfig
from api.config import load as load_api
from api.service import ApiService
from cli import init, site
from cli.demo.options import SHIPPED, Replayed
from cli.demo.seed import seeded_entropy
from cli.errors import CommandFailed
from evidence.units import div_ceil
from firmware_sim.broker import EmbeddedBroker
from firmware_sim.service import SimService
from gateway.boot import Boot
from gateway.service import GatewayService
from oracle import asset_file
from oracle.asset_file import AssetFile, Deployment
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetOnChain
from oracle.chain.embedded import fund_accounts
from oracle.chain.key_file import read_account
from oracle.ledger.reader import LedgerReader
from oracle.ledger.sqlite import database
from oracle.owner.deploy import Deployed, deploy
from oracle.owner.roles import ReportRules, RoleHolders
from oracle.owner.share import allow, mint
from oracle.service import OracleService
from runtime.clock import SteppedClock
from runtime.key_files import read_signer

SHARES = {"investor-a": 400, "investor-b": 250, "investor-c": 200, "investor-d": 150}
# Short, so that a day's money can be paid within the next day.
RULES = ReportRules(challenge_window_s=2 * 3600, resolve_window_s=4 * 3600)
_DAY_S = 86_400
_READY_S = 20
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Days:
    """Which days are replayed.

    Attributes:
        first: the first settled day, in the site's offset.
        shift_days: how far the recording was moved, whole weeks.
        start: unix seconds at which the first day begins.
        count: how many days.
    """

    first: date
    shift_days: int
    start: int
    count: int

    def end_of(self, period: int) -> int:
        """When day `period` (0 is the first) is over."""
        return self.start + (period + 1) * _DAY_S

    @property
    def end(self) -> int:
        """When the last day is over: also the last poll slot."""
        return self.end_of(self.count - 1)


def days_after(chain_now: int, sun: site.Sun = site.EXAMPLE) -> Days:
    """The recorded days, moved by the fewest whole weeks that put the first one after the chain's current day."""
    recorded = (sun.first_day - _EPOCH).days
    today = (chain_now + sun.utc_offset_s) // _DAY_S
    shift_days = 7 * max(0, div_ceil(today + 1 - recorded, 7))
    first = _EPOCH + timedelta(days=recorded + shift_days)
    zone = timezone(timedelta(seconds=sun.utc_offset_s))
    start = int(datetime.combine(first, time(), zone).astimezone(UTC).timestamp())
    return Days(first, shift_days, start, sun.days)


class Stage:
    """Everything that runs, put up in order and taken down in the reverse order, whatever happens.

    Attributes:
        folder: the demo's files.
        chain: the chain all services and commands share.
        replayed: what is replayed.
        days: which days of it, and when.
        world: the stepped clock.
        accounts: Ethereum accounts by name (owner, keeper, declarer, investor-a ...).
        deployed: the asset's contracts and what they cost.
        asset: the asset file as read, with bindings and addresses.
        sim, oracle, gateway, api: the services.
        reader: a read-only view of the ledger.
    """

    sim: SimService
    oracle: OracleService
    gateway: GatewayService
    api: ApiService
    reader: LedgerReader
    deployed: Deployed
    asset: AssetFile

    def __init__(self, folder: Path, chain: Chain, seed: int, replayed: Replayed = SHIPPED) -> None:
        self.folder = folder
        self.chain = chain
        self.replayed = replayed
        self.days = days_after(chain.now(), self.sun)
        self.world = SteppedClock(self.days.start - 1)
        self.broker = EmbeddedBroker()
        self._seed = seed
        self._stack = ExitStack()
        self._failure: BaseException | None = None
        self._failed = threading.Lock()
        # The story holds the world's time until it first waits.
        self.story = self.world.join("demo")
        self.accounts: dict[str, LocalAccount] = {}

    @property
    def sun(self) -> site.Sun:
        """The site's settings for what is replayed."""
        return self.replayed.sun

    @property
    def deployment(self) -> Deployment:
        """Where the contracts live."""
        return self.deployed.deployment

    def set_up(self) -> None:
        """Write the folder, start the broker, deploy the contracts and hand out the shares."""
        self._stack.callback(self.broker.stop)
        port = self.broker.start()
        init.write(
            init.Scaffold(
                folder=self.folder,
                chain_id=self.chain.chain_id,
                first_day=self.days.first,
                profile="demo",
                entropy=lambda purpose: seeded_entropy(self._seed, purpose),
                broker_port=port,
                api_port=0,
                extra_keys=tuple(SHARES),
                sun=self.sun,
                recording=self.replayed.recording,
            )
        )
        for name in (*init.ETHEREUM_KEYS, *SHARES):
            path = self.folder / "keys" / f"{name}.key"
            self.accounts[name] = read_account(path, field="key", profile="demo")
        fund_accounts(self.chain, [account.address for account in self.accounts.values()])
        self.chain.advance_to(self.days.start - _DAY_S // 2)
        self._deploy()

    def start(self) -> None:
        """Start the services, consumers before producers."""
        config = oracle.config.load(self.folder / "oracle.toml")
        database.create(config.ledger, asset=self.sun.asset, chain_id=self.chain.chain_id)
        self.oracle = OracleService(config, self.world, chain=self.chain, on_failure=self.fail)
        self._run(self.oracle)
        if not self.oracle.wait_ready(_READY_S):
            raise CommandFailed(f"the broker did not take the oracle's subscriptions within {_READY_S} s")
        self.reader = self._stack.enter_context(LedgerReader(config.ledger))
        self.api = ApiService(self._api_config(), self.world, on_failure=self.fail)
        self._run(self.api)
        sim_config = replace(firmware_sim.config.load(self.folder / "sim.toml"), not_before=self.days.start - _DAY_S)
        self.sim = SimService(sim_config, self.world, on_failure=self.fail)
        self._run(self.sim)
        gateway_config = replace(gateway.config.load(self.folder / "gateway.toml"), last_slot=self.days.end)
        # Headers carry boot id and boot clock: the kernel's would make each run's signatures others.
        boot = Boot(seeded_entropy(self._seed, "boot id")(16), lambda: (self.world.now() - self.days.start + 1) * 1000)
        entropy = seeded_entropy(self._seed, "batch keys")
        self.gateway = GatewayService(gateway_config, self.world, entropy=entropy, boot=boot, on_failure=self.fail)
        self._run(self.gateway)

    def stop(self) -> None:
        """Take everything down; idempotent."""
        self.world.close()
        self._stack.close()

    def fail(self, error: BaseException) -> None:
        """A service's thread died: end the world, so that no service waits for it, and keep the first cause."""
        with self._failed:
            if self._failure is None:
                self._failure = error
        self.world.close()

    def catch_up(self) -> None:
        """Have the oracle bring the chain's events up to now into its ledger."""
        if self.oracle.chain_loop is None:
            raise CommandFailed("the oracle runs without a chain")
        self.oracle.chain_loop.catch_up()

    @property
    def oracle_point(self) -> bytes:
        """Public point of the key that signs answers and checkpoints."""
        return read_signer(self.folder / "keys" / "oracle.key", field="key", profile="demo").public_point

    def check(self) -> None:
        """Raise what killed a service, if anything did.

        Raises:
            CommandFailed: with its cause.
        """
        if self._failure is not None:
            raise CommandFailed(f"a service died: {self._failure!r}") from self._failure

    def _api_config(self) -> ApiConfig:
        return replace(load_api(self.folder / "api.toml"), contracts=dict(self.deployment.addresses))

    def _run(self, service: SimService | GatewayService | OracleService | ApiService) -> None:
        self._stack.callback(service.stop)
        service.start()

    def _deploy(self) -> None:
        path = self.folder / "asset.toml"
        self.asset = asset_file.load(path)
        owner = self.accounts["owner"]
        roles = RoleHolders.of(owner.address, signers=[self.accounts["declarer"].address])
        self.deployed = deploy(
            self.chain, owner, terms=self.asset.terms, meters=self.asset.meters, roles=roles, rules=RULES
        )
        asset_file.write_deployment(path, self.deployment)
        self.asset = asset_file.load(path)
        self.on_chain = AssetOnChain.of(self.chain, self.deployment)
        allow(self.on_chain, owner, [self.accounts[name].address for name in SHARES])
        for name, shares in SHARES.items():
            mint(self.on_chain, owner, self.accounts[name].address, shares)
