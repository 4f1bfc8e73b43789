"""The time budgets: what is above them is said, what is above twice of them fails a run that passed."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.budgets import SLOWER, Budgets, load

ROOT = Path(__file__).parents[1]


def spent(folder: str, *durations: float) -> Budgets:
    budgets = Budgets({"tests/a": 10, "tests/b": 10})
    for number, duration in enumerate(durations):
        report: Any = SimpleNamespace(nodeid=f"{folder}/test_x.py::test_{number}[p/q]", duration=duration)
        budgets.pytest_runtest_logreport(report)
    return budgets


@pytest.mark.parametrize(
    ("durations", "warned", "failed"), [((5, 5), 0, 0), ((5, 5.1), 1, 0), ((10, 10), 1, 0), ((10, 10, 0.1), 1, 1)]
)
def test_phases_add_up_by_folder(durations: tuple[float, ...], warned: int, failed: int) -> None:
    budgets = spent("tests/a", *durations)
    assert (len(budgets.over(1)), len(budgets.over(2))) == (warned, failed)
    assert all(line.startswith("tests/a: ") for line in budgets.over(1))
    assert spent("tests/without", *durations).over(1) == []


@pytest.mark.parametrize(("seconds", "workers", "code"), [(0, 0, 1), (0, 2, 1), (600, 2, 0)])
def test_a_run_that_passes_fails_above_twice_its_budget(tmp_path: Path, seconds: int, workers: int, code: int) -> None:
    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "test_it.py").write_text("def test_it():\n    assert sum(range(100_000))\n")
    (tmp_path / "conftest.py").write_text(
        "from tests.budgets import Budgets\n"
        "def pytest_configure(config):\n"
        "    if not hasattr(config, 'workerinput'):\n"
        f"        config.pluginmanager.register(Budgets({{'slow': {seconds}}}))\n"
    )
    (tmp_path / "pytest.ini").write_text(f"[pytest]\npythonpath = {ROOT}\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "-p", "no:cacheprovider", str(folder)],
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == code, done.stdout + done.stderr
    assert "1 passed" in done.stdout
    assert ("FAILED, above twice: slow: " in done.stdout) is bool(code)


def test_each_folder_with_tests_has_a_budget_and_each_budget_a_folder() -> None:
    folders = {str(path.parent.relative_to(ROOT)) for path in (ROOT / "tests").rglob("test_*.py")}
    assert set(load()) == folders


def test_a_slower_machine_gets_more_time(monkeypatch: pytest.MonkeyPatch) -> None:
    before = load()
    monkeypatch.setenv(SLOWER, "3")
    assert load() == {folder: 3 * seconds for folder, seconds in before.items()}


@pytest.mark.parametrize("factor", ["0", "101", "1.5", "", "fast", "9" * 5000])
def test_a_factor_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, factor: str) -> None:
    monkeypatch.setenv(SLOWER, factor)
    with pytest.raises(pytest.UsageError, match="a whole number from 1 to 100"):
        load()
