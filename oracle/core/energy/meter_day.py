"""One meter on one settlement day: its boundaries at the day's and the bands' edges, and the energies between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evidence.status import Status
from oracle.core.energy import boundary as bd
from oracle.core.energy.boundary import Basis, Boundary, BoundaryRule
from oracle.core.energy.meter import Lane, Meter
from oracle.core.energy.note import Note
from oracle.core.energy.register import energy_wh
from oracle.core.energy.vee import Item, Label, Marker, RegisterReading, Series, is_stuck, judge, tariffs_disagree

_MISSED = frozenset({Label.HELD, Label.MISSING})


@dataclass(frozen=True, slots=True)
class Energy:
    """Energy of an interval in Wh; `estimated_wh` is the part that stands on an interpolated or held register."""

    wh: int
    estimated_wh: int


@dataclass(frozen=True, slots=True)
class MeterDay:
    """What one meter's signed readings say of one day.

    Attributes:
        meter: whose.
        boundaries: by instant: the day's start and end, and every band edge between.
        series: the judged readings from the opening boundary on.
        notes: the day's labels, in a fixed order.
        missed: the day was closed without this meter's data: the deadline passed, or it never showed a register.
    """

    meter: Meter
    boundaries: Mapping[int, Boundary]
    series: Series
    notes: tuple[Note, ...]
    missed: bool

    def energy(self, lane: Lane, start: int, end: int) -> Energy:
        """The energy of one register between two of the day's boundaries.

        What lies between the first and the last accepted reading of an interval is measured whatever its edges are.
        """
        opening, closing = self.boundaries[start], self.boundaries[end]
        within = [run for a in bd.accepted_within(self.series, start, end) if (run := a.cumulative[lane]) is not None]
        low, high = opening.cumulative[lane], closing.cumulative[lane]
        if low is None and within:
            low = within[0]  # rule 5 for one register: it counts from its first accepted reading
        if low is None or high is None:
            return Energy(0, 0)
        proven_low, proven_high = low, high
        if opening.basis is Basis.ESTIMATED:
            proven_low = min(within[0] if within else high, high)
        if closing.basis is Basis.ESTIMATED:
            proven_high = max(within[-1] if within else low, proven_low)
        whole = energy_wh(self.meter, low, high)
        measured = max(0, energy_wh(self.meter, proven_low, max(proven_low, proven_high)))
        return Energy(whole, max(0, whole - measured))


@dataclass(frozen=True, slots=True)
class MeterDayInputs:
    """What a meter's day is computed from.

    Attributes:
        meter: whose.
        opening: the frozen boundary at the day's start, or None on the first day.
        opening_time: the time of the reading that the opening stands in.
        items: readings and markers in the order of the headers, at least from the opening on.
        start: the day's first second.
        end: the next day's first second.
        edges: band edges strictly between.
        rule: how boundaries are decided.
    """

    meter: Meter
    opening: Boundary | None
    opening_time: int
    items: Sequence[Item]
    start: int
    end: int
    edges: tuple[int, ...]
    rule: BoundaryRule


def meter_day(inputs: MeterDayInputs) -> MeterDay | None:
    """Judge the readings and find every boundary; None while the day's end is not decided."""
    meter, rule = inputs.meter, inputs.rule
    opening = bd.opening_of(inputs.opening, inputs.opening_time) if inputs.opening else None
    # Before the first day nothing is frozen: readings up to a tolerance ahead of it may still be its opening boundary.
    from_ = inputs.start if inputs.opening else inputs.start - rule.tol_s
    items = list(inputs.items)[cut(inputs.items, from_) :]
    series = judge(meter, opening, items, rule.poll_interval_s)
    if any(isinstance(item, Marker) and item.label is Label.RETIRED for item in inputs.items):
        series = replace(series, ended=True)
    close = bd.at(meter, series, inputs.end, rule)
    if close is None:
        return None
    boundaries = {inputs.start: inputs.opening or _first(meter, series, inputs.start, rule), inputs.end: close}
    for edge in inputs.edges:
        boundaries[edge] = _decided(bd.at(meter, series, edge, rule), close, edge)
    day_items = items[: cut(items, inputs.end)]
    notes = _notes(meter, series, day_items, boundaries, rule)
    missed = close.label in _MISSED and not series.ended and series.passed <= inputs.end + rule.tol_s
    if missed and close.label is not Label.MISSING:
        notes = (*notes, Note(Label.MISSING, meter.serial, 1, inputs.end, inputs.end))
    return MeterDay(meter, boundaries, series, notes, missed or close.label is Label.MISSING)


def cut(items: Sequence[Item], instant: int) -> int:
    """The index of the first reading at or after an instant under a synchronised clock: where a new day's items begin."""
    for index, item in enumerate(items):
        if isinstance(item, RegisterReading) and item.status & Status.CLOCK_SYNCHRONISED and item.time >= instant:
            return _with_markers(items, index, instant)
    return _with_markers(items, len(items), instant)


def _with_markers(items: Sequence[Item], index: int, instant: int) -> int:
    """What was signed between the two readings belongs to the new day where its own time says so."""
    while index > 0:
        before = items[index - 1]
        if not isinstance(before, Marker) or before.time < instant:
            break
        index -= 1
    return index


def _first(meter: Meter, series: Series, start: int, rule: BoundaryRule) -> Boundary:
    found = bd.at(meter, series, start, rule)
    # The day's end is decided, so there is nothing left to wait for at its start either.
    return found or Boundary(start, (None, None), (None, None), Basis.ESTIMATED, None, Label.MISSING)


def _decided(found: Boundary | None, close: Boundary, edge: int) -> Boundary:
    """An edge that no rule decides lies after the meter's last accepted reading, where the day's end is held: so is the edge."""
    return found or Boundary(edge, close.registers, close.cumulative, Basis.ESTIMATED, close.where, Label.HELD)


def _notes(
    meter: Meter,
    series: Series,
    items: Sequence[Item],
    boundaries: Mapping[int, Boundary],
    rule: BoundaryRule,
) -> tuple[Note, ...]:
    times: dict[Label, list[int]] = {}
    for finding in series.findings:
        if finding.index < len(items):
            times.setdefault(finding.label, []).append(finding.time)
    start, end = min(boundaries), max(boundaries)
    for instant, found in sorted(boundaries.items()):
        # The opening boundary was the day before's closing one, and was noted there.
        if found.label is not None:
            times.setdefault(found.label, []).append(instant)
    if series.opening is not None and boundaries[start].basis is Basis.ESTIMATED:
        times.setdefault(Label.CATCH_UP, []).append(start)
    rise = sum(
        (boundaries[end].cumulative[lane] or 0) - (boundaries[start].cumulative[lane] or 0) for lane in meter.lanes
    )
    if is_stuck(meter, items, rise, rule.poll_interval_s):
        times.setdefault(Label.STUCK, []).append(start)
    if tariffs_disagree(meter, items):
        times.setdefault(Label.TARIFFS_DISAGREE, []).append(start)
    return tuple(
        Note(label, meter.serial, len(times[label]), min(times[label]), max(times[label])) for label in sorted(times)
    )
