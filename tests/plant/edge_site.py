"""What the gateway's tests stand on: keys, bindings, slaves with a script, and an oracle that answers with real signatures."""

import hashlib
import os
import queue
import select
import threading
import tty
from collections.abc import Callable
from dataclasses import dataclass, field

import paho.mqtt.client as paho

from evidence import answer as answers
from evidence import batch, header, topics
from evidence import head as heads
from evidence.answer import AnswerItem, Code, Verdict
from evidence.binding import Binding, Custody, Direction, binding_hash
from evidence.bundle import BundleItem, decode_bundle
from evidence.head import Head
from evidence.header import Header, Kind
from evidence.keys import Entropy, FileSigner, MeterId, PublicKey, private_key_from
from evidence.reading import PROFILE_BASIC, Reading
from evidence.status import Status
from gateway.alarms import Alarms
from gateway.boot import Boot
from gateway.core.sealer import CutRule
from gateway.lines.config import MeterConfig
from gateway.outbox import Outbox
from gateway.sealed_batches import Outgoing
from gateway.sealing import SealedMeter, Sealing
from runtime.broker import BrokerConfig
from runtime.mqtt import new_client


def entropy_of(name: str) -> Callable[[int], bytes]:
    """Bytes that depend on a name and on how often they were asked for."""
    count = 0

    def draw(size: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(f"{name}/{count}".encode()).digest(size)

    return draw


def signer_of(name: str) -> FileSigner:
    """The same key for the same name."""
    return FileSigner(private_key_from(entropy_of(name)))


def meter_config(
    serial: str,
    address: str,
    *,
    asset: str = "roof",
    direction: Direction = Direction.FORWARD_IS_EXPORT,
    profile: int = PROFILE_BASIC,
) -> MeterConfig:
    """A configured meter with a key of its own."""
    signer, installer = signer_of(serial), signer_of("installer")
    binding = Binding(
        chain_id=31337, asset=asset, point=f"point-{serial.lower()}", serial=serial, public_point=signer.public_point,
        direction=direction, custody=Custody.FILE, multiplier_num=1, multiplier_den=1, step_wh=1, modulus_num=2**32,
        modulus_den=1, nameplate_w=10_000, valid_from=0, installer_point=installer.public_point,
    )  # fmt: skip
    return MeterConfig(
        serial=serial, address=address, signer=signer, binding=binding, binding_hash=binding_hash(binding.encode()), profile=profile
    )  # fmt: skip


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


class Failures:
    """Threads that died; a test that ends with one has failed."""

    def __init__(self) -> None:
        self.errors: list[BaseException] = []

    def __call__(self, error: BaseException) -> None:
        self.errors.append(error)


class ScriptedSlave:
    """The far end of a pty: answers the nth request with the nth entry of a script, byte for byte.

    An entry is bytes, or a function of the request; b"" is silence. When the script is over the last entry stays.
    """

    def __init__(self, *script: bytes | Callable[[bytes], bytes]) -> None:
        self.requests: list[bytes] = []
        self._script = script
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self._wake_read, self._wake_write = os.pipe()
        self.path = os.ttyname(self._slave)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        os.write(self._wake_write, b"x")
        self._thread.join(10)
        for fd in (self._master, self._slave, self._wake_read, self._wake_write):
            os.close(fd)

    def say(self, data: bytes) -> None:
        """Bytes that nobody asked for."""
        os.write(self._master, data)

    def _serve(self) -> None:
        while True:
            readable, _, _ = select.select([self._master, self._wake_read], [], [])
            if self._wake_read in readable:
                return
            request = os.read(self._master, 4096)
            entry = self._script[min(len(self.requests), len(self._script) - 1)]
            self.requests.append(request)
            answer = entry if isinstance(entry, bytes) else entry(request)
            if answer:
                os.write(self._master, answer)


BOOT = Boot(b"boot-of-the-test", lambda: 77)
RULE = CutRule(interval_s=300, cut_every_s=900)


def sealing_of(
    outbox: Outbox, meters: list[MeterConfig], *, entropy: Entropy | None = None, alarms: Alarms | None = None
) -> Sealing:
    """The sealing of a gateway with these meters."""
    return Sealing(
        outbox,
        [
            SealedMeter(
                meter.binding.meter_id,
                meter.serial,
                meter.signer,
                meter.binding_hash,
                meter.binding.direction,
                meter.profile,
            )
            for meter in meters
        ],
        rule=RULE,
        entropy=entropy or os.urandom,
        boot=BOOT,
        alarms=alarms or Alarms(),
    )


def reading_at(time: int, wh: int) -> Reading:
    """A plain good reading."""
    return Reading(time, wh, None, None, Status.CLOCK_SYNCHRONISED | Status.EXPORT_VALID)


def unknown_head(meter: MeterConfig) -> Head:
    """What an oracle says of a meter that it has never heard of."""
    return Head(bytes(20), bytes(16), 1, meter.binding.meter_id, False, 0, 0, bytes(32), None, None)


def known_head(meter: MeterConfig, newest: Header) -> Head:
    """What an oracle says of a meter whose newest header is this."""
    return Head(
        bytes(20), bytes(16), 1, meter.binding.meter_id, True, newest.epoch, newest.next_seq,
        header.header_hash(newest.encode()), newest.export_end_wh, newest.import_end_wh,
    )  # fmt: skip


def ready(sealing: Sealing, *heads_: Head) -> None:
    """Tell a sealing where the oracle stands."""
    sealing.reconcile({head.meter_id: [head] for head in heads_}, now=1, clock=Status.CLOCK_SYNCHRONISED)


def check_headers(meter: MeterConfig, going: list[Outgoing]) -> list[Reading]:
    """Open a meter's batches under its key, each continuing the one before, from the binding on; returns the readings."""
    key = PublicKey(meter.signer.public_point)
    found: list[Reading] = []
    previous: tuple[Header, bytes] | None = None
    for out in going:
        opened = header.open_header(out.item.header, out.item.signature, key)
        if opened.kind is Kind.READINGS and out.item.body:
            found += batch.open_body(opened, out.item.batch_key, out.item.body).readings
        if previous is None:
            header.check_first(meter.binding_hash, opened)
        else:
            header.check_follows(*previous, opened)
        previous = opened, out.header_hash
    return found


def everything_of(outbox: Outbox) -> list[Outgoing]:
    """All batches of an outbox, signed ones and answered ones too."""
    (last,) = outbox._db.connection.execute("SELECT COALESCE(MAX(id), 0) FROM batch").fetchone()
    return outbox.sealed.outgoing(range(1, last + 1))
