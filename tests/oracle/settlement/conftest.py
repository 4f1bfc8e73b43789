"""A small asset, its meters' signed histories, and a real ledger to settle them in."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from evidence.bundle import BundleItem
from evidence.header import EpochReason, Header, Kind, header_hash
from evidence.reading import Reading
from evidence.status import CLOCKS, Status
from evidence.units import Minor, SettlementDay
from oracle.core.terms import AssetTerms, Band, Fee, Point, Role, Tariff, Term
from oracle.ledger.reader import LedgerReader
from oracle.ledger.sqlite import database
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from oracle.open_asset import OpenAsset
from oracle.settle.settle_pass import SettlePass
from runtime.clock import SteppedClock
from tests.plant.ledger_rows import batch_row, binding_row
from tests.plant.signed_meter import ORACLE, SignedMeter

OFFSET_S = -7 * 3600
FIRST_DAY = 20_000
POLL_S = 300
T0 = FIRST_DAY * 86_400 - OFFSET_S
GOOD = Status.EXPORT_VALID | Status.CLOCK_SYNCHRONISED


class MeterHistory:
    """One meter's chain of signed batches, as a gateway would have sealed them.

    Attributes:
        rows: each header with the item that it was sent in, in the order of the chain.
    """

    def __init__(
        self,
        serial: str,
        point: str,
        *,
        step_wh: int = 1,
        nameplate_w: int = 100_000,
        valid_from: int = T0 - 86_400,
    ) -> None:
        self.meter = SignedMeter(
            serial,
            asset="test-asset",
            chain_id=1,
            point=point,
            step_wh=step_wh,
            nameplate_w=nameplate_w,
            valid_from=valid_from,
        )
        self.serial = serial
        self.binding = self.meter.binding
        self.bound = self.meter.bound
        self.rows: list[tuple[Header, BundleItem]] = []

    def fact(self, kind: Kind, time: int, reason: int = 0, start: tuple[int | None, int | None] | None = None) -> None:
        """Sign a header without readings."""
        self._sign(self.meter.next_header(kind, reason=reason, time=time, registers=start))

    def readings(self, readings: Sequence[Reading], *, cut_every_s: int = 900) -> None:
        """Seal readings; one whose time is a multiple of the cut ends its batch, and so does a change of clock state."""
        pending: list[Reading] = []
        for reading in readings:
            if pending and (pending[-1].status ^ reading.status) & CLOCKS:
                self.seal(pending)
                pending = []
            pending.append(reading)
            if reading.time % cut_every_s == 0 or len(pending) == 1024:
                self.seal(pending)
                pending = []
        if pending:
            self.seal(pending)

    def seal(self, readings: Sequence[Reading]) -> None:
        """One batch, and the commissioning header before the first one."""
        if self.meter.newest is None:
            self.fact(Kind.EPOCH, readings[0].time, EpochReason.COMMISSIONED)
        self._sign(*self.meter.header_over(readings))

    def _sign(self, header: Header, records: Sequence[bytes] = ()) -> None:
        self.rows.append((header, self.meter.keep(self.meter.make(header, records))))


class Bench:
    """A ledger with an asset's bindings, into which histories are put in any order that the chain of headers allows."""

    def __init__(self, path: Path, terms: AssetTerms, meters: Iterable[MeterHistory]) -> None:
        self.terms = terms
        self.meters = list(meters)
        self.clock = SteppedClock(T0)
        database.create(path, asset=terms.asset, chain_id=1)
        self.writer = LedgerWriter(path)
        self.reader = LedgerReader(path)
        self.sequencer = Sequencer(self.writer, self.reader, origin="helioracle/1/test-asset", signer=ORACLE)
        with self.writer.transaction():
            for meter in self.meters:
                index = self.sequencer.append_binding(meter.bound.record, meter.bound.hash)
                self.writer.bindings.add(binding_row(meter.meter, log_index=index))

    def settle_pass(self, *, deadline_s: int | None = None) -> SettlePass:
        """A fresh pass, as after a start."""
        asset = OpenAsset(
            terms=self.terms,
            meters=tuple(meter.bound for meter in self.meters),
            reader=self.reader,
            writer=self.writer,
            sequencer=self.sequencer,
            world=self.clock,
        )
        return SettlePass(asset, deadline_s=deadline_s)

    def store(self, rows: Iterable[tuple[Header, BundleItem]], *, bodiless: frozenset[int] = frozenset()) -> None:
        """One intake commit."""
        with self.writer.transaction():
            for header, item in rows:
                is_bodiless = header.seq0 in bodiless and header.kind is Kind.READINGS
                index = self.sequencer.append_header(item.header, item.signature, header_hash(item.header))
                self.writer.headers.add(batch_row(item, log_index=index, gateway="test", bodiless=is_bodiless))

    def store_all(self) -> None:
        """Every meter's whole history, in the order of time."""
        self.store(sorted((row for meter in self.meters for row in meter.rows), key=lambda row: row[0].t1))

    def close(self) -> None:
        """Close the files."""
        self.reader.close()
        self.writer.close()


