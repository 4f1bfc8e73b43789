"""Settlement's results as rows of the ledger, and back: boundaries, points' days and notes."""

import json
from collections.abc import Sequence

from evidence import canonical
from evidence.units import SettlementDay
from oracle.core.energy.boundary import Basis, Boundary
from oracle.core.energy.points import PointDay
from oracle.core.energy.vee import Where
from oracle.core.terms import Role
from oracle.ledger.rows import BoundaryRow, PointDayRow


def boundary_of(row: BoundaryRow) -> Boundary:
    """A frozen boundary; its day's cumulative registers start there."""
    registers = (row.export_wh, row.import_wh)
    where = None
    if row.header_hash is not None and row.position is not None:
        where = Where(row.header_hash, row.position)
    return Boundary(row.instant, registers, registers, Basis(row.basis), where)


def boundary_row(meter_id: bytes, boundary: Boundary, frozen_at: int) -> BoundaryRow:
    """A boundary as it is frozen."""
    return BoundaryRow(
        meter_id=meter_id,
        instant=boundary.instant,
        export_wh=boundary.registers[0],
        import_wh=boundary.registers[1],
        basis=boundary.basis.value,
        header_hash=boundary.where.header_hash if boundary.where else None,
        position=boundary.where.position if boundary.where else None,
        frozen_at=frozen_at,
    )


def point_day_row(result: PointDay) -> PointDayRow:
    """A point's day as it is stored."""
    return PointDayRow(
        day=result.day,
        point=result.point,
        role=result.role.value,
        export_wh=result.export_wh,
        import_wh=result.import_wh,
        measured_wh=result.measured_wh,
        estimated_wh=result.estimated_wh,
        bands=canonical.encode(dict(result.bands_wh)).decode(),
    )


def point_day_of(row: PointDayRow) -> PointDay:
    """A stored point's day."""
    return PointDay(
        day=SettlementDay(row.day),
        point=row.point,
        role=Role(row.role),
        export_wh=row.export_wh,
        import_wh=row.import_wh,
        measured_wh=row.measured_wh,
        estimated_wh=row.estimated_wh,
        bands_wh=row.bands_wh,
    )


def notes_text(notes: Sequence[dict[str, str]]) -> str:
    """Labels as `days.notes` holds them: a canonical JSON list."""
    return json.dumps(list(notes), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def notes_of(text: str) -> list[dict[str, str]]:
    """The labels of a stored day."""
    notes: list[dict[str, str]] = json.loads(text)
    return notes
