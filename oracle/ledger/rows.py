"""The ledger's rows as typed data: a field a column, in the schema's order."""

import json
from dataclasses import dataclass

from evidence.binding import Binding, decode
from evidence.tags import BINDING_SIZE
from oracle.core.states import DayState, JournalState, PeriodState


@dataclass(frozen=True, slots=True, kw_only=True)
class BindingRow:
    """A registered binding; `record` is the 402 bytes that `evidence.binding.open_binding` opens."""

    hash: bytes
    meter_id: bytes
    serial: str
    point: str
    valid_from: int
    record: bytes
    log_index: int

    @property
    def binding(self) -> Binding:
        """What the record says; its signatures were checked when it was registered."""
        return decode(self.record[:BINDING_SIZE])


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderRow:
    """A stored header without its body; `header` (185 bytes) and `signature` (64) are the signed originals."""

    id: int | None = None
    hash: bytes
    meter_id: bytes
    kind: int
    epoch: int
    seq0: int
    count: int
    t0: int
    t1: int
    status_or: int
    status_close: int
    export_start_wh: int | None
    import_start_wh: int | None
    export_end_wh: int | None
    import_end_wh: int | None
    prev: bytes
    header: bytes
    signature: bytes
    bodiless: int
    gateway: str
    received_at: int
    log_index: int

    @property
    def next_seq(self) -> int:
        """The sequence number that continues this header within its epoch."""
        return self.seq0 + self.count


@dataclass(frozen=True, slots=True)
class BatchRow:
    """A stored header with what travelled beside it; `body` is empty where the batch is bodiless or has no readings."""

    header: HeaderRow
    batch_key: bytes
    body: bytes
    evidence: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalRow:
    """What was refused, and why; `code` is a name of `evidence.answer.Code`, or BUNDLE where nothing could be told apart."""

    id: int | None = None
    received_at: int
    gateway: str
    meter_id: bytes | None
    header_hash: bytes | None
    code: str
    detail: str
    header: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ForkRow:
    """Two headers that exclude each other; the first is in the log."""

    id: int | None = None
    meter_id: bytes
    first_hash: bytes
    second_hash: bytes
    second_header: bytes
    second_signature: bytes
    found_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntryRow:
    """One entry of the log; `content` is None for headers, whose content is their row (header | signature)."""

    log_index: int
    type: int
    entry: bytes
    ref: bytes
    content: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRow:
    """A signed state of the log; `note` is the C2SP text."""

    size: int
    root: bytes
    note: str
    made_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryRow:
    """One meter's registers at one instant, frozen; `header_hash` and `position` say where they stand, if anywhere."""

    meter_id: bytes
    instant: int
    export_wh: int | None
    import_wh: int | None
    basis: str
    header_hash: bytes | None
    position: int | None
    frozen_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PointDayRow:
    """What one metering point did on one settlement day; `bands` is canonical JSON."""

    day: int
    point: str
    role: str
    export_wh: int
    import_wh: int
    measured_wh: int
    estimated_wh: int
    bands: str

    @property
    def bands_wh(self) -> dict[str, int]:
        """Energy by tariff band."""
        return {name: int(energy) for name, energy in json.loads(self.bands).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One settlement day; `notes` is a canonical JSON list of labels."""

    day: int
    state: DayState
    settled_at: int
    log_size: int
    missing_meters: int
    notes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodRow:
    """One payout period; money is decimal text of minor units."""

    period: int
    from_day: int
    to_day: int
    state: PeriodState
    export_wh: int
    import_wh: int
    missing_meters: int
    gross: str
    distributable: str
    deficit_after: str
    settlement_root: bytes
    statement: str
    statement_hash: bytes
    tariff_hash: bytes
    registry_index: int
    log_size: int
    log_root: bytes | None = None
    declare_tx: str | None = None
    declared_block: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalRow:
    """One chain write; `payload` is JSON."""

    id: int | None = None
    kind: str
    subject: str
    payload: str
    state: JournalState
    tx_hash: str | None = None
    sender: str | None = None
    nonce: int | None = None
    gas_used: int | None = None
    block: int | None = None
    detail: str = ""
    at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """One contract event as the follower saw it; `args` is JSON with integers as decimal strings."""

    block: int
    log_index: int
    block_hash: str
    block_time: int
    tx_hash: str
    contract: str
    name: str
    args: str
