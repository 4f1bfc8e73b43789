"""Meters and their readings."""

from pydantic import BaseModel, Field

from api.models.units import Hex, Time, Wh, Whole


class Reading(BaseModel):
    """One meter's reading of one poll slot, as it was signed: no multiplier, no unwrapping."""

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
