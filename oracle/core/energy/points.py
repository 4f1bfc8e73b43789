"""From meters to points: a point's energy is its formula over installed meters, with integer signs, on totals."""

from collections.abc import Mapping
from dataclasses import dataclass

from evidence.units import SettlementDay
from oracle.core.energy.meter import Lane
from oracle.core.energy.meter_day import Energy, MeterDay
from oracle.core.tariff import BandInterval
from oracle.core.terms import AssetTerms, Point, Role


@dataclass(frozen=True, slots=True)
class PointDay:
    """What one point did on one settlement day, in Wh after formula, sign and multiplier.

    Attributes:
        day: settlement day.
        point: its id.
        role: its role.
        export_wh: energy towards the grid.
        import_wh: energy from the grid.
        measured_wh: the part of the role's energy that stands on signed registers.
        estimated_wh: the rest; the two add up to export_wh, or import_wh for an import point.
        bands_wh: the role's energy by tariff band; empty for a check point; adds up to it too.
    """

    day: SettlementDay
    point: str
    role: Role
    export_wh: int
    import_wh: int
    measured_wh: int
    estimated_wh: int
    bands_wh: Mapping[str, int]

    @property
    def energy_wh(self) -> int:
        """The energy that the role counts."""
        return self.import_wh if self.role is Role.IMPORT else self.export_wh


def lane_of(role: Role) -> Lane:
    """The register that a role counts; a check point is compared on what it exports."""
    return Lane.IMPORT if role is Role.IMPORT else Lane.EXPORT


def lanes_of(terms: AssetTerms, serial: str) -> tuple[Lane, ...]:
    """The registers of a meter that any formula uses; a reading without one of them settles nothing."""
    used = {lane_of(p.role) for p in terms.points if any(term.serial == serial for term in p.formula)}
    return tuple(sorted(used))


def point_day(point: Point, day: int, intervals: tuple[BandInterval, ...], meters: Mapping[str, MeterDay]) -> PointDay:
    """One point's day. `intervals` are its tariff's bands over the whole day (one nameless interval for a check point).

    A meter that was not yet bound on this day counts nothing.
    """
    start, end = intervals[0].start, intervals[-1].end
    export = _sum(point, Lane.EXPORT, start, end, meters)
    imported = _sum(point, Lane.IMPORT, start, end, meters)
    whole = imported if point.role is Role.IMPORT else export
    estimated = min(max(whole.wh, 0), whole.estimated_wh)
    bands: dict[str, int] = {}
    if point.role is not Role.CHECK:
        for interval in intervals:
            energy = _sum(point, lane_of(point.role), interval.start, interval.end, meters)
            bands[interval.band] = bands.get(interval.band, 0) + energy.wh
    return PointDay(
        day=SettlementDay(day),
        point=point.id,
        role=point.role,
        export_wh=export.wh,
        import_wh=imported.wh,
        measured_wh=whole.wh - estimated,
        estimated_wh=estimated,
        bands_wh=bands,
    )


def _sum(point: Point, lane: Lane, start: int, end: int, meters: Mapping[str, MeterDay]) -> Energy:
    wh = estimated = 0
    for term in point.formula:
        day = meters.get(term.serial)
        if day is None:
            continue
        energy = day.energy(lane, start, end)
        wh += term.sign * energy.wh
        # An estimate that is subtracted is an estimate all the same.
        estimated += energy.estimated_wh
    return Energy(wh, estimated)


@dataclass(frozen=True, slots=True)
class CheckDay:
    """A check point against what it checks, on one day: all generation points together."""

    day: int
    point: str
    export_wh: int
    generation_wh: int
    difference_wh: int
    within_tolerance: bool


def check_days(point_days: tuple[PointDay, ...], tolerance_ppm: int) -> tuple[CheckDay, ...]:
    """Compare every check point with the sum of the generation points of its day, by day and point."""
    generation: dict[int, int] = {}
    for result in point_days:
        if result.role is Role.GENERATION:
            generation[result.day] = generation.get(result.day, 0) + result.export_wh
    checks = []
    for result in sorted((r for r in point_days if r.role is Role.CHECK), key=lambda r: (r.day, r.point)):
        expected = generation.get(result.day, 0)
        difference = result.export_wh - expected
        within = abs(difference) * 1_000_000 <= tolerance_ppm * expected
        checks.append(CheckDay(result.day, result.point, result.export_wh, expected, difference, within))
    return tuple(checks)
