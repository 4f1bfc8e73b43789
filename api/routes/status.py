"""What is going on: refusals, and how far the ledger is."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.models.state import Refusal, RefusalPage, Status
from api.sources import Sources
from api.version import VERSION
from api.wire import cursor, hexed, open_cursor, rfc3339
from oracle.core.states import PeriodState

REFUSALS_MAX = 500
_CURSOR = b"refu"


def router(sources: Sources) -> APIRouter:
    """The routes of the state of things."""
    routes = APIRouter(tags=["status"])
    reader = sources.reader

    @routes.get("/assets/{asset}/refusals")
    def refusals(
        asset: str,
        cursor_: Annotated[str | None, Query(alias="cursor", max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=REFUSALS_MAX)] = 100,
    ) -> RefusalPage:
        """Batches that were refused, newest first, with the reason."""
        sources.terms(asset)
        before, _ = open_cursor(cursor_, _CURSOR, start=(2**62, 0))
        rows = reader.refusals.newest(limit=limit + 1, before=before)
        items = [
            Refusal(
                id=row.id or 0,
                received_at=rfc3339(row.received_at),
                gateway=row.gateway,
                meter_id=None if row.meter_id is None else hexed(row.meter_id),
                header_hash=None if row.header_hash is None else hexed(row.header_hash),
                code=row.code,
                detail=row.detail,
            )
            for row in rows[:limit]
        ]
        return RefusalPage(items=items, next=cursor(_CURSOR, items[-1].id) if len(rows) > limit else None)

    @routes.get("/status")
    def status() -> Status:
        """How far log, settlement and chain are."""
        periods = reader.settlement.periods()
        newest = reader.settlement.newest_day()
        return Status(
            time=rfc3339(sources.world.now()),
            version=VERSION,
            asset=reader.asset,
            log_size=reader.log.size(),
            anchored_size=max(sources.anchors(), default=0),
            batches=sum(reader.headers.counts(meter).batches for meter in {b.meter_id for b in reader.bindings.all()}),
            days_settled=0 if newest is None else newest.day + 1 - sources.terms(reader.asset).first_day,
            periods_settled=len(periods),
            periods_declared=sum(period.state is PeriodState.DECLARED for period in periods),
        )

    return routes
