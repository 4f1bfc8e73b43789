"""What docs/operating.md says of backups: taken while everything runs, put back older than what was there, nothing is lost or forked."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from evidence import header
from evidence.header import EpochReason, Kind
from tests.plant.signed_meter import DAY_ZERO, SignedMeter
from tests.refusals.edge_to_oracle import DAY_S, POLL_S, SLOTS, EdgeToOracle
from tests.refusals.inverter import UNIT, good_inverter, register_wh

BACKED_UP = DAY_ZERO + 6 * POLL_S + 10  # between two slots
LOST = DAY_ZERO + 12 * POLL_S + 10


@pytest.fixture
def meter() -> SignedMeter:
    return SignedMeter("SIM-0001", valid_from=DAY_ZERO - POLL_S)


def back_up(file: Path) -> Path:
    """What `.backup` of the sqlite3 shell does."""
    copy = file.with_name(f"{file.name}.backup")
    with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    return copy


def lose(file: Path) -> None:
    for path in (file, *(file.with_name(file.name + end) for end in ("-wal", "-shm"))):
        path.unlink(missing_ok=True)


def whole_and_settled(one: EdgeToOracle, meter: SignedMeter) -> None:
    """Every slot is in the ledger as the meter showed it, the day is settled exactly, nothing was refused."""
    found = one.readings(meter)
    assert {time: reading.export_wh for time, reading in found.items()} == {
        time: register_wh(time) for time in range(DAY_ZERO, DAY_ZERO + SLOTS * POLL_S, POLL_S)
    }
    (point,) = one.reader.settlement.point_days(DAY_ZERO // DAY_S, DAY_ZERO // DAY_S + 1)
    assert (point.export_wh, point.estimated_wh) == (24_000, 0)
    assert one.reader.refusals.counts() == {}
    assert one.reader.refusals.forks() == []


def test_an_older_ledger_fills_up_by_itself(
    tmp_path: Path, meter: SignedMeter, wired: Callable[..., EdgeToOracle]
) -> None:
    one = wired(meter=meter, address=str(UNIT), says=good_inverter)
    person = one.world.join("the person who backs up")
    one.gateway.start()
    one.release()
    person.wait_until(BACKED_UP)
    copy = back_up(tmp_path / "ledger.sqlite")
    size = one.reader.log.size()
    person.wait_until(LOST)
    assert one.reader.log.size() > size
    one.oracle.stop()
    lose(tmp_path / "ledger.sqlite")
    copy.rename(tmp_path / "ledger.sqlite")
    one.start_oracle()
    assert one.reader.log.size() == size
    person.leave()
    one.finish()
    whole_and_settled(one, meter)
    assert "resend SIM-0001" in one.gateway.alarms.standing()


@pytest.mark.parametrize("old", [True, False], ids=["an older outbox", "no outbox"])
def test_a_gateway_with_less_than_the_oracle_opens_an_epoch_and_forks_nothing(
    *, old: bool, tmp_path: Path, meter: SignedMeter, wired: Callable[..., EdgeToOracle]
) -> None:
    one = wired(meter=meter, address=str(UNIT), says=good_inverter)
    person = one.world.join("the person who backs up")
    one.gateway.start()
    one.release()
    person.wait_until(BACKED_UP)
    copy = back_up(tmp_path / "outbox.sqlite")
    person.wait_until(LOST)
    one.gateway.stop()
    lose(tmp_path / "outbox.sqlite")
    if old:
        copy.rename(tmp_path / "outbox.sqlite")
    one.start_gateway()
    person.leave()
    one.finish()
    whole_and_settled(one, meter)
    headers = one.reader.headers.in_sequence(meter.meter_id, 1, limit=1000)
    assert headers[0].kind == Kind.EPOCH
    assert header.decode(headers[0].header).reason == EpochReason.COUNTER_STORE_LOST
    assert "epoch SIM-0001" in one.gateway.alarms.standing()
    day = one.reader.settlement.day(DAY_ZERO // DAY_S)
    assert day is not None
    assert "epoch" in {note["label"] for note in json.loads(day.notes)}
