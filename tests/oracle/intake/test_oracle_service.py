"""The whole oracle over a real broker: answered only when durable, one log whatever is resent, the world's time held meanwhile."""

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import tags, topics
from evidence.answer import Code, Verdict
from evidence.bundle import encode_bundle
from evidence.checkpoint import open_checkpoint, origin_of
from evidence.keys import PublicKey
from firmware_sim.broker import EmbeddedBroker
from oracle import config
from oracle.errors import LedgerError
from oracle.ledger.reader import LedgerReader
from oracle.ledger.sqlite import database
from oracle.service import OracleService
from runtime.clock import SteppedClock
from runtime.errors import ConfigError
from tests.plant.gateway_client import WAIT_S, GatewayClient
from tests.plant.running import Running
from tests.plant.signed_meter import ASSET, CHAIN_ID, DAY_ZERO, SignedMeter, hash_of
from tests.plant.site import write_site
from tests.plant.unheard_port import unheard_port
from tests.plant.until import until

OK = (Verdict.STORED, Code.OK)
DUPLICATE = (Verdict.DUPLICATE, Code.OK)


def test_bundles_are_stored_answered_and_sequenced(
    tmp_path: Path,
    broker: EmbeddedBroker,
    meter: SignedMeter,
    start: Callable[[Path], Running],
    connect: Callable[..., GatewayClient],
) -> None:
    oracle = start(write_site(tmp_path, [meter], port=broker.port))
    gateway = connect(oracle.config.signer.public_point, "roof-pi")
    first, second = meter.history(1)

    assert gateway.send(first, second) == [OK, OK]
    assert gateway.send(second) == [DUPLICATE]

    reader = oracle.service.reader
    entries = reader.log.entries(0, limit=10)
    assert [entry.type for entry in entries] == [
        tags.ENTRY_BINDING,
        tags.ENTRY_TERMS,
        tags.ENTRY_HEADER,
        tags.ENTRY_HEADER,
    ]
    assert entries[1].ref == oracle.service.asset.terms.hash()
    assert [entry.ref for entry in entries[2:]] == [hash_of(first), hash_of(second)]
    stored = reader.headers.batch(hash_of(second))
    assert stored is not None
    assert (stored.body, stored.batch_key, stored.header.gateway) == (second.body, second.batch_key, "roof-pi")
    status = oracle.service.status()
    assert status["log"] == {"size": 4, "root": oracle.service.sequencer.root().hex()}
    assert oracle.failures.empty()


def test_two_gateways_get_their_own_answers_and_junk_stops_nobody(
    tmp_path: Path,
    broker: EmbeddedBroker,
    meter: SignedMeter,
    start: Callable[[Path], Running],
    connect: Callable[..., GatewayClient],
) -> None:
    other = SignedMeter("SIM-0002", point="roof-2")
    oracle = start(write_site(tmp_path, [meter, other], port=broker.port))
    roof = connect(oracle.config.signer.public_point, "roof-pi")
    barn = connect(oracle.config.signer.public_point, "barn-pi")
    roof.publish(b"no bundle at all")
    roof.publish(b"no request at all", topics.ASK)
    assert roof.send(meter.first()) == [OK]
    assert barn.send(other.first(), meter.batch()) == [OK, OK]  # a meter may arrive through any gateway
    oracle.wait_idle()
    intake = oracle.service.status()["intake"]
    assert isinstance(intake, dict)
    assert (intake["stored"], intake["bundles_refused"], intake["malformed_requests"]) == (3, 1, 1)
    assert oracle.failures.empty()


def test_more_bundles_than_the_window_holds_are_all_answered_in_order(
    tmp_path: Path,
    broker: EmbeddedBroker,
    meter: SignedMeter,
    start: Callable[[Path], Running],
    connect: Callable[..., GatewayClient],
) -> None:
    oracle = start(write_site(tmp_path, [meter], port=broker.port))
    gateway = connect(oracle.config.signer.public_point, "roof-pi")
    items = meter.history(99, count=1)
    for item in items:
        gateway.publish(encode_bundle([item]))
    answered = [gateway.answer().items[0] for _ in items]
    assert [(a.header_hash, a.verdict) for a in answered] == [(hash_of(i), Verdict.STORED) for i in items]
    oracle.wait_idle()
    inbox = oracle.service.status()["inbox"]
    assert inbox == {"connected": True, "depth": 0, "foreign_topics": 0, "answers_lost": 0}


