"""The statement of a payout period: one canonical JSON document, every integer a string (spec/settlement.md).

It is what the log holds as a decision, what the report's `statementHash` names, and what `helioracle verify` computes again.
"""

import hashlib
from collections.abc import Mapping, Sequence

from evidence import canonical
from oracle.core import calendar, money
from oracle.core.boundary import Boundary
from oracle.core.calendar import day_text, instant_text
from oracle.core.meter_day import Note
from oracle.core.points import PointDay
from oracle.core.register import Meter
from oracle.core.settlement import RULE_SET, PeriodInputs, PointTotal, Settled, Settlement, settle_figures

SCHEMA = "helioracle-statement-1"
Document = dict[str, canonical.Value]


def settle(inputs: PeriodInputs) -> Settlement:
    """Settle a period; running it again on the same inputs gives the same bytes.

    Raises:
        SettlementError: a day or a point is missing among the inputs, nothing earns, or an energy does not fit 64 bits.
    """
    settled = settle_figures(inputs)
    document = _document(settled)
    statement = canonical.encode(document)
    return Settlement(
        statement=statement,
        document=document,
        statement_hash=hashlib.sha256(statement).digest(),
        settlement_root=settled.settlement_root,
        export_wh=settled.export_wh,
        import_wh=settled.import_wh,
        gross=settled.waterfall.gross_minor,
        distributable=settled.waterfall.distributable_minor,
        deficit_after=settled.waterfall.deficit_after_minor,
        missing_meters=settled.missing_meters,
    )


def notes_document(notes: Sequence[Note]) -> list[dict[str, str]]:
    """Labels as the statement and the ledger hold them."""
    return [
        {
            "label": note.label.value,
            "subject": note.subject,
            "count": str(note.count),
            "first": instant_text(note.first),
            "last": instant_text(note.last),
        }
        for note in notes
    ]


def _document(settled: Settled) -> Document:
    inputs, terms = settled.inputs, settled.inputs.terms
    start, end = (calendar.day_start(day, terms.utc_offset_s) for day in (settled.days.start, settled.days.stop))
    return {
        "schema": SCHEMA,
        "asset": terms.asset,
        "period": inputs.period,
        "days": {"from": day_text(settled.days.start), "to": day_text(settled.days.stop)},
        "span": {"from": instant_text(start), "to": instant_text(end)},
        "inputs": {
            "log_size": inputs.frozen.log_size,
            "registry_index": inputs.frozen.registry_index,
            "rule_set": RULE_SET,
            "terms": terms.hash(),
            "tzdata": inputs.frozen.tzdata,
        },
        "money": {"decimals": terms.money_decimals, "symbol": terms.money_symbol},
        "points": [_point(total, inputs) for total in settled.totals],
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
            for line in settled.lines
        ],
        "waterfall": _waterfall(settled),
        "checks": [
            {
                "day": day_text(check.day),
                "point": check.point,
                "export_wh": check.export_wh,
                "generation_wh": check.generation_wh,
                "difference_wh": check.difference_wh,
                "within_tolerance": check.within_tolerance,
            }
            for check in settled.checks
        ],
        "notes": {day_text(day): [dict(note) for note in inputs.notes.get(day, ())] for day in settled.days},
        "totals": {
            "export_wh": settled.export_wh,
            "import_wh": settled.import_wh,
            "missing_meters": settled.missing_meters,
            "settlement_root": settled.settlement_root,
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


def _waterfall(settled: Settled) -> Document:
    fall = settled.waterfall
    return {
        "lines_minor": fall.lines_minor,
        "bases": dict(money.bases(settled.lines)),
        "gross_minor": fall.gross_minor,
        "steps": [
            {"name": step.name, "due_minor": step.due_minor, "taken_minor": step.taken_minor} for step in fall.steps
        ],
        "distributable_minor": fall.distributable_minor,
        "deficit_before_minor": settled.inputs.deficit_before_minor,
        "deficit_after_minor": fall.deficit_after_minor,
    }
