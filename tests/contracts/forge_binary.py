"""Where forge is."""

import shutil
from pathlib import Path

from tests.plant.missing import missing

ROOT = Path(__file__).resolve().parents[2]


def forge() -> str:
    """The path of forge; skips where there is none."""
    # npm's platform package; where it doesn't exist (arm64), one on the PATH will do.
    bundled = ROOT / "node_modules" / "@foundry-rs" / "forge-linux-amd64" / "bin" / "forge"
    found = str(bundled) if bundled.is_file() else shutil.which("forge")
    if found is None:
        missing("forge is not installed; run `npm ci`")
    return found
