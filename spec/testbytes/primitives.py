"""Test keys, signatures, hex and files: the ground the vector makers stand on."""

import hashlib
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Case = dict[str, Any]

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
ZERO32 = bytes(32)
ABSENT = 0xFFFF_FFFF_FFFF_FFFF


def sha256(*parts: bytes) -> bytes:
    """SHA-256 over the parts, one after the other."""
    return hashlib.sha256(b"".join(parts)).digest()


def hexed(data: bytes) -> str:
    """0x-prefixed hex, as every byte string stands in the vectors."""
    return "0x" + data.hex()


class TestKey:
    """TEST KEY, public by design: its secret is SHA-256 of its name. Never use one outside the vectors."""

    def __init__(self, name: str) -> None:
        secret = int.from_bytes(sha256(f"helioracle test key: {name}".encode()), "big") % (ORDER - 1) + 1
        self._key = ec.derive_private_key(secret, ec.SECP256R1())
        numbers = self._key.public_key().public_numbers()
        self.point = numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")
        self.id = sha256(self.point)[:20]

    def der(self, message: bytes) -> bytes:
        """ECDSA over SHA-256(message), nonce by RFC 6979, as ASN.1; s as it falls."""
        return self._key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))

    def sign(self, message: bytes) -> bytes:
        """64 bytes r | s with low s."""
        r, s = decode_dss_signature(self.der(message))
        return r.to_bytes(32, "big") + min(s, ORDER - s).to_bytes(32, "big")

    def spki(self) -> bytes:
        """The public key as a DER SubjectPublicKeyInfo."""
        return self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )


def high_s(signature: bytes) -> bytes:
    """The other signature that the curve equation accepts: s becomes n - s."""
    return signature[:32] + (ORDER - int.from_bytes(signature[32:], "big")).to_bytes(32, "big")


METER = TestKey("meter")
OTHER_METER = TestKey("other meter")
INSTALLER = TestKey("installer")
ORACLE = TestKey("oracle")
OTHER_ORACLE = TestKey("other oracle")
LOG = TestKey("log")


def write(folder: Path, name: str, document: dict[str, Any]) -> None:
    """Write one vector file: one case a line, so that a change shows as one line."""
    parts = []
    for key, value in document.items():
        if isinstance(value, list):
            lines = ",\n".join("  " + json.dumps(item, ensure_ascii=True) for item in value)
            parts.append(f" {json.dumps(key)}: [\n{lines}\n ]")
        else:
            parts.append(f" {json.dumps(key)}: {json.dumps(value)}")
    (folder / name).write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="ascii")
