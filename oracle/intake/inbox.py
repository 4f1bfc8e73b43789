"""The oracle's side of MQTT 5: what arrives waits here, unacknowledged, until it is durable.

paho's thread only queues: a message is taken, stored and answered by the intake's own thread, and acknowledged last. The queue cannot
outgrow the broker's window (receive maximum); should a broker ignore the window, paho's thread waits and TCP pushes back.
"""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from evidence import topics
from evidence.errors import Malformed
from oracle.errors import Fatal
from runtime.broker import BrokerConfig
from runtime.clock import Participant
from runtime.kept_connection import KeptConnection
from runtime.logs import facts
from runtime.mqtt import new_client

_LOG = logging.getLogger(__name__)
_KEEPALIVE_S = 30
_RECONNECT_MAX_S = 30
_SESSION_EXPIRY_S = 7 * 86_400
_ANSWERS_QUEUED_MAX = 1000
_STOPPING_PAUSE_S = 1


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it arrived.

    Attributes:
        topic: parsed; says where the answer goes and nothing more.
        payload: unverified bytes.
        mid: packet id, to acknowledge it by.
        connection: which connection it came over: packet ids mean nothing on another.
    """

    topic: topics.Topic
    payload: bytes
    mid: int
    connection: int


class Inbox:
    """Subscribes, queues, publishes answers and acknowledges; reconnects by itself with back-off."""

    def __init__(
        self,
        broker: BrokerConfig,
        *,
        asset: str,
        client_id: str,
        receive_maximum: int,
        participant: Participant,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self._broker = broker
        self._receive_maximum = receive_maximum
        self._asset = asset
        self._participant = participant
        self._queue: queue.Queue[Message | None] = queue.Queue(maxsize=receive_maximum)
        self._lock = threading.Lock()
        self._unfinished = 1  # the worker's own first pass; world time waits for it as for a message
        self._connection = 0
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._unheard = False  # no broker answers at the address, and the log has a line about it
        self._foreign = 0
        self._answers_lost = 0
        self._client = new_client(broker, client_id=client_id, manual_ack=True)
        self._client.max_queued_messages_set(_ANSWERS_QUEUED_MAX)
        self._client.on_connect = self._on_connect
        self._client.on_connect_fail = self._on_connect_fail
        self._client.on_subscribe = self._on_subscribe
        self._client.on_disconnect = self._on_disconnect
        self._client.on_message = self._on_message
        self._client.on_publish = self._on_publish
        self._link = KeptConnection(
            self._client, name="oracle mqtt", pause_max_s=_RECONNECT_MAX_S, on_failure=on_failure
        )

    def start(self) -> None:
        """Begin to connect; returns at once, whether or not the broker is there."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call] # paho leaves its constructor untyped
        properties.SessionExpiryInterval = _SESSION_EXPIRY_S
        properties.ReceiveMaximum = self._receive_maximum
        self._client.connect_async(
            self._broker.host, self._broker.port, keepalive=_KEEPALIVE_S, clean_start=False, properties=properties
        )
        self._link.start()

    def stop(self) -> None:
        """Disconnect; a thread that waits in `take` gets None.

        The broker keeps the session, and with it the messages that arrive meanwhile.
        """
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._link.stop()
        # Queued messages were not acknowledged, and the broker sends them again; dropping them makes room for the end mark.
        while True:
            try:
                self._queue.put_nowait(None)
            except queue.Full:
                with contextlib.suppress(queue.Empty):
                    self._queue.get_nowait()
            else:
                return

    def wait_ready(self, timeout_s: float) -> bool:
        """Wait until the broker has accepted the subscriptions; False when it has not within the (real) time."""
        return self._ready.wait(timeout_s)

    def take(self, limit: int, *, timeout_s: int | None = None) -> list[Message] | None:
        """Wait for messages and return up to `limit` of them; [] after `timeout_s` real seconds without any, None once stopped."""
        messages: list[Message] = []
        try:
            message = self._queue.get(timeout=timeout_s)
        except queue.Empty:
            return messages
        while message is not None:
            messages.append(message)
            if len(messages) == limit:
                return messages
            try:
                message = self._queue.get_nowait()
            except queue.Empty:
                return messages
        if not messages:
            return None
        self._queue.put_nowait(None)  # the end mark is for the next call
        return messages

    def publish(self, gateway: str, payload: bytes) -> None:
        """Send something down to a gateway. It is kept while the connection is away; what is lost is asked for again."""
        topic = str(topics.Topic(self._asset, gateway, topics.DOWN))
        sent = self._client.publish(topic, payload, qos=1)
        if sent.rc not in (MQTTErrorCode.MQTT_ERR_SUCCESS, MQTTErrorCode.MQTT_ERR_NO_CONN):
            self._answers_lost += 1

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that a message is done with; one of an earlier connection comes again and is a duplicate then."""
        if message.connection == self._connection:
            self._client.ack(message.mid, 1)

    def done(self, count: int) -> None:
        """`count` taken messages are stored, answered and settled: world time need not wait for them any more."""
        with self._lock:
            self._unfinished -= count
            if self._unfinished == 0:
                self._participant.idle()

    def status(self) -> dict[str, object]:
        """Connection and depth."""
        return {
            "connected": self._client.is_connected(),
            "depth": self._queue.qsize(),
            "foreign_topics": self._foreign,
            "answers_lost": self._answers_lost,
        }

    def _on_connect(
        self, client: Client, _userdata: Any, _flags: ConnectFlags, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            _LOG.warning("the broker refuses the connection", extra=facts(reason=reason))
            return
        self._unheard = False
        self._connection += 1
        options = SubscribeOptions(qos=1)
        client.subscribe([(topics.subscription(self._asset, leaf), options) for leaf in (topics.UP, topics.ASK)])

    def _on_connect_fail(self, _client: Client, _userdata: Any) -> None:
        # Once: it is tried again every half minute, and nothing about that is new.
        if not self._unheard:
            self._unheard = True
            _LOG.warning(
                "nobody answers at the broker's address; trying again",
                extra=facts(host=self._broker.host, port=self._broker.port),
            )

    def _on_subscribe(
        self, _client: Client, _userdata: Any, _mid: int, reasons: list[ReasonCode], _properties: Properties | None
    ) -> None:
        refused = [str(reason) for reason in reasons if reason.is_failure]
        if refused:
            # Only a person can change the broker's access list; retrying would look alive and hear nothing.
            raise Fatal(
                f"the broker refuses the subscription to {topics.subscription(self._asset, topics.UP)}: {refused[0]};"
                " allow it in the broker's access list"
            )
        _LOG.info("subscribed", extra=facts(asset=self._asset))
        self._ready.set()

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: Any,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._ready.clear()
        if not self._stopping.is_set():
            _LOG.warning("disconnected from the broker", extra=facts(reason=reason))

    def _on_publish(
        self, _client: Client, _userdata: Any, _mid: int, reason: ReasonCode, _properties: Properties | None
    ) -> None:
        if reason.is_failure:
            self._answers_lost += 1
            _LOG.warning("the broker refuses an answer", extra=facts(reason=reason))

    def _on_message(self, client: Client, _userdata: Any, message: MQTTMessage) -> None:
        try:
            topic = topics.parse(message.topic)
        except Malformed:
            self._foreign += 1
            client.ack(message.mid, message.qos)
            return
        with self._lock:
            self._unfinished += 1
            self._participant.busy()
        queued = Message(topic, bytes(message.payload), message.mid, self._connection)
        while not self._stopping.is_set():
            try:
                self._queue.put(queued, timeout=_STOPPING_PAUSE_S)
            except queue.Full:
                continue
            return
