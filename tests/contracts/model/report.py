"""What a declaration says, and the states it goes through."""

from dataclasses import astuple, dataclass
from enum import IntEnum

from tests.contracts.model.typed_data import struct_hash

SCHEMA_VERSION = 2
REPORT_TYPE = (
    "Report(uint16 schemaVersion,uint32 period,uint16 revision,uint32 signerSetVersion,uint32 logGeneration,"
    "uint64 logSize,uint32 registryIndex,bytes32 settlementRoot,uint64 exportWh,uint64 importWh,uint32 missingMeters,"
    "uint32 catchUpHours,uint128 gross,uint128 distributable,bytes32 tariffHash,bytes32 statementHash,"
    "bytes32 previousHash)"
)


class Status(IntEnum):
    """The state of a payout period."""

    NONE = 0
    PENDING = 1
    FINAL = 2
    DISPUTED = 3
    VOID = 4


@dataclass(frozen=True, kw_only=True)
class Report:
    """A report, its fields in the order of the contract's; see IRevenueDeclarations."""

    schema_version: int = SCHEMA_VERSION
    period: int
    revision: int
    signer_set_version: int
    log_generation: int
    log_size: int
    registry_index: int
    settlement_root: bytes
    export_wh: int
    import_wh: int
    missing_meters: int = 0
    catch_up_hours: int = 0
    gross: int
    distributable: int
    tariff_hash: bytes
    statement_hash: bytes
    previous_hash: bytes

    @property
    def energy_wh(self) -> int:
        """Delivered and drawn."""
        return self.export_wh + self.import_wh

    @property
    def words(self) -> tuple[int | bytes, ...]:
        """The fields in order."""
        return astuple(self)

    def hash(self) -> bytes:
        """EIP-712 struct hash: what the signers sign, and what the next revision names."""
        return struct_hash(REPORT_TYPE, *self.words)


@dataclass(frozen=True)
class Declared:
    """A report as it was accepted.

    Attributes:
        report: What it says.
        signers: Who signed it.
        set_version: Of the signer set that they belong to.
        deadline: When it becomes Final, unix seconds; once it is disputed, when it becomes Void.
        disputed: Whether this report is.
    """

    report: Report
    signers: tuple[str, ...]
    set_version: int
    deadline: int
    disputed: bool = False

    def status(self, now: int) -> Status:
        """Its state at `now`; deadlines pass by themselves."""
        if self.disputed:
            return Status.VOID if now >= self.deadline else Status.DISPUTED
        return Status.FINAL if now >= self.deadline else Status.PENDING
