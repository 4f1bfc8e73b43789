"""The world of this folder's tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.processes.stepped_world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    opened = World(tmp_path / "run" / "w.sock")
    yield opened
    opened.close()
