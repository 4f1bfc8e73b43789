"""An oracle for a gateway to talk to: it opens bundles and answers with real signatures, and can be told to misbehave."""

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import paho.mqtt.client as paho

from evidence import answer as answers
from evidence import batch, header, topics
from evidence import head as heads
from evidence.answer import AnswerItem, Code, Verdict
from evidence.bundle import BundleItem, decode_bundle
from evidence.head import Head
from evidence.header import Header, Kind
from evidence.keys import MeterId, PublicKey
from gateway.lines.config import MeterConfig
from runtime.broker import BrokerConfig
from runtime.mqtt import new_client
from tests.plant.signer import signer_of


@dataclass
class FakeOracle:
    """Opens bundles as an oracle does, remembers the chain of each meter, answers with its own key.

    Attributes:
        chains: by meter: (header, its hash, the item) in the order in which they were stored.
        mute: bundles are heard but not answered.
        deaf_to_heads: head requests are not answered.
        refuse: header hashes, or a function of a header, to refuse.
    """

    port: int
    asset: str
    meters: list[MeterConfig]
    name: str = "oracle"
    chains: dict[MeterId, list[tuple[Header, bytes, BundleItem]]] = field(default_factory=dict)
    heard: "queue.Queue[list[BundleItem]]" = field(default_factory=queue.Queue)
    mute: bool = False
    deaf_to_heads: bool = False
    refuse: Callable[[Header], bool] = lambda _header: False

    def __post_init__(self) -> None:
        self.signer = signer_of(self.name)
        self.duplicates = 0
        self.changed = threading.Condition()
        self._keys = {meter.binding.meter_id: PublicKey(meter.signer.public_point) for meter in self.meters}
        self._ready = threading.Event()
        self.client = new_client(BrokerConfig(host="127.0.0.1", port=self.port), client_id=self.name)
        self.client.on_connect = lambda client, *_: client.subscribe(
            [(topics.subscription(self.asset, topics.UP), 1), (topics.subscription(self.asset, topics.ASK), 1)]
        )
        self.client.on_subscribe = lambda *_: self._ready.set()
        self.client.on_message = self._on_message

    def start(self) -> None:
        self.client.connect("127.0.0.1", self.port)
        self.client.loop_start()
        assert self._ready.wait(60)

    def stop(self) -> None:
        self.client.disconnect()
        self.client.loop_stop()

    def stored(self, meter: MeterConfig) -> list[Header]:
        with self.changed:
            return [item[0] for item in self.chains.get(meter.binding.meter_id, [])]

    def items(self, meter: MeterConfig) -> list[BundleItem]:
        with self.changed:
            return [item[2] for item in self.chains.get(meter.binding.meter_id, [])]

    def wait_stored(self, count: int, timeout_s: float = 120) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: sum(map(len, self.chains.values())) >= count, timeout_s), self.chains

    def wait_for(self, condition: Callable[[], bool], timeout_s: float = 120) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, timeout_s)

    def _on_message(self, client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        topic = topics.parse(message.topic)
        down = str(topics.Topic(topic.asset, topic.gateway, topics.DOWN))
        if topic.leaf == topics.ASK:
            nonce, meter_ids = heads.decode_request(bytes(message.payload))
            if not self.deaf_to_heads:
                for meter_id in meter_ids:
                    client.publish(down, heads.sign_head(self._head(nonce, meter_id), self.signer), qos=1)
            return
        items = decode_bundle(bytes(message.payload))
        with self.changed:
            said = [] if self.mute else [self._judge(item) for item in items]
            self.heard.put(items)
            self.changed.notify_all()
        if said:
            client.publish(down, answers.sign_answer(1, said, self.signer), qos=1)

    def _judge(self, item: BundleItem) -> AnswerItem:
        opened = header.decode(item.header)
        hash_ = header.header_hash(item.header)
        key = self._keys[opened.meter_id]
        chain = self.chains.setdefault(opened.meter_id, [])
        if any(known == hash_ for _, known, _ in chain):
            self.duplicates += 1
            return AnswerItem(hash_, Verdict.DUPLICATE, Code.OK)
        if self.refuse(opened):
            return AnswerItem(hash_, Verdict.REFUSED, Code.NOT_CONTINUING)
        expected = (
            chain[-1][1]
            if chain
            else next(m.binding_hash for m in self.meters if m.binding.meter_id == opened.meter_id)
        )
        if opened.prev != expected:
            return AnswerItem(hash_, Verdict.RETRY, Code.PREV_UNKNOWN)
        if opened.kind is Kind.READINGS and item.body:
            batch.open_batch(item.header, item.signature, item.batch_key, item.body, key)
        else:
            header.open_header(item.header, item.signature, key)
        if chain:
            header.check_follows(chain[-1][0], chain[-1][1], opened)
        else:
            header.check_first(expected, opened)
        chain.append((opened, hash_, item))
        return AnswerItem(hash_, Verdict.STORED, Code.OK)

    def _head(self, nonce: bytes, meter_id: MeterId) -> Head:
        chain = self.chains.get(meter_id, [])
        if not chain:
            return Head(b"", nonce, 1, meter_id, False, 0, 0, bytes(32), None, None)
        newest, hash_, _ = chain[-1]
        return Head(
            b"", nonce, 1, meter_id, True, newest.epoch, newest.next_seq, hash_, newest.export_end_wh, newest.import_end_wh
        )  # fmt: skip
