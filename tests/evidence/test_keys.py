"""P-256: low s always, RFC 6979, keys from entropy, and signatures that are refused."""

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from evidence import keys
from evidence.errors import BadKey, BadSignature
from evidence.keys import FileSigner, PublicKey, private_key_from
from tests.plant.signer import signer_of

SIGNER = signer_of("meter")
KEY = PublicKey(SIGNER.public_point)


@given(st.binary(max_size=300))
def test_s_is_always_low_and_the_signature_opens(message: bytes) -> None:
    signature = SIGNER.sign(message)
    assert len(signature) == 64
    assert 0 < int.from_bytes(signature[32:], "big") <= keys.P256_HALF_ORDER
    assert KEY.open(message, signature, what="test") == message
    assert SIGNER.sign(message) == signature


@given(st.binary(max_size=64))
def test_the_other_s_is_refused_though_the_curve_accepts_it(message: bytes) -> None:
    signature = SIGNER.sign(message)
    r, s = (int.from_bytes(signature[at : at + 32], "big") for at in (0, 32))
    public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + SIGNER.public_point)
    public.verify(encode_dss_signature(r, keys.P256_ORDER - s), message, ec.ECDSA(hashes.SHA256()))
    with pytest.raises(BadSignature, match="upper half"):
        KEY.open(message, r.to_bytes(32, "big") + (keys.P256_ORDER - s).to_bytes(32, "big"), what="test")


def test_rfc_6979_a_2_5() -> None:
    """The RFC's own example for P-256 and SHA-256, message 'sample'; its s is high, so ours is the order minus it."""
    private = ec.derive_private_key(0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721, ec.SECP256R1())
    signature = FileSigner(private).sign(b"sample")
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    assert signature[:32].hex() == "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
    assert int.from_bytes(signature[32:], "big") == keys.P256_ORDER - s


def test_a_key_comes_from_its_entropy_alone() -> None:
    def entropy(n: int) -> bytes:
        return hashlib.shake_256(b"seed").digest(n)

    first, second = private_key_from(entropy), private_key_from(entropy)
    assert FileSigner(first).public_point == FileSigner(second).public_point
    assert first.private_numbers().private_value == int.from_bytes(entropy(40), "big") % (keys.P256_ORDER - 1) + 1


@pytest.mark.parametrize("number", [0, keys.P256_ORDER - 1, keys.P256_ORDER, 2**320 - 1], ids=hex)
def test_a_key_is_in_range_whatever_the_entropy(number: int) -> None:
    private = private_key_from(lambda n: number.to_bytes(40, "big")[-n:])
    assert 0 < private.private_numbers().private_value < keys.P256_ORDER


def test_der_of_a_secure_element_is_brought_to_low_s() -> None:
    private = private_key_from(lambda n: bytes(range(n)))
    for number in range(20):
        der = private.sign(bytes([number]), ec.ECDSA(hashes.SHA256()))
        signature = keys.from_der(der)
        r, s = decode_dss_signature(der)
        assert signature == r.to_bytes(32, "big") + min(s, keys.P256_ORDER - s).to_bytes(32, "big")
        assert decode_dss_signature(keys.to_der(signature, what="test")) == (r, min(s, keys.P256_ORDER - s))


@pytest.mark.parametrize(
    "der",
    [
        b"",
        bytes(70),
        encode_dss_signature(0, 1),
        encode_dss_signature(1, 0),
        encode_dss_signature(1, keys.P256_ORDER),
        encode_dss_signature(2**300, 1),
        encode_dss_signature(1, 1) + b"\0",
    ],
    ids=range(7),
)
def test_der_that_is_no_signature_is_a_value_error(der: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 the libraries below have their own texts for it
        keys.from_der(der)


def test_only_p_256_signs() -> None:
    with pytest.raises(BadKey, match="secp384r1"):
        FileSigner(ec.generate_private_key(ec.SECP384R1()))


@given(st.binary(max_size=70))
def test_a_point_is_64_bytes_on_the_curve(point: bytes) -> None:
    with pytest.raises(BadKey):
        PublicKey(point)


def test_a_meter_id_is_twenty_bytes_of_the_points_hash() -> None:
    assert KEY.meter_id == hashlib.sha256(SIGNER.public_point).digest()[:20]