def test_head_requests_are_answered_from_the_ledger(
    tmp_path: Path,
    broker: EmbeddedBroker,
    meter: SignedMeter,
    start: Callable[[Path], Running],
    connect: Callable[..., GatewayClient],
) -> None:
    oracle = start(write_site(tmp_path, [meter], port=broker.port))
    gateway = connect(oracle.config.signer.public_point, "roof-pi")
    (nothing,) = gateway.heads(b"n" * 16, meter.meter_id)
    assert (nothing.known, nothing.epoch, nothing.next_seq, nothing.header_hash) == (False, 0, 0, bytes(32))
    gateway.send(*meter.history(2, count=4))
    known, unknown = gateway.heads(b"m" * 16, meter.meter_id, b"u" * 20)
    assert (known.known, known.epoch, known.next_seq) == (True, 0, 8)
    assert (known.header_hash, known.export_end_wh, known.import_end_wh) == (meter.newest_hash, meter.register_wh, None)
    assert (unknown.known, unknown.meter_id) == (False, b"u" * 20)


def test_the_world_stands_still_until_everything_that_arrived_is_settled(
    tmp_path: Path,
    broker: EmbeddedBroker,
    meter: SignedMeter,
    start: Callable[[Path], Running],
    connect: Callable[..., GatewayClient],
) -> None:
    oracle = start(write_site(tmp_path, [meter], port=broker.port))
    gateway = connect(oracle.config.signer.public_point, "roof-pi")
    oracle.wait_idle()
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with oracle.service.writer.transaction():
            held.set()
            release.wait(WAIT_S)

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(WAIT_S)
    gateway.publish(encode_bundle([meter.first()]))
    until(lambda: oracle.world.busy_participants() == ["oracle intake"])
    release.set()
    holder.join(WAIT_S)
    assert [item.verdict for item in gateway.answer().items] == [Verdict.STORED]
    oracle.wait_idle()
    assert oracle.world.busy_participants() == []


def test_a_day_that_is_complete_is_settled_and_its_log_size_signed(
    tmp_path: Path,
    broker: EmbeddedBroker,
    meter: SignedMeter,
    start: Callable[[Path], Running],
    connect: Callable[..., GatewayClient],
) -> None:
    oracle = start(write_site(tmp_path, [meter], port=broker.port))
    gateway = connect(oracle.config.signer.public_point, "roof-pi")
    gateway.send(meter.first())
    meter.time = DAY_ZERO - 300  # the first reading stands at midnight
    for _ in range(4):
        assert gateway.send(meter.batch(96)) == [OK]
    assert gateway.send(meter.batch(2)) == [OK]
    oracle.wait_idle()
    period = oracle.service.reader.settlement.newest_period()
    assert period is not None, oracle.service.status()
    # From the reading at 00:00 to the reading at 24:00: 288 steps of 25 Wh.
    assert (period.period, period.export_wh) == (0, 288 * 25)
    row = oracle.service.reader.log.checkpoint(period.log_size)
    assert row is not None
    key = PublicKey(oracle.config.signer.public_point)
    assert open_checkpoint(row.note, key, origin=origin_of(CHAIN_ID, ASSET)).root == period.log_root
    assert oracle.failures.empty()


def test_killed_between_commit_and_answer_the_resend_is_a_duplicate_and_the_log_has_it_once(
    tmp_path: Path,
    broker: EmbeddedBroker,
    meter: SignedMeter,
    start: Callable[[Path], Running],
    connect: Callable[..., GatewayClient],
) -> None:
    path = write_site(tmp_path, [meter], port=broker.port)
    point = config.load(path).signer.public_point
    gateway = connect(point, "roof-pi")
    script = Path(__file__).with_name("dying_oracle.py")
    root = Path(__file__).parents[3]
    victim = subprocess.Popen(
        [sys.executable, str(script), str(path)],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
        stdout=subprocess.PIPE,
    )
    assert victim.stdout is not None
    assert victim.stdout.readline() == b"ready\n"
    first, second = meter.history(1)
    gateway.publish(encode_bundle([first, second]))
    assert victim.wait(WAIT_S) == -signal.SIGKILL
    victim.stdout.close()

    with LedgerReader(tmp_path / "ledger.sqlite") as reader:
        assert reader.headers.by_hash(hash_of(second)) is not None
    oracle = start(path)
    # The broker may have kept the unacknowledged message, or not: the gateway sends again in any case.
    gateway.publish(encode_bundle([first, second, meter.batch()]))
    while len(answered := gateway.answer().items) != 3:
        assert [item.verdict for item in answered] == [Verdict.DUPLICATE] * 2
    assert [(item.verdict, item.code) for item in answered] == [DUPLICATE, DUPLICATE, OK]
    refs = [entry.ref for entry in oracle.service.reader.log.entries(0, limit=100)]
    assert len(refs) == len(set(refs)) == 5
    assert oracle.failures.empty()


