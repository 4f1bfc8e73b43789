"""Reports each dispute of the oracle's reports once; a person answers (docs/operating.md, "A disputed report")."""

import logging
import threading

from oracle.chain.client import Chain
from oracle.core.calendar import instant_text
from oracle.core.holders.report_standing import ReportStanding, unanswered
from oracle.ledger.reader import LedgerReader
from runtime.logs import facts

_log = logging.getLogger("oracle.chain")


class DisputeWatch:
    """The unanswered disputes of one asset, as of the last look."""

    def __init__(self, chain: Chain, reader: LedgerReader) -> None:
        self._chain = chain
        self._reader = reader
        self._lock = threading.Lock()
        self._seen: tuple[int, str] | None = None  # the newest followed block when the events were read
        self._open: tuple[tuple[ReportStanding, bool], ...] = ()  # with whether the report is void

    def look(self) -> None:
        """Bring it up to date with the followed events and the chain's time.

        The oracle does not answer by itself: a dispute says that its figures are wrong, and the oracle could only repeat them.

        Raises:
            ChainUnreachable: no answer.
        """
        before = dict(self._open)
        newest = next(reversed(self._reader.chain.marks().items()), None)
        if newest is None or newest != self._seen:
            open_ = unanswered(self._reader.chain.every_event(contract="declarations"))
        else:
            open_ = tuple(before)
        now = self._chain.now() if open_ else 0
        found = tuple((one, one.is_void(now)) for one in open_)
        for one, is_void in found:
            if before.get(one) != is_void:
                _log.error(
                    "a report is disputed; its period is not funded until a person answers",
                    extra=facts(**_facts(one, is_void=is_void)),
                )
        with self._lock:
            self._open, self._seen = found, newest

    def status(self) -> list[dict[str, object]]:
        """What a person needs to answer; JSON-able."""
        with self._lock:
            return [_facts(one, is_void=is_void) for one, is_void in self._open]


def _facts(report: ReportStanding, *, is_void: bool) -> dict[str, object]:
    return {
        "period": report.period,
        "state": "void" if is_void else "disputed",
        "by": report.objection.by if report.objection else "",
        "report": report.report_hash,
        "reason": report.objection.reason_hash if report.objection else "",
        "void_from": instant_text(report.decided_at),
    }
