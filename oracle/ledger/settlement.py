"""Boundaries, days and payout periods in the ledger."""

from oracle.core.states import PeriodState
from oracle.ledger.rows import BoundaryRow, DayRow, PeriodRow, PointDayRow
from oracle.ledger.sql import Connect, columns, insert, many, one, select, values

LIMIT_MAX = 4096

_BOUNDARY = columns(BoundaryRow)
_POINT_DAY = columns(PointDayRow)
_DAY = columns(DayRow)
_PERIOD = columns(PeriodRow)
_SELECT_BOUNDARY = select(BoundaryRow, "boundaries")
_SELECT_POINT_DAY = select(PointDayRow, "point_days")
_SELECT_DAY = select(DayRow, "days")
_SELECT_PERIOD = select(PeriodRow, "periods")


class SettlementReader:
    """Reads settlement. Limits above 4,096 rows are cut to that."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def boundary(self, meter_id: bytes, instant: int) -> BoundaryRow | None:
        """The frozen registers of a meter at an instant."""
        where = "WHERE meter_id = ? AND instant = ?"
        found = self._connect().execute(_SELECT_BOUNDARY + where, (meter_id, instant)).fetchone()
        return one(BoundaryRow, _BOUNDARY, found)

    def boundaries(self, meter_id: bytes, from_: int, to: int, *, limit: int = LIMIT_MAX) -> list[BoundaryRow]:
        """Frozen registers of a meter with from_ <= instant <= to, in order."""
        where = "WHERE meter_id = ? AND instant BETWEEN ? AND ? ORDER BY instant LIMIT ?"
        found = self._connect().execute(_SELECT_BOUNDARY + where, (meter_id, from_, to, min(limit, LIMIT_MAX)))
        return many(BoundaryRow, _BOUNDARY, found)

    def last_boundary(self, meter_id: bytes, *, before: int, basis: str) -> BoundaryRow | None:
        """The newest frozen registers of a meter before an instant that stand on `basis` (measured, estimated)."""
        where = "WHERE meter_id = ? AND instant < ? AND basis = ? ORDER BY instant DESC LIMIT 1"
        found = self._connect().execute(_SELECT_BOUNDARY + where, (meter_id, before, basis)).fetchone()
        return one(BoundaryRow, _BOUNDARY, found)

    def day(self, day: int) -> DayRow | None:
        """One settlement day."""
        return one(DayRow, _DAY, self._connect().execute(_SELECT_DAY + "WHERE day = ?", (day,)).fetchone())

    def newest_day(self) -> DayRow | None:
        """The latest day that is settled or held."""
        return one(DayRow, _DAY, self._connect().execute(_SELECT_DAY + "ORDER BY day DESC LIMIT 1").fetchone())

    def days(self, from_day: int, to_day: int, *, limit: int = LIMIT_MAX) -> list[DayRow]:
        """Days with from_day <= day < to_day, in order."""
        where = "WHERE day >= ? AND day < ? ORDER BY day LIMIT ?"
        return many(
            DayRow, _DAY, self._connect().execute(_SELECT_DAY + where, (from_day, to_day, min(limit, LIMIT_MAX)))
        )

    def point_days(self, from_day: int, to_day: int, *, limit: int = LIMIT_MAX) -> list[PointDayRow]:
        """Results of all points with from_day <= day < to_day, by day and point."""
        where = "WHERE day >= ? AND day < ? ORDER BY day, point LIMIT ?"
        found = self._connect().execute(_SELECT_POINT_DAY + where, (from_day, to_day, min(limit, LIMIT_MAX)))
        return many(PointDayRow, _POINT_DAY, found)

    def period(self, period: int) -> PeriodRow | None:
        """One payout period."""
        found = self._connect().execute(_SELECT_PERIOD + "WHERE period = ?", (period,)).fetchone()
        return one(PeriodRow, _PERIOD, found)

    def newest_period(self) -> PeriodRow | None:
        """The latest settled period."""
        found = self._connect().execute(_SELECT_PERIOD + "ORDER BY period DESC LIMIT 1").fetchone()
        return one(PeriodRow, _PERIOD, found)

    def periods(
        self, *, from_period: int = 0, state: PeriodState | None = None, limit: int = LIMIT_MAX
    ) -> list[PeriodRow]:
        """Periods from one on, in order; only those in a state, where one is given."""
        where = "WHERE period >= ? AND (? IS NULL OR state = ?) ORDER BY period LIMIT ?"
        found = self._connect().execute(_SELECT_PERIOD + where, (from_period, state, state, min(limit, LIMIT_MAX)))
        return many(PeriodRow, _PERIOD, found)


class SettlementWriter:
    """Writes settlement."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def freeze_boundary(self, row: BoundaryRow) -> None:
        """Freeze the registers of a meter at an instant; a frozen boundary is never written again (IntegrityError)."""
        self._connect().execute(insert("boundaries", _BOUNDARY), values(row, _BOUNDARY))

    def put_day(self, row: DayRow) -> None:
        """Write a day; a held one may be replaced by a settled one."""
        self._connect().execute(insert("days", _DAY, replace=True), values(row, _DAY))

    def put_point_day(self, row: PointDayRow) -> None:
        """Write what one point did on a day."""
        self._connect().execute(insert("point_days", _POINT_DAY, replace=True), values(row, _POINT_DAY))

    def add_period(self, row: PeriodRow) -> None:
        """Write a settled period, once (IntegrityError)."""
        self._connect().execute(insert("periods", _PERIOD), values(row, _PERIOD))

    def set_period_state(
        self,
        period: int,
        state: PeriodState,
        *,
        log_root: bytes | None = None,
        declare_tx: str | None = None,
        declared_block: int | None = None,
    ) -> None:
        """Move a period to anchored or declared; what is given is set, the rest stays."""
        self._connect().execute(
            "UPDATE periods SET state = ?, log_root = COALESCE(?, log_root), declare_tx = COALESCE(?, declare_tx),"
            " declared_block = COALESCE(?, declared_block) WHERE period = ?",
            (state, log_root, declare_tx, declared_block, period),
        )
