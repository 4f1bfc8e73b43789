"""Writes docs/commands.md from the command line itself, so that no option goes undocumented: `.venv/bin/python scripts/commands_page.py`.

tests/docs/test_commands_page.py fails while the page differs from what this script would write.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from cli import parser

PAGE = Path(__file__).parents[1] / "docs" / "commands.md"

INTRO = """\
# Commands

Every command with every option, written from the command line itself by `scripts/commands_page.py`; a test fails when an option is
missing here, and another one parses every example. `docs/operating.md` says in which order they are used, `docs/demo.md` explains the
demo's results, and `docs/refusals.md` what is refused and why. Every command prints what to do next; `--help` prints what stands here.

A mistake that you can put right is one line on standard error that names the file and the field, and exit code 2. Work that did not
succeed is exit code 1, Ctrl-C in an unfinished command is 130. `--json` prints one JSON object on standard output; logs go to standard
error.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([INTRO, *(_section(name, leaf, what) for name, leaf, what in leaves())])


def leaves() -> list[tuple[str, argparse.ArgumentParser, str]]:
    """Every command without subcommands: its full name, its parser, its purpose."""
    return list(_leaves("helioracle", parser.build(), ""))


def options_of(leaf: argparse.ArgumentParser) -> list[argparse.Action]:
    """The options and positional arguments of a command, without `--help`."""
    return [action for action in leaf._actions if not isinstance(action, argparse._HelpAction)]  # noqa: SLF001 argparse shows them nowhere else


def _leaves(name: str, of: argparse.ArgumentParser, what: str) -> Iterator[tuple[str, argparse.ArgumentParser, str]]:
    for action in of._actions:  # noqa: SLF001 as above
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001 as above
            for choice in action._choices_actions:  # noqa: SLF001 as above
                yield from _leaves(f"{name} {choice.dest}", action.choices[choice.dest], choice.help or "")
            return
    yield name, of, what


def _section(name: str, leaf: argparse.ArgumentParser, what: str) -> str:
    lines = [f"## `{name}`", "", f"{what[:1].upper()}{what[1:]}.", ""]
    examples = [line.strip() for line in (leaf.epilog or "").splitlines() if line.startswith("  ")]
    if examples:
        lines += ["```sh", *examples, "```", ""]
    rows = [_row(name, leaf, action) for action in options_of(leaf)]
    if rows:
        lines += ["| option | what it is |", "| --- | --- |", *rows, ""]
    return "\n".join(lines)


def _row(name: str, leaf: argparse.ArgumentParser, action: argparse.Action) -> str:
    said = (action.help or "").replace("%(default)s", str(action.default)).replace("%(prog)s", name).replace("%%", "%")
    if action.choices is not None:
        # The option's own name already shows a range.
        shown = "" if isinstance(action.choices, range) else " | ".join(map(str, action.choices))
        default = "" if action.default is None else f"default {action.default}"
        if facts := "; ".join(filter(None, (shown, default))):
            said += f"{' ' if said else ''}({facts})"
    if action.required and action.option_strings:
        said += " (required)"
    for group in leaf._mutually_exclusive_groups:  # noqa: SLF001 as above
        if action in group._group_actions:  # noqa: SLF001 as above
            others = " or ".join(f"`{other.option_strings[-1]}`" for other in group._group_actions)  # noqa: SLF001 as above
            said += f" ({'one of' if group.required else 'at most one of'} {others})"
    if action.option_strings and action.nargs != 0:
        shown = ", ".join(action.option_strings) + f" {action.metavar or action.dest.upper()}"
    else:
        shown = ", ".join(action.option_strings) or str(action.metavar or action.dest)
    return "| `{}` | {} |".format(*(text.replace("|", "\\|") for text in (shown, said)))


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
