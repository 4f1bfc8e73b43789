"""Ethereum keys from files: never a demo key outside the demo, never an open key in production, never a key in a message."""

import json
from pathlib import Path

import pytest
from eth_account import Account

from cli.main import run
from oracle import config
from oracle.chain.key_file import read_account
from runtime.errors import ConfigError
from tests.plant.open_key_file import write_account

KEY = bytes(range(1, 33))


def test_a_written_key_reads_back_and_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "oracle.key"
    write_account(path, KEY, demo=False)
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_account(path, field="chain.key", profile="development").key == KEY
    with pytest.raises(FileExistsError):
        write_account(path, KEY, demo=False)


def test_demo_keys_are_refused_outside_the_demo(tmp_path: Path) -> None:
    path = tmp_path / "oracle.key"
    write_account(path, KEY, demo=True)
    assert read_account(path, field="chain.key", profile="demo").key == KEY
    for profile in ("development", "production"):
        with pytest.raises(ConfigError, match="is a demo key"):
            read_account(path, field="chain.key", profile=profile)


def test_production_wants_a_keystore_and_its_password(tmp_path: Path) -> None:
    open_key = tmp_path / "open.key"
    write_account(open_key, KEY, demo=False)
    with pytest.raises(ConfigError, match="keystore v3"):
        read_account(open_key, field="chain.key", profile="production")
    keystore = tmp_path / "oracle.json"
    keystore.touch(mode=0o600)
    keystore.write_text(json.dumps(Account.encrypt(KEY, "right", iterations=2)))
    asked = []

    def answer(prompt: str) -> str:
        asked.append(prompt)
        return "right"

    assert read_account(keystore, field="chain.key", profile="production", ask_password=answer).key == KEY
    assert asked == ["Password of oracle.json: "]
    with pytest.raises(ConfigError, match="nobody is here"):
        read_account(keystore, field="chain.key", profile="production")
    with pytest.raises(ConfigError, match="not its password") as caught:
        read_account(keystore, field="chain.key", profile="production", ask_password=lambda _: "wrong-word")
    assert "wrong-word" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "abc", "00" * 32, "ff" * 32, "0x" + "11" * 31, "zz" * 32, "{not json"])
def test_what_is_no_key_is_refused_without_being_shown(tmp_path: Path, text: str) -> None:
    path = tmp_path / "bad.key"
    path.touch(mode=0o600)
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"bad\.key: chain\.key") as caught:
        read_account(path, field="chain.key", profile="development", ask_password=lambda _: "")
    assert not text or text not in str(caught.value)
    assert caught.value.__cause__ is None
    with pytest.raises(ConfigError, match="no such key file"):
        read_account(tmp_path / "none", field="chain.key", profile="development")


def test_a_password_file_opens_a_keystore_and_only_that(tmp_path: Path) -> None:
    keystore, password, open_key = tmp_path / "oracle.json", tmp_path / "oracle.password", tmp_path / "open.key"
    for path, text in (
        (keystore, json.dumps(Account.encrypt(KEY, "right", iterations=2))),
        (password, "right\nnote\n"),
    ):
        path.touch(mode=0o600)
        path.write_text(text)

    def read() -> bytes:
        account = read_account(keystore, field="chain.key", profile="production", password_file=password)
        return bytes(account.key)

    assert read() == KEY
    password.write_text("wrong-word")
    with pytest.raises(ConfigError, match="not its password") as caught:
        read()
    assert "wrong-word" not in str(caught.value)
    for text in ("", "\nright", "x" * 2000):
        password.write_text(text)
        with pytest.raises(ConfigError, match="must hold the password in its first line"):
            read()
    password.chmod(0o644)
    with pytest.raises(ConfigError, match="can be read by others"):
        read()
    password.unlink()
    with pytest.raises(ConfigError, match="password_file: there is no such file"):
        read()
    write_account(open_key, KEY, demo=False)
    with pytest.raises(ConfigError, match="is no keystore"):
        read_account(open_key, field="chain.key", profile="development", password_file=password)


def test_an_oracles_file_names_a_keystore_or_a_key(tmp_path: Path) -> None:
    folder = tmp_path / "site"
    assert run(["init", str(folder), "--first-day", "2026-12-01"]) == 0
    path = folder / "oracle.toml"
    line = 'key = "keys/declarer.key"'
    rest = path.read_text().split("# Without [chain]")[0]
    plain = f'{rest}[chain]\nrpc_url = "http://127.0.0.1:8545"\n{line}\n'
    path.write_text(plain)
    loaded = config.load(path).chain
    assert loaded is not None
    assert (loaded.key.name, loaded.password_file) == ("declarer.key", None)
    path.write_text(
        plain.replace(line, 'keystore = "keys/d.json"\npassword_file = "keys/d.password"\nconfirmations = 2')
    )
    loaded = config.load(path).chain
    assert loaded is not None
    assert loaded.password_file is not None
    assert (loaded.key.name, loaded.password_file.name, loaded.confirmations) == ("d.json", "d.password", 2)
    for broken in ("", f'{line}\nkeystore = "keys/d.json"'):
        path.write_text(plain.replace(line, broken))
        with pytest.raises(ConfigError, match=r"chain\.key: either key or keystore"):
            config.load(path)
