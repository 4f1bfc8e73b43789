"""The statement of a payout period: one canonical JSON document, every integer a string (spec/settlement.md).

The log holds it as a decision, the report's `statementHash` names it, and the same inputs give the same bytes again.
"""

from collections.abc import Mapping

from evidence import canonical
from oracle.core import calendar
from oracle.core.calendar import day_text, instant_text
from oracle.core.energy.boundary import Boundary
from oracle.core.energy.meter import Meter
from oracle.core.energy.points import PointDay
from oracle.core.money import waterfall as money
from oracle.core.money.figures import Figures, PeriodInputs, PointTotal

SCHEMA = "helioracle-statement-1"
# Changes with every rule of `oracle.core` that can change a byte of a statement.
RULE_SET = "helioracle-rules-1"
Document = dict[str, canonical.Value]


def document_of(figures: Figures) -> Document:
    """The statement over the figures of a period; `evidence.canonical.encode` gives its one encoding."""
    inputs, terms = figures.inputs, figures.inputs.terms
    start, end = (calendar.day_start(day, terms.utc_offset_s) for day in (figures.days.start, figures.days.stop))
    return {
        "schema": SCHEMA,
        "asset": terms.asset,
        "period": inputs.period,
        "days": {"from": day_text(figures.days.start), "to": day_text(figures.days.stop)},
        "span": {"from": instant_text(start), "to": instant_text(end)},
        "inputs": {
            "log_size": inputs.frozen.log_size,
            "registry_index": inputs.frozen.registry_index,
            "rule_set": RULE_SET,
            "terms": terms.hash(),
            "tzdata": inputs.frozen.tzdata,
        },
        "money": {"decimals": terms.money_decimals, "symbol": terms.money_symbol},
        "points": [_point(total, inputs) for total in figures.totals],
        "meters": [_meter(meter, inputs.boundaries.get(meter.serial, {}), start, end) for meter in inputs.meters],
        "lines": [
            {
                "point": line.point,
                "tariff": line.tariff,
                "band": line.band,
                "energy_wh": line.energy_wh,
                "price_minor_per_kwh": line.price_minor_per_kwh,
                "amount_minor": line.amount_minor,
                "basis": _AMOUNT_BASIS[line.basis.value],
            }
            for line in figures.lines
        ],
        "waterfall": _waterfall(figures),
        "checks": [
            {
                "day": day_text(check.day),
                "point": check.point,
                "export_wh": check.export_wh,
                "generation_wh": check.generation_wh,
                "difference_wh": check.difference_wh,
                "within_tolerance": check.within_tolerance,
            }
            for check in figures.checks
        ],
        "notes": {day_text(day): [dict(note) for note in inputs.notes.get(day, ())] for day in figures.days},
        "totals": {
            "export_wh": figures.export_wh,
            "import_wh": figures.import_wh,
            "missing_meters": figures.missing_meters,
            "settlement_root": figures.settlement_root,
        },
    }


_AMOUNT_BASIS = {"measured": "register-proven", "estimated": "estimated"}


def _point(total: PointTotal, inputs: PeriodInputs) -> Document:
    serials = {term.serial for term in total.point.formula}
    return {
        "id": total.point.id,
        "role": total.point.role.value,
        "tariff": total.point.tariff,
        "formula": [{"sign": term.sign, "serial": term.serial} for term in total.point.formula],
        "custody": sorted({meter.custody for meter in inputs.meters if meter.serial in serials}),
        "energy_wh": total.energy_wh,
        "export_wh": total.export_wh,
        "import_wh": total.import_wh,
        "measured_wh": total.measured_wh,
        "estimated_wh": total.estimated_wh,
        "in_tree": total.leaf is not None,
        "days": [_point_day(result) for result in total.days],
    }


def _point_day(result: PointDay) -> Document:
    return {
        "day": day_text(result.day),
        "export_wh": result.export_wh,
        "import_wh": result.import_wh,
        "measured_wh": result.measured_wh,
        "estimated_wh": result.estimated_wh,
        "bands_wh": dict(result.bands_wh),
    }


def _meter(meter: Meter, frozen: Mapping[int, Boundary], start: int, end: int) -> Document:
    document: Document = {
        "serial": meter.serial,
        "meter_id": bytes(meter.meter_id),
        "binding": meter.binding_hash,
        "custody": meter.custody,
        # A key that is not the meter's own says what the gateway read, not what the meter signed.
        "signed_at": "meter" if meter.custody == "meter" else "gateway",
    }
    for name, instant in (("opening", start), ("closing", end)):
        if instant in frozen:
            document[name] = _boundary(frozen[instant])
    return document


def _boundary(boundary: Boundary) -> Document:
    document: Document = {"instant": instant_text(boundary.instant), "basis": boundary.basis.value}
    for name, register in zip(("export_wh", "import_wh"), boundary.registers, strict=True):
        if register is not None:
            document[name] = register
    if boundary.where is not None:
        document["header"] = boundary.where.header_hash
        document["position"] = boundary.where.position
    return document


def _waterfall(figures: Figures) -> Document:
    fall = figures.waterfall
    return {
        "lines_minor": fall.lines_minor,
        "bases": dict(money.bases(figures.lines)),
        "gross_minor": fall.gross_minor,
        "steps": [
            {"name": step.name, "due_minor": step.due_minor, "taken_minor": step.taken_minor} for step in fall.steps
        ],
        "distributable_minor": fall.distributable_minor,
        "deficit_before_minor": figures.inputs.deficit_before_minor,
        "deficit_after_minor": fall.deficit_after_minor,
    }
