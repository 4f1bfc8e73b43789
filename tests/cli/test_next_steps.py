"""Every command says what to do next, and what it says exists."""

import re
from pathlib import Path

import pytest

from cli import parser, serve
from cli.main import run


def commands_in(text: str) -> list[list[str]]:
    """Every `helioracle a b` that a text names, as its words."""
    return [found.split() for found in re.findall(r"helioracle ((?:sim|gateway|oracle|api|keeper) [a-z]+)", text)]


def test_init_and_create_name_the_commands_that_follow(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "site"
    assert run(["init", str(folder)]) == 0
    said = capsys.readouterr().out
    assert [words for words in commands_in(said) if words[1] == "create"] == [["oracle", "create"]]
    for words in commands_in(said):
        assert parser.build().parse_args(words).module
    assert run(["oracle", "create", "--config", str(folder / "oracle.toml")]) == 0
    assert commands_in(capsys.readouterr().out) == [["oracle", "run"]]


@pytest.mark.parametrize("service", sorted(serve._BUILDERS))
def test_every_service_says_what_comes_after_it_has_started(service: str) -> None:
    said = serve._NEXT[service]
    assert commands_in(said)
    for words in commands_in(said):
        assert parser.build().parse_args(words).module


def test_a_mistake_says_what_to_do_about_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sim", "run", "--config", str(tmp_path / "none.toml")]) == 2
    assert "helioracle init" in capsys.readouterr().err
