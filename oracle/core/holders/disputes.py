"""Disputes that nothing has answered yet, from the contract events in the ledger (contracts/src/interfaces/IRevenueDeclarations.sol)."""

from collections.abc import Iterable
from dataclasses import dataclass

from oracle.core.holders.history import ChainEvent
from oracle.core.holders.report_events import report_events


@dataclass(frozen=True, slots=True)
class Dispute:
    """A report that a signer or the guardian objected to, and that no revision has replaced.

    Attributes:
        period: of the report.
        report_hash: which report is meant, 0x-prefixed hex.
        by: who objected, checksummed address.
        reason_hash: SHA-256 of the document that says why, 0x-prefixed hex.
        resolve_by: unix seconds; the report is void from then on. A revision is taken before and after.
    """

    period: int
    report_hash: str
    by: str
    reason_hash: str
    resolve_by: int

    def is_void(self, now: int) -> bool:
        """Whether the time to answer is over; `now` is the chain's time, unix seconds."""
        return now >= self.resolve_by


def unanswered(events: Iterable[ChainEvent]) -> tuple[Dispute, ...]:
    """The disputes that these events, in chain order, leave open; rising by period."""
    found: dict[int, Dispute] = {}
    for name, period, args in report_events(events):
        if name == "Declared":
            found.pop(period, None)
        else:
            found[period] = Dispute(
                period, args["reportHash"], args["by"], args["reasonHash"], resolve_by=int(args["resolveBy"])
            )
    return tuple(found[period] for period in sorted(found))
