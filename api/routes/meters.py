"""Meters and their readings."""

from typing import Annotated

from fastapi import APIRouter, Query

from api import readings
from api.errors import NotFound
from api.models.meters import Meter, MeterList, ReadingPage
from api.routes.assets import CUSTODY_WORDS
from api.sources import Sources
from api.wire import cursor, hexed, instant_of, open_cursor, rfc3339, unhex
from evidence.binding import Direction
from evidence.tags import METER_ID_SIZE
from oracle.ledger.rows import BindingRow

_CURSOR = b"read"


def router(sources: Sources) -> APIRouter:
    """The routes of meters."""
    routes = APIRouter(tags=["meters"])
    reader = sources.reader

    @routes.get("/assets/{asset}/meters")
    def meters(asset: str) -> MeterList:
        """The meters in force, with what their keys are bound to, how they are kept, and their last reading."""
        roles = {point.id: point.role.value for point in sources.terms(asset).points}
        newest = {row.meter_id: row for row in reader.bindings.all()}
        shown = [_meter(sources, row, roles) for row in newest.values()]
        return MeterList(items=sorted(shown, key=lambda meter: meter.serial))

    @routes.get("/assets/{asset}/meters/{meter}/readings")
    def meter_readings(
        asset: str,
        meter: str,
        *,
        from_: Annotated[str | None, Query(alias="from", description="RFC 3339, inclusive")] = None,
        to: Annotated[str | None, Query(description="RFC 3339, exclusive")] = None,
        cursor_: Annotated[str | None, Query(alias="cursor", max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=readings.READINGS_MAX)] = 300,
    ) -> ReadingPage:
        """Readings as they were signed, in the order of the log."""
        sources.terms(asset)
        meter_id = unhex(meter, METER_ID_SIZE, "meter")
        if not reader.bindings.of(meter_id):
            raise NotFound("meter", meter)
        items, place = readings.page(
            reader,
            meter_id,
            from_=instant_of(from_, "from", default=0),
            to=instant_of(to, "to"),
            after=open_cursor(cursor_, _CURSOR, start=(-1, 0)),
            limit=limit,
        )
        return ReadingPage(items=items, next=None if place is None else cursor(_CURSOR, *place))

    return routes


def _meter(sources: Sources, row: BindingRow, roles: dict[str, str]) -> Meter:
    bound = row.binding
    counts = sources.reader.headers.counts(row.meter_id)
    return Meter(
        id=hexed(row.meter_id),
        serial=bound.serial,
        point=bound.point,
        role=roles.get(bound.point, ""),
        direction="forward is export" if bound.direction is Direction.FORWARD_IS_EXPORT else "forward is import",
        custody=bound.custody.name.lower(),
        custody_words=CUSTODY_WORDS[bound.custody],
        multiplier_num=bound.multiplier_num,
        multiplier_den=bound.multiplier_den,
        step_wh=bound.step_wh,
        modulus_num=str(bound.modulus_num),
        modulus_den=bound.modulus_den,
        nameplate_w=bound.nameplate_w,
        valid_from=rfc3339(bound.valid_from),
        binding_hash=hexed(row.hash),
        public_point=hexed(bound.public_point),
        batches=counts.batches,
        readings=counts.readings,
        last_reading=readings.last(sources.reader, row.meter_id),
    )
