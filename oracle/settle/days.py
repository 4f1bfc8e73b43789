"""The days of one asset, settled one after the other: the registers at their edges are frozen, and what each point did is stored.

A day is one transaction, computed only from what is in the ledger: a crash anywhere repeats the same computation with the same result.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence

from oracle.core import calendar
from oracle.core.energy import note, points
from oracle.core.energy.boundary import LOOK_AHEAD_S, BoundaryRule
from oracle.core.energy.meter import Meter, in_force
from oracle.core.energy.meter_day import MeterDay, MeterDayInputs, meter_day
from oracle.core.energy.note import Note
from oracle.core.energy.points import PointDay
from oracle.core.energy.vee import Label
from oracle.core.states import DayState
from oracle.core.tariff import intervals_of
from oracle.errors import SettlementError
from oracle.ledger.rows import DayRow
from oracle.open_asset import OpenAsset
from oracle.settle import items, rows
from oracle.settle.progress import Progress
from runtime.logs import facts

_LABELS_LOGGED_MAX = 32

_LOG = logging.getLogger(__name__)


class Days:
    """Settles the next day when it is complete; a day that cannot be settled is held, and nothing after it is tried."""

    def __init__(self, asset: OpenAsset, meters: Sequence[Meter], progress: Progress, deadline_s: int | None) -> None:
        self._asset = asset
        self._terms = asset.terms
        self._meters = meters
        self._progress = progress
        self._deadline_s = deadline_s
        self._day = int(asset.terms.first_day)
        self._decided: dict[str, MeterDay] = {}  # of the day that is being settled
        self._tried: dict[str, int] = {}  # the newest log index with which a meter was found undecided
        self._held: str | None = None

    @property
    def next_day(self) -> int:
        """The first day that is not settled."""
        return self._day

    @property
    def held(self) -> str | None:
        """Why the next day is held, if it is."""
        return self._held

    @property
    def waits_for(self) -> list[str]:
        """The serials of the meters whose readings do not reach past the next day."""
        end = self._end
        return [meter.serial for meter in in_force(self._meters, end) if not self._progress.has_passed(meter, end)]

    def resume(self) -> None:
        """Go on where the ledger stands; a held day is tried again."""
        newest = self._asset.reader.settlement.newest_day()
        if newest is not None:
            self._day = newest.day if newest.state is DayState.HELD else newest.day + 1

    def settle_next(self) -> bool:
        """Settle the next day; False when it is not complete, or held."""
        if self._held is not None:
            return False
        end = self._end
        active = in_force(self._meters, end)
        forced = self._deadline_s is not None and self._asset.world.now() >= end + self._deadline_s
        if not forced and (not active or not self._progress.all_passed(active, end)):
            return False
        try:
            if not self._decide(active, forced=forced):
                return False
            self._write({serial: self._decided[serial] for serial in sorted(self._decided)})
        except SettlementError as error:
            self._hold(str(error))
            return False
        self._day += 1
        self._decided.clear()
        self._tried.clear()
        return True

    @property
    def _start(self) -> int:
        return calendar.day_start(self._day, self._terms.utc_offset_s)

    @property
    def _end(self) -> int:
        return calendar.day_start(self._day + 1, self._terms.utc_offset_s)

    def _decide(self, active: Iterable[Meter], *, forced: bool) -> bool:
        """Find the boundaries of every meter that has news; True when none is left to wait for."""
        complete = True
        for meter in active:
            newest = self._progress.newest_log_index(meter)
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
        start, end = self._start, self._end
        tol_s = BoundaryRule(self._terms.poll_interval_s, end).tol_s
        frozen = self._asset.reader.settlement.boundary(meter.meter_id, start)
        opening = rows.boundary_of(frozen) if frozen else None
        headers = self._asset.reader.headers
        opening_time = items.reading_time(headers, opening.where, start) if opening else start
        from_ = start if opening else start - tol_s
        # The readings just behind the day's end nearly always decide it. One more day is read only when they do not, and the deadline
        # decides only after that: a reading in the ledger is never left out because another meter is late.
        for until, force in ((end + tol_s, False), (end + LOOK_AHEAD_S, forced)):
            found = meter_day(
                MeterDayInputs(
                    meter=meter,
                    opening=opening,
                    opening_time=opening_time,
                    items=items.items_from(headers, meter.meter_id, from_, until=until),
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
                edges.update(i.start for i in intervals_of(self._terms, point, start, end)[1:])
        return tuple(sorted(edges))

    def _write(self, meters: Mapping[str, MeterDay]) -> None:
        start, end = self._start, self._end
        results = tuple(
            points.point_day(point, self._day, intervals_of(self._terms, point, start, end), meters)
            for point in self._terms.points
        )
        notes = [said for one in meters.values() for said in one.notes] + self._point_notes(results, start)
        now = self._asset.world.now()
        with self._asset.writer.transaction():
            view = self._asset.writer.view.settlement
            for one in meters.values():
                for instant, boundary in sorted(one.boundaries.items()):
                    if view.boundary(one.meter.meter_id, instant) is None:
                        self._asset.writer.settlement.freeze_boundary(
                            rows.boundary_row(one.meter.meter_id, boundary, now)
                        )
            for result in results:
                self._asset.writer.settlement.put_point_day(rows.point_day_row(result))
            self._put_day(DayState.SETTLED, note.documents(notes), sum(one.missed for one in meters.values()))
        # Durable from here: the day's boundaries are frozen, and the next day starts from them.
        labels = [f"{one.subject}:{one.label}*{one.count}" for one in notes[:_LABELS_LOGGED_MAX]]
        _LOG.info("day settled", extra=facts(**self._day_facts(), labels=",".join(labels) or "none"))

    def _point_notes(self, results: tuple[PointDay, ...], start: int) -> list[Note]:
        checks = points.check_days(results, self._terms.check_tolerance_ppm)
        notes = [Note(Label.CHECK_MISMATCH, c.point, 1, start, start) for c in checks if not c.within_tolerance]
        return notes + [Note(Label.NEGATIVE_POINT, r.point, 1, start, start) for r in results if r.energy_wh < 0]

    def _put_day(self, state: DayState, notes: list[dict[str, str]], missing: int) -> None:
        self._asset.writer.settlement.put_day(
            DayRow(
                day=self._day,
                state=state,
                settled_at=self._asset.world.now(),
                log_size=self._asset.sequencer.size,
                missing_meters=missing,
                notes=rows.notes_text(notes),
            )
        )

    def _hold(self, reason: str) -> None:
        """The same data give the same error, so a held day is tried again only at the next start."""
        self._held = f"{calendar.day_text(self._day)}: {reason}"
        with self._asset.writer.transaction():
            self._put_day(
                DayState.HELD, [{"label": Label.HELD.value, "subject": self._terms.asset, "detail": reason}], 0
            )
        _LOG.error("day held", extra=facts(**self._day_facts(), detail=reason))

    def _day_facts(self) -> dict[str, object]:
        return {"day": calendar.day_text(self._day), "period": calendar.period_of(self._terms, self._day)}
