"""A checkpoint: the log's size and root as a C2SP signed note (c2sp.org/tlog-checkpoint, c2sp.org/signed-note).

    helioracle/131277322940537/serf-east
    812
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    - helioracle/131277322940537/serf-east <base64 of 4-byte key id | DER signature>

(the dash is an em dash, U+2014). The signature is ECDSA P-256 over SHA-256 of the text with its final newline, C2SP type 0x02, whose key
id is the first four bytes of SHA-256 over the DER SubjectPublicKeyInfo.
"""

import base64
import hashlib
import re
from dataclasses import dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from evidence import tags
from evidence.errors import BadSignature, Malformed
from evidence.keys import PublicKey, Signer, from_der, to_der

_DASH = "\u2014 "
NOTE_SIZE_MAX = 16_384


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a log: `origin` names it, `size` counts its entries, `root` is the RFC 9162 root over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The signed text: three lines, each with its newline."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def origin_of(chain_id: int, asset: str) -> str:
    """The name of an asset's log; also the name of its key."""
    return f"{tags.CHECKPOINT_ORIGIN_PREFIX}{chain_id}/{asset}"


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> str:
    """The signed note, ready to serve."""
    text = checkpoint.text()
    der = to_der(signer.sign(text.encode()), what="checkpoint")
    blob = base64.b64encode(_key_id(signer.public_point) + der).decode()
    return f"{text}\n{_DASH}{checkpoint.origin} {blob}\n"


def open_checkpoint(note: str, key: PublicKey, *, origin: str) -> Checkpoint:
    """Check the note's signature under the known key and return the checkpoint. Lines of unknown keys are ignored, as C2SP demands.

    Raises:
        Malformed: no note, not three lines, another origin, a size with a leading zero, a root of the wrong length.
        BadSignature: the note has no line of the known key, or one that does not verify.
    """
    if len(note) > NOTE_SIZE_MAX:
        raise Malformed("checkpoint", f"{len(note)} characters, at most {NOTE_SIZE_MAX} allowed")
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise Malformed("checkpoint", "no blank line before the signatures, or no newline at the end")
    text += "\n"
    wanted = _key_id(key.public_point)
    opened = False
    for line in signatures[:-1].split("\n"):
        name, _, blob = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not blob:
            raise Malformed("checkpoint", "a signature line is not '\u2014 name base64'")
        try:
            raw = base64.b64decode(blob, validate=True)
        except ValueError:  # binascii.Error is one; text beyond ASCII raises the plain one
            raise Malformed("checkpoint", "a signature is not base64") from None
        if name != origin or raw[:4] != wanted:
            continue
        try:
            signature = from_der(raw[4:])
        except ValueError:
            raise BadSignature("checkpoint", "the signature is not ASN.1 of an r and s in range") from None
        key.open(text.encode(), signature, what="checkpoint")
        opened = True
    if not opened:
        raise BadSignature("checkpoint", "no signature line of the known key")
    return _parse(text, origin)


def _parse(text: str, origin: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or lines[3]:
        raise Malformed("checkpoint", f"{len(lines) - 1} lines, 3 expected; extension lines are not used")
    if lines[0] != origin:
        raise Malformed("checkpoint", f"origin {lines[0][:100]!r}, {origin!r} expected")
    if re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1], re.ASCII) is None or int(lines[1]) > tags.U63_MAX:
        raise Malformed("checkpoint", f"size {lines[1][:40]!r} is no decimal number below 2^63 without leading zeros")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except ValueError:
        raise Malformed("checkpoint", "the root is not base64") from None
    if len(root) != tags.HASH_SIZE:
        raise Malformed("checkpoint", f"the root has {len(root)} bytes, {tags.HASH_SIZE} expected")
    # Base64 of 32 bytes has two unused bits, so four spellings decode to the same root: only the one with zeros is canonical.
    if base64.b64encode(root).decode() != lines[2]:
        raise Malformed("checkpoint", "the root's base64 is not canonical")
    return Checkpoint(origin, int(lines[1]), root)


def _key_id(public_point: bytes) -> bytes:
    key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + public_point)
    spki = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).digest()[:4]
