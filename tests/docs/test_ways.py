"""docs/life-of-*.md name files and functions; each must exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("life-of-*.md"))
_FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|sol|js))`")
# `path/file.ext` (`name`, `name`) and `path/file.ext`, `name`
_NAMES = re.compile(r"`((?:[\w-]+/)+[\w-]+\.(?:py|sol|js))`\s*(?:\(|,\s+)((?:`[\w.]+`(?:,\s+)?)+)")


def files(page: Path) -> list[str]:
    return sorted(set(_FILE.findall(page.read_text("utf-8"))))


def named(page: Path) -> set[tuple[str, str]]:
    return {
        (path, name)
        for path, names in _NAMES.findall(page.read_text("utf-8"))
        for name in re.findall(r"`([\w.]+)`", names)
        if "/" not in name and not name.endswith((".py", ".sol", ".js"))
    }


FILES = sorted({file for page in PAGES for file in files(page)})
NAMED = sorted({pair for page in PAGES for pair in named(page)})


def test_there_is_a_way_of_a_reading_of_a_report_and_of_an_amount() -> None:
    assert [page.stem for page in PAGES] == ["life-of-a-reading", "life-of-a-report", "life-of-an-amount"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_page_names_enough_to_follow(page: Path) -> None:
    least_files, least_names = (30, 25) if page.stem == "life-of-a-reading" else (20, 20)
    assert len(files(page)) > least_files
    assert len(named(page)) > least_names


@pytest.mark.parametrize("path", FILES)
def test_each_file_exists(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize(("path", "name"), NAMED, ids=str)
def test_each_name_is_defined_in_its_file(path: str, name: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    for part in name.split("."):
        assert re.search(rf"\b(?:def|class|function|async function|const)\s+{part}\b", text), f"{part} in {path}"
