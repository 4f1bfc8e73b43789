"""Holders: what they earned, were paid, and are owed."""

from fastapi import APIRouter

from api.errors import BadRequest, NotFound
from api.models.holders import Entitlement, Entitlements, Payment
from api.money_flow import MoneyFlow
from api.sources import Sources
from api.wire import iso_day, rfc3339
from oracle.core.calendar import period_days
from oracle.core.holders.entitlement import X96


def router(sources: Sources) -> APIRouter:
    """The routes of holders."""
    routes = APIRouter(tags=["holders"])

    @routes.get("/assets/{asset}/holders/{address}/entitlements")
    def entitlements(asset: str, address: str) -> Entitlements:
        """Per payout period share-days and what they earned; owed and paid, exact to the base unit, from chain events alone."""
        terms = sources.terms(asset)
        flow = sources.money(terms)
        return _entitlements(flow, _known(flow, address))

    return routes


def _known(flow: MoneyFlow, address: str) -> str:
    digits = address.removeprefix("0x").lower()
    if len(digits) != 40 or any(digit not in "0123456789abcdef" for digit in digits):
        raise BadRequest("address", "an account address is 0x and 40 hex digits")
    for holder in flow.holders:
        if holder.lower() == "0x" + digits:
            return holder
    raise NotFound("holder of shares", address)


def _entitlements(flow: MoneyFlow, holder: str) -> Entitlements:
    owed = flow.entitlement(holder)
    register = flow.history.register
    up_to = flow.settled_up_to.get(holder, 0)
    periods = []
    for period in sorted(flow.reports.keys() | {line.period for line in owed.lines}):
        days = period_days(flow.history, period)
        lines = [line for line in owed.lines if line.period == period]
        periods.append(
            Entitlement(
                period=period,
                from_day=iso_day(days.start),
                to_day=iso_day(days.stop),
                share_days=str(register.share_days(holder, days.start, days.stop)),
                total_share_days=str(register.total_share_days(days.start, days.stop)),
                declared_minor=str(flow.declared(period)),
                funded_minor=str(flow.funded(period)),
                earned_minor=str(sum(line.earned_x96 for line in lines) >> X96),
                settled=bool(lines) and all(line.tranche < up_to for line in lines),
            )
        )
    return Entitlements(
        holder=holder,
        shares=str(register.balance_at(holder, 2**40)),
        periods=periods,
        owed_minor=str(owed.owed),
        paid_minor=str(owed.paid),
        payments=[
            Payment(
                amount_minor=str(payment.amount),
                tx_hash=payment.event.tx_hash,
                block=payment.event.block,
                time=rfc3339(payment.event.block_time),
            )
            for payment in flow.payments
            if payment.holder == holder
        ],
    )
