"""EIP-712, written out: what a key signs, and whose key signed."""

from dataclasses import dataclass
from functools import lru_cache

from eth_account import Account
from eth_account.messages import SignableMessage
from eth_utils.crypto import keccak

from tests.contracts.model.refusal import Refused

# SEC 2, section 2.4.1: the order of the group of secp256k1.
ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141
DOMAIN_TYPE = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"


@dataclass(eq=False)
class ECDSAInvalidSignatureLength(Refused):
    """A signature is r | s | v: 65 bytes."""

    length: int


@dataclass(eq=False)
class ECDSAInvalidSignatureS(Refused):
    """Of the two values of s that are valid, only the lower one counts."""

    s: bytes


def keccak256(data: bytes) -> bytes:
    """The hash of Ethereum, which is not SHA3-256."""
    return keccak(data)


def word(value: int | bytes | str) -> bytes:
    """A value as 32 bytes: a number or an address on the right, a bytes32 as it is."""
    if isinstance(value, bytes):
        return value
    number = int(value, 16) if isinstance(value, str) else value
    return number.to_bytes(32, "big")


def struct_hash(struct_type: str, *values: int | bytes | str) -> bytes:
    """EIP-712 hashStruct of a struct whose every field fills one word."""
    return keccak256(keccak256(struct_type.encode()) + b"".join(map(word, values)))


class Domain:
    """EIP-712 domain: a signature for one contract on one chain is worth nothing elsewhere."""

    def __init__(self, chain_id: int, contract: str) -> None:
        name, version = keccak256(b"helioracle"), keccak256(b"1")
        self.separator = struct_hash(DOMAIN_TYPE, name, version, chain_id, contract)

    def signer_of(self, hashed_struct: bytes, signature: bytes) -> str:
        """The address whose key made `signature` (r | s | v); raises what OpenZeppelin's ECDSA reverts with."""
        if len(signature) != 65:
            raise ECDSAInvalidSignatureLength(len(signature))
        if int.from_bytes(signature[32:64], "big") > ORDER // 2:
            raise ECDSAInvalidSignatureS(signature[32:64])
        return _recovered(self.separator, hashed_struct, signature)


@lru_cache(maxsize=4096)
def _recovered(separator: bytes, hashed_struct: bytes, signature: bytes) -> str:
    # EIP-191 version 0x01 is what EIP-712 signs: keccak256(0x19 | 0x01 | separator | hashed struct).
    message = SignableMessage(b"\x01", separator, hashed_struct)
    return str(Account.recover_message(message, signature=signature)).lower()
