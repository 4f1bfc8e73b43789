"""The watermark: how far the unbroken readings of every meter reach. Data decide when a day settles, not a timer.

It answers in a few comparisons whether it is worth looking at readings at all, because it is asked after every commit of the intake.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.header import Header, Kind
from evidence.status import Status
from oracle.errors import SettlementError

_FOR_EVER = 1 << 63


@dataclass(frozen=True, slots=True)
class Place:
    """Where one meter's chain of headers stands.

    Attributes:
        log_index: the newest header's place in the log; -1 before the first.
        epoch: its epoch.
        next_seq: the sequence number that continues it.
        passed: the newest closing time under a synchronised clock, UTC unix seconds; -1 before the first. A retired meter passed all.
    """

    log_index: int
    epoch: int
    next_seq: int
    passed: int


NOWHERE = Place(-1, 0, 0, -1)


class Watermark:
    """Per meter, how far its unbroken readings reach."""

    def __init__(self) -> None:
        self._places: dict[bytes, Place] = {}

    def start(self, meter_id: bytes, place: Place) -> None:
        """Begin at what the ledger holds of a meter."""
        self._places[meter_id] = place

    def advance(self, header: Header, log_index: int) -> None:
        """Take the next header of a meter; one that was taken before is left out.

        Raises:
            SettlementError: it does not continue the one before; the log lets nothing in that does not, so the ledger is damaged.
        """
        before = self._places.get(header.meter_id, NOWHERE)
        if log_index <= before.log_index:
            return
        opens = header.kind is Kind.EPOCH and (before is NOWHERE or header.epoch == before.epoch + 1)
        continues = header.kind is not Kind.EPOCH and (header.epoch, header.seq0) == (before.epoch, before.next_seq)
        if not opens and not continues:
            raise SettlementError(
                f"meter {header.meter_id.hex()}: log entry {log_index} is epoch {header.epoch} seq {header.seq0}, but epoch"
                f" {before.epoch} seq {before.next_seq} would continue its chain; check the ledger against a follower"
            )
        self._places[header.meter_id] = Place(
            log_index, header.epoch, header.next_seq, max(before.passed, passed_by(header))
        )

    def of(self, meter_id: bytes) -> Place:
        """Where a meter stands."""
        return self._places.get(meter_id, NOWHERE)

    def all_reached(self, meter_ids: Iterable[bytes], instant: int) -> bool:
        """Whether every meter has a closing reading at or after an instant, so that its boundary there may be decided."""
        return all(self.of(meter_id).passed >= instant for meter_id in meter_ids)


def passed_by(header: Header) -> int:
    """How far one header reaches; -1 where its clock was not synchronised."""
    if header.kind is Kind.RETIRE:
        return _FOR_EVER
    return header.t1 if header.status_close & Status.CLOCK_SYNCHRONISED else -1
