"""Recordings to replay, by name."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

RECORDED = Path(__file__).resolve().parents[1] / "cases" / "recorded"


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The path of a recording of tests/cases/recorded; one that is kept compressed is unpacked into a folder of the session."""
    unpacked = tmp_path_factory.mktemp("recorded")

    def find(name: str) -> Path:
        packed = RECORDED / f"{name}.gz"
        if not packed.is_file():
            return RECORDED / name
        path = unpacked / packed.stem
        if not path.is_file():
            path.write_bytes(gzip.decompress(packed.read_bytes()))
        return path

    return find
