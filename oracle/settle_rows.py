"""Between the ledger's rows and the settlement's plain data: signed batches become items, frozen results go in and come out."""

import json
from collections.abc import Iterator, Sequence

from evidence import canonical, header, reading
from evidence.batch import split_body
from evidence.header import EpochReason, Header, Kind
from evidence.status import Status
from evidence.units import SettlementDay
from oracle.core.boundary import Basis, Boundary
from oracle.core.points import PointDay
from oracle.core.register import Registers
from oracle.core.terms import Role
from oracle.core.vee import Item, Label, Marker, RegisterReading, Where
from oracle.errors import LedgerError, SettlementError
from oracle.ledger.headers import HeadersReader
from oracle.ledger.rows import BatchRow, BoundaryRow, HeaderRow, PointDayRow

_PAGE = 256
# A day and its look-ahead of readings that are sealed one by one, every two seconds.
_HEADERS_MAX = 100_000


def items_from(headers: HeadersReader, meter_id: bytes, instant: int, *, until: int) -> list[Item]:
    """A meter's items in the order of its headers, from before `instant` to the first batch that starts after `until`.

    Raises:
        SettlementError: more than 100,000 headers lie between.
    """
    items: list[Item] = []
    for count, row in enumerate(_chain_from(headers, meter_id, instant)):
        if count >= _HEADERS_MAX:
            raise SettlementError(f"meter {meter_id.hex()}: more than {_HEADERS_MAX} headers in one day")
        if row.kind == Kind.READINGS and row.t0 > until and row.status_close & Status.CLOCK_SYNCHRONISED:
            break
        items += items_of(_batch(headers, row))
    return items


def items_of(batch: BatchRow) -> list[Item]:
    """What one stored header and its body say.

    A sealed batch shows its closing register only: that much the meter's key has signed in the header itself.
    """
    row = batch.header
    if row.kind != Kind.READINGS:
        return [_marker(header.decode(row.header), row.hash)]
    if row.sealed:
        status = Status(row.status_close)
        registers: Registers = (
            row.export_end_wh if status & Status.EXPORT_VALID else None,
            row.import_end_wh if status & Status.IMPORT_VALID else None,
        )
        closing = RegisterReading(row.t1, registers, None, status, Where(row.hash, row.count - 1))
        return [Marker(Label.SEALED, row.t0, row.hash), closing]
    profile = header.decode(row.header).profile
    decoded = (reading.decode(record, profile) for record in split_body(batch.body, profile, row.count))
    return [
        RegisterReading(
            time=one.time,
            registers=(one.export_wh, one.import_wh),
            power_w=one.power_w,
            status=one.status,
            where=Where(row.hash, position),
            tariffs_wh=one.tariffs_wh,
        )
        for position, one in enumerate(decoded)
    ]


def reading_time(headers: HeadersReader, where: Where | None, otherwise: int) -> int:
    """The time of the reading that a frozen boundary stands in."""
    batch = None if where is None else headers.batch(where.header_hash)
    if batch is None or where is None:
        return otherwise
    for item in items_of(batch):
        if isinstance(item, RegisterReading) and item.where == where:
            return item.time
    return batch.header.t1


def boundary_of(row: BoundaryRow) -> Boundary:
    """A frozen boundary; it is where its day's running registers start."""
    registers = (row.export_wh, row.import_wh)
    where = None
    if row.header_hash is not None and row.position is not None:
        where = Where(row.header_hash, row.position)
    return Boundary(row.instant, registers, registers, Basis(row.basis), where)


def boundary_row(meter_id: bytes, boundary: Boundary, frozen_at: int) -> BoundaryRow:
    """A boundary as it is frozen."""
    return BoundaryRow(
        meter_id=meter_id,
        instant=boundary.instant,
        export_wh=boundary.registers[0],
        import_wh=boundary.registers[1],
        basis=boundary.basis.value,
        header_hash=boundary.where.header_hash if boundary.where else None,
        position=boundary.where.position if boundary.where else None,
        frozen_at=frozen_at,
    )


def point_day_row(result: PointDay) -> PointDayRow:
    """A point's day as it is stored."""
    return PointDayRow(
        day=result.day,
        point=result.point,
        role=result.role.value,
        export_wh=result.export_wh,
        import_wh=result.import_wh,
        measured_wh=result.measured_wh,
        estimated_wh=result.estimated_wh,
        bands=canonical.encode(dict(result.bands_wh)).decode(),
    )


def point_day_of(row: PointDayRow) -> PointDay:
    """A stored point's day."""
    return PointDay(
        day=SettlementDay(row.day),
        point=row.point,
        role=Role(row.role),
        export_wh=row.export_wh,
        import_wh=row.import_wh,
        measured_wh=row.measured_wh,
        estimated_wh=row.estimated_wh,
        bands_wh=row.bands_wh,
    )


def notes_text(notes: Sequence[dict[str, str]]) -> str:
    """Labels as `days.notes` holds them: a canonical JSON list."""
    return json.dumps(list(notes), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def notes_of(text: str) -> list[dict[str, str]]:
    """The labels of a stored day."""
    notes: list[dict[str, str]] = json.loads(text)
    return notes


def _chain_from(headers: HeadersReader, meter_id: bytes, instant: int) -> Iterator[HeaderRow]:
    """Headers of every kind in chain order, from the last batch that ends before `instant` under a synchronised clock."""
    epoch = seq = 0
    for before in headers.batches_before(meter_id, instant, limit=8):
        if before.header.status_close & Status.CLOCK_SYNCHRONISED:
            epoch, seq = before.header.epoch, before.header.seq0
            break
    newest = headers.newest(meter_id)
    last_epoch = newest.epoch if newest else -1
    while epoch <= last_epoch:
        yield from _epoch_from(headers, meter_id, epoch, seq)
        epoch, seq = epoch + 1, 0


def _epoch_from(headers: HeadersReader, meter_id: bytes, epoch: int, seq: int) -> Iterator[HeaderRow]:
    seen = -1
    while page := headers.in_sequence(meter_id, epoch, seq_from=seq, limit=_PAGE):
        # Headers without readings share their sequence number with the one after, so a page starts where the last one ended.
        fresh = [row for row in page if row.log_index > seen]
        yield from fresh
        if len(page) < _PAGE:
            return
        seen, seq = page[-1].log_index, page[-1].seq0 if fresh else page[-1].seq0 + 1


def _batch(headers: HeadersReader, row: HeaderRow) -> BatchRow:
    if row.kind != Kind.READINGS or row.sealed:
        return BatchRow(row, b"", b"", b"")
    batch = headers.batch(row.hash)
    if batch is None:
        raise LedgerError(f"header {row.hash.hex()} is listed but not stored; restore the ledger from a backup")
    return batch


def _marker(opened: Header, header_hash: bytes) -> Marker:
    if opened.kind is Kind.EPOCH and opened.reason == EpochReason.METER_EXCHANGED:
        return Marker(Label.EXCHANGED, opened.t0, header_hash, (opened.export_start_wh, opened.import_start_wh))
    labels = {Kind.EPOCH: Label.EPOCH, Kind.GAP: Label.GAP, Kind.RETIRE: Label.RETIRED}
    return Marker(labels[opened.kind], opened.t0, header_hash)
