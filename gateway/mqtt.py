"""The MQTT 5 connection: paho behind one wrapper, whose callbacks only put an event into a bounded queue.

One loop, the uplink, reads the queue. No work is done in paho's thread, and no lock of ours is held while paho is called.
"""

import queue
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from evidence import topics
from evidence.topics import Topic
from runtime.broker import BrokerConfig
from runtime.kept_connection import KeptConnection
from runtime.mqtt import new_client

_KEEPALIVE_S = 30
_RECONNECT_MAX_S = 60
_INFLIGHT_MAX = 20  # brokers grant so many by default
_QUEUED_MAX = 64
_EVENTS_MAX = 1024
_PAYLOAD_MAX = 8_192  # an answer for 64 headers takes 2,338 bytes
NO_MATCHING_SUBSCRIBERS = 0x10
FAILURE = 0x80


@dataclass(frozen=True, slots=True)
class Connected:
    """The broker has accepted the connection and the subscription."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The connection was lost or refused; the client connects again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Published:
    """The broker has acknowledged a message. That is not delivery, but its reason code says when delivery is impossible."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message from an oracle, or from another client that may publish on the oracles' topic."""

    payload: bytes


@dataclass(frozen=True, slots=True)
class Woken:
    """The outbox has changed, or the uplink must stop."""


Event = Connected | Disconnected | Published | Arrived | Woken


class MqttLink:
    """One gateway's connection to its broker, with birth and will messages that say whether it is there.

    Args:
        config: see `runtime.broker.BrokerConfig`.
        asset: its id, a segment of every topic.
        gateway: this gateway's name, likewise, and the client id.
        on_failure: called when paho's loop dies.
    """

    def __init__(
        self, config: BrokerConfig, *, asset: str, gateway: str, on_failure: Callable[[BaseException], None]
    ) -> None:
        self.events: queue.Queue[Event] = queue.Queue(_EVENTS_MAX)
        self.dropped = 0
        self._config = config
        self._up, self._ask, self._down, self._presence = (
            str(Topic(asset, gateway, leaf)) for leaf in (topics.UP, topics.ASK, topics.DOWN, topics.PRESENCE)
        )
        self._client = new_client(config, client_id=f"gateway-{asset}-{gateway}")
        self._client.max_inflight_messages_set(_INFLIGHT_MAX)
        self._client.max_queued_messages_set(_QUEUED_MAX)
        self._client.will_set(self._presence, b"offline", qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = lambda _client, _data: self._put(Disconnected("no connection"))
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        self._client.on_message = self._on_message
        self._link = KeptConnection(
            self._client, name="gateway mqtt", pause_max_s=_RECONNECT_MAX_S, on_failure=on_failure
        )

    def start(self) -> None:
        """Connect in the background, and again whenever the connection is lost."""
        # A bundle whose answer was missed is sent again, and so answered again: no session needs to be kept.
        expiry = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho has no annotation there
        expiry.SessionExpiryInterval = 0
        self._client.connect_async(
            self._config.host, self._config.port, keepalive=_KEEPALIVE_S, clean_start=True, properties=expiry
        )
        self._link.start()

    def stop(self) -> None:
        """Say goodbye and join the thread, if there is one. Idempotent."""
        if self._client.is_connected():
            # Best effort: presence is no evidence.
            self._client.publish(self._presence, b"offline", qos=0, retain=True)
        self._link.stop()

    def wake(self) -> None:
        """Wake the loop that reads the events."""
        self._put(Woken())

    def publish_bundle(self, payload: bytes) -> None:
        """Send a bundle, or drop it when too many wait: an unanswered bundle is sent again."""
        self._client.publish(self._up, payload, qos=1)

    def publish_request(self, payload: bytes) -> None:
        """Send a head request; as `publish_bundle`."""
        self._client.publish(self._ask, payload, qos=1)

    def _put(self, event: Event) -> None:
        try:
            self.events.put_nowait(event)
        except queue.Full:
            # Nothing is lost for good: an unanswered bundle is sent again.
            self.dropped += 1

    def _on_connect(
        self, client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        if reason.is_failure:
            self._put(Disconnected(str(reason)))
            return
        client.subscribe(self._down, qos=1)

    def _on_subscribe(
        self, client: paho.Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        if any(reason.is_failure for reason in reasons):
            self._put(Disconnected(f"the broker refuses the subscription to {self._down}: {reasons[0]}"))
            return
        client.publish(self._presence, b"online", qos=1, retain=True)
        self._put(Connected())

    def _on_disconnect(
        self, _client: paho.Client, _data: object, _flags: object, reason: ReasonCode, _properties: object
    ) -> None:
        self._put(Disconnected(str(reason)))

    def _on_publish(
        self, _client: paho.Client, _data: object, _mid: int, reason: ReasonCode, _properties: object
    ) -> None:
        self._put(Published(reason.value, str(reason)))

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        if len(message.payload) <= _PAYLOAD_MAX:
            self._put(Arrived(bytes(message.payload)))
        else:
            self.dropped += 1
