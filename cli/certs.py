"""`helioracle certs DIR`: a certificate authority of one's own, and certificates for the broker, the oracle and each gateway.

The broker takes the common name of a client's certificate as its user name (`use_identity_as_username`), and its access list holds
each gateway to the topics of that name: so the names here are those of the configuration files.
"""

import argparse
import ipaddress
import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from cli.errors import UsageError
from evidence.tags import IDENTIFIER
from runtime.clock import RealClock

ORACLE = "oracle"  # as in the broker's access list
_RESERVED = frozenset({ORACLE, "broker", "ca"})
_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"(\*\.)?{_LABEL}(\.{_LABEL})*")  # RFC 1123, section 2.1, or a wildcard of RFC 6125
_HOST_MAX = 253
_CA_DAYS = 3650
_DAYS_MAX = 3650
_BACKDATED = timedelta(hours=1)  # a gateway's clock may be behind before chrony has set it


@dataclass(frozen=True, slots=True)
class Authority:
    """The key that signs certificates, and its own certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate


def run(arguments: argparse.Namespace) -> int:
    """Make the missing files and print what to do with them.

    Raises:
        UsageError: a name that cannot be one, or half of a pair of files.
    """
    if not 1 <= arguments.days <= _DAYS_MAX:
        raise UsageError(f"--days {arguments.days} is not between 1 and {_DAYS_MAX}")
    for name in arguments.gateway:
        if not IDENTIFIER.fullmatch(name) or name in _RESERVED:
            raise UsageError(f"--gateway {name!r} is not 1 to 32 of a-z 0-9 and '-', or is a name of ours")
    for name in arguments.broker:
        _general_name(name)
    folder: Path = arguments.dir
    _refuse_other_names(folder, arguments.broker)
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.fromtimestamp(RealClock().now(), UTC)
    until = now + timedelta(days=arguments.days)
    authority = _authority(folder, now)
    broker_names = arguments.broker or ["127.0.0.1", "localhost"]
    made = [
        name
        for name, alternatives in (("broker", broker_names), (ORACLE, []), *((name, []) for name in arguments.gateway))
        if _issue(folder, name, authority, alternatives, now=now, until=until)
    ]
    print(f"Made in {folder}/: {', '.join(f'{name}.pem {name}.key' for name in made) or 'nothing, all were there'}.")
    print("ca.key signs new certificates: keep it away from the broker. Each other key goes to its own machine alone.")
    print(
        "Next: deploy/mosquitto/mosquitto.conf says where the broker's go; [broker] ca, certificate and key name the others'."
    )
    return 0


def _authority(folder: Path, now: datetime) -> Authority:
    key_path, path = folder / "ca.key", folder / "ca.pem"
    if _both_there(key_path, path):
        try:
            key = serialization.load_pem_private_key(key_path.read_bytes(), None)
            certificate = x509.load_pem_x509_certificate(path.read_bytes())
        except ValueError:
            raise UsageError(
                f"{folder}: ca.key or ca.pem cannot be read; restore them, or name another folder"
            ) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise UsageError(f"{folder}: ca.key is not the key of ca.pem")
        return Authority(key, certificate)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "helioracle broker authority")])
    certificate = (
        _builder(name, name, key.public_key(), now, now + timedelta(days=_CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(key_path, path, key, certificate)
    return Authority(key, certificate)


def _issue(
    folder: Path, name: str, authority: Authority, alternatives: list[str], *, now: datetime, until: datetime
) -> bool:
    key_path, path = folder / f"{name}.key", folder / f"{name}.pem"
    if _both_there(key_path, path):
        return False
    key = ec.generate_private_key(ec.SECP256R1())
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if alternatives else ExtendedKeyUsageOID.CLIENT_AUTH
    builder = (
        _builder(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
            authority.certificate.subject,
            key.public_key(),
            now,
            min(until, authority.certificate.not_valid_after_utc),
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
    )
    if alternatives:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([_general_name(text) for text in alternatives]), critical=False
        )
    _write(key_path, path, key, builder.sign(authority.key, hashes.SHA256()))
    return True


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _refuse_other_names(folder: Path, names: list[str]) -> None:
    # Existing certificates are kept, and a name that this call adds would be missing from them without a word.
    path = folder / "broker.pem"
    if not names or not path.exists():
        return
    try:
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        there = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (ValueError, x509.ExtensionNotFound):
        raise UsageError(f"{path}: is no certificate of a broker; restore it, or remove it and broker.key") from None
    missing = [name for name in names if _general_name(name) not in there]
    if missing:
        raise UsageError(f"{path}: is there and does not name {missing[0]}; remove it and broker.key to make it anew")


def _general_name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        pass
    if len(text) > _HOST_MAX or _HOST.fullmatch(text) is None:
        raise UsageError(
            f"--broker {text!r} is neither a host name nor an address; a name has letters, digits, '-' and '.' (xn-- for others)"
        )
    return x509.DNSName(text)


def _both_there(key_path: Path, path: Path) -> bool:
    if key_path.exists() is not path.exists():
        missing = path if key_path.exists() else key_path
        raise UsageError(f"{missing} is missing, its other half is there; restore it, or remove both")
    return path.exists()


def _write(key_path: Path, path: Path, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> None:
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    # The certificate comes last: a crash between the two leaves a key without a certificate, and the next run reports it.
    with os.fdopen(os.open(key_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
