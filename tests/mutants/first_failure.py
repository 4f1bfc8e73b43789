"""A pytest plugin for judging mutants: it keeps the name of the first failure, and makes the tests quick and repeatable."""

import resource
from pathlib import Path

import pytest
from hypothesis import Phase, settings

# A mutant may fill a list for ever.
MOST_MEMORY = 4 << 30
resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--first-failure", required=True, help="the file to write the first failure's name into")


def pytest_collection() -> None:
    # After the conftest has loaded its profile, before the modules that build on it. Whoever judges asks whether there is
    # a failure, not which is the smallest.
    quick = settings(database=None, phases=(Phase.explicit, Phase.generate), report_multiple_bugs=False)
    settings.register_profile("a mutant", quick)
    settings.load_profile("a mutant")


class _Keeper:
    def __init__(self, path: Path) -> None:
        self._path = path

    def _keep(self, name: str) -> None:
        if not self._path.exists():
            self._path.write_text(name, "utf-8")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._keep(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._keep(report.nodeid)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(_Keeper(Path(config.getoption("--first-failure"))))
