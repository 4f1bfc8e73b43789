"""The command line as people meet it: help, mistakes, exit codes."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import api.config
import firmware_sim.config
import gateway.config
import oracle.config
from cli import parser
from cli.main import run
from oracle import asset_file
from oracle.ledger.sqlite import database
from runtime.key_files import DEMO_MARK


def commands(of: argparse.ArgumentParser, words: tuple[str, ...] = ()) -> Iterator[list[str]]:
    """Every command and every group of commands."""
    yield list(words)
    for action in of._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, below in action.choices.items():
                yield from commands(below, (*words, name))


COMMANDS = tuple(commands(parser.build()))


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    assert run(["init", str(folder), "--first-day", "2026-12-01"]) == 0
    return folder


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_with_examples(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run([*command, "--help"])
    assert stopped.value.code == 0
    shown = capsys.readouterr().out
    assert "examples:" in shown
    assert "helioracle" in shown


def test_without_a_command_the_help_is_shown_and_the_exit_code_is_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 2
    assert "demo" in capsys.readouterr().out


def test_init_writes_a_set_that_every_service_reads(site: Path) -> None:
    asset = asset_file.load(site / "asset.toml")
    assert [meter.binding.serial for meter in asset.meters] == [
        meter.serial for line in gateway.config.load(site / "gateway.toml").lines for meter in line.meters
    ]
    assert len(firmware_sim.config.load(site / "sim.toml").lines) == 2
    loaded = oracle.config.load(site / "oracle.toml")
    assert gateway.config.load(site / "gateway.toml").oracle_points == (loaded.signer.public_point,)
    database.create(loaded.ledger, asset=asset.terms.asset, chain_id=31337)
    assert api.config.load(site / "api.toml").oracle_point == loaded.signer.public_point


def test_init_never_overwrites(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (site / "asset.toml").read_bytes()
    assert run(["init", str(site)]) == 2
    assert str(site) in capsys.readouterr().err
    assert (site / "asset.toml").read_bytes() == before


def test_keys_are_readable_by_their_owner_only(site: Path) -> None:
    for key in (site / "keys").iterdir():
        assert key.stat().st_mode & 0o077 == 0, key


@pytest.mark.parametrize("service", ["sim", "gateway", "oracle", "api"])
def test_an_unknown_key_is_one_line_with_file_and_field_and_exit_code_2(
    service: str, site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = site / f"{service}.toml"
    (site / "oracle" / "ledger.sqlite").touch()
    path.write_text("colour = 'blue'\n" + path.read_text())
    assert run([service, "run", "--config", str(path)]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert str(path) in said
    assert "colour" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("service", ["sim", "gateway", "oracle", "api"])
def test_a_missing_file_is_one_line_and_exit_code_2(
    service: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([service, "run", "--config", str(tmp_path / "none.toml")]) == 2
    said = capsys.readouterr().err.strip()
    assert "none.toml" in said
    assert "helioracle init" in said


def test_a_damaged_key_file_is_named_and_never_shown(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = site / "keys" / "SE-0001.key"
    key.write_text("-----BEGIN PRIVATE KEY-----\nsecret-secret\n-----END PRIVATE KEY-----\n")
    assert run(["gateway", "run", "--config", str(site / "gateway.toml")]) == 2
    said = capsys.readouterr().err
    assert "SE-0001.key" in said
    assert "secret-secret" not in said


def test_demo_keys_are_refused_outside_the_demo(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = site / "keys" / "oracle.key"
    key.write_text(f"{DEMO_MARK}\n{key.read_text()}")
    assert run(["oracle", "create", "--config", str(site / "oracle.toml")]) == 2
    assert "demo key" in capsys.readouterr().err


def test_the_ledger_is_created_once(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["oracle", "create", "--config", str(site / "oracle.toml")]) == 0
    assert run(["oracle", "create", "--config", str(site / "oracle.toml")]) == 2
    assert "ledger.sqlite" in capsys.readouterr().err


def test_a_ledger_is_migrated_by_name_and_what_comes_next_is_said(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = str(site / "oracle.toml")
    assert run(["oracle", "migrate", "--config", config]) == 2
    assert "helioracle oracle create" in capsys.readouterr().err
    assert run(["oracle", "create", "--config", config]) == 0
    capsys.readouterr()
    assert run(["oracle", "migrate", "--config", config]) == 0
    assert f"helioracle oracle run --config {config}" in capsys.readouterr().out


def test_the_console_script_is_installed_and_light() -> None:
    """The help costs no import of web3, rich or FastAPI."""
    program = (
        "import sys; from cli.main import run\n"
        "try: run(['--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(any(name in sys.modules for name in ('web3', 'rich', 'fastapi', 'paho', 'serial')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("init new --chain-id -5", "--chain-id -5 is not between 1 and"),
        ("init new --chain-id 0", "--chain-id 0"),
        ("init new --first-day 20261201", "--first-day '20261201' is not a date"),
        ("sim broker --port 99999", "--port 99999 is not between 1 and 65535"),
        ("sim broker --port 0", "--port 0"),
        ("certs new --broker bad_name!", "--broker 'bad_name!' is neither a host name nor an address"),
        ("oracle refusals --before 0", "--before 0 is no ID"),
        ("asset fund --rpc-url http://127.0.0.1:1 --key k --period -1", "--period -1 is below 0"),
        ("keeper run --once --skip 0xinvestor", "--skip '0xinvestor' is not an Ethereum address"),
    ],
)
def test_a_value_out_of_range_is_one_line_and_exit_code_2(
    words: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(words.split()) == 2
    heard = capsys.readouterr().err.strip()
    assert said in heard
    assert len(heard.splitlines()) == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    for words in (["init", f"{tmp_path}/file/site"], ["certs", f"{tmp_path}/file"]):
        assert run(words) == 2
        heard = capsys.readouterr().err.strip()
        assert heard.startswith(f"helioracle: {tmp_path}/file")
        assert len(heard.splitlines()) == 1


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_that_goes_away_leaves_no_trace(unbuffered: str, tmp_path: Path) -> None:
    end, pipe = os.pipe()
    os.close(end)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "init", str(tmp_path / "site")],
            stdout=pipe,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=60,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    finally:
        os.close(pipe)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_new_name_of_the_broker_is_not_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "certs")
    assert run(["certs", folder, "--broker", "broker.example.net", "--broker", "10.0.0.7"]) == 0
    assert run(["certs", folder, "--broker", "10.0.0.7", "--gateway", "barn-pi"]) == 0
    assert run(["certs", folder, "--broker", "10.0.0.8"]) == 2
    assert "broker.pem: is there and does not name 10.0.0.8; remove it and broker.key" in capsys.readouterr().err
