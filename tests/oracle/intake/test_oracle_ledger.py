"""The ledger: all or nothing, seen by readers only when durable, and never born by accident."""

import dataclasses
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from oracle.core.states import JournalState, PeriodState
from oracle.errors import LedgerError
from oracle.ledger import rows
from oracle.ledger.headers import HeadersReader
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import BoundaryRow, EventRow, JournalRow, PeriodRow
from oracle.ledger.schema import TABLES
from oracle.ledger.sqlite import database
from oracle.ledger.sqlite.lock import LedgerLock
from oracle.ledger.writer import LedgerWriter
from tests.oracle.intake.rig import Rig
from tests.plant.signed_meter import ASSET, CHAIN_ID, SignedMeter, hash_of

ROW_OF_TABLE = {
    "bindings": rows.BindingRow,
    "refusals": rows.RefusalRow,
    "forks": rows.ForkRow,
    "log_entries": rows.LogEntryRow,
    "checkpoints": rows.CheckpointRow,
    "boundaries": rows.BoundaryRow,
    "point_days": rows.PointDayRow,
    "days": rows.DayRow,
    "periods": rows.PeriodRow,
    "chain_journal": rows.JournalRow,
    "chain_events": rows.EventRow,
}


@pytest.mark.parametrize("table", sorted(ROW_OF_TABLE))
def test_a_row_has_the_fields_of_its_table(table: str) -> None:
    fields = [field.name for field in dataclasses.fields(ROW_OF_TABLE[table])]
    assert fields == list(TABLES[table].columns)


def test_a_batch_row_has_the_fields_of_headers() -> None:
    fields = {field.name for field in dataclasses.fields(rows.HeaderRow)} | {"batch_key", "body", "evidence"}
    assert fields == set(TABLES["headers"].columns)
    assert set(ROW_OF_TABLE) | {"headers", "meta"} == set(TABLES)


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.sqlite"
    database.create(path, asset=ASSET, chain_id=CHAIN_ID)
    return path


def test_a_missing_ledger_is_an_error_that_says_what_to_run_and_makes_no_file(tmp_path: Path) -> None:
    path = tmp_path / "none.sqlite"
    for open_ in (LedgerReader, LedgerWriter):
        with pytest.raises(LedgerError, match="helioracle oracle create"):
            open_(path)
    assert list(tmp_path.iterdir()) == []


def test_a_ledger_is_never_created_over_a_file(ledger: Path) -> None:
    before = ledger.read_bytes()
    with pytest.raises(LedgerError, match="already a file"):
        database.create(ledger, asset=ASSET, chain_id=CHAIN_ID)
    assert ledger.read_bytes() == before


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(b"not a database, but long enough to be taken for one" * 20)
    with pytest.raises(LedgerError, match="no ledger"):
        LedgerReader(path)


def test_a_ledger_of_another_schema_is_refused(ledger: Path) -> None:
    connection = database.connect_to_write(ledger)
    connection.execute("UPDATE meta SET value = '99' WHERE key = 'schema'")
    connection.close()
    with pytest.raises(LedgerError, match="schema 99"):
        LedgerWriter(ledger)


def test_commits_are_on_disk_in_wal(ledger: Path) -> None:
    connection = database.connect_to_write(ledger)
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
    connection.close()
    assert (mode, synchronous) == ("wal", 2)


def test_a_reader_cannot_write(ledger: Path) -> None:
    connection = database.connect_to_read(ledger)
    with pytest.raises(Exception, match="readonly"):
        connection.execute("INSERT INTO meta VALUES ('a', 'b')")
    connection.close()


def boundary(instant: int) -> BoundaryRow:
    return BoundaryRow(
        meter_id=b"m" * 20,
        instant=instant,
        export_wh=7,
        import_wh=None,
        basis="measured",
        header_hash=None,
        position=None,
        frozen_at=1,
    )


