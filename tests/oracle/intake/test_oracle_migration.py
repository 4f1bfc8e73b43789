"""A ledger of an older schema: refused by name, brought over when asked for, and then the same ledger."""

import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.answer import Code, Verdict
from oracle.errors import LedgerError
from oracle.ledger.reader import LedgerReader
from oracle.ledger.schema import SCHEMA_VERSION
from oracle.ledger.sqlite import database, migration
from oracle.ledger.sqlite.lock import LedgerLock
from oracle.ledger.writer import LedgerWriter
from tests.oracle.intake.rig import Rig
from tests.plant.signed_meter import ASSET, CHAIN_ID, SignedMeter, hash_of

# What turns a ledger of schema 2 into one that version 0.1.0 wrote before it.
BACK_TO_1 = "ALTER TABLE headers RENAME COLUMN bodiless TO sealed"


def make_old(path: Path, version: str = "1") -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    if version == "1":
        connection.execute(BACK_TO_1)
    connection.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (version,))
    connection.close()


def tables(path: Path) -> list[tuple[str]]:
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()
    connection.close()
    return found


def test_an_older_ledger_is_refused_with_the_command_and_is_the_same_ledger_once_migrated(
    open_rig: Callable[..., Rig], meter: SignedMeter, tmp_path: Path
) -> None:
    rig = open_rig(meter)
    *kept, spoilt = meter.history(4)
    rig.send(*kept, replace(spoilt, body=b""))
    rows = [rig.reader.headers.by_hash(hash_of(item)) for item in (*kept, spoilt)]
    path = rig.path
    rig.close()
    fresh = tmp_path / "fresh.sqlite"
    database.create(fresh, asset=ASSET, chain_id=CHAIN_ID)
    make_old(path)
    for open_ in (LedgerReader, LedgerWriter):
        with pytest.raises(LedgerError, match=r"schema 1.*helioracle oracle migrate"):
            open_(path)
    assert migration.migrate(path) == 1
    assert migration.migrate(path) == SCHEMA_VERSION
    assert tables(path) == tables(fresh)
    again = open_rig(meter)
    assert [again.reader.headers.by_hash(hash_of(item)) for item in (*kept, spoilt)] == rows
    assert again.send(kept[0], spoilt) == [(Verdict.DUPLICATE, Code.OK), (Verdict.DUPLICATE, Code.SEALED)]


def test_a_migration_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ledger.sqlite"
    database.create(path, asset=ASSET, chain_id=CHAIN_ID)
    make_old(path)
    before = tables(path)
    monkeypatch.setattr(migration, "STEPS", {1: (*migration.STEPS[1], "ALTER TABLE nowhere RENAME TO anywhere")})
    with pytest.raises(sqlite3.OperationalError):
        migration.migrate(path)
    assert tables(path) == before
    monkeypatch.undo()
    assert migration.migrate(path) == 1


def test_only_an_older_ledger_that_nobody_works_on_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite"
    with pytest.raises(LedgerError, match="helioracle oracle create"):
        migration.migrate(path)
    database.create(path, asset=ASSET, chain_id=CHAIN_ID)
    lock = LedgerLock(path)
    with pytest.raises(LedgerError, match="another oracle"):
        migration.migrate(path)
    lock.release()
    for version in ("0", "99"):
        make_old(path, version)
        with pytest.raises(LedgerError, match=f"from schema {version}"):
            migration.migrate(path)
