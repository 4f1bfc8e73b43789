"""SQL text made of row classes: a row class's fields are its table's columns, so no column list is written twice."""

import dataclasses
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

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
    """The row object of one fetched row; the schema is STRICT, so that a column's type is what it says."""
    return row_class(**dict(zip(names, found, strict=True)))


def one(row_class: Callable[..., _R], names: Sequence[str], found: Sequence[Any] | None) -> _R | None:
    """The row object of one fetched row, if there is one."""
    return None if found is None else row(row_class, names, found)


def many(row_class: Callable[..., _R], names: Sequence[str], found: Iterable[Sequence[Any]]) -> list[_R]:
    """The row objects of fetched rows."""
    return [row(row_class, names, each) for each in found]


def _quoted(names: Sequence[str]) -> list[str]:
    return [f'"{name}"' for name in names]
