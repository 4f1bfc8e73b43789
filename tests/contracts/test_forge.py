"""`forge test`: the Solidity unit tests, fuzz tests, vectors and invariants.

With HELIORACLE_LONG=1 (`make test-long`) the fuzz tests and the walks of the invariants are those of the profile `long` in
`contracts/foundry.toml`; with HELIORACLE_TENTH beside it a tenth of the tests runs, at that length.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.contracts.forge_binary import forge
from tests.contracts.length import LONG, TENTH, chosen

ROOT = Path(__file__).resolve().parents[2]
# Seconds; a long run takes about half an hour of two cores.
MOST = 7_200 if LONG else 1_500


def forge_test(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [forge(), "test", "--root", str(ROOT / "contracts"), *options],
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


def tenth_of_the_tests() -> tuple[str, str]:
    """The option that lets only the chosen tests run."""
    listed = forge_test("--list", "--json")
    assert listed.returncode == 0, listed.stderr[-2000:]
    tree = json.loads(listed.stdout[listed.stdout.index("{") :])
    names = sorted({name for contracts in tree.values() for tests in contracts.values() for name in tests})
    return "--match-test", f"^({'|'.join(chosen(names))})\\("


@pytest.mark.slow
@pytest.mark.timeout(MOST + 60)
def test_forge_passes() -> None:
    done = forge_test(*tenth_of_the_tests() if TENTH else ())
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
