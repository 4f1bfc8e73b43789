"""An MQTT 5 client as every process of the house wants it: paho's, over TLS where the table says so, and without Nagle's delay."""

import socket
import ssl
from pathlib import Path

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from runtime.broker import BrokerConfig
from runtime.errors import ConfigError


def new_client(broker: BrokerConfig, *, client_id: str, manual_ack: bool = False) -> Client:
    """A client that is not connected yet.

    Args:
        broker: TLS files; host and port are for the caller's `connect`.
        client_id: unique at the broker.
        manual_ack: whether messages are acknowledged by the caller, after they are durable.

    Raises:
        ConfigError: a TLS file cannot be read, or is not what its key in `[broker]` says.
    """
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5, manual_ack=manual_ack)
    client.on_socket_open = _send_at_once
    client.on_socket_register_write = _left_to_the_loop
    if broker.ca is not None:
        client.tls_set_context(_tls(broker, broker.ca))
    return client


def _tls(broker: BrokerConfig, ca: Path) -> ssl.SSLContext:
    for field, path in (("ca", ca), ("certificate", broker.certificate), ("key", broker.key)):
        try:
            if path is not None:
                path.read_bytes()
        except OSError as error:
            problem = f"cannot be read: {error.strerror}; it must belong to the user that runs this service"
            raise ConfigError(path or ca, field, problem) from error
    try:
        # A client's context checks the server's certificate against the ca, and its name.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(ca)
    except ssl.SSLError as error:
        raise ConfigError(ca, "ca", f"is no certificate in PEM: {_said(error)}") from error
    if broker.certificate is not None:
        try:
            context.load_cert_chain(
                broker.certificate, broker.key, password=""
            )  # without one OpenSSL asks at the terminal
        except ssl.SSLError as error:
            problem = f"and key are no pair in PEM, the key without a password: {_said(error)}"
            raise ConfigError(broker.certificate, "certificate", problem) from error
    return context


def _said(error: ssl.SSLError) -> str:
    return error.reason or str(error)


def _send_at_once(_client: Client, _data: object, connection: object) -> None:
    # paho writes a packet in pieces; without this the last one waits up to 40 ms for the acknowledgement of the first (Nagle).
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _left_to_the_loop(_client: Client, _data: object, _connection: object) -> None:
    # paho asks here for somebody who writes. Without an answer whoever publishes writes itself, while the thread of the loop may be
    # writing too: packets mix, and two threads in one TLS connection end the process without a word (SIGSEGV).
    return
