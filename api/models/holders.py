"""Holders: what they earned, were paid and are owed."""

from pydantic import BaseModel, Field

from api.models.units import Day, MinorUnits, Time, Whole


class Entitlement(BaseModel):
    """What one holder earns of one payout period."""

    period: int
    from_day: Day
    to_day: Day
    share_days: Whole
    total_share_days: Whole
    declared_minor: MinorUnits
    funded_minor: MinorUnits
    earned_minor: MinorUnits = Field(description="this holder's part of what was funded, rounded down")
    settled: bool = Field(description="whether payments to this holder cover everything funded for the period")


class Payment(BaseModel):
    """One payment as the chain recorded it."""

    amount_minor: MinorUnits
    tx_hash: str
    block: int
    time: Time


class Entitlements(BaseModel):
    """What a holder earned, was paid and is owed; recomputed from chain events, exact to the base unit."""

    holder: str
    shares: Whole = Field(description="shares held now, as the chain's transfers say")
    periods: list[Entitlement]
    owed_minor: MinorUnits
    paid_minor: MinorUnits
    payments: list[Payment]
