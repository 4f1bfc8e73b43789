"""What a signed meter sends, as rows of the ledger, where a test writes the ledger without an intake."""

from evidence import header as headers
from evidence.bundle import BundleItem
from oracle.ledger.rows import BatchRow, BindingRow, HeaderRow
from tests.plant.signed_meter import SignedMeter


def binding_row(meter: SignedMeter, *, log_index: int) -> BindingRow:
    """The row of a meter's binding, which stands in the log at `log_index`."""
    return BindingRow(
        hash=meter.binding_hash,
        meter_id=meter.meter_id,
        serial=meter.serial,
        point=meter.binding.point,
        valid_from=meter.binding.valid_from,
        record=meter.record,
        log_index=log_index,
    )


def batch_row(item: BundleItem, *, log_index: int, gateway: str, bodiless: bool = False) -> BatchRow:
    """The row of an item that was received when its last reading was taken; its body is left out if it is to be bodiless."""
    header = headers.decode(item.header)
    row = HeaderRow(
        hash=headers.header_hash(item.header),
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
        header=item.header,
        signature=item.signature,
        bodiless=int(bodiless),
        gateway=gateway,
        received_at=header.t1,
        log_index=log_index,
    )
    has_body = bool(header.count) and not bodiless
    return BatchRow(row, item.batch_key if has_body else b"", item.body if has_body else b"", b"")
