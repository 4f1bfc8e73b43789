"""P-256 keys, 64-byte signatures and meter ids.

A signature is r | s, 32 bytes each, big-endian, with s in the lower half of the order (low-s): one message and one key have one
canonical encoding of each (r, s), and the EVM's verifiers refuse the other one. Source: SEC 1, FIPS 186-5, EIP-7951.
"""

import hashlib
from collections.abc import Callable
from typing import NewType, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from evidence import tags
from evidence.errors import BadKey, BadSignature

MeterId = NewType("MeterId", bytes)  # the first 20 bytes of SHA-256 over the 64-byte public point

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P256_HALF_ORDER = P256_ORDER >> 1

Entropy = Callable[[int], bytes]  # n -> n bytes that cannot be guessed: os.urandom; only the demo uses a seed

_SHA256 = ec.ECDSA(hashes.SHA256())
_SHA256_RFC6979 = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)


class Signer(Protocol):
    """Signs with one key, which a file, a secure element or a TPM holds."""

    @property
    def public_point(self) -> bytes:
        """The 64-byte public point x | y."""

    def sign(self, message: bytes) -> bytes:
        """Sign SHA-256(message) and return 64 bytes r | s with low s."""


class FileSigner:
    """A P-256 key held in memory (custody `file`); signs deterministically by RFC 6979."""

    def __init__(self, private_key: ec.EllipticCurvePrivateKey) -> None:
        if not isinstance(private_key.curve, ec.SECP256R1):
            raise BadKey(f"curve {private_key.curve.name} is not P-256")
        self._private_key = private_key
        self._public_point = point_of(private_key.public_key())

    @property
    def public_point(self) -> bytes:
        """The 64-byte public point x | y."""
        return self._public_point

    def sign(self, message: bytes) -> bytes:
        """Sign SHA-256(message); 64 bytes r | s with low s."""
        return from_der(self._private_key.sign(message, _SHA256_RFC6979))


class PublicKey:
    """A P-256 public key that checks signatures. Make it once and keep it: parsing costs a fifth of a verification."""

    def __init__(self, public_point: bytes) -> None:
        if len(public_point) != tags.POINT_SIZE:
            raise BadKey(f"{len(public_point)} bytes, 64 expected")
        try:
            self._key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + public_point)
        except ValueError:
            raise BadKey("not on the curve P-256") from None
        self.public_point = public_point
        self.meter_id = meter_id_of(public_point)

    def open(self, message: bytes, signature: bytes, *, what: str) -> bytes:
        """Check the signature over SHA-256(message) and return the message.

        Raises:
            BadSignature: the signature is not 64 bytes, has r or s out of range or a high s, or is not by this key.
        """
        try:
            self._key.verify(to_der(signature, what=what), message, _SHA256)
        except InvalidSignature:
            raise BadSignature(what, f"not signed by the key of {self.meter_id.hex()}") from None
        return message


def meter_id_of(public_point: bytes) -> MeterId:
    """The first 20 bytes of SHA-256 over the 64-byte public point."""
    return MeterId(hashlib.sha256(public_point).digest()[: tags.METER_ID_SIZE])


def point_of(public_key: ec.EllipticCurvePublicKey) -> bytes:
    """The 64-byte x | y of a key."""
    numbers = public_key.public_numbers()
    return numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")


def from_der(der: bytes) -> bytes:
    """An ASN.1 signature as 64 bytes r | s with low s (secure elements do not normalise s).

    Raises:
        ValueError: the bytes are no ASN.1 signature, or r or s is out of range.
    """
    r, s = decode_dss_signature(der)
    if not (0 < r < P256_ORDER and 0 < s < P256_ORDER):
        raise ValueError("r or s is out of range")
    return r.to_bytes(32, "big") + min(s, P256_ORDER - s).to_bytes(32, "big")


def to_der(signature: bytes, *, what: str) -> bytes:
    """64 bytes r | s as ASN.1.

    Raises:
        BadSignature: the signature is not in the one canonical form.
    """
    if len(signature) != tags.SIGNATURE_SIZE:
        raise BadSignature(what, f"{len(signature)} bytes, 64 expected")
    r = int.from_bytes(signature[:32], "big")
    s = int.from_bytes(signature[32:], "big")
    if not (0 < r < P256_ORDER and 0 < s < P256_ORDER):
        raise BadSignature(what, "r or s is out of range")
    if s > P256_HALF_ORDER:
        raise BadSignature(what, "s is in the upper half of the order; the canonical form is n - s")
    return encode_dss_signature(r, s)


def private_key_from(entropy: Entropy) -> ec.EllipticCurvePrivateKey:
    """A fresh P-256 key whose only source is `entropy` (FIPS 186-5, A.2.1: 64 surplus bits, reduced)."""
    number = int.from_bytes(entropy(40), "big") % (P256_ORDER - 1) + 1
    return ec.derive_private_key(number, ec.SECP256R1())
