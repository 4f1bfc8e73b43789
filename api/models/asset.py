"""An asset: what it is and what it earns."""

from pydantic import BaseModel, Field

from api.models.units import Day, MinorUnits, Wh


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
