"""The tables of docs/security: what is committed there is what the checks compare with, so that no second list can drift."""

import re
from pathlib import Path


def rows(page: Path, head: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The rows of the table of `page` whose column titles are `head`, code quotes taken off; KeyError when there is none."""
    found: list[tuple[str, ...]] | None = None
    for line in page.read_text(encoding="utf-8").splitlines():
        cells = tuple(cell.strip().removeprefix("`").removesuffix("`") for cell in line.strip("|").split(" | "))
        if cells == head:
            found = []
        elif found is not None and not line.startswith("|"):
            return found
        elif found is not None and not re.fullmatch(r"[|\- ]+", line):
            found.append(cells)
    if found is None:
        raise KeyError(f"{page.name} has no table with the columns {head}")
    return found
