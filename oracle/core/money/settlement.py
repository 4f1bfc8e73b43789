"""A payout period, settled: its figures, and the statement over them; the same inputs give the same bytes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from evidence import canonical
from evidence.units import Minor, WattHours
from oracle.core.money.figures import PeriodInputs, figures_of
from oracle.core.money.statement import document_of


@dataclass(frozen=True, slots=True)
class Settlement:
    """A settled period: what the ledger stores and the chain is told.

    Attributes:
        statement: the canonical bytes.
        document: what they encode.
        statement_hash: SHA-256 of the bytes.
        settlement_root: the sum tree's over the points that earn.
        export_wh: the tree's total.
        import_wh: the tree's total.
        gross: declared gross revenue.
        distributable: what holders are owed.
        deficit_after: what the next period starts with.
        missing_meters: meters without whose data a day was closed.
    """

    statement: bytes
    document: Mapping[str, canonical.Value]
    statement_hash: bytes
    settlement_root: bytes
    export_wh: WattHours
    import_wh: WattHours
    gross: Minor
    distributable: Minor
    deficit_after: Minor
    missing_meters: int


def settle(inputs: PeriodInputs) -> Settlement:
    """Settle a period; running it again on the same inputs gives the same bytes.

    Raises:
        SettlementError: a day or a point is missing among the inputs, nothing earns, or an energy does not fit 64 bits.
    """
    figures = figures_of(inputs)
    document = document_of(figures)
    statement = canonical.encode(document)
    return Settlement(
        statement=statement,
        document=document,
        statement_hash=hashlib.sha256(statement).digest(),
        settlement_root=figures.settlement_root,
        export_wh=figures.export_wh,
        import_wh=figures.import_wh,
        gross=figures.waterfall.gross_minor,
        distributable=figures.waterfall.distributable_minor,
        deficit_after=figures.waterfall.deficit_after_minor,
        missing_meters=figures.missing_meters,
    )
