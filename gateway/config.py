"""The gateway's configuration: one TOML file.

gateway = "roof-pi"
asset = "serf-east"
profile = "development"
outbox = "gateway/outbox.sqlite"
poll_interval_s = 300

[broker]
host = "127.0.0.1"
port = 1883

[oracle]
points = ["<128 hex digits>"]

[[line]]
name = "a"
protocol = "modbus-rtu"
port = "run/line-a"

[[line.meter]]
serial = "SIM-0001"
address = "1"
key = "keys/meter-1.pem"
binding = "bindings/meter-1.hex"
"""

from dataclasses import dataclass
from pathlib import Path

from evidence.errors import EvidenceError
from evidence.keys import PublicKey
from evidence.tags import POINT_SIZE
from gateway.lines.config import METERS_MAX, LineConfig, MeterConfig, read_lines
from runtime import key_files
from runtime.broker import BrokerConfig, read_broker
from runtime.config import Table, read_toml

_ID = r"[a-z0-9][a-z0-9-]{0,31}"


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayConfig:
    """The whole file.

    Attributes:
        gateway: this gateway's name; its segment of every topic and the common name of its certificate.
        asset: the asset's id; every binding must name it.
        profile: demo, development or production; production refuses keys in files.
        outbox: the outbox's database; it is made when it is missing.
        poll_interval_s: between two slots; slots are its UTC multiples.
        cut_every_s: a batch ends at the UTC multiples of this; a multiple of poll_interval_s, 900 by default.
        count_max: readings a batch holds at most; bounded so that a batch fits a bundle.
        ask_again_s: for how many real seconds the gateway asks a meter again that gave nothing usable at a multiple of cut_every_s; 20 by
            default, 0 for never. Half the poll interval is the most: an answer within that still gives a measured boundary.
        last_slot: the last slot to poll (UTC unix seconds); afterwards the gateway seals and stays up. For replays, absent otherwise.
        clock: state of the machine's clock: synchronised, informative, unknown, or chrony (ask chrony).
        window: bundles that may be unanswered at a time.
        answer_timeout_s: real seconds until an unanswered bundle is sent again; doubles up to 64 times, with jitter.
        keep_answered_s: answered batches are kept this long, in world time.
        outbox_max_bytes: when the outbox is larger, whole bodies are dropped, see `SealedBatches.let_go`.
        broker: see `runtime.broker.BrokerConfig`.
        oracle_points: `[oracle] points`: the pinned public points of the oracles.
        answers_required: `[oracle]`: how many oracles must store a batch before it counts as answered, 1 by default.
        world: socket of a stepped world (`[world]` of the simulator), for replays; absent: the machine's time.
        lines: at least one.
    """

    gateway: str
    asset: str
    profile: str
    outbox: Path
    poll_interval_s: int
    cut_every_s: int = 900
    count_max: int = 512
    ask_again_s: int = 20
    last_slot: int | None = None
    clock: str = "chrony"
    window: int = 4
    answer_timeout_s: int = 10
    keep_answered_s: int = 604_800
    outbox_max_bytes: int = 1 << 30
    broker: BrokerConfig
    oracle_points: tuple[bytes, ...]
    answers_required: int = 1
    world: Path | None = None
    lines: tuple[LineConfig, ...]

    @property
    def meters(self) -> tuple[MeterConfig, ...]:
        """The meters of all lines."""
        return tuple(meter for line in self.lines for meter in line.meters)


def load(path: Path) -> GatewayConfig:
    """Read and check a gateway's TOML file, with the keys and bindings that it names.

    Raises:
        ConfigError: naming the file and the field.
    """
    table = read_toml(path)
    asset = table.text("asset", pattern=_ID)
    profile = table.choice("profile", key_files.PROFILES)
    oracle = table.table("oracle")
    config = GatewayConfig(
        gateway=table.text("gateway", pattern=_ID),
        asset=asset,
        profile=profile,
        outbox=table.file("outbox", must_exist=False),
        poll_interval_s=table.integer("poll_interval_s", minimum=1, maximum=3600),
        cut_every_s=table.integer("cut_every_s", minimum=1, maximum=86_400, default=900),
        count_max=table.integer("count_max", minimum=1, maximum=600, default=512),
        ask_again_s=table.integer("ask_again_s", minimum=0, maximum=1800, default=20),
        last_slot=table.integer("last_slot", minimum=0, maximum=1 << 40, default=None),
        clock=table.choice("clock", ("synchronised", "informative", "unknown", "chrony"), default="chrony"),
        window=table.integer("window", minimum=1, maximum=16, default=4),
        answer_timeout_s=table.integer("answer_timeout_s", minimum=1, maximum=3600, default=10),
        keep_answered_s=table.integer("keep_answered_s", minimum=0, maximum=366 * 86_400, default=604_800),
        outbox_max_bytes=table.integer("outbox_max_bytes", minimum=1 << 20, maximum=1 << 40, default=1 << 30),
        broker=read_broker(table.table("broker")),
        oracle_points=_oracle_points(oracle),
        answers_required=oracle.integer("answers_required", minimum=1, maximum=16, default=1),
        world=table.file("world", must_exist=False, default=None),
        lines=read_lines(table, asset, profile),
    )
    table.finish()
    _check(table, oracle, config)
    return config


def _oracle_points(table: Table) -> tuple[bytes, ...]:
    points = []
    for text in table.texts("points", maximum=16):
        try:
            point = bytes.fromhex(text.removeprefix("0x"))
            PublicKey(point)
        except (ValueError, EvidenceError):
            raise table.error("points", f"{text[:24]}... is not a P-256 point of {POINT_SIZE} bytes in hex") from None
        points.append(point)
    if not points:
        raise table.error("points", "is empty; without an oracle's key no answer can be believed")
    return tuple(points)


def _check(table: Table, oracle: Table, config: GatewayConfig) -> None:
    if config.cut_every_s % config.poll_interval_s:
        raise table.error("cut_every_s", f"{config.cut_every_s} is not a multiple of {config.poll_interval_s}")
    if config.answers_required > len(config.oracle_points):
        raise oracle.error(
            "answers_required", f"{config.answers_required} answers of {len(config.oracle_points)} oracles never come"
        )
    if len(config.meters) > METERS_MAX:
        raise table.error("line", f"{len(config.meters)} meters, at most {METERS_MAX} allowed")
    for what, values in (
        ("line", [line.name for line in config.lines]),
        ("line", [line.port for line in config.lines]),
        ("line.meter", [meter.serial for meter in config.meters]),
        ("line.meter", [meter.binding.meter_id.hex() for meter in config.meters]),
        *(("line.meter", [meter.address for meter in line.meters]) for line in config.lines),
    ):
        twins = sorted({value for value in values if values.count(value) > 1})
        if twins:
            raise table.error(what, f"{twins[0]!r} is there twice")
