"""An edge carries no chain, no web server, no screen: what each room imports, seen in a process of its own."""

import subprocess
import sys

import pytest

HEAVY = {"web3", "eth_account", "eth_tester", "fastapi", "starlette", "pydantic", "uvicorn", "rich", "sqlite_utils"}


@pytest.mark.parametrize(
    ("module", "also_allowed"),
    [
        ("gateway.service", set()),
        ("firmware_sim.service", set()),
        ("evidence.batch", set()),
        ("api.service", {"fastapi", "starlette", "pydantic", "uvicorn", "sqlite_utils"}),
        ("oracle.service", {"sqlite_utils"}),
    ],
)
def test_a_room_imports_only_what_it_needs(module: str, also_allowed: set[str]) -> None:
    program = f"import sys, importlib; importlib.import_module({module!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert not (set(done.stdout.split()) & HEAVY) - also_allowed
