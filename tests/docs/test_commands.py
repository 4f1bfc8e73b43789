"""Every command in README and docs is known here, and is run or parsed."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from cli import parser
from cli.main import run

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def _commands() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL):
            for line in block.splitlines():
                found += [(page.name, part.strip()) for part in line.split("&&") if part.strip()]
    return found


COMMANDS = _commands()


def test_there_are_commands() -> None:
    assert len(COMMANDS) > 10


@pytest.mark.parametrize(("page", "command"), COMMANDS, ids=[f"{page}: {command}"[:80] for page, command in COMMANDS])
def test_every_command_in_the_docs_works_as_written(page: str, command: str, tmp_path: Path) -> None:
    words = shlex.split(command)
    match words:
        case ["git", "clone", *_] | ["cd", "helioracle"]:
            pass  # CI itself begins with a clone
        case ["make", target, *_]:
            done = subprocess.run(
                ["make", "-n", target], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
            )
            assert done.returncode == 0, done.stderr
            if target == "demo":  # and what it types is run by tests/demo
                assert "helioracle demo" in done.stdout
        case [program, "init", folder] if program.endswith("helioracle"):
            assert run(["init", str(tmp_path / folder)]) == 0
        case [program, *arguments] if program.endswith("helioracle"):
            parsed = parser.build().parse_args(arguments)  # exits with 2 where an option is not known
            assert parsed.module
        case _:
            pytest.fail(f"{page}: no test knows how to run {command!r}")


def test_every_option_of_the_demo_is_documented() -> None:
    page = (ROOT / "docs" / "demo.md").read_text("utf-8")
    shown = parser.build().parse_args(["demo"])
    for name in vars(shown):
        if name not in ("module", "version"):
            assert f"--{name.replace('_', '-')}" in page, name
