"""docs/commands.md is what the command line says of itself; nothing of it is undocumented."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "commands.md"


def _script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("commands_page", ROOT / "scripts" / "commands_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = _script()
LEAVES = SCRIPT.leaves()


def test_the_page_is_what_the_command_line_says() -> None:
    assert PAGE.read_text("utf-8") == SCRIPT.page(), "write it again: .venv/bin/python scripts/commands_page.py"


def test_every_command_is_found() -> None:
    names = {name for name, _, _ in LEAVES}
    assert {"helioracle demo", "helioracle init", "helioracle oracle refusals", "helioracle keeper run"} <= names


@pytest.mark.parametrize(("name", "leaf", "what"), LEAVES, ids=[name for name, _, _ in LEAVES])
def test_every_command_has_a_purpose_an_example_and_words_for_each_option(name: str, leaf: object, what: str) -> None:
    assert what
    assert f"  {name}" in str(getattr(leaf, "epilog", "")), "an example that begins with the whole command"
    silent = [action.dest for action in SCRIPT.options_of(leaf) if not action.help]
    assert silent == [], "an option without help"


def test_an_option_that_is_missing_on_the_page_would_be_seen() -> None:
    page = SCRIPT.page()
    for name, leaf, _ in LEAVES:
        section = page.split(f"## `{name}`\n", 1)[1].split("\n## ", 1)[0]
        for action in SCRIPT.options_of(leaf):
            for option in action.option_strings:
                assert f"`{option}" in section, f"{name} {option}"
