"""Ethereum keys from files: 64 hex digits (demo and development), or a keystore v3 JSON, whose password a person types or a file holds."""

import json
from collections.abc import Callable
from pathlib import Path

from eth_account import Account
from eth_account.signers.local import LocalAccount

from runtime.errors import ConfigError
from runtime.key_files import read_marked

AskPassword = Callable[[str], str]  # prompt -> password
_PASSWORD_MAX = 1024


def read_account(
    path: Path,
    *,
    field: str,
    profile: str,
    ask_password: AskPassword | None = None,
    password_file: Path | None = None,
) -> LocalAccount:
    """The account of a key file.

    Args:
        path: the key file.
        field: the config's key that named it, for messages.
        profile: demo | development | production; production refuses a key that lies open in a file.
        ask_password: asks a person for a keystore's password.
        password_file: holds it, where nobody is there to be asked: its first line, in a file that only its owner can read.

    Raises:
        ConfigError: no such file, not a key, refused by the profile, or a wrong password. Never shows the content.
    """
    text = read_marked(path, field=field, profile=profile).strip()
    if text.startswith("{"):
        if password_file is not None:
            password = read_password(password_file, field="password_file", profile=profile)
            return _from_keystore(text, path, field, lambda _prompt: password)
        return _from_keystore(text, path, field, ask_password)
    if password_file is not None:
        raise ConfigError(path, field, "is no keystore, so there is nothing that the password file would open")
    if profile == "production":
        raise ConfigError(path, field, "profile production refuses a key in the open; use a keystore v3 file")
    try:
        account: LocalAccount = Account.from_key(bytes.fromhex(text.removeprefix("0x")))
    except Exception:  # noqa: BLE001 the key libraries' errors are of many kinds and some repeat the key
        raise ConfigError(path, field, "is not a secp256k1 key of 64 hex digits in the curve's range") from None
    return account


def read_password(path: Path, *, field: str, profile: str) -> str:
    """The first line of a password file.

    Raises:
        ConfigError: no such file, readable by others, empty or too long. Never shows the content.
    """
    if not path.exists():
        raise ConfigError(path, field, f"there is no such file; write the password into it, and type: chmod 600 {path}")
    lines = read_marked(path, field=field, profile=profile).splitlines()
    if not lines or not lines[0] or len(lines[0]) > _PASSWORD_MAX:
        raise ConfigError(path, field, f"must hold the password in its first line, at most {_PASSWORD_MAX} characters")
    return lines[0]


def _from_keystore(text: str, path: Path, field: str, ask_password: AskPassword | None) -> LocalAccount:
    if ask_password is None:
        raise ConfigError(path, field, "is a keystore, and nobody is here to type its password")
    try:
        account: LocalAccount = Account.from_key(
            Account.decrypt(json.loads(text), ask_password(f"Password of {path.name}: "))
        )
    except Exception:  # noqa: BLE001 as in read_account; neither password nor key may reach a message
        raise ConfigError(path, field, "cannot be opened: not a keystore v3, or not its password") from None
    return account