def test_the_oracle_comes_back_to_a_broker_that_was_away(
    tmp_path: Path, meter: SignedMeter, start: Callable[[Path], Running]
) -> None:
    with EmbeddedBroker() as first:
        port = first.port
        oracle = start(write_site(tmp_path, [meter], port=port))
        assert oracle.service.wait_ready(WAIT_S)
    with unheard_port(port):
        # Until it has noticed, it is still ready, for a broker that is gone; what the next one gets then is for nobody.
        until(lambda: not oracle.service.wait_ready(0))
        second = EmbeddedBroker(port)
        second.start()
    with second:
        assert oracle.service.wait_ready(WAIT_S)
        client = GatewayClient(port, oracle.config.signer.public_point)
        assert client.send(meter.first()) == [OK]
        client.close()
    assert oracle.failures.empty()


def test_stop_is_idempotent_and_works_without_a_broker(tmp_path: Path, meter: SignedMeter) -> None:
    path = write_site(tmp_path, [meter], port=1)
    service = OracleService(config.load(path), SteppedClock(DAY_ZERO), chain=None, on_failure=lambda _: None)
    service.start()
    service.stop()
    service.stop()
    never_started = OracleService(config.load(path), SteppedClock(DAY_ZERO), chain=None, on_failure=lambda _: None)
    never_started.stop()


def test_two_oracles_never_share_a_ledger(tmp_path: Path, meter: SignedMeter) -> None:
    path = write_site(tmp_path, [meter], port=1)
    world = SteppedClock(DAY_ZERO)
    one = OracleService(config.load(path), world, chain=None, on_failure=lambda _: None)
    with pytest.raises(LedgerError, match="another oracle"):
        OracleService(config.load(path), world, chain=None, on_failure=lambda _: None)
    one.stop()
    assert world.busy_participants() == []


def test_a_restart_registers_nothing_twice_and_a_new_binding_once(tmp_path: Path, meter: SignedMeter) -> None:
    path = write_site(tmp_path, [meter], port=1)
    sizes = []
    for _ in range(2):
        service = OracleService(config.load(path), SteppedClock(DAY_ZERO), chain=None, on_failure=lambda _: None)
        sizes.append(service.sequencer.size)
        service.stop()
    write_site(tmp_path, [meter, SignedMeter("SIM-0002", point="roof-2")], port=1, ledger=False)
    service = OracleService(config.load(path), SteppedClock(DAY_ZERO), chain=None, on_failure=lambda _: None)
    sizes.append(service.sequencer.size)
    service.stop()
    assert sizes == [2, 2, 4]  # the new binding, and the terms with its point


def test_an_asset_file_of_another_asset_or_chain_is_refused(tmp_path: Path, meter: SignedMeter) -> None:
    path = write_site(tmp_path, [meter], port=1, ledger=False)
    database.create(tmp_path / "ledger.sqlite", asset=ASSET, chain_id=1)
    with pytest.raises(ConfigError, match="chain 1"):
        OracleService(config.load(path), SteppedClock(DAY_ZERO), chain=None, on_failure=lambda _: None)


class _Heard(logging.Handler):
    """Waits for log lines instead of looking at the clock."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: queue.Queue[str] = queue.Queue()

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.put(record.getMessage())


def test_a_broker_that_is_not_there_is_said_once(tmp_path: Path, meter: SignedMeter, nobodys_port: int) -> None:
    loaded = config.load(write_site(tmp_path, [meter], port=nobodys_port))
    heard = _Heard()
    log = logging.getLogger("oracle.intake.inbox")
    level = log.level
    log.addHandler(heard)
    log.setLevel(logging.INFO)
    service = OracleService(loaded, SteppedClock(DAY_ZERO), chain=None, on_failure=lambda _error: None)
    try:
        service.start()
        assert "nobody answers at the broker's address" in heard.lines.get(timeout=WAIT_S)
        with EmbeddedBroker(nobodys_port):
            # Whatever was tried in between, the next line is the connection itself.
            assert heard.lines.get(timeout=WAIT_S) == "subscribed"
    finally:
        service.stop()
        log.removeHandler(heard)
        log.setLevel(level)
