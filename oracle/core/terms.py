"""The terms of an asset: what is measured, what it earns, when it is settled. Plain data; `oracle.asset_file` reads them.

The canonical JSON of the terms is a log entry (type `terms`), and its hash is the `tariffHash` of every report.
"""

from dataclasses import dataclass
from enum import StrEnum

from evidence import canonical
from evidence.units import Minor, SettlementDay


class Role(StrEnum):
    """What a metering point counts for. A check point never earns: it is compared."""

    GENERATION = "generation"
    EXPORT = "export"
    IMPORT = "import"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Term:
    """One meter in a point's formula: its energy counts `sign` times (+1 or -1)."""

    sign: int
    serial: str


@dataclass(frozen=True, slots=True)
class Point:
    """A metering point: what is settled.

    Attributes:
        id: 1..32 of a-z 0-9 and '-'.
        role: what it counts for.
        formula: the installed meters it is made of, with integer signs.
        tariff: name of its tariff; empty for check points.
    """

    id: str
    role: Role
    formula: tuple[Term, ...]
    tariff: str


@dataclass(frozen=True, slots=True)
class Band:
    """A time-of-use band in the tariff's local time.

    Attributes:
        name: shown on the billing line.
        price_minor_per_kwh: payment-token base units for one kWh.
        weekdays: ISO weekdays (1 Monday .. 7 Sunday) on which it holds.
        from_s: seconds since local midnight, inclusive.
        to_s: seconds since local midnight, exclusive; 86400 is midnight.
    """

    name: str
    price_minor_per_kwh: int
    weekdays: tuple[int, ...]
    from_s: int
    to_s: int


@dataclass(frozen=True, slots=True)
class Tariff:
    """A price of energy: flat when there are no bands; else `name`d bands, and `price_minor_per_kwh` for the rest of the day."""

    name: str
    price_minor_per_kwh: int
    bands: tuple[Band, ...]
    zone: str  # IANA zone of the bands' local time


@dataclass(frozen=True, slots=True)
class Fee:
    """A step of the waterfall, taken in order: `ppm` of the gross and `fixed_minor` per payout period."""

    name: str
    ppm: int
    fixed_minor: Minor


@dataclass(frozen=True, slots=True)
class AssetTerms:
    """Everything a settlement depends on besides meter data.

    Attributes:
        asset: asset id, 1..32 of a-z 0-9 and '-'.
        name: for people.
        utc_offset_s: the settlement day's fixed offset, the same constant as on chain.
        poll_interval_s: slot length of the meters; tol of the boundary rule is half of it.
        first_day: first day of payout period 0.
        days_per_period: whole days of a payout period.
        money_decimals: decimals of the payment token.
        money_symbol: for people.
        points: rising by id.
        tariffs: rising by name.
        fees: the waterfall, in order.
        check_tolerance_ppm: how far a check point may differ from what it checks before a decision says so.
    """

    asset: str
    name: str
    utc_offset_s: int
    poll_interval_s: int
    first_day: SettlementDay
    days_per_period: int
    money_decimals: int
    money_symbol: str
    points: tuple[Point, ...]
    tariffs: tuple[Tariff, ...]
    fees: tuple[Fee, ...]
    check_tolerance_ppm: int

    def tariff_of(self, point: Point) -> Tariff | None:
        """The tariff of a point; None for a check point."""
        return next((tariff for tariff in self.tariffs if tariff.name == point.tariff), None)

    def document(self) -> dict[str, canonical.Value]:
        """The terms as a canonical document."""
        return {
            "schema": "helioracle-terms-1",
            "asset": self.asset,
            "name": self.name,
            "utc_offset_s": self.utc_offset_s,
            "poll_interval_s": self.poll_interval_s,
            "first_day": int(self.first_day),
            "days_per_period": self.days_per_period,
            "money": {"decimals": self.money_decimals, "symbol": self.money_symbol},
            "points": [
                {
                    "id": p.id,
                    "role": p.role.value,
                    "formula": [{"sign": t.sign, "serial": t.serial} for t in p.formula],
                    "tariff": p.tariff,
                }
                for p in self.points
            ],
            "tariffs": [
                {
                    "name": t.name,
                    "zone": t.zone,
                    "price_minor_per_kwh": t.price_minor_per_kwh,
                    "bands": [
                        {
                            "name": b.name,
                            "price_minor_per_kwh": b.price_minor_per_kwh,
                            "weekdays": list(b.weekdays),
                            "from_s": b.from_s,
                            "to_s": b.to_s,
                        }
                        for b in t.bands
                    ],
                }
                for t in self.tariffs
            ],
            "fees": [{"name": f.name, "ppm": f.ppm, "fixed_minor": int(f.fixed_minor)} for f in self.fees],
            "check_tolerance_ppm": self.check_tolerance_ppm,
        }

    def hash(self) -> bytes:
        """SHA-256 of the canonical terms: a report's `tariffHash`."""
        return canonical.document_hash(self.document())
