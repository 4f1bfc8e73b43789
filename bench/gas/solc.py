"""The project's own compiler, npm's behind a wrapper, for what is compiled beside the contracts."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def solc(job: dict[str, Any]) -> dict[str, Any]:
    """The compiler's answer to a job in its standard JSON; its complaints, under `errors`, are the caller's to judge."""
    done = subprocess.run(
        [ROOT / "contracts" / "tools" / "solc", "--standard-json"],
        input=json.dumps(job),
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
        env={**os.environ, "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"},
    )
    output: dict[str, Any] = json.loads(done.stdout)
    return output
