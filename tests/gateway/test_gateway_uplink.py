"""The uplink over a real broker: nothing leaves the outbox before a pinned oracle has signed for it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from evidence import answer as answers
from evidence import head as heads
from evidence import header, topics
from evidence.answer import AnswerItem, Code, Verdict
from evidence.header import Header, Kind
from evidence.status import Status
from firmware_sim.broker import EmbeddedBroker
from gateway.alarms import Alarms
from gateway.lines.config import MeterConfig
from gateway.mqtt import MqttLink
from gateway.outbox import Outbox
from gateway.sealing import Sealing
from gateway.uplink import Uplink
from runtime.broker import BrokerConfig
from runtime.clock import SteppedClock
from tests.plant.edge_site import Failures, meter_config, reading_at, sealing_of
from tests.plant.fake_oracle import FakeOracle
from tests.plant.signer import signer_of
from tests.plant.until import until

METERS = [meter_config("INV-1", "1"), meter_config("INV-2", "2")]


@dataclass(frozen=True, kw_only=True)
class Knobs:
    oracle_points: tuple[bytes, ...] = (signer_of("oracle").public_point,)
    answers_required: int = 1
    window: int = 4
    answer_timeout_s: int = 1


@dataclass
class Edge:
    """A gateway without lines: what it seals is given by the test."""

    path: Path
    port: int
    failures: Failures
    knobs: Knobs = field(default_factory=Knobs)
    name: str = "pi"

    def __post_init__(self) -> None:
        self.world = SteppedClock(1_000)
        self.alarms = Alarms()
        self.outbox = Outbox(self.path / "outbox.sqlite", bytes_max=1 << 30)
        self.sealing: Sealing = sealing_of(self.outbox, METERS, alarms=self.alarms)
        link = MqttLink(
            BrokerConfig(host="127.0.0.1", port=self.port), asset="roof", gateway=self.name, on_failure=self.failures
        )
        self.uplink = Uplink(
            self.knobs,
            link,
            self.outbox,
            self.sealing,
            self.world,
            clock=lambda: Status.CLOCK_SYNCHRONISED,
            alarms=self.alarms,
            on_failure=self.failures,
        )

    def start(self) -> "Edge":
        self.uplink.start()
        return self

    def stop(self) -> None:
        self.uplink.stop()
        self.outbox.close()

    def poll(self, *slots: int, meters: list[MeterConfig] | None = None) -> None:
        for slot in slots:
            self.sealing.append(slot, [(meter.binding.meter_id, reading_at(slot, slot)) for meter in meters or METERS])
            self.uplink.notify()

    def settled(self) -> bool:
        return self.world.busy_participants() == []


@pytest.fixture
def edge(tmp_path: Path, broker: EmbeddedBroker, failures: Failures) -> Iterator[Callable[..., Edge]]:
    made: list[Edge] = []

    def make(knobs: Knobs | None = None, path: Path = tmp_path) -> Edge:
        made.append(Edge(path, broker.port, failures, knobs or Knobs(), f"pi-{len(made)}"))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def oracle(broker: EmbeddedBroker) -> Iterator[FakeOracle]:
    running = FakeOracle(broker.port, "roof", METERS)
    running.start()
    yield running
    running.stop()


MakeEdge = Callable[..., Edge]


def test_what_is_sealed_is_sent_answered_and_the_world_goes_on(edge: MakeEdge, oracle: FakeOracle) -> None:
    one = edge().start()
    assert one.world.busy_participants() == ["gateway uplink"]
    one.poll(300, 600, 900)
    oracle.wait_stored(4)
    until(one.settled)
    assert one.outbox.counts()["unanswered"] == 0
    assert [stored.kind for stored in oracle.stored(METERS[0])] == [Kind.EPOCH, Kind.READINGS]
    assert one.uplink.status()["stored"] == 4


def test_a_broker_acknowledgement_is_no_delivery(edge: MakeEdge, oracle: FakeOracle) -> None:
    oracle.mute = True
    one = edge().start()
    one.poll(300, 600, 900)
    assert oracle.heard.get(timeout=60)
    until(lambda: one.outbox.counts()["unanswered"] == 4)
    until(lambda: int(str(one.uplink.status()["resent"])) >= 1)
    assert not one.settled()
    oracle.mute = False
    oracle.wait_stored(4)
    until(one.settled)


def test_nothing_is_sealed_before_the_heads_are_known(edge: MakeEdge, oracle: FakeOracle) -> None:
    oracle.deaf_to_heads = True
    one = edge().start()
    one.poll(300, 600, 900)
    until(lambda: one.uplink._heads.attempt >= 2)
    assert one.outbox.counts() | {"bytes": 0} == {
        "open_readings": 6, "unanswered": 0, "quarantined": 0, "bytes": 0, "bytes_max": 1 << 30
    }  # fmt: skip
    assert not one.settled()
    oracle.deaf_to_heads = False
    oracle.wait_stored(4)
    until(one.settled)


def test_a_head_that_answers_another_request_changes_nothing(
    edge: MakeEdge, oracle: FakeOracle, broker: EmbeddedBroker
) -> None:
    oracle.deaf_to_heads = True
    one = edge().start()
    until(lambda: one.uplink._heads.attempt >= 1)
    replayed = heads.sign_head(oracle._head(b"n" * 16, METERS[0].binding.meter_id), oracle.signer)
    oracle.client.publish(f"ho/1/roof/{one.name}/{topics.DOWN}", replayed, qos=1)
    until(lambda: one.uplink.counts["unopened"] == 1)
    assert not one.sealing.ready
    assert one.uplink.counts["heads"] == 0


def test_an_answer_under_another_key_is_not_believed(edge: MakeEdge, oracle: FakeOracle) -> None:
    oracle.mute = True
    one = edge().start()
    one.poll(300, 600, 900)
    items = oracle.heard.get(timeout=60)
    said = [AnswerItem(header.header_hash(item.header), Verdict.STORED, Code.OK) for item in items]
    down = f"ho/1/roof/{one.name}/{topics.DOWN}"
    stranger = answers.sign_answer(1, said, signer_of("stranger"))
    oracle.client.publish(down, stranger, qos=1)
    forged = stranger[:4] + signer_of("oracle").public_point[:20] + stranger[24:]
    oracle.client.publish(down, forged, qos=1)
    real_id = answers.sign_answer(1, said, oracle.signer)[4:24]
    oracle.client.publish(down, stranger[:4] + real_id + stranger[24:], qos=1)
    oracle.client.publish(down, b"", qos=1)
    until(lambda: one.uplink.counts["unpinned"] == 3 and one.uplink.counts["unopened"] == 1)
    until(lambda: one.outbox.counts()["unanswered"] == 4)
    assert one.uplink.counts["stored"] == 0


def test_two_oracles_must_both_have_a_batch_when_two_are_asked_for(
    edge: MakeEdge, oracle: FakeOracle, broker: EmbeddedBroker
) -> None:
    other = FakeOracle(broker.port, "roof", METERS, name="oracle-2")
    one = edge(Knobs(oracle_points=(oracle.signer.public_point, other.signer.public_point), answers_required=2)).start()
    one.poll(300, 600, 900)
    until(lambda: one.uplink.counts["heads"] >= 2)
    assert not one.sealing.ready
    other.start()
    try:
        other.wait_stored(4)
        oracle.wait_stored(4)
        until(one.settled)
    finally:
        other.stop()


def test_a_refused_batch_is_kept_with_an_alarm_and_the_meter_goes_on_in_a_new_epoch(
    edge: MakeEdge, oracle: FakeOracle
) -> None:
    meter = METERS[0].binding.meter_id

    def refuse(judged: Header) -> bool:
        return judged.meter_id == meter and judged.epoch == 0 and judged.kind is Kind.READINGS

    oracle.refuse = refuse
    one = edge().start()
    one.poll(300, 600, 900, 1200, 1500, 1800)
    until(one.settled)
    one.poll(2100, 2400, 2700)
    until(lambda: any(stored.t1 == 2700 for stored in oracle.stored(METERS[0])))
    until(one.settled)
    assert one.outbox.counts()["quarantined"] >= 1
    assert "refused INV-1" in one.alarms.standing()
    epochs = [stored.epoch for stored in oracle.stored(METERS[0]) if stored.kind is Kind.EPOCH]
    assert epochs == [0, 1]
    # The other meter has lost nothing by it.
    assert [stored.epoch for stored in oracle.stored(METERS[1])] == [0] * 4


def test_an_oracle_that_has_lost_what_it_answered_gets_it_again(edge: MakeEdge, oracle: FakeOracle) -> None:
    one = edge(Knobs(window=1)).start()
    one.poll(300, 600, 900)
    oracle.wait_stored(4)
    until(one.settled)
    with oracle.changed:
        for chain in oracle.chains.values():
            chain.pop()  # a restored backup of the oracle
    one.poll(1200, 1500, 1800)
    oracle.wait_stored(6)
    until(one.settled)
    assert one.uplink.counts["retry"] > 0
    assert "resend INV-1" in one.alarms.standing()
    assert [stored.t1 for stored in oracle.stored(METERS[0])][1:] == [900, 1800]


def test_a_backlog_larger_than_the_window_goes_in_order(edge: MakeEdge, oracle: FakeOracle, tmp_path: Path) -> None:
    one = edge(Knobs(window=2)).start()
    until(lambda: one.sealing.ready)
    one.poll(*range(300, 300 * 301, 300))
    oracle.wait_stored(202)
    until(one.settled)
    seqs = [stored.seq0 for stored in oracle.stored(METERS[0])]
    assert seqs == sorted(seqs)
    assert max(len(items) for items in list(oracle.heard.queue)) <= 64


def test_a_gateway_says_that_it_is_there_and_that_it_has_gone(edge: MakeEdge, broker: EmbeddedBroker) -> None:
    heard: list[bytes] = []
    changed = threading.Condition()
    subscribed = threading.Event()

    def on_message(_client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        with changed:
            heard.append(bytes(message.payload))
            changed.notify_all()

    watcher = paho.Client(CallbackAPIVersion.VERSION2, client_id="watcher", protocol=paho.MQTTv5)
    watcher.on_message = on_message
    watcher.on_subscribe = lambda *_: subscribed.set()
    watcher.on_connect = lambda client, *_: client.subscribe("ho/1/roof/pi-0/presence", 1)
    watcher.connect("127.0.0.1", broker.port)
    watcher.loop_start()
    assert subscribed.wait(60)
    # What an earlier test's gateway of this name has left there is retained.
    with changed:
        heard.clear()
    one = edge().start()
    with changed:
        assert changed.wait_for(lambda: b"online" in heard, 60)
    one.stop()
    with changed:
        assert changed.wait_for(lambda: heard[-1] == b"offline", 60)
    watcher.disconnect()
    watcher.loop_stop()


def test_without_a_broker_everything_waits_and_then_goes(tmp_path: Path, failures: Failures, nobodys_port: int) -> None:
    one = Edge(tmp_path, nobodys_port, failures).start()
    one.poll(300)
    until(lambda: "broker" in one.alarms.standing())
    late = EmbeddedBroker(nobodys_port)
    late.start()
    oracle = FakeOracle(nobodys_port, "roof", METERS)
    oracle.start()
    try:
        one.poll(600, 900)
        oracle.wait_stored(4)
        until(one.settled)
        assert "broker" not in one.alarms.standing()
    finally:
        one.stop()
        oracle.stop()
        late.stop()


def test_a_broker_without_an_oracle_is_an_alarm_until_one_answers(
    broker: EmbeddedBroker, edge: MakeEdge, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("gateway.heads.HEADS_BASE_MS", 10)
    one = edge().start()
    until(lambda: "heads" in one.alarms.standing())
    until(lambda: one.uplink._heads.attempt > 5)
    said = [record for record in caplog.records if "nothing is sealed" in record.getMessage()]
    assert [record.levelname for record in said] == ["WARNING"]
    late = FakeOracle(broker.port, "roof", METERS)
    late.start()
    try:
        until(lambda: "heads" not in one.alarms.standing())
        assert one.sealing.ready
    finally:
        late.stop()


def test_stop_is_idempotent_and_needs_no_start(edge: MakeEdge) -> None:
    one = edge()
    one.uplink.stop()
    one.uplink.stop()
    assert one.world.busy_participants() == []
