"""The oracle's TOML: every key known, every mistake named by file and field."""

from pathlib import Path

import pytest

from oracle import config
from runtime.errors import ConfigError
from tests.plant.signed_meter import SignedMeter
from tests.plant.site import write_site


@pytest.fixture
def path(tmp_path: Path, meter: SignedMeter) -> Path:
    return write_site(tmp_path, [meter], port=1883)


def test_defaults_and_relative_paths(path: Path) -> None:
    loaded = config.load(path)
    assert loaded.ledger == path.parent / "ledger.sqlite"
    assert (loaded.refusals_kept, loaded.messages_per_commit, loaded.receive_maximum) == (10_000, 20, 20)
    assert (loaded.chain, loaded.settle_deadline_s) == (None, None)


def test_the_chain_table(path: Path) -> None:
    path.write_text(
        path.read_text() + '[chain]\nrpc_url = "https://node.example/v1"\nkey = "chain.hex"\nconfirmations = 2\n'
    )
    chain = config.load(path).chain
    assert chain is not None
    assert (chain.rpc_url, chain.key.name, chain.confirmations, chain.poll_s) == (
        "https://node.example/v1",
        "chain.hex",
        2,
        5,
    )


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("profile =", "profil =", "profile"),
        ('ledger = "ledger.sqlite"', 'ledger = "ledger.sqlite"\nledgr = 1', "ledgr"),
        ("port = 1883", "port = 70000", "broker.port"),
        ("port = 1883", 'port = 1883\ncertificate = "asset.toml"', "broker.certificate"),
        ("port = 1883", "port = 1883\nreceive_maximum = 0", "broker.receive_maximum"),
        ('key = "oracle.pem"', 'key = "none.pem"', "key"),
        ('key = "oracle.pem"', 'key = "asset.toml"', "key"),
        ('asset_file = "asset.toml"', 'asset_file = "none.toml"', "asset_file"),
        ('profile = "development"', 'profile = "production"', "key"),
    ],
)
def test_a_mistake_is_named_by_file_and_field(path: Path, old: str, new: str, field: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(ConfigError) as caught:
        config.load(path)
    assert caught.value.field == field
    assert str(caught.value.path.parent) == str(path.parent)


def test_a_bad_rpc_url_is_not_repeated(path: Path) -> None:
    path.write_text(path.read_text() + '[chain]\nrpc_url = "htps://node.example/v1/s3cr3t"\nkey = "chain.hex"\n')
    with pytest.raises(ConfigError, match=r"chain\.rpc_url") as caught:
        config.load(path)
    assert "s3cr3t" not in str(caught.value)
