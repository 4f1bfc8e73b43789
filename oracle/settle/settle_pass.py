"""The settle pass: after every commit of the intake it asks whether a day is complete, and settles what is."""

from oracle.core import calendar
from oracle.core.energy import points
from oracle.core.energy.meter import meter_of
from oracle.open_asset import OpenAsset
from oracle.settle.days import Days
from oracle.settle.periods import Periods
from oracle.settle.progress import Progress

_DAYS_PER_RUN = 400


class SettlePass:
    """Settles one asset's days and payout periods. One thread calls it: the intake's, after its commits."""

    def __init__(self, asset: OpenAsset, *, registry_index: int = 0, deadline_s: int | None = None) -> None:
        """Nothing is read before the first run.

        Args:
            asset: whose days and periods; its log takes the statements.
            registry_index: the on-chain registry entry that names these bindings.
            deadline_s: seconds after a day's end at which it is settled without the meters that are missing; None: never.
        """
        installed = tuple(
            meter_of(bound.binding, bound.hash, lanes)
            for bound in sorted(asset.meters, key=lambda bound: bound.binding.serial)
            if (lanes := points.lanes_of(asset.terms, bound.binding.serial))
        )
        self._progress = Progress(installed, asset.reader)
        self._days = Days(asset, installed, self._progress, deadline_s)
        self._periods = Periods(asset, installed, registry_index)
        self._resumed = False
        self._periods_may_be_due = True

    def run(self) -> bool:
        """Settle every day and period that is complete; True when a period became ready for the chain.

        Raises:
            SettlementError: the ledger's chain of headers is broken.
        """
        if not self._resumed:
            self._days.resume()
            self._resumed = True
        self._progress.follow()
        for _ in range(_DAYS_PER_RUN):
            if self._periods.held is not None or not self._days.settle_next():
                break
            self._periods_may_be_due = True
        if not self._periods_may_be_due:
            return False
        self._periods_may_be_due = False
        return self._periods.settle_until(self._days.next_day)

    def status(self) -> dict[str, object]:
        """The next day to settle, whom it waits for, and why it is held, if it is."""
        return {
            "next_day": calendar.day_text(self._days.next_day),
            "waits_for": self._days.waits_for,
            "held": self._periods.held or self._days.held,
        }
