"""A bad configuration, row by row: one line that names file and field, exit code 2, and never a word of a key."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from cli.main import run
from oracle.contract_names import CONTRACT_NAMES

SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQ"  # what a damaged key file holds

Spoil = Callable[[Path], object]


def at_top(name: str) -> Spoil:
    def spoil(site: Path) -> None:
        path = site / name
        path.write_text("colour = 'blue'\n" + path.read_text())

    return spoil


def inside(name: str, table: str) -> Spoil:
    def spoil(site: Path) -> None:
        path = site / name
        text = path.read_text()
        assert f"{table}\n" in text or f"{table} " in text
        path.write_text(text.replace(table, f"{table}\ncolour = 'blue' #", 1))

    return spoil


def change(name: str, old: str, new: str) -> Spoil:
    def spoil(site: Path) -> None:
        text = (site / name).read_text()
        assert old in text
        (site / name).write_text(text.replace(old, new, 1))

    return spoil


def without(name: str) -> Spoil:
    return lambda site: (site / name).unlink()


def garbage(name: str) -> Spoil:
    return lambda site: (site / name).write_text(f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n")


def other_curve(name: str) -> Spoil:
    pem = ec.generate_private_key(ec.SECP384R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return lambda site: (site / name).write_bytes(pem)


def open_to_all(name: str) -> Spoil:
    return lambda site: (site / name).chmod(0o644)


def deployed(spoil: Spoil) -> Spoil:
    """The same at a site whose contracts are deployed: a keeper looks for them first."""
    addresses = "".join(f'\n{name} = "0x{number:040x}"' for number, name in enumerate(CONTRACT_NAMES, 1))

    def spoil_deployed(site: Path) -> None:
        change("asset.toml", "chain_id = 31337", f"chain_id = 31337{addresses}")(site)
        spoil(site)

    return spoil_deployed


@dataclass(frozen=True)
class Row:
    """One row: which service, what is spoilt, and the file and field (or problem) that its one line names."""

    service: str
    what: str
    spoil: Spoil
    file: str
    field: str


SERVICES = ("sim", "gateway", "oracle", "api", "keeper")
ROWS = [
    *(Row(name, "unknown key", at_top(f"{name}.toml"), f"{name}.toml", "colour") for name in SERVICES),
    Row("gateway", "unknown key in a table", inside("gateway.toml", "[broker]"), "gateway.toml", "broker.colour"),
    Row("oracle", "unknown key in a table", inside("oracle.toml", "[broker]"), "oracle.toml", "broker.colour"),
    Row("oracle", "unknown key in the asset file", at_top("asset.toml"), "asset.toml", "colour"),
    *(Row(name, "no such file", without(f"{name}.toml"), f"{name}.toml", "no such file") for name in SERVICES),
    Row("sim", "a file it names is missing", without("asset.toml"), "asset.toml", "asset"),
    Row("sim", "its recording is missing", change("sim.toml", "builtin:serf-east", "none.csv"), "none.csv", "recording"),
    Row("gateway", "a binding is missing", without("bindings/SE-0002.hex"), "SE-0002.hex", "binding"),
    Row("gateway", "a key is missing", without("keys/SE-0002.key"), "SE-0002.key", "key"),
    Row("oracle", "the asset file is missing", without("asset.toml"), "asset.toml", "asset_file"),
    Row("oracle", "a binding is missing", without("bindings/SE-0002.hex"), "SE-0002.hex", "binding"),
    Row("oracle", "its key is missing", without("keys/oracle.key"), "oracle.key", "key"),
    Row("api", "the ledger is missing", without("oracle/ledger.sqlite"), "ledger.sqlite", "ledger"),
    Row("keeper", "the ledger is missing", without("oracle/ledger.sqlite"), "ledger.sqlite", "ledger"),
    Row("keeper", "the asset file is missing", without("asset.toml"), "asset.toml", "asset_file"),
    Row("keeper", "its key is missing", deployed(without("keys/keeper.key")), "keeper.key", "key"),
    Row("keeper", "bad key", deployed(garbage("keys/keeper.key")), "keeper.key", "key"),
    Row("keeper", "key that others can read", deployed(open_to_all("keys/keeper.key")), "keeper.key", "chmod 600"),
    Row("keeper", "no JSON-RPC address", change("keeper.toml", "http://", "ftp://"), "keeper.toml", "rpc_url"),
    Row("gateway", "bad key", garbage("keys/SE-0001.key"), "SE-0001.key", "key"),
    Row("gateway", "key of another curve", other_curve("keys/SE-0001.key"), "SE-0001.key", "P-256"),
    Row("gateway", "key of another meter", change("gateway.toml", "keys/SE-0001.key", "keys/SE-0002.key"), "", "SE-000"),
    Row("gateway", "key that others can read", open_to_all("keys/SE-0001.key"), "SE-0001.key", "chmod 600"),
    Row("gateway", "bad public point", change("gateway.toml", 'points = ["', 'points = ["00'), "gateway.toml", "points"),
    Row("oracle", "bad key", garbage("keys/oracle.key"), "oracle.key", "key"),
    Row("oracle", "key of another curve", other_curve("keys/oracle.key"), "oracle.key", "P-256"),
    Row("oracle", "key that others can read", open_to_all("keys/oracle.key"), "oracle.key", "chmod 600"),
    Row("api", "bad public point", change("api.toml", 'oracle_point = "', 'oracle_point = "00'), "api.toml", "oracle_point"),
    Row("sim", "a value out of range", change("sim.toml", "unit = 1\n", "unit = 999\n"), "sim.toml", "unit"),
    Row("gateway", "not TOML", change("gateway.toml", "gateway = ", "gateway "), "gateway.toml", "not TOML"),
]  # fmt: skip


@pytest.fixture
def site(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    folder = tmp_path / "site"
    assert run(["init", str(folder), "--first-day", "2026-12-01"]) == 0
    assert run(["oracle", "create", "--config", str(folder / "oracle.toml")]) == 0
    capsys.readouterr()
    return folder


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.service}: {row.what}")
def test_a_bad_configuration_is_one_line_with_file_and_field_and_exit_code_2(
    row: Row, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row.spoil(site)
    assert run([row.service, "run", "--config", str(site / f"{row.service}.toml")]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert row.file in lines[0]
    assert row.field in lines[0]
    assert lines[0].startswith("helioracle: ")
    assert SECRET not in lines[0]


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (garbage("keys/keeper.key"), ("keeper.key", "--key")),
        (without("keys/keeper.key"), ("keeper.key", "--key")),
        (open_to_all("keys/keeper.key"), ("keeper.key", "chmod 600")),
        (without("asset.toml"), ("asset.toml", "no such file")),
        (at_top("asset.toml"), ("asset.toml", "colour")),
        (without("oracle/ledger.sqlite"), ("ledger.sqlite", "--ledger")),
    ],
    ids=["bad key", "missing key", "key that others can read", "missing asset file", "unknown key", "missing ledger"],
)
def test_the_keeper_says_what_is_wrong_in_one_line(
    spoil: Spoil, named: tuple[str, str], site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(site)
    options = ["--asset", "asset.toml", "--key", "keys/keeper.key", "--ledger", "oracle/ledger.sqlite"]
    paths = [option if option.startswith("--") else str(site / option) for option in options]
    assert run(["keeper", "run", "--once", "--rpc-url", "http://127.0.0.1:1", *paths]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert len(lines) == 1, lines
    assert all(name in lines[0] for name in named)
    assert SECRET not in lines[0]
