"""SQL text made of row classes: a row class's fields are its table's columns, so no column list is written twice."""

import dataclasses
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from enum import StrEnum
from functools import cache
from typing import Any, TypeVar

from oracle.errors import LedgerError

_R = TypeVar("_R")

Connect = Callable[[], sqlite3.Connection]
Value = int | str | bytes | None


def columns(row_class: type) -> tuple[str, ...]:
    """The column names of a row class."""
    return tuple(field.name for field in dataclasses.fields(row_class))


def select(row_class: type, table: str) -> str:
    """`SELECT <columns> FROM <table>`, ready for a WHERE."""
    return f"SELECT {', '.join(_quoted(columns(row_class)))} FROM {table} "  # noqa: S608 names come from code, never from input


def insert(table: str, names: Sequence[str], *, replace: bool = False) -> str:
    """An INSERT with one placeholder per column."""
    verb = "INSERT OR REPLACE" if replace else "INSERT"
    marks = ", ".join("?" * len(names))
    return f"{verb} INTO {table} ({', '.join(_quoted(names))}) VALUES ({marks})"


def values(row: object, names: Sequence[str]) -> tuple[Value, ...]:
    """The values of a row's columns."""
    return tuple(getattr(row, name) for name in names)


def row(row_class: Callable[..., _R], names: Sequence[str], found: Sequence[Any]) -> _R:
    """The row object of one fetched row; the schema is STRICT, so that a column's type is what it says.

    Raises:
        LedgerError: a column of states holds a word that is none.
    """
    fields = dict(zip(names, found, strict=True))
    for name, states in _states(row_class):
        try:
            fields[name] = states(fields[name])
        except ValueError:
            known = ", ".join(states)
            raise LedgerError(f"the ledger's column {name} holds {fields[name]!r}, which is none of {known}") from None
    return row_class(**fields)


@cache
def _states(row_class: type) -> tuple[tuple[str, type[StrEnum]], ...]:
    """The columns that hold a state, with the enum of their states."""
    kinds = ((field.name, field.type) for field in dataclasses.fields(row_class))
    return tuple((name, kind) for name, kind in kinds if isinstance(kind, type) and issubclass(kind, StrEnum))


def one(row_class: Callable[..., _R], names: Sequence[str], found: Sequence[Any] | None) -> _R | None:
    """The row object of one fetched row, if there is one."""
    return None if found is None else row(row_class, names, found)


def many(row_class: Callable[..., _R], names: Sequence[str], found: Iterable[Sequence[Any]]) -> list[_R]:
    """The row objects of fetched rows."""
    return [row(row_class, names, each) for each in found]


def _quoted(names: Sequence[str]) -> list[str]:
    return [f'"{name}"' for name in names]
