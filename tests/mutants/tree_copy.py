"""A copy of the tree, where a file may be faulty for the time of one run of its tests."""

import itertools
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.mutant import Mutant
from tests.mutants.results import ROOT

# What the tests only read, or what is made anew.
LINKED = (".venv", "node_modules")
LEFT_OUT = (
    ".git",
    ".make",
    ".venv-*",
    "__pycache__",
    ".*_cache",
    ".hypothesis",
    "out",
    "out-*",
    "cache",
    "results",
    *LINKED,
)


class TreeCopy:
    """The tree below `top`, which is made; `node_modules` and `.venv` are links."""

    def __init__(self, top: Path) -> None:
        self.top = top
        shutil.copytree(ROOT, top, ignore=shutil.ignore_patterns(*LEFT_OUT), symlinks=True)
        for name in LINKED:
            (top / name).symlink_to((ROOT / name).resolve())
        self._moments = itertools.count(1_000_000_000)

    @contextmanager
    def faulty(self, source: str, mutant: Mutant) -> Iterator[None]:
        """For the time of the block the file says what the mutant says."""
        path = self.top / source
        text = path.read_text("utf-8")
        self._write(path, mutant.applied(text))
        try:
            yield
        finally:
            self._write(path, text)

    def _write(self, path: Path, text: str) -> None:
        path.write_text(text, "utf-8")
        # Python and forge take a file of the same size and the same second for the one that they compiled before.
        moment = next(self._moments)
        os.utime(path, (moment, moment))
