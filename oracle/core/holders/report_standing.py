"""How the newest report of each period stands, from the contract events in the ledger (contracts/src/interfaces/IRevenueDeclarations.sol).

A deadline passes without a transaction: what a report *is* depends on when somebody asks.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from evidence.units import Minor
from oracle.core.holders.history import ChainEvent
from oracle.core.holders.report_events import report_events


class ReportState(Enum):
    """The contract's states of a period that has a report."""

    PENDING = "pending"
    FINAL = "final"
    DISPUTED = "disputed"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class ReportStanding:
    """The newest report of one period.

    Attributes:
        revision: 0 for the first report.
        report_hash: 0x-prefixed hex.
        distributable: base units, distributable once the report is final.
        disputed: whether somebody objected and no revision replaced it.
        decided_at: unix seconds; an undisputed report is final from then on, a disputed one void.
    """

    revision: int
    report_hash: str
    distributable: Minor
    disputed: bool
    decided_at: int

    def state(self, now: int) -> ReportState:
        """What it is at `now`, unix seconds."""
        decided = now >= self.decided_at
        if self.disputed:
            return ReportState.VOID if decided else ReportState.DISPUTED
        return ReportState.FINAL if decided else ReportState.PENDING


def standings(events: Iterable[ChainEvent]) -> dict[int, ReportStanding]:
    """Period -> its newest report, from these events in chain order."""
    found: dict[int, ReportStanding] = {}
    for name, period, args in report_events(events):
        if name == "Declared":
            found[period] = ReportStanding(
                revision=int(args["revision"]),
                report_hash=args["reportHash"],
                distributable=Minor(int(args["distributable"])),
                disputed=False,
                decided_at=int(args["challengeEndsAt"]),
            )
        else:
            said = found[period]
            found[period] = ReportStanding(
                said.revision, said.report_hash, said.distributable, disputed=True, decided_at=int(args["resolveBy"])
            )
    return found
