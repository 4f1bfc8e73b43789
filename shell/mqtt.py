"""An MQTT 5 client as every process of the house wants it: paho's, over TLS where the table says so, and without Nagle's delay."""

import socket

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from shell.broker import BrokerConfig


def new_client(broker: BrokerConfig, *, client_id: str, manual_ack: bool = False) -> Client:
    """A client that is not connected yet.

    Args:
        broker: TLS files; host and port are for the caller's `connect`.
        client_id: unique at the broker.
        manual_ack: whether messages are acknowledged by the caller, after they are durable.
    """
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5, manual_ack=manual_ack)
    client.on_socket_open = _send_at_once
    if broker.ca is not None:
        client.tls_set(
            ca_certs=str(broker.ca),
            certfile=None if broker.certificate is None else str(broker.certificate),
            keyfile=None if broker.key is None else str(broker.key),
        )
    return client


def _send_at_once(_client: Client, _data: object, connection: object) -> None:
    # paho writes a packet in pieces; without this the last one waits up to 40 ms for the acknowledgement of the first (Nagle).
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
