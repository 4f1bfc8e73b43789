"""Refusals, and how far the ledger is."""

from pydantic import BaseModel, Field

from api.models.units import Hex, Time


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
