"""The ledger's tables. Money and 256-bit integers are decimal TEXT (SQLite integers end at 2^63); hashes and bytes are BLOB.

Registers are INTEGER: a register above 2^63 - 1 Wh is refused at intake as malformed.
"""

from dataclasses import dataclass
from typing import Final

SCHEMA_VERSION: Final = 2  # `oracle.ledger.sqlite.migration` leads here from the older ones

Columns = dict[str, type]

META: Columns = {"key": str, "value": str}  # schema, asset, chain_id, ...

BINDINGS: Columns = {
    "hash": bytes,
    "meter_id": bytes,
    "serial": str,
    "point": str,
    "valid_from": int,
    "record": bytes,  # 402 bytes
    "log_index": int,
}

# One row a header, whatever its kind.
HEADERS: Columns = {
    "id": int,
    "hash": bytes,
    "meter_id": bytes,
    "kind": int,
    "epoch": int,
    "seq0": int,
    "count": int,
    "t0": int,
    "t1": int,
    "status_or": int,
    "status_close": int,
    "export_start_wh": int,
    "import_start_wh": int,
    "export_end_wh": int,
    "import_end_wh": int,
    "prev": bytes,
    "header": bytes,  # 185 bytes
    "signature": bytes,  # 64 bytes
    "batch_key": bytes,
    "body": bytes,  # empty where the batch is bodiless or has no readings
    "evidence": bytes,
    "bodiless": int,  # 1: the body did not match; only the header's registers count
    "gateway": str,
    "received_at": int,  # world time
    "log_index": int,  # its entry in the log; never NULL: a header is stored and sequenced in one transaction
}

# What was refused and why; bounded, oldest out first.
REFUSALS: Columns = {
    "id": int,
    "received_at": int,
    "gateway": str,
    "meter_id": bytes,
    "header_hash": bytes,
    "code": str,
    "detail": str,
    "header": bytes,
    "signature": bytes,
}

# Two headers that exclude each other: both kept, the first logged one settles.
FORKS: Columns = {
    "id": int,
    "meter_id": bytes,
    "first_hash": bytes,
    "second_hash": bytes,
    "second_header": bytes,
    "second_signature": bytes,
    "found_at": int,
}

LOG_ENTRIES: Columns = {
    "log_index": int,  # 0, 1, 2, ...
    "type": int,
    "entry": bytes,  # 32 bytes: SHA-256(type | content)
    "ref": bytes,  # what it is about: header hash, binding hash, SHA-256 of the document
    "content": bytes,  # documents only; a header's content is its row in `headers`
}

CHECKPOINTS: Columns = {"size": int, "root": bytes, "note": str, "made_at": int}

# The register of one meter at one instant (a day boundary or a band edge), frozen when first used.
BOUNDARIES: Columns = {
    "meter_id": bytes,
    "instant": int,
    "export_wh": int,
    "import_wh": int,
    "basis": str,  # measured | estimated
    "header_hash": bytes,  # where the register stands: batch and position in it
    "position": int,
    "frozen_at": int,
}

# What one point did on one settlement day, in energy (after formula, sign, multiplier, wrap).
POINT_DAYS: Columns = {
    "day": int,
    "point": str,
    "role": str,
    "export_wh": int,
    "import_wh": int,
    "measured_wh": int,
    "estimated_wh": int,
    "bands": str,  # canonical JSON: {band: wh}
}

DAYS: Columns = {
    "day": int,
    "state": str,  # settled | held
    "settled_at": int,
    "log_size": int,
    "missing_meters": int,
    "notes": str,  # canonical JSON list of VEE labels
}

