"""One recorded day of the example site: its folder, its contracts on anvil, what people do, and what came of it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path

from cli import init, site
from cli.amount import format_amount
from cli.demo.seed import seeded_entropy
from cli.main import run
from oracle import asset_file
from oracle.asset_file import Deployment
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetOnChain
from oracle.chain.embedded import fund_accounts
from oracle.chain.key_file import read_account
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import PeriodRow
from oracle.owner.share import allow, mint
from runtime.clock import Participant

SHARES = {"investor-a": 400, "investor-b": 250, "investor-c": 350}
DAY_S = 86_400
FIRST_DAY = date(2026, 12, 1)  # a Tuesday, as the recorded 2016-07-05 is
START = 1_796_108_400  # 2026-12-01T00:00:00-07:00
END = START + DAY_S
KEEPER_S = 3600
DONE = END + KEEPER_S + 1  # the keeper has passed once more since the owner funded the day


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run must agree on with any other: energy by point, what was declared, who got what."""

    energy_wh: dict[str, int]
    gross: str
    distributable: str
    paid: dict[str, int]


class LoopSite:
    """The folder of one run and its chain."""

    def __init__(self, folder: Path, rpc_url: str, broker_port: int) -> None:
        self.folder = folder
        self.rpc_url = rpc_url
        self.chain = Chain.connect(rpc_url)
        init.write(
            init.Scaffold(
                folder=folder,
                chain_id=self.chain.chain_id,
                first_day=FIRST_DAY,
                profile="development",
                entropy=lambda purpose: seeded_entropy(1, purpose),
                broker_port=broker_port,
                api_port=0,
                extra_keys=tuple(SHARES),
            )
        )
        self.accounts = {
            name: read_account(folder / "keys" / f"{name}.key", field="key", profile="development")
            for name in (*init.ETHEREUM_KEYS, *SHARES)
        }
        # A busy machine needs longer to start a killed simulator again than a plant is given.
        self._edit("gateway.toml", lambda text: f"ask_again_s = 150\n{text}")
        self._edit("keeper.toml", lambda text: text.replace("http://127.0.0.1:8545", rpc_url))
        chain_table = f'\n[chain]\nrpc_url = "{rpc_url}"\nkey = "keys/declarer.key"\npoll_s = 1\n'
        self._edit("oracle.toml", lambda text: text + chain_table)
        self.deployment = self._deploy()
        self.on_chain = AssetOnChain.of(self.chain, self.deployment)
        assert run(["oracle", "create", "--config", str(folder / "oracle.toml")]) == 0

    def add_world(self, *expected: str) -> None:
        """Have the five processes live in one stepped world."""
        for name in ("gateway", "oracle", "api", "keeper"):
            self._edit(f"{name}.toml", lambda text: f'world = "run/world.sock"\n{text}')
        names = ", ".join(f'"{name}"' for name in expected)
        world = f'\n[world]\nsocket = "run/world.sock"\nstart = {START - 1}\nexpected = [{names}]\n'
        self._edit("sim.toml", lambda text: text + world)

    def add_tls(self, certs: Path) -> None:
        """Have gateway and oracle prove who they are."""
        for name, identity in (("gateway", "roof-pi"), ("oracle", "oracle")):
            tls = "".join(
                f'{key} = "{certs / file}"\n'
                for key, file in (("ca", "ca.pem"), ("certificate", f"{identity}.pem"), ("key", f"{identity}.key"))
            )
            self._edit(f"{name}.toml", partial(_in_broker, tls))

    def live_to_the_end(self, people: Participant) -> None:
        """The owner funds the day when it is over; the keeper pays within the hour."""
        people.wait_until(END + 1)
        assert self.state == "declared"
        self.fund()
        people.wait_until(DONE)

    @property
    def state(self) -> str:
        """Of the day's period."""
        return self._period().state

    def fund(self) -> None:
        """What the owner types, twice the same commands where a chain has forgotten them."""
        amount = format_amount(int(self._period().distributable), site.MONEY_DECIMALS)
        asset, key = self.folder / "asset.toml", self.folder / "keys/owner.key"
        words = ["--asset", str(asset), "--rpc-url", self.rpc_url, "--key", str(key)]
        assert run(["asset", "demo-money", *words, "--amount", amount]) == 0
        assert run(["asset", "fund", *words, "--period", "0"]) == 0

    def _period(self) -> PeriodRow:
        with LedgerReader(self.folder / "oracle/ledger.sqlite") as reader:
            row = reader.settlement.period(0)
        assert row is not None
        return row

    def outcome(self) -> Outcome:
        """What the ledger says was earned and declared, and what the token says who has."""
        row = self._period()
        day = row.from_day
        with LedgerReader(self.folder / "oracle/ledger.sqlite") as reader:
            points = reader.settlement.point_days(day, day + 1)
        energy = {point.point: point.export_wh for point in points}
        return Outcome(energy, row.gross, row.distributable, self.balances())

    def balances(self) -> dict[str, int]:
        """The money of the holders."""
        token = self.on_chain.contracts.token
        return {name: self.chain.read(token.functions.balanceOf(self.accounts[name].address)) for name in SHARES}

    def _deploy(self) -> Deployment:
        fund_accounts(self.chain, [account.address for account in self.accounts.values()])
        self.chain.advance_to(START - DAY_S // 2)
        path = self.folder / "asset.toml"
        key = self.folder / "keys/owner.key"
        signer = self.accounts["declarer"].address
        words = [
            "--asset",
            str(path),
            "--rpc-url",
            self.rpc_url,
            "--key",
            str(key),
            "--signer",
            signer,
            "--challenge-window",
            "0",
        ]
        assert run(["asset", "deploy", *words]) == 0
        deployment = asset_file.load(path).deployment
        assert deployment is not None
        owner = self.accounts["owner"]
        on_chain = AssetOnChain.of(self.chain, deployment)
        allow(on_chain, owner, [self.accounts[name].address for name in SHARES])
        for name, shares in SHARES.items():
            mint(on_chain, owner, self.accounts[name].address, shares)
        return deployment

    def _edit(self, name: str, change: Callable[[str], str]) -> None:
        path = self.folder / name
        path.write_text(change(path.read_text("utf-8")), "utf-8")


def _in_broker(tls: str, text: str) -> str:
    return text.replace("[broker]\n", f"[broker]\n{tls}")
