"""Settlement days and payout periods."""

from typing import Literal

from pydantic import BaseModel, Field

from api.models.units import Day, Hex, MinorUnits, Time, Wh


class PointDay(BaseModel):
    """What one point did on one settlement day."""

    point: str
    role: str
    export_wh: Wh
    import_wh: Wh
    measured_wh: Wh
    estimated_wh: Wh
    bands: dict[str, Wh]


class DayNote(BaseModel):
    """A label of validation on a day: a label, whom it concerns, how often, from when to when."""

    label: str
    subject: str
    count: int
    first: Time
    last: Time


class DayOut(BaseModel):
    """One settlement day."""

    day: Day
    start: Time
    end: Time
    state: str
    missing_meters: int
    notes: list[DayNote]
    points: list[PointDay]


class DayPage(BaseModel):
    """Settlement days in order."""

    items: list[DayOut]
    next: str | None


class PeriodReport(BaseModel):
    """The newest report of a period on chain, and whether it may still be disputed."""

    revision: int = Field(description="0 for the first report; each answer to a dispute is one more")
    hash: Hex
    state: Literal["pending", "final", "disputed", "void"] = Field(
        description="only what is final is funded; 'pending' may be disputed; a dispute that nobody answers makes it void"
    )
    decided_at: Time = Field(description="a pending report is final from then on, a disputed one void")
    tx: str = Field(description="the transaction that declared this revision")


class Period(BaseModel):
    """One payout period: what it earned, and how far the money has come."""

    period: int
    from_day: Day
    to_day: Day = Field(description="exclusive")
    state: str
    export_wh: Wh
    import_wh: Wh
    measured_wh: Wh
    estimated_wh: Wh
    missing_meters: int
    gross_minor: MinorUnits
    distributable_minor: MinorUnits
    deficit_after_minor: MinorUnits
    declared_minor: MinorUnits
    report: PeriodReport | None
    funded_minor: MinorUnits
    paid_minor: MinorUnits = Field(description="the part of the payments so far that is for this period, rounded down")
    settlement_root: Hex
    statement_hash: Hex
    tariff_hash: Hex
    registry_index: int
    log_size: int
    log_root: Hex | None
    declare_tx: str | None = Field(description="the transaction that declared the first report")
    declared_block: int | None
    anchor_tx: str | None
    fund_txs: list[str]


class PeriodPage(BaseModel):
    """Payout periods in order."""

    items: list[Period]
    next: str | None
