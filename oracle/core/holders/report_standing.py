"""How the newest report of each period stands, from the contract events in the ledger (contracts/src/interfaces/IRevenueDeclarations.sol).

A deadline passes without a transaction: the state of a report depends on the time of the question.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum

from evidence.units import Minor
from oracle.core.holders.history import ChainEvent
from oracle.core.holders.report_events import report_events
from oracle.errors import SettlementError


class ReportState(Enum):
    """The contract's states of a period that has a report."""

    PENDING = "pending"
    FINAL = "final"
    DISPUTED = "disputed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Objection:
    """The dispute of a report by a signer or the guardian.

    Attributes:
        by: who objected, checksummed address.
        reason_hash: SHA-256 of the document that says why, 0x-prefixed hex.
    """

    by: str
    reason_hash: str


@dataclass(frozen=True, slots=True)
class ReportStanding:
    """The newest report of one period.

    Attributes:
        period: of the report.
        revision: 0 for the first report.
        report_hash: 0x-prefixed hex.
        distributable: base units, distributable once the report is final.
        decided_at: unix seconds; an undisputed report is final from then on, a disputed one void. A revision is taken before and after.
        objection: why it is disputed; None for a report without a dispute, and once a revision has replaced the disputed one.
    """

    period: int
    revision: int
    report_hash: str
    distributable: Minor
    decided_at: int
    objection: Objection | None = None

    @property
    def disputed(self) -> bool:
        """Whether the report has a dispute that no revision has answered."""
        return self.objection is not None

    def state(self, now: int) -> ReportState:
        """The contract's state at `now`, the chain's time in unix seconds."""
        decided = now >= self.decided_at
        if self.disputed:
            return ReportState.VOID if decided else ReportState.DISPUTED
        return ReportState.FINAL if decided else ReportState.PENDING

    def is_void(self, now: int) -> bool:
        """Whether the time to answer a dispute is over at `now`, unix seconds."""
        return self.state(now) is ReportState.VOID


def standings(events: Iterable[ChainEvent]) -> dict[int, ReportStanding]:
    """Period -> its newest report, from these events in chain order.

    Raises:
        SettlementError: a dispute of a report that no event declared: an event is missing.
    """
    found: dict[int, ReportStanding] = {}
    for name, period, args in report_events(events):
        if name == "Declared":
            found[period] = ReportStanding(
                period=period,
                revision=int(args["revision"]),
                report_hash=args["reportHash"],
                distributable=Minor(int(args["distributable"])),
                decided_at=int(args["challengeEndsAt"]),
            )
        elif period not in found:
            raise SettlementError(f"period {period} is disputed before it is declared: an event is missing")
        else:
            found[period] = replace(
                found[period],
                report_hash=args["reportHash"],
                decided_at=int(args["resolveBy"]),
                objection=Objection(args["by"], args["reasonHash"]),
            )
    return found


def unanswered(events: Iterable[ChainEvent]) -> tuple[ReportStanding, ...]:
    """The disputed reports that no revision has replaced, rising by period; errors as `standings`."""
    found = standings(events)
    return tuple(found[period] for period in sorted(found) if found[period].disputed)
