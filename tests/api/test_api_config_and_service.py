"""The configuration refuses by name; the service starts, serves while the oracle writes, and stops."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.config import ApiConfig, load
from api.errors import ApiStartFailed
from api.service import ApiService
from oracle.errors import LedgerError
from oracle.ledger.rows import RefusalRow
from runtime.clock import RealClock
from runtime.errors import ConfigError


def write(tmp_path: Path, text: str) -> Path:
    (tmp_path / "ledger.sqlite").touch()
    path = tmp_path / "api.toml"
    path.write_text(text)
    return path


def test_a_configuration_is_read(tmp_path: Path) -> None:
    text = f"""
        ledger = "ledger.sqlite"
        port = 0
        oracle_point = "0x{"ab" * 64}"
        explorer_url = "https://explorer.example/tx/{{tx}}"
        [contracts]
        declarations = "0x{"De" * 20}"
    """
    config = load(write(tmp_path, text))
    assert config.ledger == tmp_path / "ledger.sqlite"
    assert config.host == "127.0.0.1"
    assert config.oracle_point == bytes([0xAB]) * 64
    assert config.contracts == {"declarations": "0x" + "De" * 20}


@pytest.mark.parametrize(("text", "field"), [
    ('ledger = "nowhere.sqlite"', "ledger"),
    ('ledger = "ledger.sqlite"\nprot = 1', "prot"),
    ('ledger = "ledger.sqlite"\nport = 70000', "port"),
    ('ledger = "ledger.sqlite"\noracle_point = "0xab"', "oracle_point"),
    ('ledger = "ledger.sqlite"\nexplorer_url = "javascript:alert(1)"', "explorer_url"),
    ('ledger = "ledger.sqlite"\n[contracts]\nshares = "0x00"', "contracts.shares"),
])  # fmt: skip
def test_a_bad_configuration_names_the_field(tmp_path: Path, text: str, field: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as refused:
        load(path)
    assert refused.value.field == field
    assert str(path) in str(refused.value)


def test_without_a_ledger_nothing_starts(tmp_path: Path) -> None:
    service = ApiService(ApiConfig(ledger=tmp_path / "none.sqlite", port=0), RealClock(), lambda _error: None)
    with pytest.raises(LedgerError):
        service.start()
    service.stop()


def test_a_taken_port_is_named(service: ApiService, built: Any) -> None:
    port = int(service.url.rsplit(":", 1)[1])
    config = ApiConfig(ledger=built.path, port=port)
    second = ApiService(config, RealClock(), lambda _error: None)
    with pytest.raises(ApiStartFailed, match=str(port)):
        second.start()


def test_it_sees_what_the_oracle_commits_and_stops_twice(tmp_path: Path, make_ledger: Callable[..., Any]) -> None:
    builder = make_ledger(tmp_path / "ledger.sqlite", days=1, generators=1).build()
    failures: list[BaseException] = []
    service = ApiService(builder.config(), RealClock(), failures.append)
    service.start()
    try:
        url = f"{service.url}/v1/assets/serf-east/refusals"
        before = httpx.get(url, trust_env=False, timeout=60).json()["items"]
        with builder.writer.transaction():
            builder.writer.refusals.add(
                RefusalRow(received_at=0, gateway="gw-9", meter_id=None, header_hash=None, code="BUNDLE",
                           detail="no bundle", header=b"", signature=b""),
                kept=100,
            )  # fmt: skip
            # Not committed yet, so nobody else sees it.
            assert httpx.get(url, trust_env=False, timeout=60).json()["items"] == before
        after = httpx.get(url, trust_env=False, timeout=60).json()["items"]
        assert [item["gateway"] for item in after] == ["gw-9", "gw-1"]
        assert service.status()["serving"] is True
    finally:
        service.stop()
        builder.close()
    service.stop()
    assert service.status()["serving"] is False
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    assert failures == []
