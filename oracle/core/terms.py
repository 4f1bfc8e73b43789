"""The terms of an asset: what is measured, what it earns, when it is settled. Plain data.

`oracle.asset_file` reads them from an asset file, `AssetTerms.of_document` from the log: their canonical JSON is a log entry (type
`terms`), and its hash is the `tariffHash` of every report.
"""

from dataclasses import dataclass
from enum import StrEnum

from evidence import canonical
from evidence.units import Minor, SettlementDay
from oracle.core.document import Fields, open_document

SCHEMA = "helioracle-terms-1"
_DAY_S = 86_400
_MINOR_MAX = 10**27  # a thousand million with the eighteen decimals that a token may have


class Role(StrEnum):
    """What a metering point counts for. A check point never earns: it is compared."""

    GENERATION = "generation"
    EXPORT = "export"
    IMPORT = "import"
    CHECK = "check"


EARNING = frozenset(role for role in Role if role is not Role.CHECK)


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
            "schema": SCHEMA,
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

    @classmethod
    def of_document(cls, content: bytes) -> "AssetTerms":
        """The terms that these canonical bytes are; `of_document(canonical.encode(terms.document())) == terms`.

        Raises:
            DocumentRefused: naming the field: one that is missing, unknown or out of range, or bytes that are not canonical.
        """
        fields = open_document("terms", content)
        fields.choice("schema", [SCHEMA])
        money = fields.table("money")
        terms = cls(
            asset=fields.text("asset"),
            name=fields.text("name"),
            utc_offset_s=fields.integer("utc_offset_s", -_DAY_S, _DAY_S),
            poll_interval_s=fields.integer("poll_interval_s", 1, 3600),
            first_day=SettlementDay(fields.integer("first_day", 0, 2**32 - 1)),
            days_per_period=fields.integer("days_per_period", 1, 366),
            money_decimals=money.integer("decimals", 0, 18),
            money_symbol=money.text("symbol"),
            points=tuple(_point(point) for point in fields.tables("points")),
            tariffs=tuple(_tariff(tariff) for tariff in fields.tables("tariffs")),
            fees=tuple(_fee(fee) for fee in fields.tables("fees")),
            check_tolerance_ppm=fields.integer("check_tolerance_ppm", 0, 1_000_000),
        )
        money.finish()
        fields.finish()
        return terms

    def hash(self) -> bytes:
        """SHA-256 of the canonical terms: a report's `tariffHash`."""
        return canonical.document_hash(self.document())


def _point(fields: Fields) -> Point:
    point = Point(
        id=fields.text("id"),
        role=Role(fields.choice("role", [role.value for role in Role])),
        formula=tuple(_term(term) for term in fields.tables("formula")),
        tariff=fields.text("tariff"),
    )
    fields.finish()
    return point


def _term(fields: Fields) -> Term:
    term = Term(int(fields.choice("sign", ["1", "-1"])), fields.text("serial"))
    fields.finish()
    return term


def _tariff(fields: Fields) -> Tariff:
    tariff = Tariff(
        name=fields.text("name"),
        price_minor_per_kwh=fields.integer("price_minor_per_kwh", -_MINOR_MAX, _MINOR_MAX),
        bands=tuple(_band(band) for band in fields.tables("bands")),
        zone=fields.text("zone"),
    )
    fields.finish()
    return tariff


def _band(fields: Fields) -> Band:
    band = Band(
        name=fields.text("name"),
        price_minor_per_kwh=fields.integer("price_minor_per_kwh", -_MINOR_MAX, _MINOR_MAX),
        weekdays=fields.integers("weekdays", 1, 7),
        from_s=fields.integer("from_s", 0, _DAY_S - 1),
        to_s=fields.integer("to_s", 1, _DAY_S),
    )
    fields.finish()
    return band


def _fee(fields: Fields) -> Fee:
    fee = Fee(
        name=fields.text("name"),
        ppm=fields.integer("ppm", 0, 1_000_000),
        fixed_minor=Minor(fields.integer("fixed_minor", 0, _MINOR_MAX)),
    )
    fields.finish()
    return fee
