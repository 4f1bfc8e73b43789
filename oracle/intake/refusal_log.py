"""Logs what intake refuses: once for each header and reason, however often the same bytes come again.

The ledger keeps every refusal; the log is for the person who watches. A sender that repeats the same bad bytes for ever must not fill it.
"""

import logging
from collections.abc import Iterable

from evidence import header as headers
from evidence.errors import Malformed
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import RefusalRow
from runtime.logs import facts

_LOG = logging.getLogger(__name__)
_REMEMBERED_MAX = 4096


class RefusalLog:
    """Remembers the last 4,096 refusals that it has logged."""

    def __init__(self, reader: LedgerReader) -> None:
        self._reader = reader
        self._said: dict[tuple[object, str], None] = {}

    def say(self, refusals: Iterable[RefusalRow]) -> None:
        """Log refusals that are durable: gateway, meter, epoch and sequence where they can be told, code and detail."""
        for row in refusals:
            key = (row.header_hash or (row.gateway, row.detail), row.code)
            if key in self._said:
                continue
            self._said[key] = None
            if len(self._said) > _REMEMBERED_MAX:
                del self._said[next(iter(self._said))]
            what = "bundle refused" if row.header_hash is None else "header refused"
            _LOG.warning(what, extra=facts(**self._facts(row)))

    def _facts(self, row: RefusalRow) -> dict[str, object]:
        known: dict[str, object] = {"gateway": row.gateway, "code": row.code}
        if row.meter_id is not None:
            bindings = self._reader.bindings.of(row.meter_id)
            known["meter"] = bindings[-1].serial if bindings else row.meter_id.hex()
        if row.header_hash is not None:
            known["header"] = row.header_hash.hex()
            try:
                stated = headers.decode(row.header)
            except Malformed:
                pass  # then it has no sequence, and `detail` says what is wrong with it
            else:
                known |= {"epoch": stated.epoch, "seq": stated.seq0}
        return known | {"detail": row.detail}
