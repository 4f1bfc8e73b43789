"""An asset with real bindings, its contracts on a real EVM, and the people who act in it."""

import hashlib
import json
from dataclasses import dataclass, replace
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3.contract.contract import ContractFunction

from evidence import tags
from evidence.units import Minor, SettlementDay
from oracle.asset_file import BoundMeter, Deployment
from oracle.chain import embedded
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetContracts, AssetOnChain
from oracle.chain.transaction import Receipt
from oracle.core.money.report import Report, first_report
from oracle.core.states import PeriodState
from oracle.core.terms import AssetTerms, Fee, Point, Role, Tariff, Term
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import PeriodRow
from oracle.ledger.sqlite import database
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from oracle.open_asset import OpenAsset
from oracle.owner.deploy import deploy
from oracle.owner.roles import AT_ONCE, ReportRules, RoleHolders
from runtime.clock import WorldClock
from tests.plant.signed_meter import SignedMeter
from tests.plant.signer import signer_of

DAY_S = 86_400


def account_of(name: str) -> LocalAccount:
    account: LocalAccount = Account.from_key(hashlib.sha256(f"test account {name}".encode()).digest())
    return account


def bound_meter(asset: str, point: str, serial: str, chain_id: int) -> BoundMeter:
    made = SignedMeter(
        serial, asset=asset, chain_id=chain_id, point=point, valid_from=0, modulus=(1 << 40, 1), nameplate_w=50_000
    )
    return made.bound


def terms_from(first_day: int, *, days: int = 1, utc_offset_s: int = 8 * 3600) -> AssetTerms:
    return AssetTerms(
        asset="roof-7",
        name="Roof 7",
        utc_offset_s=utc_offset_s,
        poll_interval_s=300,
        first_day=SettlementDay(first_day),
        days_per_period=days,
        money_decimals=6,
        money_symbol="DEMO",
        points=(
            Point("east", Role.GENERATION, (Term(1, "E1"),), "flat"),
            Point("grid", Role.CHECK, (Term(1, "G1"),), ""),
        ),
        tariffs=(Tariff("flat", 100_000, (), "UTC"),),
        fees=(Fee("upkeep", 0, Minor(0)),),
        check_tolerance_ppm=10_000,
    )


@dataclass
class Site:
    """A deployed asset and everybody who acts in it."""

    chain: Chain
    terms: AssetTerms
    meters: tuple[BoundMeter, ...]
    deployment: Deployment
    contracts: AssetContracts
    owner: LocalAccount
    oracle: LocalAccount
    holders: list[LocalAccount]
    gas_used: int

    @property
    def on_chain(self) -> AssetOnChain:
        return self.on(self.chain)

    def on(self, chain: Chain) -> AssetOnChain:
        """The same contracts through another client."""
        return AssetOnChain.of(chain, self.deployment)

    def end_of(self, period: int) -> int:
        day = int(self.terms.first_day) + (period + 1) * self.terms.days_per_period
        return day * DAY_S - self.terms.utc_offset_s

    def report(self, period: int, log_size: int, distributable: int, **changes: int) -> Report:
        values = {
            "period": period,
            "log_size": log_size,
            "registry_index": 0,
            "settlement_root": hashlib.sha256(b"settlement %d" % period).digest(),
            "export_wh": 12_000,
            "import_wh": 0,
            "missing_meters": 0,
            "catch_up_hours": 0,
            "gross": distributable,
            "distributable": distributable,
            "tariff_hash": self.terms.hash(),
            "statement_hash": hashlib.sha256(b"statement %d" % period).digest(),
            **changes,
        }
        return first_report(**values)  # type: ignore[arg-type]  # a dict of keyword arguments


def open_site(
    chain: Chain, *, days: int = 1, rules: ReportRules = AT_ONCE, token: str | None = None, decimals: int = 6
) -> Site:
    owner, oracle = account_of("owner"), account_of("oracle")
    holders = [account_of(f"holder {n}") for n in range(4)]
    embedded.fund_accounts(chain, [a.address for a in (owner, oracle, *holders)])
    # The first settlement day is the chain's next whole day.
    terms = replace(terms_from((chain.now() + 8 * 3600) // DAY_S + 1, days=days), money_decimals=decimals)
    meters = (
        bound_meter(terms.asset, "east", "E1", chain.chain_id),
        bound_meter(terms.asset, "grid", "G1", chain.chain_id),
    )
    roles = RoleHolders.of(owner.address, signers=[oracle.address])
    deployed = deploy(chain, owner, terms=terms, meters=meters, roles=roles, rules=rules, token=token)
    return Site(
        chain=chain,
        terms=terms,
        meters=meters,
        deployment=deployed.deployment,
        contracts=AssetOnChain.of(chain, deployed.deployment).contracts,
        owner=owner,
        oracle=oracle,
        holders=holders,
        gas_used=deployed.gas_used,
    )


def act_after(site: Site, call: ContractFunction, delay_s: int) -> Receipt:
    """The owner, in a role whose acts wait: announced to the AccessManager, and done when it is time."""
    data = call._encode_transaction_data()
    scheduled = site.contracts.access.functions.schedule(call.address, data, 0)
    site.chain.transact(site.owner, scheduled, action="announce")
    site.chain.advance_to(site.chain.now() + delay_s)
    return site.chain.transact(site.owner, call, action=f"the announced {call.fn_name}")


class Books:
    """A real ledger and log of a site, where periods are settled by hand."""

    def __init__(self, site: Site, path: Path) -> None:
        self.site = site
        self.path = path
        if not path.exists():
            database.create(path, asset=site.terms.asset, chain_id=site.chain.chain_id)
        self.writer = LedgerWriter(path)
        self.reader = LedgerReader(path)
        self.sequencer = Sequencer(self.writer, self.reader, origin="helioracle/test", signer=signer_of("oracle"))

    def close(self) -> None:
        self.reader.close()
        self.writer.close()

    def open_asset(self, world: WorldClock) -> OpenAsset:
        return OpenAsset(
            terms=self.site.terms,
            meters=self.site.meters,
            reader=self.reader,
            writer=self.writer,
            sequencer=self.sequencer,
            world=world,
        )

    def settle(self, period: int, distributable: int, *, entries: int = 3) -> PeriodRow:
        with self.writer.transaction():
            for number in range(entries):
                document = json.dumps({"period": period, "number": number}).encode()
                self.sequencer.append_document(tags.ENTRY_DECISION, document)
            first = int(self.site.terms.first_day) + period * self.site.terms.days_per_period
            row = PeriodRow(
                period=period,
                from_day=first,
                to_day=first + self.site.terms.days_per_period,
                state=PeriodState.SETTLED,
                export_wh=12_345,
                import_wh=0,
                missing_meters=0,
                gross=str(distributable),
                distributable=str(distributable),
                deficit_after="0",
                settlement_root=hashlib.sha256(b"root %d" % period).digest(),
                statement="{}",
                statement_hash=hashlib.sha256(b"{}").digest(),
                tariff_hash=self.site.terms.hash(),
                registry_index=0,
                log_size=self.sequencer.size,
                log_root=self.sequencer.root(),
            )
            self.writer.settlement.add_period(row)
        return row
