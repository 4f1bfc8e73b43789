"""One report, field by field in the contract's order, whose digest is worked out by hand."""

from typing import Any

CHAIN_ID = 31337
CONTRACT = "0x00000000000000000000000000000000000000AA"
REPORT_FIELDS: list[tuple[str, str]] = [
    ("uint16", "schemaVersion"),
    ("uint32", "period"),
    ("uint16", "revision"),
    ("uint32", "signerSetVersion"),
    ("uint32", "logGeneration"),
    ("uint64", "logSize"),
    ("uint32", "registryIndex"),
    ("bytes32", "settlementRoot"),
    ("uint64", "exportWh"),
    ("uint64", "importWh"),
    ("uint32", "missingMeters"),
    ("uint32", "catchUpHours"),
    ("uint128", "gross"),
    ("uint128", "distributable"),
    ("bytes32", "tariffHash"),
    ("bytes32", "statementHash"),
    ("bytes32", "previousHash"),
]
REPORT_VALUES: list[Any] = [
    2, 41, 0, 1, 1, 812, 2, b"\x11" * 32, 12_418_300, 77, 0, 36, 55_000_001, 41_270_000, b"\x22" * 32, b"\x33" * 32, b"\0" * 32,
]  # fmt: skip
