"""The oracle's configuration: one TOML file.

profile = "development"
asset_file = "asset.toml"
ledger = "oracle/ledger.sqlite"
key = "keys/oracle.pem"

[broker]
host = "127.0.0.1"
port = 1883

[chain]
rpc_url = "http://127.0.0.1:8545"
keystore = "keys/oracle-chain.json"
password_file = "keys/oracle-chain.password"
confirmations = 2
"""

from dataclasses import dataclass
from pathlib import Path

from evidence.keys import Signer
from runtime import key_files
from runtime.broker import BrokerConfig, read_broker
from runtime.config import Table, read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainConfig:
    """`[chain]`; without it the oracle takes in and settles, but declares nothing.

    Attributes:
        rpc_url: JSON-RPC endpoint; absent where the chain is handed over (demo). It may hold an access token, so it is never shown.
        key: key file of the account that anchors and declares: `keystore`, a keystore v3, or `key`, 64 hex digits (development).
        password_file: holds the keystore's password; absent: a person is asked at start.
        confirmations: blocks on top of a write before it counts as done.
        poll_s: real seconds between two looks at the chain.
    """

    rpc_url: str | None
    key: Path
    password_file: Path | None = None
    confirmations: int = 0
    poll_s: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleConfig:
    """The whole file.

    Attributes:
        path: where it was read; errors name it.
        profile: demo, development or production; production refuses keys in files.
        asset_file: terms, bindings and contract addresses of the asset.
        ledger: the ledger, which must exist: `helioracle oracle create` creates it once. A fresh one would restart the log.
        signer: opened from `key`, the P-256 key that signs answers, heads and checkpoints; gateways pin its point.
        refusals_kept: the newest so many refusals stay in the ledger, with their reasons.
        messages_per_commit: at most so many messages are stored in one transaction.
        settle_deadline_s: seconds after a day's end at which it is settled without the meters that are missing; absent: never.
        broker: see `runtime.broker.BrokerConfig`.
        receive_maximum: `[broker]`: messages that the broker may have out unacknowledged; the inbox holds no more.
        chain: see `ChainConfig`.
        world: socket of a stepped world (`[world]` of the simulator), for replays; absent: the machine's time.
    """

    path: Path
    profile: str
    asset_file: Path
    ledger: Path
    signer: Signer
    refusals_kept: int = 10_000
    messages_per_commit: int = 20
    settle_deadline_s: int | None = None
    broker: BrokerConfig
    receive_maximum: int = 20
    chain: ChainConfig | None = None
    world: Path | None = None


def load(path: Path) -> OracleConfig:
    """Read and check an oracle's TOML file, with the P-256 key that it names.

    Raises:
        ConfigError: naming the file and the field.
    """
    table = read_toml(path)
    broker = table.table("broker")
    profile = table.choice("profile", key_files.PROFILES)
    config = OracleConfig(
        path=path,
        profile=profile,
        asset_file=table.file("asset_file"),
        ledger=table.file("ledger", must_exist=False),
        signer=key_files.read_signer(table.file("key", must_exist=False), field="key", profile=profile),
        refusals_kept=table.integer("refusals_kept", minimum=1, maximum=10_000_000, default=10_000),
        messages_per_commit=table.integer("messages_per_commit", minimum=1, maximum=1000, default=20),
        settle_deadline_s=table.integer("settle_deadline_s", minimum=3600, maximum=366 * 86_400, default=None),
        broker=read_broker(broker),
        receive_maximum=broker.integer("receive_maximum", minimum=1, maximum=1000, default=20),
        chain=_chain(table.table("chain")) if table.has("chain") else None,
        world=table.file("world", must_exist=False, default=None),
    )
    table.finish()
    return config


def _chain(table: Table) -> ChainConfig:
    rpc_url = table.text("rpc_url", default=None)
    if rpc_url is not None and not rpc_url.startswith(("http://", "https://")):
        raise table.error("rpc_url", "does not begin with http:// or https:// (not shown: it may hold an access token)")
    if table.has("key") is table.has("keystore"):
        raise table.error("key", "either key or keystore must be there, and not both")
    keystore = table.file("keystore", must_exist=False, default=None)
    return ChainConfig(
        rpc_url=rpc_url,
        key=table.file("key", must_exist=False) if keystore is None else keystore,
        password_file=table.file("password_file", must_exist=False, default=None),
        confirmations=table.integer("confirmations", minimum=0, maximum=1000, default=0),
        poll_s=table.integer("poll_s", minimum=1, maximum=3600, default=5),
    )
