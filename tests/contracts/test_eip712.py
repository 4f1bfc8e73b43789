"""EIP-712 worked out by hand, beside eth_account and beside the contract's own constants.

"By hand" means: keccak over bytes that are put together here, word by word, from the text of the standard (EIP-712, 'Definition of
hashStruct' and 'Definition of domainSeparator'), with nothing but a keccak function borrowed.
"""

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils.crypto import keccak

from tests.plant.report_vector import CHAIN_ID, CONTRACT, REPORT_FIELDS, REPORT_VALUES

DOMAIN: dict[str, Any] = {"name": "helioracle", "version": "1", "chainId": CHAIN_ID, "verifyingContract": CONTRACT}

ANCHOR_TYPE = b"Anchor(uint32 logGeneration,uint64 logSize,bytes32 logRoot)"
RESTART_FIELDS: list[tuple[str, str]] = [
    ("uint32", "logGeneration"),
    ("uint64", "logSize"),
    ("bytes32", "logRoot"),
    ("uint64", "lostSize"),
    ("bytes32", "lostRoot"),
]
RESTART_TYPE = b"Restart(uint32 logGeneration,uint64 logSize,bytes32 logRoot,uint64 lostSize,bytes32 lostRoot)"


def _word(value: int | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.to_bytes(32, "big")


def _separator() -> bytes:
    kind = keccak(b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
    address = bytes(12) + bytes.fromhex(CONTRACT[2:])
    return keccak(kind + keccak(b"helioracle") + keccak(b"1") + _word(CHAIN_ID) + address)


def _digest(struct_hash: bytes) -> bytes:
    return keccak(b"\x19\x01" + _separator() + struct_hash)


def _by_library(primary: str, fields: list[tuple[str, str]], values: list[Any]) -> tuple[bytes, bytes]:
    message = encode_typed_data(
        DOMAIN,
        {primary: [{"name": name, "type": kind} for kind, name in fields]},
        {name: value for (_, name), value in zip(fields, values, strict=True)},
    )
    return bytes(message.header), bytes(message.body)


def test_type_hashes_are_the_published_constants() -> None:
    # These constants stand in contracts/test/Declare.t.sol too, beside the contract's own.
    assert keccak(ANCHOR_TYPE).hex() == "c68e86551acbdd5590c31044f37834dbf4fc32c77ff0a5cd234cf009a64c1f1d"
    assert keccak(RESTART_TYPE).hex() == "380f12d774573abf1df7f6f3523e99e24069712cc84c5e1a0fe6a9d9f702ddfe"
    text = "Report(" + ",".join(f"{kind} {name}" for kind, name in REPORT_FIELDS) + ")"
    assert keccak(text.encode()).hex() == "d31f94e540dc9f065466ffc8be9475e39f48b23c4dea850fa8247ca72ad0f593"


def test_an_anchor_hashes_by_hand_as_by_eth_account() -> None:
    root = bytes(range(32))
    body = keccak(keccak(ANCHOR_TYPE) + _word(1) + _word(812) + root)
    fields = [("uint32", "logGeneration"), ("uint64", "logSize"), ("bytes32", "logRoot")]
    separator, library = _by_library("Anchor", fields, [1, 812, root])
    assert separator == _separator()
    assert library == body
    assert _digest(body).hex() == "2240e5a5b28e4a5d544892ba6822987dd5e573dfe25776ccc1bbf0d176a410dc"


def test_a_restart_hashes_by_hand_as_by_eth_account() -> None:
    root, lost = bytes(range(32)), bytes(range(32, 64))
    body = keccak(keccak(RESTART_TYPE) + _word(2) + _word(640) + root + _word(812) + lost)
    _, library = _by_library("Restart", RESTART_FIELDS, [2, 640, root, 812, lost])
    assert library == body
    assert _digest(body).hex() == "6491e3dd4c33e3bc8855cc26e39168674a32581b481451d6b6c1f9f6ebb26cd1"


def test_a_report_hashes_by_hand_as_by_eth_account() -> None:
    text = "Report(" + ",".join(f"{kind} {name}" for kind, name in REPORT_FIELDS) + ")"
    body = keccak(keccak(text.encode()) + b"".join(_word(value) for value in REPORT_VALUES))
    _, library = _by_library("Report", REPORT_FIELDS, REPORT_VALUES)
    assert library == body
    assert _digest(body).hex() == "31dd3090a884d6c59aa240d41c655551709bc052de7b38f9c03a381ba2c47f60"


@pytest.mark.parametrize("index", range(len(REPORT_FIELDS)))
def test_every_field_of_a_report_is_signed(index: int) -> None:
    changed = list(REPORT_VALUES)
    changed[index] = b"\xff" * 32 if isinstance(changed[index], bytes) else changed[index] + 1
    assert _by_library("Report", REPORT_FIELDS, changed) != _by_library("Report", REPORT_FIELDS, REPORT_VALUES)


def test_a_signature_made_by_eth_account_recovers_from_the_digest_made_by_hand() -> None:
    key = "0x" + "46" * 32
    message = encode_typed_data(
        DOMAIN,
        {"Report": [{"name": name, "type": kind} for kind, name in REPORT_FIELDS]},
        {name: value for (_, name), value in zip(REPORT_FIELDS, REPORT_VALUES, strict=True)},
    )
    signed = Account.sign_message(message, key)
    assert bytes(signed.message_hash) == _digest(bytes(message.body))
    assert Account.recover_message(message, signature=signed.signature) == Account.from_key(key).address
