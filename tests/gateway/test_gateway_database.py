"""A transaction of the outbox stores all or nothing: also when a part of it fails, and when the COMMIT itself does."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.database import Database
from gateway.errors import OutboxSpoiled

TABLES = """
    CREATE TABLE meter (id INTEGER PRIMARY KEY);
    CREATE TABLE reading (meter INTEGER REFERENCES meter (id) DEFERRABLE INITIALLY DEFERRED);
"""


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(tmp_path / "outbox.sqlite", tables=TABLES, version=1)
    opened.connection.execute("PRAGMA foreign_keys = ON")
    yield opened
    opened.close()


def add_meter(database: Database, number: int) -> None:
    database.do("INSERT INTO meter VALUES (?)", number)


def meters(database: Database) -> list[int]:
    return [number for (number,) in database.all("SELECT id FROM meter ORDER BY id")]


def test_a_commit_that_fails_leaves_no_transaction_open(database: Database) -> None:
    undone: list[str] = []

    def work() -> None:
        with database.transaction():
            database.on_rollback(lambda: undone.append("taken back"))
            add_meter(database, 1)
            database.do("INSERT INTO reading VALUES (7)")  # a deferred key: the COMMIT checks it

    with pytest.raises(sqlite3.IntegrityError):
        work()
    assert not database.connection.in_transaction
    assert (meters(database), undone) == ([], ["taken back"])
    with database.transaction():
        add_meter(database, 2)
    assert (meters(database), undone) == ([2], ["taken back"])


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_failure_inside_that_is_passed_over_fails_the_whole(database: Database, *, goes_on: bool) -> None:
    undone: list[int] = []

    def inside() -> None:
        with database.transaction():
            database.on_rollback(lambda: undone.append(2))
            add_meter(database, 2)
            raise ValueError("inner")

    def outside() -> None:
        with database.transaction():
            database.on_rollback(lambda: undone.append(1))
            add_meter(database, 1)
            with contextlib.suppress(ValueError):
                inside()
            if goes_on:
                add_meter(database, 3)

    with pytest.raises(OutboxSpoiled, match="nothing of this transaction is stored") as spoiled:
        outside()
    assert isinstance(spoiled.value.__cause__, ValueError)
    assert (meters(database), undone) == ([], [2, 1])
    with database.transaction(), database.transaction():
        add_meter(database, 4)
    assert meters(database) == [4]


@pytest.mark.parametrize("goes_on", [False, True])
def test_nothing_is_stored_alone_once_sqlite_took_a_transaction_back(database: Database, *, goes_on: bool) -> None:
    add_meter(database, 1)

    def work() -> None:
        with database.transaction():
            add_meter(database, 2)
            with contextlib.suppress(sqlite3.IntegrityError):
                database.do("INSERT OR ROLLBACK INTO meter VALUES (1)")
            if goes_on:
                add_meter(database, 3)

    with pytest.raises(OutboxSpoiled):
        work()
    assert meters(database) == [1]


def test_an_error_that_leaves_the_transaction_takes_it_back(database: Database) -> None:
    def work() -> None:
        with database.transaction(), database.transaction():
            add_meter(database, 1)
            raise KeyError

    with pytest.raises(KeyError):
        work()
    assert meters(database) == []
