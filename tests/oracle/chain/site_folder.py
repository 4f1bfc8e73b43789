"""A site's folder for the commands of the asset's owner, on a node of anvil."""

import json
from pathlib import Path

from eth_account import Account

from cli.main import run
from tests.plant.anvil_node import Anvil

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"  # anvil's first account
SIGNER = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
TREASURY = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"


def site_folder(anvil: Anvil, tmp_path: Path) -> tuple[Path, list[str]]:
    """A folder as `helioracle init` writes it, and the options of commands that use its encrypted keystore."""
    folder = tmp_path / "site"
    assert run(["init", str(folder), "--first-day", "2026-12-01"]) == 0
    keystore, password = folder / "keys" / "owner.json", folder / "keys" / "owner.password"
    for path, text in (
        (keystore, json.dumps(Account.encrypt(bytes.fromhex(KEY[2:]), "open sesame", iterations=2))),
        (password, "open sesame\n"),
    ):
        path.touch(mode=0o600)
        path.write_text(text)
    options = ["--asset", str(folder / "asset.toml"), "--rpc-url", anvil.url, "--profile", "production"]
    return folder, [*options, "--keystore", str(keystore), "--password-file", str(password)]
