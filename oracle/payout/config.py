"""The keeper's configuration: one TOML file.

profile = "development"
asset_file = "asset.toml"
ledger = "oracle/ledger.sqlite"
rpc_url = "http://127.0.0.1:8545"
key = "keys/keeper.key"
every_s = 3600
"""

import re
from dataclasses import dataclass
from pathlib import Path

from runtime import key_files
from runtime.config import read_toml

EVERY_S = 3600
EVERY_MAX_S = 31 * 86_400
SKIP_MAX = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeeperConfig:
    """The whole file.

    Attributes:
        profile: demo, development or production; production refuses keys in the open.
        asset_file: names the asset's contracts.
        ledger: the oracle's ledger: its Transfer events say who may be a holder. Opened read-only.
        rpc_url: JSON-RPC address of the chain. It may hold an access token, so it is never shown.
        key: the Ethereum key that pays the gas: 64 hex digits, or a keystore v3.
        password_file: its first line is the keystore's password.
        every_s: seconds between two passes, at their UTC multiples.
        skip: holders who would rather claim.
        world: socket of a stepped world (`[world]` of the simulator), for replays; None: the machine's time.
    """

    profile: str
    asset_file: Path
    ledger: Path
    rpc_url: str
    key: Path
    password_file: Path | None = None
    every_s: int = EVERY_S
    skip: tuple[str, ...] = ()
    world: Path | None = None


def load(path: Path) -> KeeperConfig:
    """Read keeper.toml.

    Raises:
        ConfigError: naming the file and the field.
    """
    table = read_toml(path)
    rpc_url = table.text("rpc_url")
    if not rpc_url.startswith(("http://", "https://")):
        raise table.error("rpc_url", "does not begin with http:// or https:// (not shown: it may hold an access token)")
    config = KeeperConfig(
        profile=table.choice("profile", key_files.PROFILES),
        asset_file=table.file("asset_file"),
        ledger=table.file("ledger"),
        rpc_url=rpc_url,
        key=table.file("key", must_exist=False),
        password_file=table.file("password_file", must_exist=False, default=None),
        every_s=table.integer("every_s", minimum=1, maximum=EVERY_MAX_S, default=EVERY_S),
        skip=tuple(table.texts("skip", maximum=SKIP_MAX, default=[])),
        world=table.file("world", must_exist=False, default=None),
    )
    for address in config.skip:
        if re.fullmatch("0x[0-9a-fA-F]{40}", address) is None:
            raise table.error("skip", f"{address!r} is not an Ethereum address")
    table.finish()
    return config
