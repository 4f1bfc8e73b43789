"""A gateway's end of MQTT 5 in a test: sends bundles and head requests, queues what comes down."""

import queue
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from evidence import answer, head, tags, topics
from evidence.answer import Answer, Code, Verdict
from evidence.bundle import BundleItem, encode_bundle
from evidence.head import Head
from evidence.keys import MeterId, PublicKey
from tests.plant.signed_meter import ASSET

WAIT_S = 60


class GatewayClient:
    """Connected and subscribed once constructed."""

    def __init__(self, port: int, oracle_point: bytes, name: str = "roof-pi", asset: str = ASSET) -> None:
        self._key = PublicKey(oracle_point)
        self._down: queue.Queue[bytes] = queue.Queue()
        self._subscribed: queue.Queue[bool] = queue.Queue()
        self._topics = {leaf: str(topics.Topic(asset, name, leaf)) for leaf in (topics.UP, topics.ASK, topics.DOWN)}
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=f"test-{name}", protocol=MQTTv5)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self._subscribed.get(timeout=WAIT_S)

    def _on_connect(self, client: Client, *_: Any) -> None:
        client.subscribe(self._topics[topics.DOWN], qos=1)

    def _on_subscribe(self, *_: Any) -> None:
        self._subscribed.put(item=True)

    def _on_message(self, _client: Client, _userdata: Any, message: MQTTMessage) -> None:
        self._down.put(bytes(message.payload))

    def publish(self, payload: bytes, leaf: str = topics.UP) -> None:
        self._client.publish(self._topics[leaf], payload, qos=1).wait_for_publish(WAIT_S)

    def send(self, *items: BundleItem) -> list[tuple[Verdict, Code]]:
        """Send a bundle and wait for its answer."""
        self.publish(encode_bundle(items))
        return [(item.verdict, item.code) for item in self.answer().items]

    def answer(self) -> Answer:
        """The next thing that comes down, an answer."""
        return answer.open_answer(self._down.get(timeout=WAIT_S), self._key)

    def heads(self, nonce: bytes, *meters: bytes) -> list[Head]:
        """Ask for heads and wait for all of them."""
        self.publish(head.encode_request(nonce, [MeterId(m) for m in meters]), topics.ASK)
        encoded = [self._down.get(timeout=WAIT_S) for _ in meters]
        assert all(one[:4] == tags.HEAD for one in encoded)
        return [head.open_head(one, self._key, nonce=nonce) for one in encoded]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
