"""Habits that no linter holds: integers in the cores, one place for world time, small files with a noun for a name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("evidence", "meters", "runtime", "firmware_sim", "gateway", "oracle", "api", "cli", "spec", "tests", "bench")
PROGRAMS = ("contracts", "scripts")
LINES_MAX = 450
CLOCK = ROOT / "runtime" / "clock.py"


def sources(*rooms: str) -> list[Path]:
    return sorted(path for room in rooms for path in (ROOT / room).rglob("*.py"))


def pure() -> list[Path]:
    cores = [path for room in ROOMS for path in (ROOT / room / "core").rglob("*.py")]
    return sorted({*sources("evidence", "meters"), *cores})


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def float_faults(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float() | complex()):
                yield node.lineno, f"the literal {node.value!r}"
            case ast.BinOp(op=ast.Div()) | ast.AugAssign(op=ast.Div()):
                yield node.lineno, "the operator /"
            case ast.Call(func=ast.Name(id="float")):
                yield node.lineno, "a call of float()"


def clock_faults(tree: ast.AST) -> Iterator[tuple[int, str]]:
    banned = {
        ("datetime", "now"),
        ("datetime", "utcnow"),
        ("datetime", "today"),
        ("date", "today"),
        ("time", "time"),
        ("time", "time_ns"),
    }
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=owner) | ast.Attribute(attr=owner), attr=attr) if (
                owner,
                attr,
            ) in banned:
                yield node.lineno, f"{owner}.{attr}"
            case ast.ImportFrom(module="time", names=names) if any(n.name in ("time", "time_ns") for n in names):
                yield node.lineno, "from time import time"


@pytest.mark.parametrize("path", pure(), ids=named)
def test_a_core_counts_in_integers(path: Path) -> None:
    faults = [f"{named(path)}:{line}: {what}" for line, what in float_faults(ast.parse(path.read_text("utf-8")))]
    assert not faults, "energy and money are integers; divide with evidence.units"


@pytest.mark.parametrize("path", [p for p in sources(*ROOMS) if p != CLOCK], ids=named)
def test_time_comes_from_a_clock_and_the_file_is_small(path: Path) -> None:
    text = path.read_text("utf-8")
    faults = [f"{named(path)}:{line}: {what}" for line, what in clock_faults(ast.parse(text))]
    assert not faults, "time comes from a clock of runtime.clock"
    assert text.count("\n") <= LINES_MAX, f"{named(path)} is longer than {LINES_MAX} lines: split it by noun"
    assert not re.search(r"util|helper|manager|common|misc", path.stem), f"{named(path)}: name the noun"


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str() as module, names=names):
                yield from (module, *(f"{module}.{name.name}" for name in names))


def test_no_test_file_imports_another_and_nothing_else_imports_tests() -> None:
    found = [
        (named(path), name)
        for path in sources(*ROOMS, *PROGRAMS)
        for name in imported(ast.parse(path.read_text("utf-8")))
    ]
    inside = [(path, name) for path, name in found if path.startswith("tests/")]
    assert not [one for one in inside if re.search(r"^tests\b.*\.test_\w+$", one[1])], (
        "share by tests/plant, or a module beside"
    )
    assert not [one for one in found if one not in inside and one[1].split(".")[0] == "tests"], "tests are no library"


def test_the_lints_see_what_they_are_for() -> None:
    bad = "import time\nx = 1.5\ny = x / 2\ny /= 2\nz = float(x)\nt = time.time()\nfrom time import time\nd = datetime.datetime.now()\n"
    assert [line for line, _ in sorted(float_faults(ast.parse(bad)))] == [2, 3, 4, 5]
    assert [line for line, _ in sorted(clock_faults(ast.parse(bad)))] == [6, 7, 8]
    assert not list(float_faults(ast.parse("a = 7 // 2\nb = Decimal('1.5')\n")))
    assert {"a.b", "c", "c.d"} == set(imported(ast.parse("import a.b\nfrom c import d")))


def test_the_cores_are_found() -> None:
    found = {named(path) for path in pure()}
    assert {"evidence/header.py", "meters/dlt645.py"} <= found
    assert any(name.startswith("gateway/core/") for name in found)
    assert any(name.startswith("oracle/core/") for name in found)
