"""The committed artifacts are what the sources and settings of contracts/ compile to."""

import importlib.util
import json
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

from tests.plant.missing import missing

ROOT = Path(__file__).resolve().parents[2]
ARTIFACTS = ROOT / "oracle" / "artifacts"
# EIP-170.
CODE_SIZE_LIMIT = 24_576


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("contracts_build", ROOT / "contracts" / "build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_artifact_carries_the_digest_of_sources_and_settings(build: ModuleType) -> None:
    digest = build.source_digest()
    files = sorted(ARTIFACTS.glob("*.json"))
    assert [path.stem for path in files] == sorted([*build.WANTED, "digest"])
    for path in files:
        assert json.loads(path.read_text(encoding="utf-8"))["sourceDigest"] == digest, (
            f"{path.name}: run `make contracts`"
        )


def test_the_digest_moves_with_the_settings(build: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    digest = build.source_digest()
    monkeypatch.setitem(build.SETTINGS, "viaIR", True)
    assert build.source_digest() != digest


def test_every_contract_fits_on_a_chain() -> None:
    for path in ARTIFACTS.glob("[A-Z]*.json"):
        artifact = json.loads(path.read_text(encoding="utf-8"))
        assert 0 < artifact["deployedBytecodeSize"] <= CODE_SIZE_LIMIT
        assert artifact["contractName"] == path.stem
        assert artifact["compiler"]["settings"]["metadata"] == {"bytecodeHash": "none", "appendCBOR": False}


def test_a_fresh_build_equals_what_is_committed(build: ModuleType) -> None:
    if not (ROOT / "node_modules" / "solc").is_dir():
        missing("npm's solc is not installed; run `npm ci`")
    build.check()


def test_forge_and_the_build_use_the_same_settings(build: ModuleType) -> None:
    profile = tomllib.loads((ROOT / "contracts" / "foundry.toml").read_text(encoding="utf-8"))["profile"]["default"]
    assert profile["evm_version"] == build.SETTINGS["evmVersion"]
    assert profile["optimizer"] == build.SETTINGS["optimizer"]["enabled"]
    assert profile["optimizer_runs"] == build.SETTINGS["optimizer"]["runs"]
    assert profile["via_ir"] == build.SETTINGS["viaIR"]
    assert profile["bytecode_hash"] == build.SETTINGS["metadata"]["bytecodeHash"]
    assert profile["cbor_metadata"] == build.SETTINGS["metadata"]["appendCBOR"]


def test_the_npm_lock_names_no_registry() -> None:
    for name in ("package-lock.json", "package.json", ".npmrc"):
        assert "://registry" not in (ROOT / name).read_text(encoding="utf-8")
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]
