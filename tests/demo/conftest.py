"""Recordings to replay: those of the shared folder, by name."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.plant.missing import missing

SHARED = Path(__file__).resolve().parents[3] / "shared" / "recorded"


@pytest.fixture(scope="session")
def shared_recording() -> Callable[[str], Path]:
    """The path of a recording in the folder that stands beside the repository; skipped by name where there is none."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.is_file():
            missing(f"there is no ../shared/recorded/{name}")
        return path

    return find
