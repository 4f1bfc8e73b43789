"""Runs the tests that judge a mutant, in a copy of the tree, and says which of them failed first."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import NamedTuple

from tests.contracts.forge_binary import forge
from tests.mutants.results import ROOT, Verdict
from tests.mutants.tree_copy import TreeCopy

# The programs that run now, for who is interrupted.
_RUNNING: set[int] = set()
_STOPPED = threading.Event()


class NotJudgedError(Exception):
    """The tests neither passed nor failed; the message has their last words."""


def _kill(group: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


def stop_all() -> None:
    """Ends all that runs here, at once and for good: it is for a process that ends."""
    _STOPPED.set()
    for group in list(_RUNNING):
        _kill(group)


class Ended(NamedTuple):
    """How a program ended: its exit code, None if its time was over, and all that it said."""

    code: int | None
    said: str


def _run(command: list[str], folder: Path, seconds: int, **environment: str) -> Ended:
    with tempfile.TemporaryFile("w+", encoding="utf-8") as output:
        # A session of its own: Ctrl-C is for us, and who takes too long ends with all that he started.
        started = subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **environment},
        )
        _RUNNING.add(started.pid)
        code: int | None = None
        try:
            if not _STOPPED.is_set():
                code = started.wait(seconds)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _kill(started.pid)
            started.wait()
            _RUNNING.discard(started.pid)
        output.seek(0)
        return Ended(code, output.read())


def pytest_verdict(tree: TreeCopy, tests: list[str], seconds: int) -> Verdict:
    """What pytest says of the copy as it stands.

    Args:
        tree: with the fault in it.
        tests: paths and names of tests, the quickest first.
        seconds: after which the mutant counts as noticed.

    Raises:
        NotJudgedError: a test of that name doesn't exist.
    """
    with tempfile.TemporaryDirectory(prefix="helioracle-mutant-") as folder:
        first = Path(folder) / "first"
        plugins = ["_hypothesis_pytestplugin", "pytest_timeout", "tests.mutants.first_failure", "no:cacheprovider"]
        options = ["-q", "-x", *(word for plugin in plugins for word in ("-p", plugin)), "--hypothesis-seed=0"]
        options += [f"--first-failure={first}", f"--basetemp={folder}/tests"]
        ended = _run(
            [sys.executable, "-m", "pytest", *options, *tests],
            tree.top,
            seconds,
            PYTHONPATH=str(tree.top),
            HELIORACLE_LONG="",
            # The plugins of web3 and of others take longer to load than most tests to run.
            PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
        )
        if ended.code is None:
            return Verdict("timeout")
        if ended.code == 0:
            return Verdict("survived")
        if first.is_file():
            return Verdict("killed", first.read_text("utf-8"))
    # Without a word of ours, a conftest could not be imported: whichever test is asked for, it fails. Who was ended by a
    # signal, which somebody else may have sent, has judged nothing.
    if ended.code < 0 or ("while loading conftest" not in ended.said and "Error importing plugin" not in ended.said):
        raise NotJudgedError(f"pytest ended with {ended.code}: {ended.said[-2000:]}")
    return Verdict("killed", tests[0])


def forge_verdict(tree: TreeCopy, tests: list[str], seconds: int) -> Verdict:
    """What forge says of the copy as it stands.

    Args:
        tree: with the fault in it.
        tests: files below `contracts/test`, or one test as `file:name`.
        seconds: after which the mutant counts as noticed.

    Raises:
        NotJudgedError: forge failed, and no test of it.
    """
    paths = sorted({test.split(":")[0] for test in tests})
    wanted = ["--match-path", f"test/{paths[0]}" if len(paths) == 1 else f"test/{{{','.join(paths)}}}"]
    if ":" in tests[0]:
        wanted += ["--match-test", f"^{tests[0].split(':')[1]}\\("]
    ended = _run(
        [forge(), "test", "--fail-fast", *wanted],
        tree.top / "contracts",
        seconds,
        NO_COLOR="1",
        FOUNDRY_DISABLE_NIGHTLY_WARNING="1",
        PATH=f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}",
    )
    if ended.code is None:
        return Verdict("timeout")
    if ended.code == 0 and re.search(r"[1-9]\d* tests? passed", ended.said):
        return Verdict("survived")
    if "Compiler run failed" in ended.said:
        return Verdict("invalid")
    failed = re.search(
        r"^Ran \d+ tests? for test/(\S+?):\w+\n(?:(?!Ran ).*\n)*?\[FAIL[^\n]*\] (\w+)\(", ended.said, re.MULTILINE
    )
    if failed is None:
        raise NotJudgedError(ended.said[-2000:])
    return Verdict("killed", f"{failed[1]}:{failed[2]}")


def verdict(tree: TreeCopy, source: str, tests: list[str], seconds: int) -> Verdict:
    """What the tests of this kind of source say of the copy as it stands; arguments and errors as those of the two above.

    Most mutants fall to the first file of tests: the others are not even loaded before it has passed.
    """
    if source.endswith(".sol"):
        return forge_verdict(tree, tests, seconds)
    first = pytest_verdict(tree, tests[:1], seconds)
    return pytest_verdict(tree, tests[1:], seconds) if first.word == "survived" and tests[1:] else first
