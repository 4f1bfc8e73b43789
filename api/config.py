"""What the API is told: where the ledger is, where to listen, and two public facts that the ledger does not hold."""

from dataclasses import dataclass, field
from pathlib import Path

from evidence.tags import POINT_SIZE
from oracle.contract_names import CONTRACT_NAMES
from runtime.config import read_toml

HOST = "127.0.0.1"
PORT = 8430
REQUESTS_MAX = 64


@dataclass(frozen=True, kw_only=True)
class ApiConfig:
    """The configuration of `helioracle api run`.

    Attributes:
        ledger: the oracle's ledger; opened read-only, and it must exist.
        host: address to listen on. Browsers give a page WebCrypto on 127.0.0.1 and over https only, so anything else wants a TLS proxy.
        port: 0 picks a free one.
        requests_max: requests answered at the same time; more are told to come back (503).
        oracle_point: the oracle key's 64-byte public point, under which checkpoints are checked; None leaves that lamp amber.
        contracts: contract name -> address, shown beside what they hold.
        excluded_holders: addresses whose shares earn nothing, as the share contract was created with.
        explorer_url: address of a transaction page with `{tx}` in it, or None.
        world: socket of a stepped world (`[world]` of the simulator), for replays; None: the machine's time.
    """

    ledger: Path
    host: str = HOST
    port: int = PORT
    requests_max: int = REQUESTS_MAX
    oracle_point: bytes | None = None
    contracts: dict[str, str] = field(default_factory=dict)
    excluded_holders: tuple[str, ...] = ()
    explorer_url: str | None = None
    world: Path | None = None


def load(path: Path) -> ApiConfig:
    """Read api.toml.

    Raises:
        ConfigError: a missing file, an unknown key, or a value out of range; names file and field.
    """
    table = read_toml(path)
    contracts = table.table("contracts", optional=True)
    config = ApiConfig(
        ledger=table.file("ledger"),
        host=table.host("host", default=HOST),
        port=table.integer("port", minimum=0, maximum=65_535, default=PORT),
        requests_max=table.integer("requests_max", minimum=1, maximum=1024, default=REQUESTS_MAX),
        oracle_point=table.hexadecimal("oracle_point", POINT_SIZE) if table.has("oracle_point") else None,
        contracts={
            name: contracts.text(name, pattern=r"0x[0-9a-fA-F]{40}") for name in CONTRACT_NAMES if contracts.has(name)
        },
        excluded_holders=tuple(table.texts("excluded_holders", maximum=8, default=[])),
        explorer_url=table.text(
            "explorer_url", default=None, pattern=r"https?://[^\s\"'<>]{1,200}\{tx\}[^\s\"'<>]{0,50}"
        ),
        world=table.file("world", must_exist=False, default=None),
    )
    table.finish()
    return config