def reading(time: int, export_wh: int | None, import_wh: int | None = None, status: Status | None = None) -> Reading:
    """A reading with the valid bits of what it holds."""
    word = status if status is not None else Status.CLOCK_SYNCHRONISED
    if export_wh is not None:
        word |= Status.EXPORT_VALID
    elif status is None and import_wh is None:
        word |= Status.NO_ANSWER
    if import_wh is not None:
        word |= Status.IMPORT_VALID
    return Reading(time, export_wh, import_wh, None, word)


FLAT = Tariff("flat", 120_000, (), "UTC")
TIMED = Tariff(
    "timed",
    100_000,
    (
        Band("peak", 300_000, (1, 2, 3, 4, 5, 6, 7), 10 * 3600, 15 * 3600),
        Band("valley", 40_000, (1, 2, 3, 4, 5, 6, 7), 0, 7 * 3600),
    ),
    "America/Denver",
)


def make_terms(*points: Point, days_per_period: int = 1, fees: tuple[Fee, ...] = (), ppm: int = 20_000) -> AssetTerms:
    """Terms of the test asset."""
    return AssetTerms(
        asset="test-asset",
        name="Test asset",
        utc_offset_s=OFFSET_S,
        poll_interval_s=POLL_S,
        first_day=SettlementDay(FIRST_DAY),
        days_per_period=days_per_period,
        money_decimals=6,
        money_symbol="USDC",
        points=tuple(sorted(points, key=lambda p: p.id)),
        tariffs=(FLAT, TIMED),
        fees=fees,
        check_tolerance_ppm=ppm,
    )


def generation(id_: str, serial: str, tariff: str = "flat") -> Point:
    """A point of one meter."""
    return Point(id_, Role.GENERATION, (Term(1, serial),), tariff)


def check(id_: str, serial: str) -> Point:
    """A check point of one meter."""
    return Point(id_, Role.CHECK, (Term(1, serial),), "")


FEES = (Fee("operations", 50_000, Minor(0)), Fee("administration", 0, Minor(250_000)))


class Lab:
    """What the tests of this room share; a fixture, because test folders are no packages."""

    T0, POLL_S, FIRST_DAY, OFFSET_S = T0, POLL_S, FIRST_DAY, OFFSET_S
    FLAT, TIMED, FEES = FLAT, TIMED, FEES
    meter = MeterHistory
    reading = staticmethod(reading)
    terms = staticmethod(make_terms)
    generation = staticmethod(generation)
    check = staticmethod(check)

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    @contextmanager
    def bench(self, terms: AssetTerms, *meters: MeterHistory) -> Iterator[Bench]:
        """A ledger of its own."""
        self._made += 1
        bench = Bench(self._folder / f"ledger-{self._made}.sqlite", terms, meters)
        try:
            yield bench
        finally:
            bench.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    return Lab(tmp_path_factory.mktemp("settlement"))
