"""What settlement judges: a meter's signed batches, read back from the ledger in the order of its chain, as readings and markers."""

from collections.abc import Iterator

from evidence import header, reading
from evidence.batch import split_body
from evidence.header import EpochReason, Header, Kind
from evidence.status import Status
from oracle.core.energy.register import Registers
from oracle.core.energy.vee import Item, Label, Marker, RegisterReading, Where
from oracle.errors import LedgerError, SettlementError
from oracle.ledger.headers import HeadersReader
from oracle.ledger.rows import BatchRow, HeaderRow

_PAGE = 256
# A day and its look-ahead of readings that come one a batch, every two seconds.
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

    A bodiless batch shows its closing register only: that much the meter's key has signed in the header itself.
    """
    row = batch.header
    if row.kind != Kind.READINGS:
        return [_marker(header.decode(row.header), row.hash)]
    if row.bodiless:
        status = Status(row.status_close)
        registers: Registers = (
            row.export_end_wh if status & Status.EXPORT_VALID else None,
            row.import_end_wh if status & Status.IMPORT_VALID else None,
        )
        closing = RegisterReading(row.t1, registers, None, status, Where(row.hash, row.count - 1))
        return [Marker(Label.BODILESS, row.t0, row.hash), closing]
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
    if row.kind != Kind.READINGS or row.bodiless:
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
