"""How far the log has come with each meter: what a day waits for."""

from collections.abc import Iterable, Sequence

from evidence import header
from evidence.status import Status
from oracle.core.energy.meter import Meter
from oracle.core.energy.watermark import NOWHERE, Place, Watermark, passed_by
from oracle.ledger.reader import LedgerReader

_PAGE = 1024


class Progress:
    """Follows the headers of the log; nothing is read before the first `follow`."""

    def __init__(self, meters: Sequence[Meter], reader: LedgerReader) -> None:
        self._meters = meters
        self._reader = reader
        self._watermark = Watermark()
        self._next_log_index = -1  # -1: not started

    def follow(self) -> None:
        """Take notice of every header that was logged since the last call.

        Raises:
            SettlementError: the ledger's chain of headers is broken.
        """
        if self._next_log_index < 0:
            self._start()
        while page := self._reader.headers.by_log_index(self._next_log_index, limit=_PAGE):
            for row in page:
                self._watermark.advance(header.decode(row.header), row.log_index)
            self._next_log_index = page[-1].log_index + 1
            if len(page) < _PAGE:
                return

    def all_passed(self, meters: Iterable[Meter], instant: int) -> bool:
        """Whether every one of these meters has unbroken readings past an instant."""
        return self._watermark.all_reached((meter.meter_id for meter in meters), instant)

    def has_passed(self, meter: Meter, instant: int) -> bool:
        """Whether the newest reading of a meter lies at or after an instant."""
        return self._watermark.of(meter.meter_id).passed >= instant

    def newest_log_index(self, meter: Meter) -> int:
        """The log index of a meter's newest header: greater whenever there is news of it."""
        return self._watermark.of(meter.meter_id).log_index

    def _start(self) -> None:
        self._next_log_index = self._reader.log.size()
        for meter in self._meters:
            self._watermark.start(meter.meter_id, self._place(meter.meter_id))

    def _place(self, meter_id: bytes) -> Place:
        newest = self._reader.headers.newest(meter_id)
        if newest is None:
            return NOWHERE
        passed = passed_by(header.decode(newest.header))
        if passed < 0:
            synchronised = (
                batch.header.t1
                for batch in self._reader.headers.batches_before(meter_id, newest.t1 + 1, limit=64)
                if batch.header.status_close & Status.CLOCK_SYNCHRONISED
            )
            passed = next(synchronised, -1)
        return Place(newest.log_index, newest.epoch, newest.next_seq, passed)
