"""The outbox: what it keeps, what it lets go, and how it meets an oracle that stands elsewhere."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evidence import header
from evidence.header import EpochReason, Kind
from evidence.tags import BATCH_KEY_SIZE
from gateway.alarms import Alarms
from gateway.errors import OutboxBroken
from gateway.outbox import Outbox
from tests.plant.edge_site import (
    check_headers,
    everything_of,
    known_head,
    meter_config,
    reading_at,
    ready,
    sealing_of,
    unknown_head,
)

METER = meter_config("INV-1", "1")
ID = METER.binding.meter_id
ORACLE, OTHER = b"o" * 20, b"p" * 20


OPENED: list[Outbox] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while OPENED:
        OPENED.pop().close()


def open_outbox(path: Path, *, bytes_max: int = 1 << 30) -> Outbox:
    OPENED.append(Outbox(path / "outbox.sqlite", bytes_max=bytes_max))
    return OPENED[-1]


def filled(path: Path, slots: int, *, bytes_max: int = 1 << 30) -> Outbox:
    """An outbox of one meter that was polled at 300, 600, ...: three readings a batch."""
    outbox = open_outbox(path, bytes_max=bytes_max)
    sealing = sealing_of(outbox, [METER])
    ready(sealing, unknown_head(METER))
    for number in range(1, slots + 1):
        sealing.append(number * 300, [(ID, reading_at(number * 300, number))])
    return outbox


def test_readings_wait_until_the_oracles_head_is_known(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    sealing = sealing_of(outbox, [METER])
    for slot in (300, 600, 900, 1200):
        assert sealing.append(slot, [(ID, reading_at(slot, slot))]) == 0
    assert outbox.counts()["open_readings"] == 4
    ready(sealing, unknown_head(METER))
    assert outbox.counts()["open_readings"] == 1
    assert [item.time for item in check_headers(METER, everything_of(outbox))] == [300, 600, 900]


def test_a_second_run_continues_where_the_first_one_stopped(tmp_path: Path) -> None:
    filled(tmp_path, 4).close()
    outbox = open_outbox(tmp_path)
    sealing = sealing_of(outbox, [METER])
    newest = everything_of(outbox)[-1]
    ready(sealing, known_head(METER, header.decode(newest.item.header)))
    for slot in (1500, 1800):
        sealing.append(slot, [(ID, reading_at(slot, slot))])
    assert [item.time for item in check_headers(METER, everything_of(outbox))] == [300, 600, 900, 1200, 1500, 1800]
    assert outbox.open.last_slot() == 1800


def test_stop_seals_what_is_open(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    sealing = sealing_of(outbox, [METER])
    ready(sealing, unknown_head(METER))
    sealing.append(300, [(ID, reading_at(300, 5))])
    assert sealing.finish() == 1
    assert outbox.counts()["open_readings"] == 0


def test_another_binding_ends_the_batch_of_the_one_before(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 4)
    state = outbox.open.state(ID)
    assert state is not None
    rebound = replace(METER, binding_hash=b"n" * 32)
    sealing = sealing_of(outbox, [rebound])
    ready(sealing, replace(unknown_head(METER), known=True, header_hash=state[0].prev))
    assert outbox.counts()["open_readings"] == 0
    assert outbox.open.state(ID) is not None
    assert [item.time for item in check_headers(METER, everything_of(outbox))] == [300, 600, 900, 1200]


def test_a_batch_is_answered_when_as_many_oracles_as_asked_for_have_it(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 3)
    hash_ = everything_of(outbox)[0].header_hash
    assert not outbox.sealed.put_stored(hash_, ORACLE, required=2, at=1)
    assert not outbox.sealed.put_stored(hash_, ORACLE, required=2, at=1)
    assert outbox.sealed.unanswered_count() == 2
    assert outbox.sealed.put_stored(hash_, OTHER, required=2, at=1)
    assert outbox.sealed.unanswered_count() == 1
    assert not outbox.sealed.put_stored(b"x" * 32, ORACLE, required=1, at=1)


def test_an_answered_batch_is_kept_for_the_retention_time_and_then_goes(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 3)
    for out in everything_of(outbox):
        outbox.sealed.put_stored(out.header_hash, ORACLE, required=1, at=100)
    assert outbox.sealed.forget_answered(100) == 0
    assert outbox.sealed.forget_answered(101) == 2
    assert outbox.counts()["bytes"] == 0


def test_a_refused_batch_is_kept_and_waits_for_no_answer(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 3)
    hash_ = everything_of(outbox)[1].header_hash
    assert outbox.sealed.put_refused(hash_, 12, at=5)
    assert not outbox.sealed.put_refused(hash_, 12, at=5)
    assert (outbox.counts()["quarantined"], outbox.counts()["unanswered"]) == (1, 1)
    assert outbox.sealed.forget_answered(1 << 40) == 0


def test_over_its_bound_whole_bodies_go_oldest_first_headers_and_boundaries_never(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path, bytes_max=1)
    sealing = sealing_of(outbox, [METER])
    ready(sealing, unknown_head(METER))
    for slot in (300, 600, 900, 1200):
        sealing.append(slot, [(ID, reading_at(slot, slot))])
    sealing.finish()  # 1200 alone: no boundary
    before = everything_of(outbox)
    assert outbox.sealed.let_go() == 1
    after = everything_of(outbox)
    assert [len(out.item.body) for out in before] == [0, 96, 32]
    assert [len(out.item.body) for out in after] == [0, 96, 0]
    assert after[2].item.batch_key == bytes(BATCH_KEY_SIZE)
    assert [out.item.header for out in after] == [out.item.header for out in before]
    assert outbox.sealed.over_bound
    assert [item.time for item in check_headers(METER, after)] == [300, 600, 900]


def test_a_transaction_is_all_or_nothing(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 1)
    before = outbox.counts()
    sealing = sealing_of(outbox, [METER])
    twice = [(ID, reading_at(600, 2)), (meter_config("STRANGER", "9").binding.meter_id, reading_at(600, 2))]
    with pytest.raises(KeyError):
        sealing.append(600, twice)
    assert outbox.counts() == before


def test_readings_that_no_oracle_lets_us_seal_are_bounded_and_the_slots_left_out_are_a_gap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.sealing.OPEN_MAX", 2)
    outbox, alarms = open_outbox(tmp_path), Alarms()
    sealing = sealing_of(outbox, [METER], alarms=alarms)
    for slot in (300, 600, 900, 1200):
        sealing.append(slot, [(ID, reading_at(slot, slot))])
    assert outbox.counts()["open_readings"] == 2
    assert "open readings" in alarms.standing()
    ready(sealing, unknown_head(METER))
    assert sealing.finish() == 1
    sealing.append(1500, [(ID, reading_at(1500, 1500))])
    sealing.finish()
    assert "open readings" not in alarms.standing()
    kinds = [header.decode(out.item.header).kind for out in everything_of(outbox)]
    assert kinds == [Kind.EPOCH, Kind.READINGS, Kind.GAP, Kind.READINGS]


# ---------------------------------------------------------------- where the oracle stands elsewhere


def test_a_lost_outbox_opens_an_epoch_on_top_of_the_oracles_head(tmp_path: Path) -> None:
    lost = filled(tmp_path, 3)
    newest = header.decode(everything_of(lost)[-1].item.header)
    (tmp_path / "new").mkdir()
    outbox = open_outbox(tmp_path / "new")
    alarms = Alarms()
    sealing = sealing_of(outbox, [METER], alarms=alarms)
    ready(sealing, known_head(METER, newest))
    opened = header.decode(everything_of(outbox)[0].item.header)
    assert (opened.kind, opened.reason, opened.epoch, opened.seq0) == (
        Kind.EPOCH, EpochReason.COUNTER_STORE_LOST, 1, 0
    )  # fmt: skip
    header.check_follows(newest, header.header_hash(newest.encode()), opened)
    assert list(alarms.standing()) == ["epoch INV-1"]


def test_a_restored_card_opens_an_epoch_and_drops_what_the_oracle_already_has(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 4)  # the image was taken here: 1200 is open
    with sqlite3.connect(tmp_path / "image.sqlite") as image:
        outbox._db.connection.backup(image)
    image.close()
    lost = sealing_of(outbox, [METER])
    ready(lost, known_head(METER, header.decode(everything_of(outbox)[-1].item.header)))
    for slot in (1500, 1800):
        lost.append(slot, [(ID, reading_at(slot, slot))])
    newest = header.decode(everything_of(outbox)[-1].item.header)

    restored = Outbox(tmp_path / "image.sqlite", bytes_max=1 << 30)
    sealing = sealing_of(restored, [METER])
    ready(sealing, known_head(METER, newest))
    for slot in (2100, 2400, 2700):
        sealing.append(slot, [(ID, reading_at(slot, slot))])
    epoch, batch = everything_of(restored)[-2:]
    opened = header.decode(epoch.item.header)
    header.check_follows(newest, header.header_hash(newest.encode()), opened)
    assert header.decode(batch.item.header).t0 == 2100
    restored.close()


def test_open_readings_that_the_oracle_cannot_have_are_kept(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 4)
    state = outbox.open.state(ID)
    assert state is not None
    other_branch = header.decode(everything_of(outbox)[0].item.header)
    elsewhere = replace(known_head(METER, other_branch), header_hash=b"z" * 32, next_seq=state[0].next_seq)
    ready(sealing_of(outbox, [METER]), elsewhere)
    assert outbox.counts()["open_readings"] == 1


def test_an_oracle_that_has_lost_batches_gets_them_again(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 6)
    for out in everything_of(outbox):
        outbox.sealed.put_stored(out.header_hash, ORACLE, required=1, at=100)
    assert outbox.sealed.unanswered_count() == 0
    alarms = Alarms()
    ready(
        sealing_of(outbox, [METER], alarms=alarms),
        known_head(METER, header.decode(everything_of(outbox)[0].item.header)),
    )
    assert outbox.sealed.unanswered_count() == 2
    assert list(alarms.standing()) == ["resend INV-1"]
    ready(sealing_of(outbox, [METER]), unknown_head(METER))
    assert outbox.sealed.unanswered_count() == 3


# ---------------------------------------------------------------- files


def test_a_file_that_is_no_outbox_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "outbox.sqlite").write_bytes(b"not a database at all, and long enough to be looked at" * 100)
    with pytest.raises(OutboxBroken, match=r"outbox\.sqlite: .*move it away"):
        open_outbox(tmp_path)


def test_a_damaged_page_is_found_at_start(tmp_path: Path) -> None:
    outbox = filled(tmp_path, 300)
    outbox.close()
    path = tmp_path / "outbox.sqlite"
    data = bytearray(path.read_bytes())
    data[4096 * 3 : 4096 * 5] = bytes(4096 * 2)
    path.write_bytes(data)
    with pytest.raises(OutboxBroken):
        open_outbox(tmp_path)


def test_an_outbox_of_another_version_is_refused(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    outbox._db.connection.execute("PRAGMA user_version = 99")
    outbox.close()
    with pytest.raises(OutboxBroken, match="version 99"):
        open_outbox(tmp_path)


def test_the_outbox_is_write_ahead_and_fully_synchronous(tmp_path: Path) -> None:
    outbox = open_outbox(tmp_path)
    assert outbox._db.connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert outbox._db.connection.execute("PRAGMA synchronous").fetchone() == (2,)
