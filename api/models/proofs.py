"""The shapes of what proves: a reading's proof, and the log's. Bytes are 0x-hex; indexes and sizes stay far below 2^53."""

from pydantic import BaseModel, Field

from api.models.units import Hex


class ProofReading(BaseModel):
    """The leaf: SHA-256(0x00 | salt | record), and its path to the batch root in the header."""

    record: Hex
    profile: int
    salt: Hex
    path: list[Hex]


class ProofHeader(BaseModel):
    """The header bytes that were signed."""

    bytes: Hex
    signature: Hex
    hash: Hex


class ProofKey(BaseModel):
    """The key that signed."""

    public_point: Hex
    meter_id: Hex


class ProofBinding(BaseModel):
    """The binding record (274 bytes and two signatures) that was in force."""

    record: Hex
    hash: Hex
    asset: str
    point: str
    serial: str
    custody: str


class ProofLog(BaseModel):
    """Where header and binding stand in the log: entry = SHA-256(type | content), leaf = SHA-256(0x00 | entry)."""

    type: int
    index: int
    path: list[Hex]
    binding_index: int
    binding_path: list[Hex]
    size: int
    root: Hex


class ProofCheckpoint(BaseModel):
    """The oracle's signed note of this size and root, and the key it names itself with."""

    note: str
    oracle_point: Hex | None


class ProofAnchor(BaseModel):
    """The root that the chain holds at this size, as this API's ledger saw it: ask an RPC of your own for `rootAt(size)`."""

    size: int
    root: Hex
    chain_id: int
    contract: str | None
    tx_hash: str
    block: int


class ReadingProof(BaseModel):
    """Everything it takes to check one reading, from its bytes to the root on chain."""

    schema_: str = Field(alias="schema", default="helioracle-reading-proof-1")
    asset: str
    position: int
    count: int
    reading: ProofReading
    header: ProofHeader
    key: ProofKey
    binding: ProofBinding
    log: ProofLog
    checkpoint: ProofCheckpoint | None
    anchor: ProofAnchor | None = Field(description="null while no anchored size contains the entry")


class Inclusion(BaseModel):
    """An audit path."""

    index: int
    size: int
    type: int
    leaf_hash: Hex
    path: list[Hex]
    root: Hex


class Consistency(BaseModel):
    """A proof that the log only grew from one size to the other."""

    from_size: int
    to_size: int
    from_root: Hex
    to_root: Hex
    path: list[Hex]


class LogEntry(BaseModel):
    """One entry as the public sees it: a type and a hash."""

    index: int
    type: str
    entry: Hex


class LogEntryPage(BaseModel):
    """Entries in order."""

    items: list[LogEntry]
    next: str | None
    size: int
