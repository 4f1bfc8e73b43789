"""A binding: which key signs for which installed meter of which asset, and from when on (spec/binding.md).

Two keys sign a binding: the meter's, which agrees to be bound, and that of the installer, who saw the meter. A history of bindings says
which key was valid at any past time.
"""

import hashlib
import struct
from dataclasses import dataclass
from enum import IntEnum

from evidence import tags
from evidence.errors import Malformed
from evidence.keys import MeterId, PublicKey, Signer, meter_id_of

_LAYOUT = struct.Struct(">4sQ32s32s32s64sBBIIIQIIQ64s")
RECORD_SIZE = tags.BINDING_SIZE + 2 * tags.SIGNATURE_SIZE


class Direction(IntEnum):
    """What the meter's forward register counts."""

    FORWARD_IS_EXPORT = 1
    FORWARD_IS_IMPORT = 2


class Custody(IntEnum):
    """How strongly the key is bound to the meter."""

    METER = 1
    SEALED = 2
    FILE = 3


@dataclass(frozen=True, slots=True)
class Binding:
    """The registration of one meter key.

    Attributes:
        chain_id: EIP-155 chain of the asset's contracts.
        asset: asset id, 1..32 bytes of a-z 0-9 and '-', the first no '-'.
        point: metering point id, same alphabet.
        serial: serial number on the meter's plate, printable ASCII without space, 1..32 bytes.
        public_point: the meter key's 64-byte P-256 point.
        direction: what the meter's forward register counts.
        custody: where the private key is kept.
        multiplier_num: current x voltage transformer ratio, numerator; energy = register difference x num / den.
        multiplier_den: its denominator.
        step_wh: the smallest step of the register as signed.
        modulus_num: the register wraps at modulus_num / modulus_den Wh.
        modulus_den: its denominator.
        nameplate_w: the largest power that can flow through this meter, in W after the multiplier.
        valid_from: UTC unix seconds.
        installer_point: the installer key's 64-byte P-256 point.
    """

    chain_id: int
    asset: str
    point: str
    serial: str
    public_point: bytes
    direction: Direction
    custody: Custody
    multiplier_num: int
    multiplier_den: int
    step_wh: int
    modulus_num: int
    modulus_den: int
    nameplate_w: int
    valid_from: int
    installer_point: bytes

    @property
    def meter_id(self) -> MeterId:
        """First 20 bytes of SHA-256 over the public point."""
        return meter_id_of(self.public_point)

    def encode(self) -> bytes:
        """The 274 bytes that both keys sign.

        Raises:
            Malformed: a field breaks a rule of the format.
        """
        try:
            encoded = _LAYOUT.pack(
                tags.BINDING,
                self.chain_id,
                _text(self.asset, "asset"),
                _text(self.point, "point"),
                _text(self.serial, "serial"),
                self.public_point,
                self.direction,
                self.custody,
                self.multiplier_num,
                self.multiplier_den,
                self.step_wh,
                self.modulus_num,
                self.modulus_den,
                self.nameplate_w,
                self.valid_from,
                self.installer_point,
            )
        except struct.error as error:
            raise Malformed("binding", f"a value does not fit its field ({error})") from None
        if decode(encoded) != self:
            raise Malformed("binding", "a value has another length or form than its field")
        return encoded


