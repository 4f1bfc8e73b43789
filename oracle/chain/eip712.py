"""EIP-712 typed data of `RevenueDeclarations`: what the oracle's Ethereum key signs.

Domain: name "helioracle", version "1", the chain's id, the declarations contract. So a signature for one asset, or one chain, is worth
nothing on another.
"""

from collections.abc import Sequence
from typing import Final

from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount

from oracle.core.money.report import Report

_ANCHOR: Final = [
    {"name": "logGeneration", "type": "uint32"},
    {"name": "logSize", "type": "uint64"},
    {"name": "logRoot", "type": "bytes32"},
]
_REPORT: Final = [
    {"name": "schemaVersion", "type": "uint16"},
    {"name": "period", "type": "uint32"},
    {"name": "revision", "type": "uint16"},
    {"name": "signerSetVersion", "type": "uint32"},
    {"name": "logGeneration", "type": "uint32"},
    {"name": "logSize", "type": "uint64"},
    {"name": "registryIndex", "type": "uint32"},
    {"name": "settlementRoot", "type": "bytes32"},
    {"name": "exportWh", "type": "uint64"},
    {"name": "importWh", "type": "uint64"},
    {"name": "missingMeters", "type": "uint32"},
    {"name": "catchUpHours", "type": "uint32"},
    {"name": "gross", "type": "uint128"},
    {"name": "distributable", "type": "uint128"},
    {"name": "tariffHash", "type": "bytes32"},
    {"name": "statementHash", "type": "bytes32"},
    {"name": "previousHash", "type": "bytes32"},
]


def anchor_message(
    chain_id: int, declarations: str, log_size: int, log_root: bytes, *, log_generation: int = 1
) -> SignableMessage:
    """What `anchor` asks to be signed."""
    return encode_typed_data(
        _domain(chain_id, declarations),
        {"Anchor": _ANCHOR},
        {"logGeneration": log_generation, "logSize": log_size, "logRoot": log_root},
    )


def report_message(chain_id: int, declarations: str, report: Report) -> SignableMessage:
    """What `declare` asks to be signed."""
    values = dict(zip((part["name"] for part in _REPORT), report.as_tuple(), strict=True))
    return encode_typed_data(_domain(chain_id, declarations), {"Report": _REPORT}, values)


def sign(account: LocalAccount, message: SignableMessage) -> bytes:
    """65 bytes r | s | v."""
    return bytes(account.sign_message(message).signature)


def sign_all(signers: Sequence[LocalAccount], message: SignableMessage) -> list[bytes]:
    """One signature a signer, in the order that the contract asks for: rising by address."""
    ordered = sorted(signers, key=lambda account: int(account.address, 16))
    return [sign(account, message) for account in ordered]


def struct_hash(message: SignableMessage) -> bytes:
    """The EIP-712 struct hash; of a report, what the contract stores as its hash."""
    return bytes(message.body)


def _domain(chain_id: int, declarations: str) -> dict[str, object]:
    return {"name": "helioracle", "version": "1", "chainId": chain_id, "verifyingContract": declarations}
