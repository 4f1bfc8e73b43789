"""Stored batches as readings, page by page, with status words spelled out."""

from api.models.meters import Reading
from api.wire import hexed, rfc3339
from evidence import batch, reading
from evidence.errors import EvidenceError
from evidence.header import decode as decode_header
from evidence.reading import Reading as SignedReading
from evidence.status import Status
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import BatchRow

READINGS_MAX = 1000
_BATCHES_A_ROUND = 64

WORDS: dict[Status, str] = {
    Status.EXPORT_VALID: "export register valid",
    Status.IMPORT_VALID: "import register valid",
    Status.POWER_VALID: "power valid",
    Status.TARIFFS_VALID: "tariff registers valid",
    Status.CLOCK_UNKNOWN: "clock unknown",
    Status.CLOCK_INFORMATIVE: "clock informative",
    Status.CLOCK_SYNCHRONISED: "clock synchronised",
    Status.SUSPECT: "suspect",
    Status.NO_ANSWER: "no answer",
    Status.DAMAGED: "damaged answer",
    Status.FOREIGN: "another device answered",
    Status.REFUSED: "the device refused",
    Status.SENTINEL: "a 'not implemented' value where a register should be",
    Status.ZERO: "a lifetime register at zero",
    Status.FELL: "the register fell",
}


def words(status: Status) -> list[str]:
    """The set bits in words, lowest first."""
    return [word for bit, word in WORDS.items() if status & bit]


def basis(status: Status) -> str:
    """What a reading is worth by its own signed status word; the oracle's VEE judges beyond that."""
    if not status & (Status.EXPORT_VALID | Status.IMPORT_VALID):
        return "absent"
    if status & Status.SUSPECT:
        return "suspect"
    return "measured" if status & Status.CLOCK_SYNCHRONISED else "unsynchronised"


def shown(signed: SignedReading, header_hash: bytes, position: int) -> Reading:
    """One reading as the API answers it."""
    return Reading(
        time=rfc3339(signed.time),
        export_wh=None if signed.export_wh is None else str(signed.export_wh),
        import_wh=None if signed.import_wh is None else str(signed.import_wh),
        power_w=signed.power_w,
        status=words(signed.status),
        basis=basis(signed.status),
        tariffs_wh=[None if value is None else str(value) for value in signed.tariffs_wh],
        header_hash=hexed(header_hash),
        position=position,
    )


def opened(row: BatchRow) -> list[SignedReading]:
    """The readings of a stored batch; none where it is bodiless. The intake checked root and signature when it stored it.

    A body that no longer decodes is shown as none here: its proof, which is the thing to look at, fails in the browser.
    """
    if row.header.bodiless or not row.body:
        return []
    try:
        profile = decode_header(row.header.header).profile
        return [reading.decode(record, profile) for record in batch.split_body(row.body, profile, row.header.count)]
    except EvidenceError:
        return []


def page(
    reader: LedgerReader, meter_id: bytes, *, from_: int, to: int, after: tuple[int, int], limit: int
) -> tuple[list[Reading], tuple[int, int] | None]:
    """Readings with from_ <= time < to, in log order, and the place where the next page begins.

    `after` is (log index of the batch to go on behind, readings to skip in the batch that follows).
    """
    log_index, skip = after
    found: list[Reading] = []
    while True:
        rows = reader.headers.batches_between(meter_id, from_, to - 1, limit=_BATCHES_A_ROUND, after=log_index)
        for row in rows:
            for position, signed in enumerate(opened(row)):
                if position < skip or not from_ <= signed.time < to:
                    continue
                if len(found) == limit:
                    return found, (log_index, position)
                found.append(shown(signed, row.header.hash, position))
            log_index, skip = row.header.log_index, 0
        if len(rows) < _BATCHES_A_ROUND:
            return found, None


def last(reader: LedgerReader, meter_id: bytes) -> Reading | None:
    """The newest reading of a meter that is stored with its body."""
    for row in reader.headers.batches_before(meter_id, 2**62, limit=4):
        readings = opened(row)
        if readings:
            return shown(readings[-1], row.header.hash, len(readings) - 1)
    return None
