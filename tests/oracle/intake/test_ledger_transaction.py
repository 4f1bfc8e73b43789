"""A transaction of the ledger stores all or nothing: also when a part of it fails, and when the COMMIT itself does."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from oracle.errors import LedgerError, TransactionSpoiled
from oracle.ledger import schema
from oracle.ledger.rows import BoundaryRow
from oracle.ledger.sqlite import database
from oracle.ledger.writer import LedgerWriter


def boundary(instant: int) -> BoundaryRow:
    return BoundaryRow(
        meter_id=b"m", instant=instant, export_wh=1, import_wh=0, basis="measured",
        header_hash=None, position=None, frozen_at=0,
    )  # fmt: skip


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[LedgerWriter]:
    path = tmp_path / "ledger.sqlite"
    database.create(path, asset="a", chain_id=1)
    with LedgerWriter(path) as opened:
        yield opened


def stored(writer: LedgerWriter) -> list[int]:
    with writer.transaction():
        return [row.instant for row in writer.view.settlement.boundaries(b"m", 0, 100)]


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_failure_inside_that_is_passed_over_fails_the_whole(writer: LedgerWriter, *, goes_on: bool) -> None:
    undone: list[int] = []

    def inside() -> None:
        with writer.transaction():
            writer.on_rollback(lambda: undone.append(1))
            writer.settlement.freeze_boundary(boundary(1))
            raise ValueError("inner")

    def outside() -> None:
        with writer.transaction():
            with contextlib.suppress(ValueError):
                inside()
            if goes_on:
                writer.settlement.freeze_boundary(boundary(2))

    with pytest.raises(TransactionSpoiled, match="nothing of this transaction is stored") as spoiled:
        outside()
    assert isinstance(spoiled.value.__cause__, ValueError)
    assert (stored(writer), undone) == ([], [1])
    with writer.transaction(), writer.transaction():
        writer.settlement.freeze_boundary(boundary(3))
    assert stored(writer) == [3]


def test_a_commit_that_fails_takes_all_of_it_back(writer: LedgerWriter) -> None:
    connection = writer._connection
    connection.execute("CREATE TEMP TABLE meter (id INTEGER PRIMARY KEY)")
    connection.execute("CREATE TEMP TABLE reading (m INTEGER REFERENCES meter (id) DEFERRABLE INITIALLY DEFERRED)")
    told: list[str] = []

    def work() -> None:
        with writer.transaction():
            writer.on_rollback(lambda: told.append("taken back"))
            writer.on_commit(lambda: told.append("stored"))
            writer.settlement.freeze_boundary(boundary(1))
            connection.execute("INSERT INTO temp.reading VALUES (7)")  # a deferred key: the COMMIT checks it

    with pytest.raises(sqlite3.IntegrityError):
        work()
    assert not connection.in_transaction
    assert (stored(writer), told) == ([], ["taken back"])


@pytest.mark.parametrize("goes_on", [False, True])
def test_nothing_is_stored_alone_once_sqlite_took_a_transaction_back(writer: LedgerWriter, *, goes_on: bool) -> None:
    def work() -> None:
        with writer.transaction():
            writer.settlement.freeze_boundary(boundary(1))
            with contextlib.suppress(sqlite3.IntegrityError):
                writer._connection.execute("INSERT OR ROLLBACK INTO meta (key, value) VALUES ('asset', 'b')")
            if goes_on:
                writer.settlement.freeze_boundary(boundary(2))

    with pytest.raises(TransactionSpoiled, match="the database took it back"):
        work()
    assert stored(writer) == []


def test_a_ledger_that_could_not_be_created_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.sqlite"
    with monkeypatch.context() as patch:
        patch.setattr(database, "TABLES", {**schema.TABLES, "meta": None})
        with pytest.raises(AttributeError):
            database.create(path, asset="a", chain_id=1)
    assert list(tmp_path.iterdir()) == []
    database.create(path, asset="a", chain_id=1)
    with pytest.raises(LedgerError, match="already a file"):
        database.create(path, asset="a", chain_id=1)
