"""Bindings in the ledger: which key speaks for which meter, from when."""

from oracle.ledger.rows import BindingRow
from oracle.ledger.sql import Connect, columns, insert, many, one, select, values

_COLUMNS = columns(BindingRow)
_SELECT = select(BindingRow, "bindings")
_INSERT = insert("bindings", _COLUMNS)


class BindingsReader:
    """Reads bindings."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def all(self) -> list[BindingRow]:
        """Every binding, in the order of the log."""
        return many(BindingRow, _COLUMNS, self._connect().execute(_SELECT + "ORDER BY log_index"))

    def of(self, meter_id: bytes) -> list[BindingRow]:
        """The history of one meter, oldest first."""
        found = self._connect().execute(_SELECT + "WHERE meter_id = ? ORDER BY valid_from", (meter_id,))
        return many(BindingRow, _COLUMNS, found)

    def at(self, meter_id: bytes, instant: int) -> BindingRow | None:
        """The binding in force at an instant (unix seconds); None when there is none yet."""
        sql = _SELECT + "WHERE meter_id = ? AND valid_from <= ? ORDER BY valid_from DESC LIMIT 1"
        return one(BindingRow, _COLUMNS, self._connect().execute(sql, (meter_id, instant)).fetchone())

    def by_hash(self, binding_hash: bytes) -> BindingRow | None:
        """One binding."""
        return one(
            BindingRow, _COLUMNS, self._connect().execute(_SELECT + "WHERE hash = ?", (binding_hash,)).fetchone()
        )


class BindingsWriter:
    """Writes bindings."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect

    def add(self, row: BindingRow) -> None:
        """Add one; its hash and (meter, valid from) are unique."""
        self._connect().execute(_INSERT, values(row, _COLUMNS))
