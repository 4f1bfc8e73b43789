"""`gateway probe` and `gateway bind`: the way from a device on a line to a reading that counts."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from evidence.binding import Custody, Direction, open_binding
from evidence.keys import private_key_from
from gateway import config
from runtime.key_files import read_signer, write_signer
from tests.plant.signer import signer_of
from tests.real_meter.whole_site import Device, inverter

DLT = "000000193600"
HEAD = """gateway = "pi"
asset = "my-roof"
profile = "development"
outbox = "outbox.sqlite"
poll_interval_s = 300
[broker]
host = "127.0.0.1"
port = 1883
[oracle]
points = ["POINT"]
""".replace("POINT", signer_of("oracle").public_point.hex())
LINES = """
[[line]]
name = "roof"
protocol = "modbus-rtu"
port = "tcp://127.0.0.1:{}"
framing = "tcp"
timeout_ms = 2000
quiet_ms = 50
[[line.meter]]
serial = "7F00A1"
address = "1"
{}
[[line]]
name = "grid"
protocol = "dlt645"
port = "tcp://127.0.0.1:{}"
timeout_ms = 2000
quiet_ms = 50
[[line.meter]]
serial = "000000193600"
address = "000000193600"
power = true
{}
"""
Say = pytest.CaptureFixture[str]
MakeDevice = Callable[[dict[str, Any]], Device]


def bind(folder: Path, *more: str, serial: str = "7F00A1", protocol: str = "sunspec") -> int:
    return run(
        [
            "gateway", "bind", "--asset-id", "my-roof", "--chain-id", "31337", "--point", "roof-1", "--serial", serial,
            "--protocol", protocol, "--nameplate-w", "10000", "--key", str(folder / f"keys/{serial}.key"),
            "--installer-key", str(folder / "installer.key"), "--out", str(folder / f"bindings/{serial}.hex"), *more,
        ]
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_signer(tmp_path / "installer.key", private_key_from(lambda size: b"i" * size), demo=False)
    return tmp_path


def test_from_the_first_read_to_a_gateway_that_opens(folder: Path, device: MakeDevice, capsys: Say) -> None:
    units = [inverter(1, 103, 40_000, sf=1)]
    roof = device({"kind": "modbus", "units": units, "energy": 123_450, "tcp": 0, "framing": "tcp"})
    grid = device({"kind": "dlt645", "address": DLT, "energy": 36_300, "reverse": 12, "power": 15_559, "tcp": 0})
    path = folder / "gateway.toml"
    # Before there is any key.
    path.write_text(HEAD + LINES.format(roof.port, "", grid.port, ""))
    assert run(["gateway", "probe", "--config", str(path)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"serial=7F00A1 .*forward_wh=1234500  raw=123450  power_w=1200", said)
    assert re.search(rf"serial={DLT} .*forward_wh=363000  reverse_wh=120  power_w=1555", said)
    assert "Next:" in said

    assert bind(folder, "--scale-factor", "1", "--valid-from", "2026-12-01T00:00:00Z") == 0
    assert "installer_point" in capsys.readouterr().out
    assert bind(folder, "--forward", "import", "--multiplier", "60/5", serial=DLT, protocol="dlt645") == 0
    keys = [f'key = "keys/{name}.key"\nbinding = "bindings/{name}.hex"' for name in ("7F00A1", DLT)]
    path.write_text(HEAD + LINES.format(roof.port, keys[0], grid.port, keys[1]))
    first, second = config.load(path).meters
    bound = first.binding
    assert (bound.step_wh, bound.modulus_num, bound.modulus_den) == (10, 10 * 2**32, 1)
    assert (bound.direction, bound.custody, bound.valid_from) == (
        Direction.FORWARD_IS_EXPORT,
        Custody.FILE,
        1_796_083_200,
    )
    bound = second.binding
    assert (bound.step_wh, bound.modulus_num, bound.direction) == (10, 10**9, Direction.FORWARD_IS_IMPORT)
    assert (bound.multiplier_num, bound.multiplier_den) == (60, 5)
    # What the gateway reads for itself it also reads for a probe, and the other way round.
    capsys.readouterr()
    assert run(["gateway", "probe", "--config", str(path), "--json"]) == 0
    assert [row["forward_wh"] for row in json.loads(capsys.readouterr().out)] == ["1234500", "363000"]


def test_a_probe_says_what_is_wrong_with_each_meter(folder: Path, device: MakeDevice, capsys: Say) -> None:
    units = [inverter(1, 113, 40_000, sf=None)]
    roof = device({"kind": "modbus", "units": units, "energy": 5, "tcp": 0, "framing": "tcp"})
    path = folder / "gateway.toml"
    path.write_text(LINES.format(roof.port, "", roof.port, ""))
    assert run(["gateway", "probe", "--config", str(path)]) == 1
    out, err = capsys.readouterr()
    assert "outcome=foreign  problem=the device at address 1: SunSpec model is 113" in out
    assert re.search(rf"serial={DLT} .*outcome=no answer  problem=", out)
    assert "2 of 2 meters gave no registers" in err


def test_a_binding_is_signed_by_both_and_never_overwritten(folder: Path, capsys: Say) -> None:
    assert bind(folder, "--scale-factor", "-1") == 0
    record = bytes.fromhex((folder / "bindings/7F00A1.hex").read_text())
    installer = read_signer(folder / "installer.key", field="key", profile="development")
    bound, _ = open_binding(record, installer_point=installer.public_point)
    assert (bound.step_wh, bound.modulus_num, bound.modulus_den) == (1, 2**32, 10)
    assert (folder / "keys/7F00A1.key").stat().st_mode & 0o777 == 0o600
    assert bind(folder, "--scale-factor", "-1") == 2
    assert "is there already" in capsys.readouterr().err
    # A second binding of the same meter keeps its key.
    (folder / "bindings/7F00A1.hex").rename(folder / "old.hex")
    assert bind(folder, "--scale-factor", "0") == 0
    again = bytes.fromhex((folder / "bindings/7F00A1.hex").read_text())
    assert open_binding(again, installer_point=installer.public_point)[0].public_point == bound.public_point


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ((), "--scale-factor is missing"),
        (("--scale-factor", "0", "--multiplier", "a"), "--multiplier 'a' is not a ratio"),
        (("--scale-factor", "0", "--multiplier", "1/0"), "this makes no binding"),
        (("--scale-factor", "0", "--valid-from", "2026-12-01T00:00:00"), "--valid-from '2026-12-01T00:00:00' is not a"),
        (("--scale-factor", "0", "--serial", "a b"), "this makes no binding"),
        (("--scale-factor", "0", "--chain-id", "-4"), "--chain-id -4 is not between 1 and"),
        (("--scale-factor", "0", "--nameplate-w", "0"), "--nameplate-w 0 is not between 1 and"),
        (("--scale-factor", "0", "--installer-key", "none.key"), "there is no such key file"),
    ],
)
def test_what_makes_no_binding_is_one_line(folder: Path, capsys: Say, more: tuple[str, ...], said: str) -> None:
    assert bind(folder, *more) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not (folder / "bindings/7F00A1.hex").exists()
