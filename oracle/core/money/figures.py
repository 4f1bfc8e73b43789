"""The figures of a payout period: its days summed, its lines billed, its money divided.

Nothing in them depends on when or in what order messages came: only on the log's content up to a size, the terms, and the rules of
`oracle.core`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence import sum_tree
from evidence.errors import Malformed
from evidence.sum_tree import SumLeaf
from evidence.units import SettlementDay, WattHours
from oracle.core import calendar
from oracle.core.energy import points
from oracle.core.energy.boundary import Basis, Boundary
from oracle.core.energy.meter import Meter
from oracle.core.energy.points import CheckDay, PointDay
from oracle.core.energy.vee import Label
from oracle.core.money.waterfall import Line, Waterfall, amount, waterfall
from oracle.core.tariff import BandInterval, band_intervals, prices_of
from oracle.core.terms import AssetTerms, Point, Role
from oracle.errors import SettlementError


@dataclass(frozen=True, slots=True)
class FrozenInputs:
    """What a statement was computed from; the same inputs give the same bytes.

    Attributes:
        log_size: every header, binding and document that it depends on is among the log's first `log_size` entries.
        registry_index: the entry of the on-chain meter registry that names the bindings.
        tzdata: version of the time zone database; empty where no tariff has bands.
    """

    log_size: int
    registry_index: int
    tzdata: str


@dataclass(frozen=True, slots=True)
class PeriodInputs:
    """A payout period whose days are all settled.

    Attributes:
        terms: the asset's.
        period: its number.
        frozen: what the statement cites.
        point_days: every point on every day.
        notes: labels by day, as `oracle.core.energy.note.documents` writes them.
        meters: those whose binding was in force, rising by serial.
        boundaries: the frozen ones by serial and instant.
        deficit_before_minor: of the period before; 0 for the first.
    """

    terms: AssetTerms
    period: int
    frozen: FrozenInputs
    point_days: tuple[PointDay, ...]
    notes: Mapping[int, Sequence[Mapping[str, str]]]
    meters: tuple[Meter, ...]
    boundaries: Mapping[str, Mapping[int, Boundary]]
    deficit_before_minor: int


@dataclass(frozen=True, slots=True)
class PointTotal:
    """One point over the period; `leaf` is its place in the settlement tree, None for a check point, which never earns."""

    point: Point
    days: tuple[PointDay, ...]
    export_wh: WattHours
    import_wh: WattHours
    measured_wh: WattHours
    estimated_wh: WattHours

    @property
    def energy_wh(self) -> int:
        """The energy that the role counts."""
        return self.import_wh if self.point.role is Role.IMPORT else self.export_wh

    @property
    def leaf(self) -> SumLeaf | None:
        """Energies below 0, which only a formula with a minus gives, stand as 0 in the tree and with their sign in the lines."""
        if self.point.role is Role.CHECK:
            return None
        return SumLeaf(self.point.id, max(self.export_wh, 0), max(self.import_wh, 0))


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a period, with the inputs that they were computed from."""

    inputs: PeriodInputs
    days: range
    totals: tuple[PointTotal, ...]
    lines: tuple[Line, ...]
    waterfall: Waterfall
    checks: tuple[CheckDay, ...]
    missing_meters: int
    settlement_root: bytes
    export_wh: WattHours
    import_wh: WattHours


def figures_of(inputs: PeriodInputs) -> Figures:
    """Sum the days, bill the lines, divide the money.

    Raises:
        SettlementError: a day or a point is missing among the inputs, nothing earns, or an energy does not fit 64 bits.
    """
    terms = inputs.terms
    days = calendar.period_days(terms, inputs.period)
    totals = tuple(_total(point, days, inputs) for point in terms.points)
    leaves = [leaf for total in totals if (leaf := total.leaf) is not None]
    if not leaves:
        raise SettlementError(f"asset {terms.asset}: no point earns, there is nothing to settle")
    try:
        root = sum_tree.sum_root(leaves)
    except Malformed as error:
        raise SettlementError(f"period {inputs.period}: {error}") from None
    lines = tuple(line for total in totals if total.leaf is not None for line in _lines(total, inputs, days))
    missing = {note["subject"] for notes in inputs.notes.values() for note in notes if note["label"] == Label.MISSING}
    return Figures(
        inputs=inputs,
        days=days,
        totals=totals,
        lines=lines,
        waterfall=waterfall(lines, terms.fees, inputs.deficit_before_minor),
        checks=points.check_days(inputs.point_days, terms.check_tolerance_ppm),
        missing_meters=len(missing),
        settlement_root=sum_tree.root_hash(root),
        export_wh=WattHours(root.export_wh),
        import_wh=WattHours(root.import_wh),
    )


def _total(point: Point, days: range, inputs: PeriodInputs) -> PointTotal:
    mine = {result.day: result for result in inputs.point_days if result.point == point.id}
    missing = [day for day in days if SettlementDay(day) not in mine]
    if missing:
        raise SettlementError(f"point {point.id}: day {calendar.day_text(missing[0])} is not settled")
    results = tuple(mine[SettlementDay(day)] for day in days)
    return PointTotal(
        point=point,
        days=results,
        export_wh=WattHours(sum(r.export_wh for r in results)),
        import_wh=WattHours(sum(r.import_wh for r in results)),
        measured_wh=WattHours(sum(r.measured_wh for r in results)),
        estimated_wh=WattHours(sum(r.estimated_wh for r in results)),
    )


def _lines(total: PointTotal, inputs: PeriodInputs, days: range) -> list[Line]:
    terms, point = inputs.terms, total.point
    tariff = terms.tariff_of(point)
    if tariff is None:
        raise SettlementError(f"point {point.id}: tariff {point.tariff!r} is not in the terms")
    start, end = (calendar.day_start(day, terms.utc_offset_s) for day in (days.start, days.stop))
    # Over the whole period, so that an estimate at a midnight inside one band, which moves no money, makes no line an estimate.
    estimated = {
        interval.band for interval in band_intervals(tariff, start, end) if _stands_on_estimate(point, interval, inputs)
    }
    prices = prices_of(tariff)
    energies: dict[str, int] = {}
    for result in total.days:
        for band, energy in result.bands_wh.items():
            energies[band] = energies.get(band, 0) + energy
    unknown = sorted(set(energies) - set(prices))
    if unknown:
        raise SettlementError(
            f"point {point.id}: a day was settled with the band {unknown[0]!r}, which tariff {tariff.name!r} has no more;"
            " terms change between payout periods only"
        )
    return [
        Line(
            point=point.id,
            tariff=tariff.name,
            band=band,
            energy_wh=WattHours(energy),
            price_minor_per_kwh=prices[band],
            amount_minor=amount(energy, prices[band], earns=point.role is not Role.IMPORT),
            basis=Basis.ESTIMATED if band in estimated else Basis.MEASURED,
        )
        for band, energy in sorted(energies.items())
    ]


def _stands_on_estimate(point: Point, interval: BandInterval, inputs: PeriodInputs) -> bool:
    for term in point.formula:
        frozen = inputs.boundaries.get(term.serial, {})
        for instant in (interval.start, interval.end):
            boundary = frozen.get(instant)
            if boundary is not None and boundary.basis is Basis.ESTIMATED:
                return True
    return False
