"""Assets: what they are, what they earned."""

from fastapi import APIRouter

from api.models.asset import Asset, AssetList, AssetSummary, Custody, Money, PointOut, Term, Totals
from api.sources import Sources
from api.wire import iso_day
from evidence.binding import Custody as Kept
from oracle.core.states import PeriodState
from oracle.core.terms import EARNING, AssetTerms, Point

CUSTODY_WORDS: dict[Kept, str] = {
    Kept.METER: "The meter itself signs; its key never leaves it.",
    Kept.SEALED: "Registers are signed at the gateway, by a key that cannot be copied out of its chip.",
    Kept.FILE: "Registers are signed at the gateway, by a key in a file: whoever holds the gateway could sign for the meter.",
}


def router(sources: Sources) -> APIRouter:
    """The routes of assets."""
    routes = APIRouter(tags=["assets"])
    reader = sources.reader

    @routes.get("/assets")
    def assets() -> AssetList:
        """Every asset of this ledger."""
        asset = reader.asset
        return AssetList(items=[AssetSummary(id=asset, name=sources.terms(asset).name)])

    @routes.get("/assets/{asset}")
    def one_asset(asset: str) -> Asset:
        """One asset: its points, its contracts, how its meters sign, and its totals."""
        terms = sources.terms(asset)
        flow = sources.money(terms)
        return Asset(
            id=asset,
            name=terms.name,
            chain_id=reader.chain_id,
            contracts=sources.config.contracts,
            explorer_url=sources.config.explorer_url,
            money=Money(symbol=terms.money_symbol, decimals=terms.money_decimals),
            utc_offset_s=terms.utc_offset_s,
            poll_interval_s=terms.poll_interval_s,
            first_day=iso_day(terms.first_day),
            days_per_period=terms.days_per_period,
            points=[_point(point) for point in terms.points],
            custody=_custody(sources),
            holders=flow.holders,
            totals=_totals(sources, terms, flow.declared_total, flow.funded_total, flow.paid_total),
        )

    return routes


def _point(point: Point) -> PointOut:
    formula = [Term(sign=term.sign, serial=term.serial) for term in point.formula]
    return PointOut(id=point.id, role=point.role.value, tariff=point.tariff, formula=formula)


def _custody(sources: Sources) -> Custody:
    kept = [row.binding.custody for row in sources.reader.bindings.all()]
    weakest = max(kept, default=Kept.FILE)
    return Custody(weakest=weakest.name.lower(), words=CUSTODY_WORDS[weakest])


def _totals(sources: Sources, terms: AssetTerms, declared: int, funded: int, paid: int) -> Totals:
    reader = sources.reader
    newest = reader.settlement.newest_day()
    earned = []
    if newest is not None:
        day = int(terms.first_day)
        while day <= newest.day:
            earned += [row for row in reader.settlement.point_days(day, day + 31) if row.role in EARNING]
            day += 31
    counts = [reader.headers.counts(meter) for meter in {row.meter_id for row in reader.bindings.all()}]
    return Totals(
        export_wh=str(sum(row.export_wh for row in earned)),
        import_wh=str(sum(row.import_wh for row in earned)),
        measured_wh=str(sum(row.measured_wh for row in earned)),
        estimated_wh=str(sum(row.estimated_wh for row in earned)),
        declared_minor=str(declared),
        funded_minor=str(funded),
        paid_minor=str(paid),
        batches=sum(count.batches for count in counts),
        readings=sum(count.readings for count in counts),
        days_settled=0 if newest is None else newest.day + 1 - terms.first_day,
        periods_declared=len(reader.settlement.periods(state=PeriodState.DECLARED)),
    )
