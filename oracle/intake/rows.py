"""What arrived as rows of the ledger: a stored header with its body, a refusal with its reason, a fork."""

from oracle.core.sequence_check import Decision
from oracle.core.validation import Opened
from oracle.intake.arrival import Arrived, Bundle
from oracle.ledger.rows import BatchRow, ForkRow, HeaderRow, RefusalRow

BUNDLE = "BUNDLE"  # the code of a refusal where no header could be told apart
_DETAIL_MAX = 400


def batch_row(arrived: Arrived, opened: Opened, *, received_at: int, log_index: int) -> BatchRow:
    """A header as it is stored, with what travelled beside it; a body that does not count is not kept."""
    item, header = arrived.item, opened.header
    row = HeaderRow(
        hash=arrived.hash,
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
        bodiless=int(bool(opened.bodiless)),
        gateway=arrived.gateway,
        received_at=received_at,
        log_index=log_index,
    )
    if header.count and not opened.bodiless:
        return BatchRow(row, item.batch_key, item.body, item.evidence)
    return BatchRow(row, b"", b"", b"")


def refusal_row(arrived: Arrived, meter_id: bytes | None, decision: Decision, *, received_at: int) -> RefusalRow:
    """A refused header, or why the body of a stored one does not count."""
    return RefusalRow(
        received_at=received_at,
        gateway=arrived.gateway,
        meter_id=meter_id,
        header_hash=arrived.hash,
        code=decision.code.name,
        detail=decision.detail[:_DETAIL_MAX],
        header=arrived.item.header,
        signature=arrived.item.signature,
    )


def bundle_refusal_row(bundle: Bundle, *, received_at: int) -> RefusalRow:
    """A bundle that could not be taken apart."""
    return RefusalRow(
        received_at=received_at,
        gateway=bundle.gateway,
        meter_id=None,
        header_hash=None,
        code=BUNDLE,
        detail=bundle.problem[:_DETAIL_MAX],
        header=b"",
        signature=b"",
    )


def fork_row(arrived: Arrived, meter_id: bytes, excludes: bytes, *, found_at: int) -> ForkRow:
    """Two headers that exclude each other, of which the one with the hash `excludes` is in the log."""
    return ForkRow(
        meter_id=meter_id,
        first_hash=excludes,
        second_hash=arrived.hash,
        second_header=arrived.item.header,
        second_signature=arrived.item.signature,
        found_at=found_at,
    )
