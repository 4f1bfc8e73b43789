"""The settle pass: after every commit of the intake it asks whether a day is complete, and settles what is.

A day is one transaction, a period is one transaction, both computed only from what is in the ledger: a crash anywhere repeats the same
computation with the same result.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import TZPATH

from evidence import canonical, header, tags
from evidence.status import Status
from oracle import settle_rows as rows
from oracle.asset_file import BoundMeter
from oracle.core import calendar, points, settlement, statement
from oracle.core.boundary import LOOK_AHEAD_S, Boundary, BoundaryRule
from oracle.core.meter_day import MeterDay, MeterDayInputs, Note, meter_day
from oracle.core.points import PointDay
from oracle.core.register import Meter, meter_of
from oracle.core.settlement import FrozenInputs, PeriodInputs, Settlement
from oracle.core.terms import AssetTerms
from oracle.core.vee import Label
from oracle.core.watermark import NOWHERE, Place, Watermark, passed_by
from oracle.errors import SettlementError
from oracle.ledger.reader import LedgerReader, LedgerView
from oracle.ledger.rows import DayRow, PeriodRow
from oracle.ledger.writer import LedgerWriter
from oracle.log.sequencer import Sequencer
from shell.clock import WorldClock
from shell.logs import facts

SETTLED = "settled"
HELD = "held"
_PAGE = 1024
_DAYS_PER_RUN = 400
_LABELS_LOGGED_MAX = 32

_LOG = logging.getLogger(__name__)


class SettlePass:
    """Settles one asset's days and payout periods. One thread calls it: the intake's, after its commits."""

    def __init__(  # noqa: PLR0917 the seam that oracle.service wires, in the order of the line
        self,
        terms: AssetTerms,
        meters: Sequence[BoundMeter],
        writer: LedgerWriter,
        reader: LedgerReader,
        sequencer: Sequencer,
        world: WorldClock,
        *,
        registry_index: int = 0,
        deadline_s: int | None = None,
    ) -> None:
        """Nothing is read before the first run.

        Args:
            terms: what a settlement depends on besides data.
            meters: the bindings of the asset file.
            writer: the ledger.
            reader: the ledger, read-only.
            sequencer: the log, for the statement's entry.
            world: stamps rows, and the deadline.
            registry_index: the on-chain registry entry that names these bindings.
            deadline_s: seconds after a day's end at which it is settled without the meters that are missing; None: never.
        """
        self._terms = terms
        self._writer = writer
        self._reader = reader
        self._sequencer = sequencer
        self._world = world
        self._registry_index = registry_index
        self._deadline_s = deadline_s
        self._tzdata = tzdata_version() if calendar.needs_zone(terms) else ""
        self._meters = tuple(
            meter_of(bound.binding, bound.hash, lanes)
            for bound in sorted(meters, key=lambda bound: bound.binding.serial)
            if (lanes := points.lanes_of(terms, bound.binding.serial))
        )
        self._watermark = Watermark()
        self._next_log_index = -1  # -1: not started
        self._day = int(terms.first_day)
        self._decided: dict[str, MeterDay] = {}  # of the day that is being settled
        self._tried: dict[str, int] = {}  # the newest log index with which a meter was found undecided
        self._held: str | None = None
        self._periods_may_be_due = True

    def run(self) -> bool:
        """Settle every day and period that is complete; True when a period became ready for the chain.

        Raises:
            SettlementError: the ledger's chain of headers is broken.
        """
        if self._next_log_index < 0:
            self._start()
        self._follow_log()
        for _ in range(_DAYS_PER_RUN):
            if self._held is not None or not self._settle_day():
                break
        return self._settle_periods()

    def status(self) -> dict[str, object]:
        """The next day to settle, whom it waits for, and why it is held, if it is."""
        end = self._end(self._day)
        return {
            "next_day": calendar.day_text(self._day),
            "waits_for": [m.serial for m in self._active(end) if self._watermark.of(m.meter_id).passed < end],
            "held": self._held,
        }

    def _start(self) -> None:
        newest_day = self._reader.settlement.newest_day()
        if newest_day is not None:
            self._day = newest_day.day if newest_day.state == HELD else newest_day.day + 1
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

    def _follow_log(self) -> None:
        while page := self._reader.headers.by_log_index(self._next_log_index, limit=_PAGE):
            for row in page:
                self._watermark.advance(header.decode(row.header), row.log_index)
            self._next_log_index = page[-1].log_index + 1
            if len(page) < _PAGE:
                return

    def _end(self, day: int) -> int:
        return calendar.day_start(day + 1, self._terms.utc_offset_s)

    def _active(self, end: int) -> list[Meter]:
        return [meter for meter in self._meters if meter.valid_from < end]

    def _settle_day(self) -> bool:
        end = self._end(self._day)
        active = self._active(end)
        forced = self._deadline_s is not None and self._world.now() >= end + self._deadline_s
        if not forced and (not active or not self._watermark.all_reached((m.meter_id for m in active), end)):
            return False
        try:
            if not self._decide(active, forced=forced):
                return False
            self._write_day({serial: self._decided[serial] for serial in sorted(self._decided)})
        except SettlementError as error:
            self._hold(str(error))
            return False
        self._day += 1
        self._periods_may_be_due = True
        self._decided.clear()
        self._tried.clear()
        return True

    def _decide(self, active: Iterable[Meter], *, forced: bool) -> bool:
        """Find the boundaries of every meter that has news; True when none is left to wait for."""
        complete = True
        for meter in active:
            newest = self._watermark.of(meter.meter_id).log_index
            if meter.serial in self._decided:
                continue
            if not forced and self._tried.get(meter.serial) == newest:
                complete = False
                continue
            found = self._meter_day(meter, forced=forced)
            if found is None:
                self._tried[meter.serial] = newest
                complete = False
            else:
                self._decided[meter.serial] = found
        return complete

    def _meter_day(self, meter: Meter, *, forced: bool) -> MeterDay | None:
        start, end = calendar.day_start(self._day, self._terms.utc_offset_s), self._end(self._day)
        tol_s = BoundaryRule(self._terms.poll_interval_s, end).tol_s
        frozen = self._reader.settlement.boundary(meter.meter_id, start)
        opening = rows.boundary_of(frozen) if frozen else None
        headers = self._reader.headers
        opening_time = rows.reading_time(headers, opening.where, start) if opening else start
        from_ = start if opening else start - tol_s
        # What lies just behind the day's end decides it nearly always. A day further is read only where it does not, and the deadline
        # decides only after that: a reading that is there is never left out because another meter is late.
        for until, force in ((end + tol_s, False), (end + LOOK_AHEAD_S, forced)):
            found = meter_day(
                MeterDayInputs(
                    meter=meter,
                    opening=opening,
                    opening_time=opening_time,
                    items=rows.items_from(headers, meter.meter_id, from_, until=until),
                    start=start,
                    end=end,
                    edges=self._edges(meter, start, end),
                    rule=BoundaryRule(self._terms.poll_interval_s, end + LOOK_AHEAD_S, force),
                )
            )
            if found is not None:
                return found
        return None

    def _edges(self, meter: Meter, start: int, end: int) -> tuple[int, ...]:
        """The band edges of every tariff under which this meter earns."""
        edges: set[int] = set()
        for point in self._terms.points:
            if any(term.serial == meter.serial for term in point.formula):
                edges.update(i.start for i in settlement.intervals_of(self._terms, point, start, end)[1:])
        return tuple(sorted(edges))

    def _write_day(self, meters: Mapping[str, MeterDay]) -> None:
        start, end = calendar.day_start(self._day, self._terms.utc_offset_s), self._end(self._day)
        results = tuple(
            points.point_day(point, self._day, settlement.intervals_of(self._terms, point, start, end), meters)
            for point in self._terms.points
        )
        notes = [note for one in meters.values() for note in one.notes] + self._point_notes(results, start)
        now = self._world.now()
        with self._writer.transaction():
            view = self._writer.view.settlement
            for one in meters.values():
                for instant, boundary in sorted(one.boundaries.items()):
                    if view.boundary(one.meter.meter_id, instant) is None:
                        self._writer.settlement.freeze_boundary(rows.boundary_row(one.meter.meter_id, boundary, now))
            for result in results:
                self._writer.settlement.put_point_day(rows.point_day_row(result))
            self._put_day(SETTLED, statement.notes_document(notes), sum(one.missed for one in meters.values()))
        # Durable from here: the day's boundaries are frozen, and the next day starts from them.
        labels = [f"{note.subject}:{note.label}*{note.count}" for note in notes[:_LABELS_LOGGED_MAX]]
        _LOG.info("day settled", extra=facts(**self._day_facts(), labels=",".join(labels) or "none"))

    def _point_notes(self, results: tuple[PointDay, ...], start: int) -> list[Note]:
        checks = points.check_days(results, self._terms.check_tolerance_ppm)
        notes = [Note(Label.CHECK_MISMATCH, c.point, 1, start, start) for c in checks if not c.within_tolerance]
        return notes + [Note(Label.NEGATIVE_POINT, r.point, 1, start, start) for r in results if r.energy_wh < 0]

    def _put_day(self, state: str, notes: list[dict[str, str]], missing: int) -> None:
        self._writer.settlement.put_day(
            DayRow(
                day=self._day,
                state=state,
                settled_at=self._world.now(),
                log_size=self._sequencer.size,
                missing_meters=missing,
                notes=rows.notes_text(notes),
            )
        )

    def _hold(self, reason: str) -> None:
        """The same data give the same error, so a held day is tried again only at the next start."""
        self._held = f"{calendar.day_text(self._day)}: {reason}"
        with self._writer.transaction():
            self._put_day(HELD, [{"label": HELD, "subject": self._terms.asset, "detail": reason}], 0)
        _LOG.error("day held", extra=facts(**self._day_facts(), detail=reason))

    def _day_facts(self) -> dict[str, object]:
        return {"day": calendar.day_text(self._day), "period": calendar.period_of(self._terms, self._day)}

    def _settle_periods(self) -> bool:
        if not self._periods_may_be_due:
            return False
        newest = self._reader.settlement.newest_period()
        first = 0 if newest is None else newest.period + 1
        deficit = 0 if newest is None else int(newest.deficit_after)
        due = calendar.period_of(self._terms, self._day)
        self._periods_may_be_due = False
        for period in range(first, due):
            try:
                deficit = self._write_period(period, deficit)
            except SettlementError as error:
                # Its days stay settled; nothing after it can be declared before it, so the pass stops until the next start.
                self._held = f"period {period}: {error}"
                _LOG.error("period held", extra=facts(period=period, detail=error))
                return period > first
        return first < due

    def _write_period(self, period: int, deficit_before: int) -> int:
        days = calendar.period_days(self._terms, period)
        with self._writer.transaction():
            frozen = FrozenInputs(self._sequencer.size, self._registry_index, self._tzdata)
            settled = statement.settle(self._inputs(self._writer.view, period, deficit_before, frozen))
            self._sequencer.append_document(tags.ENTRY_DECISION, canonical.encode_decision(settled.document))
            self._writer.settlement.add_period(
                self._period_row(period, days, settled, self._sequencer.size, self._sequencer.root())
            )
        # Durable from here: the statement is in the log, and the chain loop may anchor this size and declare.
        return settled.deficit_after

    def _inputs(self, view: LedgerView, period: int, deficit_before: int, frozen: FrozenInputs) -> PeriodInputs:
        days = calendar.period_days(self._terms, period)
        start, end = (calendar.day_start(day, self._terms.utc_offset_s) for day in (days.start, days.stop))
        meters = tuple(self._active(end))
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

    def _period_row(self, period: int, days: range, settled: Settlement, log_size: int, log_root: bytes) -> PeriodRow:
        return PeriodRow(
            period=period,
            from_day=days.start,
            to_day=days.stop,
            state=SETTLED,
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


def tzdata_version() -> str:
    """The version of the time zone database that `zoneinfo` reads here: the system's, else the package's; empty if neither says."""
    for folder in TZPATH:
        source = Path(folder, "tzdata.zi")
        if source.is_file():
            with source.open(encoding="ascii", errors="replace") as text:
                return text.readline().removeprefix("# version").strip()
    try:
        return version("tzdata")
    except PackageNotFoundError:
        return ""
