"""Settlement days and payout periods."""

import json
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.errors import NotFound
from api.models.settlement import DayNote, DayOut, DayPage, Period, PeriodPage, PeriodReport, PointDay
from api.money_flow import MoneyFlow
from api.sources import Sources
from api.wire import cursor, hexed, iso_day, open_cursor, rfc3339
from oracle.core.calendar import day_start
from oracle.core.terms import EARNING, AssetTerms
from oracle.ledger.rows import DayRow, EventRow, PeriodRow, PointDayRow

DAYS_MAX = 62
PERIODS_MAX = 100
_DAY_CURSOR = b"days"
_PERIOD_CURSOR = b"peri"
_PERIOD_INDEX_MAX = 2**32 - 1


def router(sources: Sources) -> APIRouter:
    """The routes of days and periods."""
    routes = APIRouter(tags=["settlement"])
    settlement = sources.reader.settlement

    @routes.get("/assets/{asset}/days")
    def days(
        asset: str,
        cursor_: Annotated[str | None, Query(alias="cursor", max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=DAYS_MAX)] = 31,
    ) -> DayPage:
        """Settlement days in order, with each point's energy."""
        terms = sources.terms(asset)
        first, _ = open_cursor(cursor_, _DAY_CURSOR, start=(0, 0))
        rows = settlement.days(first, 2**40, limit=limit + 1)
        items = [_day(row, settlement.point_days(row.day, row.day + 1), terms) for row in rows[:limit]]
        return DayPage(items=items, next=cursor(_DAY_CURSOR, rows[limit].day) if len(rows) > limit else None)

    @routes.get("/assets/{asset}/periods")
    def periods(
        asset: str,
        cursor_: Annotated[str | None, Query(alias="cursor", max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=PERIODS_MAX)] = 31,
    ) -> PeriodPage:
        """Payout periods in order: earned, declared, funded, paid."""
        terms = sources.terms(asset)
        flow = sources.money(terms)
        anchors = sources.anchors()
        first, _ = open_cursor(cursor_, _PERIOD_CURSOR, start=(0, 0))
        rows = settlement.periods(from_period=first, limit=limit + 1)
        paid = flow.paid_by_period()
        items = [_period(sources, row, flow, paid, anchors) for row in rows[:limit]]
        return PeriodPage(items=items, next=cursor(_PERIOD_CURSOR, rows[limit].period) if len(rows) > limit else None)

    @routes.get("/assets/{asset}/periods/{period}")
    def one_period(asset: str, period: int) -> Period:
        """One payout period."""
        terms = sources.terms(asset)
        flow = sources.money(terms)
        return _period(sources, _row(sources, period), flow, flow.paid_by_period(), sources.anchors())

    @routes.get("/assets/{asset}/periods/{period}/statement", response_model=None)
    def statement(asset: str, period: int) -> Response:
        """The statement's exact canonical bytes; the ETag is its hash, which the report on chain carries."""
        sources.terms(asset)
        row = _row(sources, period)
        return Response(
            row.statement.encode(),
            media_type="application/json",
            headers={"ETag": f'"{row.statement_hash.hex()}"'},
        )

    return routes


def _row(sources: Sources, period: int) -> PeriodRow:
    row = sources.reader.settlement.period(period) if 0 <= period <= _PERIOD_INDEX_MAX else None
    if row is None:
        raise NotFound("settled payout period", str(period))
    return row


def _day(row: DayRow, points: list[PointDayRow], terms: AssetTerms) -> DayOut:
    return DayOut(
        day=iso_day(row.day),
        start=rfc3339(day_start(row.day, terms.utc_offset_s)),
        end=rfc3339(day_start(row.day + 1, terms.utc_offset_s)),
        state=row.state,
        missing_meters=row.missing_meters,
        notes=[DayNote.model_validate(note) for note in json.loads(row.notes)],
        points=[
            PointDay(
                point=point.point,
                role=point.role,
                export_wh=str(point.export_wh),
                import_wh=str(point.import_wh),
                measured_wh=str(point.measured_wh),
                estimated_wh=str(point.estimated_wh),
                bands={name: str(energy) for name, energy in point.bands_wh.items()},
            )
            for point in points
        ],
    )


def _period(
    sources: Sources, row: PeriodRow, flow: MoneyFlow, paid: dict[int, int], anchors: dict[int, EventRow]
) -> Period:
    earned = [p for p in sources.reader.settlement.point_days(row.from_day, row.to_day) if p.role in EARNING]
    anchor = anchors.get(row.log_size)
    return Period(
        period=row.period,
        from_day=iso_day(row.from_day),
        to_day=iso_day(row.to_day),
        state=row.state,
        export_wh=str(row.export_wh),
        import_wh=str(row.import_wh),
        measured_wh=str(sum(p.measured_wh for p in earned)),
        estimated_wh=str(sum(p.estimated_wh for p in earned)),
        missing_meters=row.missing_meters,
        gross_minor=row.gross,
        distributable_minor=row.distributable,
        deficit_after_minor=row.deficit_after,
        declared_minor=str(flow.declared(row.period)),
        report=_report(sources, flow, row.period),
        funded_minor=str(flow.funded(row.period)),
        paid_minor=str(paid.get(row.period, 0)),
        settlement_root=hexed(row.settlement_root),
        statement_hash=hexed(row.statement_hash),
        tariff_hash=hexed(row.tariff_hash),
        registry_index=row.registry_index,
        log_size=row.log_size,
        log_root=None if row.log_root is None else hexed(row.log_root),
        declare_tx=row.declare_tx,
        declared_block=row.declared_block,
        anchor_tx=None if anchor is None else anchor.tx_hash,
        fund_txs=flow.funding_txs.get(row.period, []),
    )


def _report(sources: Sources, flow: MoneyFlow, period: int) -> PeriodReport | None:
    standing = flow.reports.get(period)
    if standing is None:
        return None
    return PeriodReport(
        revision=standing.revision,
        hash=standing.report_hash,
        state=standing.state(sources.world.now()).value,
        decided_at=rfc3339(standing.decided_at),
        tx=flow.report_txs[period],
    )
