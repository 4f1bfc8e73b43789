"""The MQTT 5 client of every process: paho's, over TLS where `[broker]` names a ca, and without Nagle's delay."""

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
        broker: names the TLS files; the caller's `connect` uses host and port.
        client_id: unique at the broker.
        manual_ack: whether the caller acknowledges messages, once they are durable.

    Raises:
        ConfigError: a TLS file cannot be read, or is not of the kind that its key in `[broker]` names.
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
    # paho writes a packet in pieces; without TCP_NODELAY the last piece waits up to 40 ms for the acknowledgement of the first (Nagle).
    if isinstance(connection, socket.socket):
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _left_to_the_loop(_client: Client, _data: object, _connection: object) -> None:
    # paho calls this to ask an event loop to write. Without such a callback a thread that publishes writes by itself, while the loop's
    # thread may be writing too: packets mix, and two threads in one TLS connection end the process without a message (SIGSEGV).
    return
