"""A time budget for each folder of tests: a warning above it, a failed run above twice of it (`budgets.toml`)."""

import os
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

FILE = Path(__file__).with_name("budgets.toml")
SLOWER = "HELIORACLE_SLOWER"


def load() -> dict[str, int]:
    """Folder -> seconds, as `budgets.toml` has them, times HELIORACLE_SLOWER.

    Raises:
        pytest.UsageError: HELIORACLE_SLOWER is no whole number from 1 to 100.
    """
    factor = os.environ.get(SLOWER, "1")
    if not (factor.isascii() and factor.isdigit() and 1 <= int(factor[:4]) <= 100):
        raise pytest.UsageError(f"{SLOWER}={factor}: a whole number from 1 to 100 is expected")
    return {folder: seconds * int(factor) for folder, seconds in tomllib.loads(FILE.read_text("utf-8")).items()}


class Budgets:
    """Adds up how long the tests of each folder took: set-up, call and tear-down, over all workers.

    Args:
        seconds: folder -> its budget. A folder without one is not judged; a tidy test finds it.
    """

    def __init__(self, seconds: Mapping[str, int]) -> None:
        self._seconds = seconds
        self._spent: defaultdict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one phase of one test."""
        folder = report.nodeid.split("::")[0].rpartition("/")[0]
        self._spent[folder] += report.duration

    def over(self, times: int) -> list[str]:
        """The folders that needed more than `times` their budget, each as a line."""
        return [
            f"{folder}: {spent:.0f} s of tests, its budget is {self._seconds[folder]} s"
            for folder, spent in sorted(self._spent.items())
            if folder in self._seconds and spent > times * self._seconds[folder]
        ]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that passed, where a folder needed more than twice its budget."""
        if self.over(2) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say which folders are above their budget."""
        if not self.over(1):
            return
        terminalreporter.section("time budgets (tests/budgets.toml)")
        for line in self.over(1):
            verdict = "FAILED, above twice" if line in self.over(2) else "warning"
            terminalreporter.write_line(f"{verdict}: {line}")
