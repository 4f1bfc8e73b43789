"""How many hours of energy from before a period may have arrived in it: what a report names as its catch-up hours."""

from evidence.units import div_ceil
from oracle.core.calendar import day_start
from oracle.core.energy.boundary import Basis
from oracle.core.terms import AssetTerms
from oracle.ledger.reader import LedgerReader

_SECONDS_PER_HOUR = 3600


def catch_up_hours(reader: LedgerReader, terms: AssetTerms, period: int) -> int:
    """Hours from the last measured boundary of whichever meter lacks one at the period's start the longest; 0 where none does.

    Only a meter without a measured register at the start can bring energy from before it; how much, its last measured register bounds.
    The contract takes no more hours than there are between the asset's first day and the period (docs/decisions/0013).

    Args:
        reader: the ledger, whose boundaries are frozen by settlement.
        terms: the schedule.
        period: a settled payout period.
    """
    first = day_start(terms.first_day, terms.utc_offset_s)
    start = day_start(terms.first_day + period * terms.days_per_period, terms.utc_offset_s)
    longest = 0
    for meter_id in sorted({binding.meter_id for binding in reader.bindings.all()}):
        boundary = reader.settlement.boundary(meter_id, start)
        if boundary is None or boundary.basis == Basis.MEASURED:
            continue
        last = reader.settlement.last_boundary(meter_id, before=start, basis=Basis.MEASURED)
        longest = max(longest, start - (first if last is None else max(first, last.instant)))
    return div_ceil(longest, _SECONDS_PER_HOUR)
