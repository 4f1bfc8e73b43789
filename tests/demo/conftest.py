"""Recordings to replay: those of the shared folder, by name."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared" / "recorded"


@pytest.fixture(scope="session")
def shared_recording() -> Callable[[str], Path]:
    """The path of a recording in the folder that stands beside the repository; skipped by name where there is none."""

    def find(name: str) -> Path:
        path = SHARED / name
        if not path.is_file():
            if os.environ.get("CI") == "true":
                pytest.fail(f"CI needs the recording ../shared/recorded/{name}")
            pytest.skip(f"there is no ../shared/recorded/{name}")
        return path

    return find
