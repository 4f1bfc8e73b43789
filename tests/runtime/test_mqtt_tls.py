"""TLS files of `[broker]` that can't be used: one line that names the file, before anything is connected."""

from dataclasses import replace
from pathlib import Path

import pytest

from cli.main import run
from runtime.broker import BrokerConfig
from runtime.errors import ConfigError
from runtime.mqtt import new_client


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> BrokerConfig:
    certs = tmp_path_factory.mktemp("tls") / "certs"
    assert run(["certs", str(certs), "--gateway", "roof-pi"]) == 0
    return BrokerConfig(
        host="127.0.0.1", port=8883, ca=certs / "ca.pem", certificate=certs / "roof-pi.pem", key=certs / "roof-pi.key"
    )


def test_good_files_make_a_client_with_and_without_a_certificate(broker: BrokerConfig) -> None:
    assert new_client(broker, client_id="a") is not None
    assert new_client(replace(broker, certificate=None, key=None), client_id="b") is not None


@pytest.mark.parametrize("field", ["ca", "certificate", "key"])
def test_a_file_that_cannot_be_read_is_named(broker: BrokerConfig, field: str, tmp_path: Path) -> None:
    gone = tmp_path / "there.pem"
    changed = {
        "ca": replace(broker, ca=gone),
        "certificate": replace(broker, certificate=gone),
        "key": replace(broker, key=gone),
    }
    broken = changed[field]
    with pytest.raises(ConfigError, match=rf"there\.pem: {field}: cannot be read: .*belong to the user") as caught:
        new_client(broken, client_id="a")
    assert caught.value.field == field


def test_files_that_are_something_else_are_named(broker: BrokerConfig, tmp_path: Path) -> None:
    empty = tmp_path / "empty.pem"
    empty.write_text("nothing\n")
    with pytest.raises(ConfigError, match=r"empty\.pem: ca: is no certificate in PEM"):
        new_client(replace(broker, ca=empty), client_id="a")
    with pytest.raises(ConfigError, match=r"empty\.pem: certificate: and key are no pair"):
        new_client(replace(broker, certificate=empty), client_id="a")
    assert broker.ca is not None
    other = broker.ca.with_name("oracle.key")
    with pytest.raises(ConfigError, match=r"roof-pi\.pem: certificate: and key are no pair.*MISMATCH"):
        new_client(replace(broker, key=other), client_id="a")
