"""The payout periods of one asset: as soon as its days are settled, a period becomes a statement, and the statement an entry of the log.

A period is one transaction, computed only from what is in the ledger.
"""

import logging
from collections.abc import Sequence

from evidence import canonical, tags
from oracle.core import calendar
from oracle.core.energy.boundary import Boundary
from oracle.core.energy.meter import Meter, in_force
from oracle.core.money import settlement
from oracle.core.money.figures import FrozenInputs, PeriodInputs
from oracle.core.money.settlement import Settlement
from oracle.core.states import PeriodState
from oracle.core.tariff import needs_zone
from oracle.errors import SettlementError
from oracle.ledger.reader import LedgerView
from oracle.ledger.rows import PeriodRow
from oracle.open_asset import OpenAsset
from oracle.settle import rows
from oracle.settle.tzdata import tzdata_version
from runtime.logs import facts

_LOG = logging.getLogger(__name__)


class Periods:
    """Settles payout periods in order."""

    def __init__(self, asset: OpenAsset, meters: Sequence[Meter], registry_index: int) -> None:
        self._asset = asset
        self._terms = asset.terms
        self._meters = meters
        self._registry_index = registry_index
        self._tzdata = tzdata_version() if needs_zone(asset.terms) else ""
        self._held: str | None = None

    @property
    def held(self) -> str | None:
        """Why the next period is held, if it is."""
        return self._held

    def settle_until(self, next_day: int) -> bool:
        """Settle every period that ends before the first day that is not settled; True when there was one."""
        newest = self._asset.reader.settlement.newest_period()
        first = 0 if newest is None else newest.period + 1
        deficit = 0 if newest is None else int(newest.deficit_after)
        due = calendar.period_of(self._terms, next_day)
        for period in range(first, due):
            try:
                deficit = self._settle(period, deficit)
            except SettlementError as error:
                # Its days stay settled; nothing after it can be declared before it, so the pass stops until the next start.
                self._held = f"period {period}: {error}"
                _LOG.error("period held", extra=facts(period=period, detail=error))
                return period > first
        return first < due

    def inputs(self, view: LedgerView, period: int, deficit_before: int, frozen: FrozenInputs) -> PeriodInputs:
        """What a period is computed from, as a view of the ledger has it."""
        days = calendar.period_days(self._terms, period)
        start, end = (calendar.day_start(day, self._terms.utc_offset_s) for day in (days.start, days.stop))
        meters = tuple(in_force(self._meters, end))
        results = [rows.point_day_of(row) for day in days for row in view.settlement.point_days(day, day + 1)]
        boundaries: dict[str, dict[int, Boundary]] = {}
        for meter in meters:
            found = view.settlement.boundaries(meter.meter_id, start, end)
            boundaries[meter.serial] = {row.instant: rows.boundary_of(row) for row in found}
        return PeriodInputs(
            terms=self._terms,
            period=period,
            frozen=frozen,
            point_days=tuple(results),
            notes={row.day: rows.notes_of(row.notes) for row in view.settlement.days(days.start, days.stop)},
            meters=meters,
            boundaries=boundaries,
            deficit_before_minor=deficit_before,
        )

    def _settle(self, period: int, deficit_before: int) -> int:
        days = calendar.period_days(self._terms, period)
        with self._asset.writer.transaction():
            frozen = FrozenInputs(self._asset.sequencer.size, self._registry_index, self._tzdata)
            settled = settlement.settle(self.inputs(self._asset.writer.view, period, deficit_before, frozen))
            self._asset.sequencer.append_document(tags.ENTRY_DECISION, canonical.encode_decision(settled.document))
            self._asset.writer.settlement.add_period(
                self._period_row(period, days, settled, self._asset.sequencer.size, self._asset.sequencer.root())
            )
        # Durable from here: the statement is in the log, and the chain loop may anchor this size and declare.
        return settled.deficit_after

    def _period_row(self, period: int, days: range, settled: Settlement, log_size: int, log_root: bytes) -> PeriodRow:
        return PeriodRow(
            period=period,
            from_day=days.start,
            to_day=days.stop,
            state=PeriodState.SETTLED,
            export_wh=settled.export_wh,
            import_wh=settled.import_wh,
            missing_meters=settled.missing_meters,
            gross=str(settled.gross),
            distributable=str(settled.distributable),
            deficit_after=str(settled.deficit_after),
            settlement_root=settled.settlement_root,
            statement=settled.statement.decode(),
            statement_hash=settled.statement_hash,
            tariff_hash=self._terms.hash(),
            registry_index=self._registry_index,
            log_size=log_size,
            log_root=log_root,
        )
