"""The gateway's file: every mistake is one line that names the field and the file."""

from pathlib import Path

import pytest

from evidence.binding import sign_binding
from evidence.reading import PROFILE_TARIFFS
from gateway import config
from gateway.lines.config import load_lines
from runtime.errors import ConfigError
from runtime.key_files import write_signer
from tests.plant.edge_site import meter_config
from tests.plant.signer import private_key_of, signer_of

GOOD = """
gateway = "roof-pi"
asset = "roof"
profile = "development"
outbox = "gateway/outbox.sqlite"
poll_interval_s = 300
clock = "synchronised"

[broker]
host = "127.0.0.1"
port = 1883

[oracle]
points = ["POINT"]

[[line]]
name = "a"
protocol = "modbus-rtu"
port = "run/line-a"
[[line.meter]]
serial = "INV-1"
address = "1"
key = "INV-1.pem"
binding = "INV-1.hex"

[[line]]
name = "b"
protocol = "dlt645"
port = "/dev/serial/by-id/usb-rs485"
[[line.meter]]
serial = "DL-1"
address = "000000193600"
key = "DL-1.pem"
binding = "DL-1.hex"
tariffs = true
""".replace("POINT", signer_of("oracle").public_point.hex())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for serial in ("INV-1", "DL-1"):
        meter = meter_config(serial, "1")
        write_signer(tmp_path / f"{serial}.pem", private_key_of(serial), demo=False)
        record = sign_binding(meter.binding, meter.signer, signer_of("installer"))
        (tmp_path / f"{serial}.hex").write_text(record.hex() + "\n")
    return tmp_path


def load(folder: Path, text: str = GOOD) -> config.GatewayConfig:
    path = folder / "gateway.toml"
    path.write_text(text)
    return config.load(path)


def test_a_good_file(folder: Path) -> None:
    loaded = load(folder)
    assert [meter.serial for meter in loaded.meters] == ["INV-1", "DL-1"]
    assert (loaded.cut_every_s, loaded.window, loaded.answers_required) == (900, 4, 1)
    assert loaded.lines[0].port == str(folder / "run/line-a")
    assert loaded.lines[1].port == "/dev/serial/by-id/usb-rs485"
    assert loaded.lines[1].meters[0].profile == PROFILE_TARIFFS
    assert loaded.meters[0].binding_hash == meter_config("INV-1", "1").binding_hash


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('clock = "synchronised"', 'clok = "synchronised"', "gateway.toml: clok: unknown key"),
        ('clock = "synchronised"', 'clock = "exact"', "clock: 'exact' is none of"),
        ("poll_interval_s = 300", "", "poll_interval_s: is missing"),
        ("poll_interval_s = 300", "poll_interval_s = 7", "cut_every_s: 900 is not a multiple of 7"),
        ("port = 1883", 'port = 1883\nca = "ca.pem"', "broker.ca: there is no file"),
        ("port = 1883", 'port = 1883\ncertificate = "INV-1.hex"', "broker.certificate: and key come together"),
        (signer_of("oracle").public_point.hex(), "00" * 64, "oracle.points: 000000"),
        (f'["{signer_of("oracle").public_point.hex()}"]', "[]", "oracle.points: is empty"),
        ("[[line]]", "answers_required = 2\n[[line]]", "answers_required: 2 answers of 1 oracles never come"),
        (
            'key = "INV-1.pem"',
            'key = "none.pem"',
            "line[0].meter[0].key: there is no such key file|none.pem: key: there",
        ),
        ('key = "INV-1.pem"', 'key = "DL-1.pem"', "key: is not the key that the binding of INV-1 names"),
        ('binding = "INV-1.hex"', 'binding = "DL-1.hex"', "binds serial 'DL-1', this file says 'INV-1'"),
        ('binding = "INV-1.hex"', 'binding = "INV-1.pem"', "INV-1.pem does not open"),
        ('asset = "roof"', 'asset = "cellar"', "binds asset 'roof', this file says 'cellar'"),
        ('address = "1"', 'address = "248"', "248 is not a Modbus unit"),
        ('address = "1"', 'address = "1"\ntariffs = true', "a SunSpec inverter has no tariff registers"),
        ('address = "000000193600"', 'address = "42"', "line[1].meter[0].address: '42' does not match"),
        ('name = "b"', 'name = "a"', "line: 'a' is there twice"),
        ('port = "run/line-a"', 'port = "tcp://10.0.0.7"', "line[0].port: 'tcp://10.0.0.7' is not of the form"),
        ('port = "run/line-a"', 'port = "tcp://10.0.0.7:70000"', "is not of the form tcp://host:port"),
        ('port = "run/line-a"', 'port = "tcp://10.0.0.7:502/x"', "is not of the form tcp://host:port"),
        ('port = "run/line-a"', 'port = "tcp://10.0.0.7:502"', "line[0].framing: is missing: tcp for a device"),
        (
            'port = "run/line-a"',
            'port = "tcp://10.0.0.7:502"\nframing = "ascii"',
            "framing: 'ascii' is none of rtu, tcp",
        ),
        ('port = "run/line-a"', 'port = "tcp://h:502"\nframing = "tcp"\nbaudrate = 9600', "baudrate: is set in the"),
        ('port = "run/line-a"', 'port = "tcp://h:502"\nframing = "tcp"\nparity = "even"', "parity: is set in the"),
        ('port = "run/line-a"', 'port = "run/line-a"\nframing = "rtu"', "framing: is for Modbus over TCP only"),
        ('port = "/dev/serial', 'framing = "tcp"\nport = "/dev/serial', "framing: is for Modbus over TCP only"),
        ('address = "1"', 'address = "1"\npower = true', "a SunSpec inverter always says its power"),
        ('profile = "development"', 'profile = "production"', "profile production refuses keys in files"),
    ],
)
def test_a_mistake_is_named_with_its_field_and_its_file(folder: Path, old: str, new: str, said: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        load(folder, GOOD.replace(old, new, 1))
    assert any(part in str(caught.value) for part in said.split("|")), str(caught.value)
    assert "\n" not in str(caught.value)


def test_lines_over_tcp_and_power(folder: Path) -> None:
    text = GOOD.replace('port = "run/line-a"', 'port = "tcp://[::1]:502"\nframing = "tcp"')
    loaded = load(folder, text.replace("tariffs = true", "power = true"))
    assert (loaded.lines[0].port, loaded.lines[0].framing) == ("tcp://[::1]:502", "tcp")
    assert loaded.lines[0].with_power == frozenset()
    assert loaded.lines[1].with_power == {"000000193600"}


def test_lines_are_read_without_keys_for_a_first_read(folder: Path) -> None:
    path = folder / "gateway.toml"
    path.write_text(GOOD.replace('key = "INV-1.pem"\nbinding = "INV-1.hex"', ""))
    (_, inverters), (line, meters) = load_lines(path)
    assert (inverters[0].serial, inverters[0].address) == ("INV-1", "1")
    assert (line.protocol, meters[0].address, meters[0].tariffs, meters[0].power) == (
        "dlt645",
        "000000193600",
        True,
        False,
    )


def test_a_demo_key_is_refused_outside_the_demo(folder: Path) -> None:
    (folder / "INV-1.pem").unlink()
    write_signer(folder / "INV-1.pem", private_key_of("INV-1"), demo=True)
    with pytest.raises(ConfigError, match="demo key"):
        load(folder)
    assert load(folder, GOOD.replace('"development"', '"demo"')).profile == "demo"