def test_a_transaction_is_all_or_nothing_and_readers_see_only_what_is_committed(ledger: Path) -> None:
    with LedgerWriter(ledger) as writer, LedgerReader(ledger) as reader:
        undone: list[str] = []

        def write_and_fail() -> None:
            with writer.transaction():
                writer.on_rollback(lambda: undone.append("first"))
                writer.on_rollback(lambda: undone.append("second"))
                writer.on_commit(lambda: undone.append("never"))
                writer.settlement.freeze_boundary(boundary(1))
                with writer.transaction():
                    writer.settlement.freeze_boundary(boundary(2))
                assert writer.view.settlement.boundary(b"m" * 20, 2) == boundary(2)
                assert reader.settlement.boundary(b"m" * 20, 1) is None
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            write_and_fail()
        assert undone == ["second", "first"]
        assert reader.settlement.boundaries(b"m" * 20, 0, 9) == []
        with writer.transaction():
            writer.settlement.freeze_boundary(boundary(1))
            writer.on_commit(lambda: undone.append("committed"))
        assert undone[-1] == "committed"
        assert reader.settlement.boundaries(b"m" * 20, 0, 9) == [boundary(1)]


def test_a_frozen_boundary_is_never_written_again(ledger: Path) -> None:
    with LedgerWriter(ledger) as writer:
        with writer.transaction():
            writer.settlement.freeze_boundary(boundary(1))
        with pytest.raises(Exception, match="UNIQUE"), writer.transaction():
            writer.settlement.freeze_boundary(dataclasses.replace(boundary(1), export_wh=8))


def test_writing_outside_a_transaction_or_from_another_thread_is_an_error(ledger: Path) -> None:
    with LedgerWriter(ledger) as writer:
        with pytest.raises(LedgerError, match="outside a transaction"):
            writer.settlement.freeze_boundary(boundary(1))
        caught: list[Exception] = []

        def intrude() -> None:
            try:
                writer.settlement.freeze_boundary(boundary(1))
            except LedgerError as error:
                caught.append(error)

        with writer.transaction():
            thread = threading.Thread(target=intrude)
            thread.start()
            thread.join(10)
        assert len(caught) == 1


def test_every_thread_reads_over_its_own_connection_and_those_of_ended_threads_are_closed(ledger: Path) -> None:
    with LedgerReader(ledger) as reader:
        for _ in range(20):
            thread = threading.Thread(target=reader.log.size)
            thread.start()
            thread.join(10)
        assert len(reader._connections) <= 2
    with pytest.raises(LedgerError, match="closed"):
        reader.log.size()


def test_one_sequencer_at_a_time(ledger: Path) -> None:
    lock = LedgerLock(ledger)
    with pytest.raises(LedgerError, match="another oracle"):
        LedgerLock(ledger)
    lock.release()
    lock.release()
    LedgerLock(ledger).release()


def test_a_folder_that_is_not_there_may_be_a_disk_that_is_not_mounted(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match=r"there is no folder .*is its disk mounted\? `helioracle oracle create`"):
        LedgerLock(tmp_path / "disk" / "ledger.sqlite")


def test_headers_are_found_by_sequence_time_and_chain(rig: Rig, meter: SignedMeter) -> None:
    history = meter.history(6)
    rig.send(*history)
    hashes = [hash_of(item) for item in history]
    headers: HeadersReader = rig.reader.headers
    first = headers.by_hash(hashes[1])
    assert first is not None
    assert [row.hash for row in headers.in_sequence(meter.meter_id, 0)] == hashes
    assert [row.hash for row in headers.in_sequence(meter.meter_id, 0, seq_from=6, limit=2)] == hashes[3:5]
    assert [b.header.hash for b in headers.batches_from(meter.meter_id, first.t1, limit=2)] == hashes[1:3]
    assert [b.header.hash for b in headers.batches_from(meter.meter_id, first.t1 + 1, limit=1)] == hashes[2:3]
    assert [b.header.hash for b in headers.batches_before(meter.meter_id, first.t1 + 1, limit=9)] == hashes[1:2]
    assert [b.header.hash for b in headers.batches_before(meter.meter_id, 2**40, limit=2)] == hashes[:-3:-1]
    between = headers.batches_between(meter.meter_id, first.t1, first.t1 + 300, limit=9)
    assert [b.header.hash for b in between] == hashes[1:3]
    after = headers.batches_between(meter.meter_id, 0, 2**40, limit=9, after=between[-1].header.log_index)
    assert [b.header.hash for b in after] == hashes[3:]
    assert between[0].body == history[1].body
    assert headers.following(hashes[2]) == headers.by_hash(hashes[3])
    assert headers.overlapping(meter.meter_id, 0, 4, 5) == headers.by_hash(hashes[2])
    assert headers.overlapping(meter.meter_id, 0, 18, 19) is None
    assert headers.overlapping(meter.meter_id, 1, 4, 5) is None
    assert headers.newest(meter.meter_id) == headers.by_hash(hashes[-1])
    assert headers.known([hashes[0], bytes(32)]) == {hashes[0]: False}


