"""P-256 key files: PEM (PKCS#8, unencrypted, mode 0600), custody `file`.

A key file that the demo made from its seed begins with a mark, `DEMO_MARK`. It is refused outside `profile = "demo"`, because anybody can
make the same key again.
"""

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from evidence.keys import FileSigner
from runtime.errors import ConfigError

DEMO_MARK = "# helioracle demo key: made from a public seed, refused outside profile demo"
PROFILES = ("demo", "development", "production")
_SIZE_MAX = 16_384


def read_marked(path: Path, *, field: str, profile: str) -> str:
    """The text of a key file without the demo's mark, which is checked against the profile.

    Raises:
        ConfigError: missing, too large, unreadable or readable by others, or a demo key outside the demo. It never shows the content.
    """
    try:
        found = path.stat()
        if found.st_size > _SIZE_MAX:
            raise ConfigError(path, field, "is too large for a key file")
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigError(path, field, f"can be read by others than its owner; type: chmod 600 {path}")
        text = path.read_text("ascii")
    except FileNotFoundError:
        raise ConfigError(path, field, "there is no such key file; `helioracle init DIR` makes one") from None
    except (OSError, UnicodeDecodeError):
        raise ConfigError(path, field, "cannot be read as a key file") from None
    if DEMO_MARK in text:
        if profile != "demo":
            raise ConfigError(path, field, f"is a demo key that anybody can make; profile {profile} refuses it")
        text = text.replace(DEMO_MARK, "").lstrip("\n")
    return text


def read_signer(path: Path, *, field: str, profile: str) -> FileSigner:
    """The signer of a P-256 key file.

    Raises:
        ConfigError: as `read_marked`; the file is not a PEM of a P-256 private key; or the profile is production, which wants a sealed key.
    """
    if profile == "production":
        raise ConfigError(path, field, "profile production refuses keys in files (custody file); use a sealed key")
    text = read_marked(path, field=field, profile=profile)
    try:
        key = serialization.load_pem_private_key(text.encode(), password=None)
    except (ValueError, TypeError):
        raise ConfigError(path, field, "is not an unencrypted PEM private key") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ConfigError(path, field, "is not a key on the curve P-256")
    return FileSigner(key)


def write_signer(path: Path, key: ec.EllipticCurvePrivateKey, *, demo: bool) -> None:
    """Write a new key file, readable by its owner only. An existing file is never overwritten (FileExistsError)."""
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode("ascii")
    write_secret(path, f"{DEMO_MARK}\n{pem}" if demo else pem)


def write_secret(path: Path, text: str) -> None:
    """Write a new file that only its owner can read. An existing file is never overwritten (FileExistsError)."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
