"""Who acts in the comparison of the model with the contracts: one address a role, holders and signers with keys."""

from functools import lru_cache
from typing import Any

from eth_account import Account
from eth_account.messages import SignableMessage

from tests.contracts.model.roles import NOBODY, Address, Role
from tests.contracts.model.typed_data import ORDER

HALF_ORDER = ORDER // 2
KEYS: dict[Address, Any] = {}


def _with_key(number: int) -> Address:
    account: Any = Account.from_key(number.to_bytes(32, "big"))
    address = str(account.address).lower()
    KEYS[address] = account
    return address


OFFICERS: dict[Role, Address] = {role: "0x" + f"{0xA0 + role:02x}" * 20 for role in Role}
HOLDERS = [_with_key(0x1000 + number) for number in range(4)]
# Holds unsold shares, and earns nothing.
UNSOLD: Address = "0x" + "be" * 20
STRANGER = _with_key(0x2000)
SIGNERS = sorted(_with_key(0x3000 + number) for number in range(3))
SPARE_SIGNERS = sorted(_with_key(0x4000 + number) for number in range(3))
# The issuer holds what it burns.
SHAREHOLDERS = [*HOLDERS, UNSOLD, OFFICERS[Role.ISSUER]]
EVERYBODY = [*SHAREHOLDERS, STRANGER, NOBODY]


@lru_cache(maxsize=4096)
def signed(signer: Address, separator: bytes, hashed_struct: bytes) -> bytes:
    """The 65 bytes r | s | v with which the key of `signer` signs under EIP-712."""
    return bytes(KEYS[signer].sign_message(SignableMessage(b"\x01", separator, hashed_struct)).signature)


def with_high_s(signature: bytes) -> bytes:
    """The other signature of the same key over the same message, which nobody may accept."""
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + s.to_bytes(32, "big") + bytes([55 - signature[64]])
