"""Keys that only their names determine."""

import hashlib

from cryptography.hazmat.primitives.asymmetric import ec

from evidence.keys import FileSigner, private_key_from


def private_key_of(name: str) -> ec.EllipticCurvePrivateKey:
    """The same private key for the same name."""
    return private_key_from(lambda size: hashlib.shake_256(name.encode()).digest(size))


def signer_of(name: str) -> FileSigner:
    """The signer with the private key of that name."""
    return FileSigner(private_key_of(name))
