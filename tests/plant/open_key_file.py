"""An Ethereum key that lies open in a file."""

from pathlib import Path

from runtime.key_files import DEMO_MARK, write_secret


def write_account(path: Path, key: bytes, *, demo: bool) -> None:
    """Write a 32-byte key as hex, readable by its owner only; never over an existing file (FileExistsError)."""
    write_secret(path, f"{DEMO_MARK}\n{key.hex()}\n" if demo else f"{key.hex()}\n")
