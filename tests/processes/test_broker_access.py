"""Mosquitto with the configuration that we ship: who is let in, and what each may say and hear."""

import queue
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from cryptography import x509
from paho.mqtt.reasoncodes import ReasonCode

from cli.main import run
from runtime.broker import BrokerConfig
from runtime.mqtt import new_client
from tests.processes.mosquitto import mosquitto, needs_mosquitto

pytestmark = pytest.mark.system

_SOON_S = 60
NOT_AUTHORISED = 0x87


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    needs_mosquitto()
    folder = tmp_path_factory.mktemp("broker")
    with mosquitto(folder, "roof-pi", "barn-pi") as running:
        yield folder / "certs", running.port


class Peer:
    """A client with a certificate, whose answers from the broker are waited for."""

    def __init__(self, certs: Path, port: int, name: str, *, client_id: str = "") -> None:
        config = BrokerConfig(
            host="127.0.0.1",
            port=port,
            ca=certs / "ca.pem",
            certificate=certs / f"{name}.pem",
            key=certs / f"{name}.key",
        )
        self.heard: queue.Queue[tuple[str, bytes]] = queue.Queue()
        self._codes: queue.Queue[int] = queue.Queue()
        self._client = new_client(config, client_id=client_id or name)
        self._client.on_connect = lambda _c, _d, _f, reason, _p: self._codes.put(reason.value)
        self._client.on_publish = lambda _c, _d, _m, reason, _p: self._codes.put(reason.value)
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = lambda _c, _d, message: self.heard.put((message.topic, bytes(message.payload)))
        self._client.connect(config.host, config.port)
        self._client.loop_start()
        self.connected = self._codes.get(timeout=_SOON_S)

    def publish(self, topic: str, payload: bytes = b"x") -> int:
        """The reason code of the broker's acknowledgement."""
        self._client.publish(topic, payload, qos=1)
        return self._codes.get(timeout=_SOON_S)

    def subscribe(self, topic: str) -> int:
        self._client.subscribe(topic, qos=1)
        return self._codes.get(timeout=_SOON_S)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_subscribe(
        self, _client: paho.Client, _data: object, _mid: int, reasons: list[ReasonCode], _properties: object
    ) -> None:
        self._codes.put(reasons[0].value)


@contextmanager
def peer(broker: tuple[Path, int], name: str, *, client_id: str = "") -> Iterator[Peer]:
    opened = Peer(*broker, name, client_id=client_id)
    try:
        yield opened
    finally:
        opened.close()


def test_a_gateway_speaks_in_its_own_name_alone(broker: tuple[Path, int]) -> None:
    with peer(broker, "oracle") as oracle, peer(broker, "roof-pi") as roof:
        assert oracle.subscribe("ho/1/serf-east/+/up") < 0x80
        for leaf in ("ask", "presence", "up"):
            assert roof.publish(f"ho/1/serf-east/roof-pi/{leaf}", leaf.encode()) < 0x80
        assert oracle.heard.get(timeout=_SOON_S) == ("ho/1/serf-east/roof-pi/up", b"up")
        for topic in ("ho/1/serf-east/barn-pi/up", "ho/1/serf-east/roof-pi/down", "ho/1/serf-east/barn-pi/down"):
            assert roof.publish(topic) == NOT_AUTHORISED, topic
        # What was refused was not delivered before this.
        assert roof.publish("ho/1/serf-east/roof-pi/up", b"last") < 0x80
        assert oracle.heard.get(timeout=_SOON_S) == ("ho/1/serf-east/roof-pi/up", b"last")


def test_a_gateway_hears_what_is_for_it_alone(broker: tuple[Path, int]) -> None:
    with peer(broker, "oracle") as oracle, peer(broker, "roof-pi") as roof, peer(broker, "barn-pi") as barn:
        assert roof.subscribe("ho/1/serf-east/roof-pi/down") < 0x80
        # Mosquitto lets one subscribe to what one may not read, and then delivers nothing.
        barn.subscribe("ho/1/serf-east/+/down")
        assert oracle.publish("ho/1/serf-east/roof-pi/down", b"for roof") < 0x80
        assert oracle.publish("ho/1/serf-east/barn-pi/down", b"for barn") < 0x80
        assert roof.heard.get(timeout=_SOON_S) == ("ho/1/serf-east/roof-pi/down", b"for roof")
        assert barn.heard.get(timeout=_SOON_S) == ("ho/1/serf-east/barn-pi/down", b"for barn")
        assert barn.heard.empty()


def test_nobody_takes_over_the_session_of_another(broker: tuple[Path, int]) -> None:
    with peer(broker, "oracle") as oracle, peer(broker, "barn-pi", client_id="oracle") as barn:
        assert barn.connected == 0
        assert oracle.subscribe("ho/1/serf-east/+/up") < 0x80
        assert barn.publish("ho/1/serf-east/barn-pi/up", b"still myself") < 0x80
        assert oracle.heard.get(timeout=_SOON_S) == ("ho/1/serf-east/barn-pi/up", b"still myself")


def _is_let_in(port: int, context: ssl.SSLContext) -> bool:
    """Whether a CONNECT is answered. TLS 1.3 refuses a certificate at the first read, with an alert or by hanging up."""
    try:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=_SOON_S) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        ):
            secured.sendall(b"\x10\x0f\x00\x04MQTT\x05\x02\x00\x3c\x00\x00\x02ab")
            return secured.recv(1) == b"\x20"
    except (ssl.SSLError, ConnectionError):
        return False


def test_without_a_certificate_of_our_authority_nobody_is_let_in(broker: tuple[Path, int], tmp_path: Path) -> None:
    certs, port = broker
    assert run(["certs", str(tmp_path), "--gateway", "roof-pi"]) == 0
    for certificate, let_in in ((None, False), (tmp_path / "roof-pi", False), (certs / "roof-pi", True)):
        context = ssl.create_default_context(cafile=str(certs / "ca.pem"))
        if certificate is not None:
            context.load_cert_chain(f"{certificate}.pem", f"{certificate}.key")
        assert _is_let_in(port, context) is let_in, certificate


def test_certificates_say_who_and_for_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["certs", str(tmp_path), "--broker", "broker.example.net", "--broker", "::1", "--gateway", "g-1"]) == 0
    server = x509.load_pem_x509_certificate((tmp_path / "broker.pem").read_bytes())
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["broker.example.net"]
    assert [str(address) for address in names.get_values_for_type(x509.IPAddress)] == ["::1"]
    client = x509.load_pem_x509_certificate((tmp_path / "g-1.pem").read_bytes())
    assert client.subject.rfc4514_string() == "CN=g-1"
    assert not client.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    for key in tmp_path.glob("*.key"):
        assert key.stat().st_mode & 0o077 == 0
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    assert run(["certs", str(tmp_path), "--gateway", "g-2"]) == 0
    assert {path: path.read_bytes() for path in before} == before
    assert "g-2.pem g-2.key." in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--gateway", "Roof"], "Roof"),
        (["--gateway", "oracle"], "oracle"),
        (["--days", "0"], "--days 0"),
    ],
)
def test_names_and_days_that_cannot_be_are_one_line(
    options: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["certs", str(tmp_path / "c"), *options]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "c" / "ca.key").exists()


def test_half_of_a_pair_is_said_and_nothing_is_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["certs", str(tmp_path)]) == 0
    (tmp_path / "oracle.pem").unlink()
    assert run(["certs", str(tmp_path)]) == 2
    assert "oracle.pem is missing" in capsys.readouterr().err
