"""`forge test`: the Solidity unit tests, fuzz tests, vectors and invariants.

With HELIORACLE_LONG=1 (`make test-long`) the fuzz tests and the walks of the invariants are those of the profile `long` in
`contracts/foundry.toml`.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.contracts.forge_binary import forge

ROOT = Path(__file__).resolve().parents[2]
LONG = os.environ.get("HELIORACLE_LONG") == "1"
# Seconds; a long run takes about half an hour of two cores.
MOST = 7_200 if LONG else 1_500


@pytest.mark.slow
@pytest.mark.timeout(MOST + 60)
def test_forge_passes() -> None:
    done = subprocess.run(
        [forge(), "test", "--root", str(ROOT / "contracts")],
        cwd=ROOT / "contracts",
        capture_output=True,
        text=True,
        check=False,
        timeout=MOST,
        env={
            **os.environ,
            "NO_COLOR": "1",
            "FOUNDRY_DISABLE_NIGHTLY_WARNING": "1",
            "FOUNDRY_PROFILE": "long" if LONG else "default",
        },
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " 0 failed, 0 skipped" in done.stdout, done.stdout[-1000:]


def test_the_sources_are_formatted() -> None:
    done = subprocess.run(
        [forge(), "fmt", "--check", "--root", str(ROOT / "contracts")],
        cwd=ROOT / "contracts",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "NO_COLOR": "1", "FOUNDRY_DISABLE_NIGHTLY_WARNING": "1"},
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
