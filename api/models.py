"""The shapes of every answer.

Integers that can pass 2^53 (money, watt-hours) are decimal strings, times are RFC 3339 in UTC, bytes are 0x-hex.
"""

from typing import Annotated

from pydantic import BaseModel, Field

Hex = Annotated[str, Field(pattern=r"^0x[0-9a-f]*$", description="bytes as lower-case hex")]
Wh = Annotated[str, Field(pattern=r"^-?[0-9]+$", description="watt-hours, a decimal string")]
MinorUnits = Annotated[
    str, Field(pattern=r"^-?[0-9]+$", description="base units of the payment token, a decimal string")
]
Whole = Annotated[str, Field(pattern=r"^-?[0-9]+$", description="a whole number, a decimal string")]
Time = Annotated[str, Field(description="RFC 3339, UTC", examples=["2026-07-01T10:00:00Z"])]
Day = Annotated[str, Field(description="settlement day in the asset's fixed offset", examples=["2026-07-01"])]


class ErrorBody(BaseModel):
    """What went wrong."""

    code: str = Field(description="stable name of the error")
    message: str = Field(description="for people: what, where, and what to do")


class ErrorAnswer(BaseModel):
    """The one shape of every 4xx and 5xx."""

    error: ErrorBody


# ---------------------------------------------------------------- asset


class AssetSummary(BaseModel):
    """One line of the list of assets."""

    id: str
    name: str


class AssetList(BaseModel):
    """The assets of this ledger."""

    items: list[AssetSummary]


class Money(BaseModel):
    """The payment token's unit: an amount of n base units is n / 10^decimals of `symbol`."""

    symbol: str
    decimals: int


class Term(BaseModel):
    """One meter in a point's formula; its energy counts `sign` times."""

    sign: int
    serial: str


class PointOut(BaseModel):
    """A metering point: what is settled. A check point is compared, never paid."""

    id: str
    role: str
    tariff: str
    formula: list[Term]


class Custody(BaseModel):
    """Where the weakest of the asset's meter keys is kept, in words."""

    weakest: str
    words: str


class Totals(BaseModel):
    """Everything so far. Declared, funded and paid stand side by side."""

    export_wh: Wh
    import_wh: Wh
    measured_wh: Wh
    estimated_wh: Wh
    declared_minor: MinorUnits
    funded_minor: MinorUnits
    paid_minor: MinorUnits
    batches: int
    readings: int
    days_settled: int
    periods_declared: int


class Asset(BaseModel):
    """One asset: what it is, what it earns, where its contracts live."""

    id: str
    name: str
    chain_id: int
    contracts: dict[str, str] = Field(description="contract name -> address; empty before they are known")
    explorer_url: str | None = Field(description="where a transaction hash can be looked up, or null")
    money: Money
    utc_offset_s: int
    poll_interval_s: int
    first_day: Day
    days_per_period: int
    points: list[PointOut]
    custody: Custody
    holders: list[str] = Field(description="addresses that hold, or held, shares")
    totals: Totals


# ---------------------------------------------------------------- meters


class Reading(BaseModel):
    """What one meter said at one poll slot, as it was signed: no multiplier, no unwrapping."""

    time: Time
    export_wh: Wh | None
    import_wh: Wh | None
    power_w: int | None
    status: list[str] = Field(description="the set bits of the status word, in words")
    basis: str = Field(description="measured | suspect | unsynchronised | absent, as the signed status word has it")
    tariffs_wh: list[Wh | None]
    header_hash: Hex
    position: int


class ReadingPage(BaseModel):
    """Readings in order of time."""

    items: list[Reading]
    next: str | None = Field(description="cursor of the next page, or null")


class Meter(BaseModel):
    """One bound meter."""

    id: Hex
    serial: str
    point: str
    role: str
    direction: str
    custody: str
    custody_words: str
    multiplier_num: int
    multiplier_den: int
    step_wh: int
    modulus_num: Whole
    modulus_den: int
    nameplate_w: int
    valid_from: Time
    binding_hash: Hex
    public_point: Hex
    batches: int
    readings: int
    last_reading: Reading | None


class MeterList(BaseModel):
    """The meters of an asset, by serial number."""

    items: list[Meter]


# ---------------------------------------------------------------- settlement


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
    """What validation says of a day: a label, whom it concerns, how often, from when to when."""

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
    funded_minor: MinorUnits
    paid_minor: MinorUnits = Field(description="the part of the payments so far that is for this period, rounded down")
    settlement_root: Hex
    statement_hash: Hex
    tariff_hash: Hex
    registry_index: int
    log_size: int
    log_root: Hex | None
    declare_tx: str | None
    declared_block: int | None
    anchor_tx: str | None
    fund_txs: list[str]


class PeriodPage(BaseModel):
    """Payout periods in order."""

    items: list[Period]
    next: str | None


# ---------------------------------------------------------------- holders


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


# ---------------------------------------------------------------- state


class Refusal(BaseModel):
    """One batch that was refused, and why."""

    id: int
    received_at: Time
    gateway: str
    meter_id: Hex | None
    header_hash: Hex | None
    code: str
    detail: str


class RefusalPage(BaseModel):
    """Refusals, newest first; only the newest are kept."""

    items: list[Refusal]
    next: str | None


class Status(BaseModel):
    """Whether this API lives, and how far the ledger is."""

    time: Time = Field(description="world time")
    version: str
    asset: str
    log_size: int
    anchored_size: int
    batches: int
    days_settled: int
    periods_settled: int
    periods_declared: int
