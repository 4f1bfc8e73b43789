"""The log: in order, taken back with its transaction, and the same tree after every restart."""

from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import log_entry, merkle, tags
from evidence.checkpoint import open_checkpoint, origin_of
from oracle.errors import LedgerError
from oracle.ledger.sqlite import database
from oracle.log.sequencer import Sequencer
from tests.oracle.intake.rig import ORACLE_KEY, Rig
from tests.plant.signed_meter import ASSET, CHAIN_ID, SignedMeter


def append(rig: Rig, *contents: bytes) -> None:
    with rig.writer.transaction():
        for content in contents:
            rig.sequencer.append_document(tags.ENTRY_DECISION, content)


def test_entries_get_their_index_in_order_and_proofs_lead_to_the_root(rig: Rig) -> None:
    append(rig, *(bytes([n]) for n in range(12)))
    size = rig.sequencer.size
    assert size == 13  # the meter's binding came first
    root = rig.sequencer.root()
    assert rig.sequencer.root_at(size) == root
    assert rig.sequencer.leaf(3) == log_entry.entry_leaf(tags.ENTRY_DECISION, b"\x02")
    for index in range(size):
        proof = rig.sequencer.inclusion_proof(index, size)
        merkle.open_inclusion(rig.sequencer.leaf(index), index, size, proof, root)
    for old in range(1, size + 1):
        proof = rig.sequencer.consistency_proof(old, size)
        merkle.open_consistency(old, rig.sequencer.root_at(old), size, root, proof)


def test_documents_are_stored_with_their_content_and_headers_are_not(rig: Rig, meter: SignedMeter) -> None:
    append(rig, b"decided")
    first = meter.first()
    rig.send(first)
    entries = rig.reader.log.entries(0, limit=10)
    assert [entry.content for entry in entries] == [meter.record, b"decided", None]
    assert entries[2].entry == log_entry.entry(tags.ENTRY_HEADER, first.header + first.signature)
    assert rig.reader.log.newest_of(tags.ENTRY_DECISION) == entries[1]
    assert rig.reader.log.by_ref(entries[1].ref) == entries[1]
    assert rig.reader.log.entry_hashes(1, limit=2) == [entries[1].entry, entries[2].entry]


def test_a_transaction_that_is_taken_back_takes_its_entries_back(rig: Rig) -> None:
    append(rig, b"one")
    size, root = rig.sequencer.size, rig.sequencer.root()

    def append_and_fail() -> None:
        with rig.writer.transaction():
            for number in range(5):
                rig.sequencer.append_document(tags.ENTRY_DECISION, bytes([number]))
            assert rig.sequencer.size == size + 5
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        append_and_fail()
    assert (rig.sequencer.size, rig.sequencer.root()) == (size, root)
    append(rig, b"two")
    assert rig.sequencer.root_at(size) == root
    assert rig.reader.log.size() == rig.sequencer.size == size + 1


def test_a_restart_finds_the_same_tree(open_rig: Callable[..., Rig], meter: SignedMeter) -> None:
    rig = open_rig(meter)
    rig.send(*meter.history(9))
    rig.sequencer.checkpoint(5, made_at=1)
    again = Sequencer(rig.writer, rig.reader, origin=origin_of(CHAIN_ID, ASSET), signer=rig.sequencer._signer)
    assert (again.size, again.root()) == (rig.sequencer.size, rig.sequencer.root())
    assert again.consistency_proof(5, 11) == rig.sequencer.consistency_proof(5, 11)


def test_a_checkpoint_is_signed_once_and_opens(rig: Rig) -> None:
    append(rig, b"one", b"two")
    row = rig.sequencer.checkpoint(2, made_at=77)
    opened = open_checkpoint(row.note, ORACLE_KEY, origin=origin_of(CHAIN_ID, ASSET))
    assert (opened.size, opened.root) == (2, rig.sequencer.root_at(2)) == (row.size, row.root)
    assert rig.sequencer.checkpoint(2, made_at=78) == row == rig.reader.log.newest_checkpoint()
    with pytest.raises(LedgerError, match="3 entries, 4 asked"):
        rig.sequencer.checkpoint(4, made_at=78)


@pytest.mark.parametrize(
    ("sql", "complaint"),
    [
        ("UPDATE log_entries SET entry = zeroblob(32) WHERE log_index = 1", "was signed"),
        ("DELETE FROM log_entries WHERE log_index = 1", "missing after entry 0 of 3"),
        ("DELETE FROM log_entries WHERE log_index > 0", "has 1 entries, 3 were signed"),
    ],
)
def test_a_ledger_whose_log_was_changed_behind_its_checkpoint_is_refused(
    open_rig: Callable[..., Rig], meter: SignedMeter, tmp_path: Path, sql: str, complaint: str
) -> None:
    rig = open_rig(meter)
    append(rig, b"one", b"two")
    rig.sequencer.checkpoint(3, made_at=1)
    connection = database.connect_to_write(rig.path)
    connection.execute(sql)
    connection.close()
    with pytest.raises(LedgerError, match=complaint):
        open_rig(meter)