def test_bindings_hold_as_of_then(open_rig: Callable[..., Rig], meter: SignedMeter) -> None:
    rig = open_rig(meter)
    valid_from = meter.binding.valid_from
    assert rig.reader.bindings.at(meter.meter_id, valid_from - 1) is None
    row = rig.reader.bindings.at(meter.meter_id, valid_from)
    assert row is not None
    assert row == rig.reader.bindings.by_hash(meter.binding_hash)
    assert rig.reader.bindings.of(meter.meter_id) == [row] == rig.reader.bindings.all()


def period(number: int, state: PeriodState = PeriodState.SETTLED) -> PeriodRow:
    return PeriodRow(
        period=number,
        from_day=number,
        to_day=number + 1,
        state=state,
        export_wh=1,
        import_wh=0,
        missing_meters=0,
        gross="1",
        distributable=str(2**200),
        deficit_after="0",
        settlement_root=bytes(32),
        statement="{}",
        statement_hash=bytes(32),
        tariff_hash=bytes(32),
        registry_index=0,
        log_size=1,
    )


def test_a_state_that_is_none_is_an_error_that_names_the_column(ledger: Path) -> None:
    with LedgerWriter(ledger) as writer, LedgerReader(ledger) as reader:
        with writer.transaction():
            writer.settlement.add_period(period(0))
        with sqlite3.connect(ledger) as other:
            other.execute("UPDATE periods SET state = 'half declared'")
        with pytest.raises(LedgerError, match="column state holds 'half declared', which is none of settled, anchored"):
            reader.settlement.period(0)


def test_periods_move_on_and_keep_what_is_not_given(ledger: Path) -> None:
    with LedgerWriter(ledger) as writer, LedgerReader(ledger) as reader:
        with writer.transaction():
            writer.settlement.add_period(period(0))
            writer.settlement.add_period(period(1))
            writer.settlement.set_period_state(0, PeriodState.ANCHORED, log_root=b"r" * 32)
            writer.settlement.set_period_state(0, PeriodState.DECLARED, declare_tx="0xaa", declared_block=5)
        first = reader.settlement.period(0)
        assert first == dataclasses.replace(
            period(0, PeriodState.DECLARED), log_root=b"r" * 32, declare_tx="0xaa", declared_block=5
        )
        assert (
            reader.settlement.periods(state=PeriodState.SETTLED) == [period(1)] == [reader.settlement.newest_period()]
        )


def test_the_journal_has_one_row_a_subject_and_events_are_kept_once(ledger: Path) -> None:
    planned = JournalRow(kind="anchor", subject="size 8", payload="{}", state=JournalState.PLANNED, at=1)
    event = EventRow(
        block=3,
        log_index=0,
        block_hash="0x1",
        block_time=9,
        tx_hash="0x2",
        contract="share",
        name="Transfer",
        args="{}",
    )
    with LedgerWriter(ledger) as writer, LedgerReader(ledger) as reader:
        assert reader.chain.followed_block() == -1
        with writer.transaction():
            writer.chain.put_journal(planned)
            writer.chain.put_journal(
                dataclasses.replace(planned, state=JournalState.CONFIRMED, gas_used=5, tx_hash="0x2")
            )
            writer.chain.put_journal(dataclasses.replace(planned, subject="size 9"))
            writer.chain.add_events([event, dataclasses.replace(event, log_index=1)], followed_block=4)
            writer.chain.add_events([event], followed_block=5)
        assert [(row.id, row.subject, row.state) for row in reader.chain.journal()] == [
            (1, "size 8", "confirmed"),
            (2, "size 9", "planned"),
        ]
        assert reader.chain.journal(state=JournalState.PLANNED, kind="anchor")[0].subject == "size 9"
        assert reader.chain.gas_by_kind() == {"anchor": (1, 5)}
        assert [e.log_index for e in reader.chain.events(name="Transfer")] == [0, 1]
        assert [e.log_index for e in reader.chain.events(after=(3, 0))] == [1]
        assert reader.chain.followed_block() == 5
        with writer.transaction():
            writer.chain.drop_events_from(3)
        assert (reader.chain.events(), reader.chain.followed_block()) == ([], 2)