def decode(encoded: bytes) -> Binding:
    """The one binding that these bytes are, *unverified*: `open_binding` checks the signatures.

    Raises:
        Malformed: wrong length, tag, code, text, a value of 2^63 or more, or a zero where a divisor or a step stands.
    """
    if len(encoded) != tags.BINDING_SIZE:
        raise Malformed("binding", f"{len(encoded)} bytes, {tags.BINDING_SIZE} expected")
    (
        tag, chain_id, asset, point, serial, public_point, direction, custody, multiplier_num, multiplier_den,
        step_wh, modulus_num, modulus_den, nameplate_w, valid_from, installer_point,
    ) = _LAYOUT.unpack(encoded)  # fmt: skip
    if tag != tags.BINDING:
        raise Malformed("binding", f"tag {tag!r}, {tags.BINDING!r} expected")
    for name, value in (
        ("multiplier numerator", multiplier_num),
        ("multiplier denominator", multiplier_den),
        ("register step", step_wh),
        ("modulus numerator", modulus_num),
        ("modulus denominator", modulus_den),
        ("nameplate", nameplate_w),
    ):
        if value == 0:
            raise Malformed("binding", f"the {name} is 0")
    for name, value in (("chain id", chain_id), ("modulus numerator", modulus_num), ("valid from", valid_from)):
        if value > tags.U63_MAX:
            raise Malformed("binding", f"the {name} is {value}, below 2^63 expected")
    try:
        direction_, custody_ = Direction(direction), Custody(custody)
    except ValueError as error:
        raise Malformed("binding", str(error)) from None
    return Binding(
        chain_id=chain_id,
        asset=_identifier(asset, "asset"),
        point=_identifier(point, "point"),
        serial=_string(serial, "serial"),
        public_point=public_point,
        direction=direction_,
        custody=custody_,
        multiplier_num=multiplier_num,
        multiplier_den=multiplier_den,
        step_wh=step_wh,
        modulus_num=modulus_num,
        modulus_den=modulus_den,
        nameplate_w=nameplate_w,
        valid_from=valid_from,
        installer_point=installer_point,
    )


def binding_hash(encoded: bytes) -> bytes:
    """SHA-256 over the 274 bytes; the `prev` of the meter's first header."""
    return hashlib.sha256(encoded).digest()


def sign_binding(binding: Binding, meter: Signer, installer: Signer) -> bytes:
    """The 402-byte record: binding | the meter's signature | the installer's signature."""
    encoded = binding.encode()
    return encoded + meter.sign(encoded) + installer.sign(encoded)


def open_binding(record: bytes, *, installer_point: bytes) -> tuple[Binding, bytes]:
    """Check both signatures of a record and return (binding, its hash).

    Raises:
        Malformed: the bytes are no binding record, or name another installer than the trusted one.
        BadKey: a public point is not on the curve.
        BadSignature: one of the two signatures is not by its key.
    """
    if len(record) != RECORD_SIZE:
        raise Malformed("binding record", f"{len(record)} bytes, {RECORD_SIZE} expected")
    encoded = record[: tags.BINDING_SIZE]
    meter_signature = record[tags.BINDING_SIZE : tags.BINDING_SIZE + tags.SIGNATURE_SIZE]
    installer_signature = record[tags.BINDING_SIZE + tags.SIGNATURE_SIZE :]
    binding = decode(encoded)
    if binding.installer_point != installer_point:
        raise Malformed("binding", f"meter {binding.serial} names an installer who is not the trusted one")
    PublicKey(binding.public_point).open(
        encoded, meter_signature, what=f"binding of {binding.serial}, meter's signature"
    )
    PublicKey(installer_point).open(
        encoded, installer_signature, what=f"binding of {binding.serial}, installer's signature"
    )
    return binding, binding_hash(encoded)


def _text(value: str, name: str) -> bytes:
    if not value.isascii():
        raise Malformed("binding", f"the {name} {value[:40]!r} is not ASCII")
    encoded = value.encode("ascii")
    if not 1 <= len(encoded) <= 32:
        raise Malformed("binding", f"the {name} has {len(encoded)} bytes, 1..32 expected")
    return encoded.ljust(32, b"\0")


def _identifier(field: bytes, name: str) -> str:
    text = _string(field, name)
    if not tags.IDENTIFIER.fullmatch(text):
        raise Malformed("binding", f"the {name} {text!r} is not 1..32 of a-z 0-9 and '-', the first no '-'")
    return text


def _string(field: bytes, name: str) -> str:
    text = field.rstrip(b"\0")
    if not text or not all(0x20 < byte < 0x7F for byte in text):
        raise Malformed("binding", f"the {name} is empty or holds bytes that are no printable ASCII")
    return text.decode("ascii")
