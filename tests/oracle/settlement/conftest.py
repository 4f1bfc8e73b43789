"""A small asset, its meters' signed histories, and a real ledger to settle them in."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from evidence import binding as bindings
from evidence import header as headers
from evidence.batch import batch_root, summary
from evidence.binding import Binding, Custody, Direction
from evidence.header import EpochReason, Header, Kind
from evidence.keys import FileSigner, private_key_from
from evidence.reading import Reading
from evidence.status import CLOCKS, Status
from evidence.units import Minor, SettlementDay
from oracle.asset_file import BoundMeter
from oracle.core.terms import AssetTerms, Band, Fee, Point, Role, Tariff, Term
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import BatchRow, BindingRow, HeaderRow
from oracle.ledger.sqlite import database
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from oracle.open_asset import OpenAsset
from oracle.settle.settle_pass import SettlePass
from runtime.clock import SteppedClock

OFFSET_S = -7 * 3600
FIRST_DAY = 20_000
POLL_S = 300
T0 = FIRST_DAY * 86_400 - OFFSET_S
GOOD = Status.EXPORT_VALID | Status.CLOCK_SYNCHRONISED


def signer_of(name: str) -> FileSigner:
    """The test key of a name."""
    counter = iter(range(1 << 16))

    def entropy(size: int) -> bytes:
        return hashlib.shake_256(f"{name} {next(counter)}".encode()).digest(size)

    return FileSigner(private_key_from(entropy))


INSTALLER = signer_of("installer")
ORACLE = signer_of("oracle")


@dataclass
class MeterHistory:
    """One meter's key and its chain of signed batches, as a gateway would have sealed them."""

    serial: str
    point: str
    step_wh: int = 1
    multiplier: tuple[int, int] = (1, 1)
    modulus: tuple[int, int] = (10**12, 1)
    nameplate_w: int = 100_000
    valid_from: int = T0 - 86_400
    rows: list[tuple[Header, bytes, bytes, bytes, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.signer = signer_of(self.serial)
        self.binding = Binding(
            chain_id=1,
            asset="test-asset",
            point=self.point,
            serial=self.serial,
            public_point=self.signer.public_point,
            direction=Direction.FORWARD_IS_EXPORT,
            custody=Custody.FILE,
            multiplier_num=self.multiplier[0],
            multiplier_den=self.multiplier[1],
            step_wh=self.step_wh,
            modulus_num=self.modulus[0],
            modulus_den=self.modulus[1],
            nameplate_w=self.nameplate_w,
            valid_from=self.valid_from,
            installer_point=INSTALLER.public_point,
        )
        record = bindings.sign_binding(self.binding, self.signer, INSTALLER)
        self.bound = BoundMeter(record, bindings.binding_hash(self.binding.encode()), self.binding)
        self._prev = self.bound.hash
        self._end: tuple[int | None, int | None] = (None, None)
        self._epoch = -1
        self._seq = 0

    def fact(self, kind: Kind, time: int, reason: int = 0, start: tuple[int | None, int | None] | None = None) -> None:
        """Sign a header without readings."""
        if kind is Kind.EPOCH:
            self._epoch, self._seq = self._epoch + 1, 0
        if start is not None:
            self._end = start
        self._sign(self._header(kind, reason, time))

    def readings(self, readings: Sequence[Reading], *, cut_every_s: int = 900) -> None:
        """Seal readings; one whose time is a multiple of the cut ends its batch, and so does a change of clock state."""
        if self._epoch < 0:
            self.fact(Kind.EPOCH, readings[0].time, EpochReason.COMMISSIONED)
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
        """One batch."""
        if self._epoch < 0:
            self.fact(Kind.EPOCH, readings[0].time, EpochReason.COMMISSIONED)
        key = hashlib.sha256(f"{self.serial} {len(self.rows)}".encode()).digest()
        records = [reading.encode() for reading in readings]
        base = self._header(Kind.READINGS, 0, readings[0].time)
        self._sign(
            replace(
                base,
                profile=readings[0].profile,
                batch_root=batch_root(key, records),
                **summary(self._end, readings),  # type: ignore[arg-type]  # what a body determines, by the one rule for it
            ),
            key,
            b"".join(records),
        )

    def _header(self, kind: Kind, reason: int, time: int) -> Header:
        return Header(
            kind=kind,
            profile=1,
            reason=reason,
            meter_id=self.binding.meter_id,
            epoch=self._epoch,
            seq0=self._seq,
            count=0,
            t0=time,
            t1=time,
            status_or=Status.CLOCK_SYNCHRONISED,
            status_close=Status.CLOCK_SYNCHRONISED,
            export_start_wh=self._end[0],
            import_start_wh=self._end[1],
            export_end_wh=self._end[0],
            import_end_wh=self._end[1],
            boot_id=bytes(16),
            monotonic_ms=0,
            batch_root=headers.ZERO_HASH,
            prev=self._prev,
        )

    def _sign(self, header: Header, key: bytes = b"", body: bytes = b"") -> None:
        encoded, signature = headers.sign_header(header, self.signer)
        self.rows.append((header, encoded, signature, key, body))
        self._prev, self._seq = headers.header_hash(encoded), header.next_seq
        self._end = (header.export_end_wh, header.import_end_wh)


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
                self.writer.bindings.add(
                    BindingRow(
                        hash=meter.bound.hash,
                        meter_id=meter.binding.meter_id,
                        serial=meter.serial,
                        point=meter.point,
                        valid_from=meter.valid_from,
                        record=meter.bound.record,
                        log_index=index,
                    )
                )

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

    def store(
        self, rows: Iterable[tuple[Header, bytes, bytes, bytes, bytes]], *, bodiless: frozenset[int] = frozenset()
    ) -> None:
        """One intake commit."""
        with self.writer.transaction():
            for header, encoded, signature, key, body in rows:
                hash_ = headers.header_hash(encoded)
                is_bodiless = header.seq0 in bodiless and header.kind is Kind.READINGS
                index = self.sequencer.append_header(encoded, signature, hash_)
                row = HeaderRow(
                    hash=hash_,
                    meter_id=header.meter_id,
                    kind=header.kind,
                    epoch=header.epoch,
                    seq0=header.seq0,
                    count=header.count,
                    t0=header.t0,
                    t1=header.t1,
                    status_or=int(header.status_or),
                    status_close=int(header.status_close),
                    export_start_wh=header.export_start_wh,
                    import_start_wh=header.import_start_wh,
                    export_end_wh=header.export_end_wh,
                    import_end_wh=header.import_end_wh,
                    prev=header.prev,
                    header=encoded,
                    signature=signature,
                    bodiless=int(is_bodiless),
                    gateway="test",
                    received_at=header.t1,
                    log_index=index,
                )
                self.writer.headers.add(BatchRow(row, key, b"" if is_bodiless else body, b""))

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