PERIODS: Columns = {
    "period": int,
    "from_day": int,
    "to_day": int,  # exclusive
    "state": str,  # settled | anchored | declared
    "export_wh": int,
    "import_wh": int,
    "missing_meters": int,
    "gross": str,
    "distributable": str,
    "deficit_after": str,
    "settlement_root": bytes,
    "statement": str,  # canonical JSON
    "statement_hash": bytes,
    "tariff_hash": bytes,
    "registry_index": int,
    "log_size": int,
    "log_root": bytes,
    "declare_tx": str,
    "declared_block": int,
}

# Every chain write, journalled before it is sent.
CHAIN_JOURNAL: Columns = {
    "id": int,
    "kind": str,  # anchor | declare | fund | push | claim | deploy | ...
    "subject": str,  # what it is about, e.g. "size 812", "period 3"; (kind, subject) is unique
    "payload": str,  # JSON
    "state": str,  # planned | sent | mined | confirmed | refused
    "tx_hash": str,
    "sender": str,
    "nonce": int,
    "gas_used": int,
    "block": int,
    "detail": str,
    "at": int,
}

# Contract events as the follower saw them, in chain order.
CHAIN_EVENTS: Columns = {
    "block": int,
    "log_index": int,
    "block_hash": str,
    "block_time": int,
    "tx_hash": str,
    "contract": str,  # share | declarations | distributor | registry | gate
    "name": str,  # Transfer, Anchored, Declared, Funded, Paid, PayFailed, ...
    "args": str,  # JSON, integers as decimal strings, addresses checksummed
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table of the schema; every column is NOT NULL but those in `nullable`.

    Attributes:
        columns: the columns, in order, with their Python types.
        key: the primary key.
        nullable: columns that may be NULL.
        unique: further unique keys.
        indexes: plain indexes.
    """

    columns: Columns
    key: tuple[str, ...]
    nullable: frozenset[str] = frozenset()
    unique: tuple[tuple[str, ...], ...] = ()
    indexes: tuple[tuple[str, ...], ...] = ()


TABLES: Final[dict[str, Table]] = {
    "meta": Table(
        columns=META,
        key=("key",),
    ),
    "bindings": Table(
        columns=BINDINGS,
        key=("hash",),
        unique=(("meter_id", "valid_from"),),
    ),
    "headers": Table(
        columns=HEADERS,
        key=("id",),
        nullable=frozenset({"export_start_wh", "import_start_wh", "export_end_wh", "import_end_wh"}),
        unique=(("hash",), ("log_index",)),
        indexes=(("meter_id", "epoch", "seq0"), ("meter_id", "t1"), ("prev",)),
    ),
    "refusals": Table(
        columns=REFUSALS,
        key=("id",),
        nullable=frozenset({"meter_id", "header_hash"}),
        indexes=(("header_hash",),),
    ),
    "forks": Table(
        columns=FORKS,
        key=("id",),
        unique=(("second_hash",),),
    ),
    "log_entries": Table(
        columns=LOG_ENTRIES,
        key=("log_index",),
        nullable=frozenset({"content"}),
        indexes=(("ref",), ("type",)),
    ),
    "checkpoints": Table(
        columns=CHECKPOINTS,
        key=("size",),
    ),
    "boundaries": Table(
        columns=BOUNDARIES,
        key=("meter_id", "instant"),
        nullable=frozenset({"export_wh", "import_wh", "header_hash", "position"}),
    ),
    "point_days": Table(
        columns=POINT_DAYS,
        key=("day", "point"),
    ),
    "days": Table(
        columns=DAYS,
        key=("day",),
    ),
    "periods": Table(
        columns=PERIODS,
        key=("period",),
        nullable=frozenset({"log_root", "declare_tx", "declared_block"}),
    ),
    "chain_journal": Table(
        columns=CHAIN_JOURNAL,
        key=("id",),
        nullable=frozenset({"tx_hash", "sender", "nonce", "gas_used", "block"}),
        unique=(("kind", "subject"),),
    ),
    "chain_events": Table(
        columns=CHAIN_EVENTS,
        key=("block", "log_index"),
        indexes=(("name",),),
    ),
}
