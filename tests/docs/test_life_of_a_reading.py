"""docs/life-of-a-reading.md names files and functions; each must exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "life-of-a-reading.md").read_text("utf-8")
FILES = sorted(set(re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|sol|js))`", PAGE)))
# `path/file.ext` (`name`, `name`) and `path/file.ext`, `name`
NAMED = sorted(
    {
        (path, name)
        for path, names in re.findall(
            r"`((?:[\w-]+/)+[\w-]+\.(?:py|sol|js))`\s*(?:\(|,\s+)((?:`[\w.]+`(?:,\s+)?)+)", PAGE
        )
        for name in re.findall(r"`([\w.]+)`", names)
        if "/" not in name and not name.endswith((".py", ".sol", ".js"))
    }
)


def test_the_page_names_enough_to_follow() -> None:
    assert len(FILES) > 30
    assert len(NAMED) > 25


@pytest.mark.parametrize("path", FILES)
def test_each_file_exists(path: str) -> None:
    assert (ROOT / path).is_file()


@pytest.mark.parametrize(("path", "name"), NAMED, ids=str)
def test_each_name_is_defined_in_its_file(path: str, name: str) -> None:
    text = (ROOT / path).read_text("utf-8")
    for part in name.split("."):
        assert re.search(rf"\b(?:def|class|function|async function|const)\s+{part}\b", text), f"{part} in {path}"
