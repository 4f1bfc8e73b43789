"""`[broker]`: the address of an MQTT 5 broker and our certificate for it; gateway and oracle read the same table."""

from dataclasses import dataclass
from pathlib import Path

from runtime.config import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerConfig:
    """`[broker]`.

    Attributes:
        host: name or address of the MQTT 5 broker.
        port: its TCP port.
        ca: PEM file of the certificate authority; with it the connection uses TLS.
        certificate: PEM file of this process's certificate; its common name is the process's segment of every topic.
        key: PEM file of its private key.
    """

    host: str
    port: int
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def read_broker(table: Table) -> BrokerConfig:
    """Read the table; the caller reads the other keys in it.

    Raises:
        ConfigError: a key is missing or wrong, a certificate stands without its key or the key without it, or both without a ca.
    """
    broker = BrokerConfig(
        host=table.host("host"),
        port=table.integer("port", minimum=1, maximum=65_535),
        ca=table.file("ca", default=None),
        certificate=table.file("certificate", default=None),
        key=table.file("key", default=None),
    )
    if (broker.certificate is None) is not (broker.key is None):
        raise table.error("certificate", "and key come together: one of them is missing")
    if broker.certificate is not None and broker.ca is None:
        raise table.error("ca", "is missing: a certificate is of use over TLS only")
    return broker
