"""docs/words.md says which words mean what: each is in use and its place exists; refused words stand nowhere."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "words.md").read_text("utf-8")
PRODUCT = ("evidence", "meters", "firmware_sim", "gateway", "oracle", "api", "runtime", "cli")
CODE = re.compile(r"`([^`]+)`")
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Text:
    """What a stranger reads of one file.

    Attributes:
        path: relative to the repository.
        prose: a page, or the docstrings of public modules, classes and functions.
        names: public names: the file's and its folders', classes, functions, parameters, attributes and constants.
    """

    path: str
    prose: str
    names: frozenset[str]

    def uses(self, term: str) -> bool:
        """Whether the term, or its plural, stands in the prose or in a name."""
        return any(_phrase(term).search(text) for text in (self.prose, *map(_spaced, self.names)))

    def breaks(self, refused: str) -> bool:
        """Whether a refused word of the page stands here; one in code font is a whole name."""
        name = CODE.fullmatch(refused)
        return name[1] in self.names if name else self.uses(refused)


def _phrase(term: str) -> re.Pattern[str]:
    words = r"[\s-]+".join(map(re.escape, re.split(r"[\s-]+", term)))
    return re.compile(rf"(?<![a-z]){words}(?:s|es)?(?![a-z])", re.IGNORECASE)


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).replace("_", " ").strip()


def _is_public(name: str) -> bool:
    return not name.startswith("_")


def _public(node: ast.AST) -> Iterator[ast.AST]:
    """The node and everything public in it; what is inside a function is nobody else's business."""
    yield node
    for child in () if isinstance(node, FUNCTIONS) else ast.iter_child_nodes(node):
        if not isinstance(child, (ast.ClassDef, *FUNCTIONS)) or _is_public(child.name):
            yield from _public(child)


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.ClassDef(name=name):
            yield name
        case ast.FunctionDef(name=name, args=args) | ast.AsyncFunctionDef(name=name, args=args):
            yield name
            yield from (arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs))
        case ast.Name(id=name, ctx=ast.Store()):
            yield name


def text_of(path: str, source: str) -> Text:
    """What a stranger reads of a page or of a Python file."""
    if not path.endswith(".py"):
        return Text(path, source, frozenset())
    nodes = list(_public(ast.parse(source)))
    documented = (node for node in nodes if isinstance(node, (ast.Module, ast.ClassDef, *FUNCTIONS)))
    prose = "\n".join(filter(None, map(ast.get_docstring, documented)))
    names = {name for node in nodes for name in _names(node)} | set(Path(path).with_suffix("").parts)
    return Text(path, prose, frozenset(filter(_is_public, names)))


def table(page: str, *header: str) -> list[list[str]]:
    """The rows of the one table that has this header."""
    _, rows = page.split("| " + " | ".join(header) + " |\n", 1)
    cells = ([cell.strip() for cell in line.strip("|").split("|")] for line in rows.split("\n\n", 1)[0].splitlines())
    return [row for row in cells if set("".join(row)) - set("- ")]


def refused_of(rows: list[list[str]]) -> list[str]:
    """Every word of the second column."""
    return [word.strip() for row in rows for word in row[1].split(",")]


def faults(texts: list[Text], refused: list[str], exceptions: set[tuple[str, str]]) -> list[str]:
    """Where a refused word stands without being excepted."""
    return [
        f"{text.path}: {word}"
        for text in texts
        for word in refused
        if text.breaks(word) and (word, text.path) not in exceptions
    ]


TERMS = table(PAGE, "term", "meaning", "defined in")
REFUSED = table(PAGE, "say", "not")
EXCEPTIONS = table(PAGE, "not", "where", "why it stays")
SOURCES = [path for room in PRODUCT for path in sorted((ROOT / room).rglob("*.py"))]
TEXTS = [
    text_of(str(path.relative_to(ROOT)), path.read_text("utf-8"))
    for path in (*sorted((ROOT / "spec").glob("*.md")), *SOURCES)
]


def test_the_table_is_read_whole() -> None:
    assert 30 <= len(TERMS) <= 50
    assert len(REFUSED) >= 10
    assert len(TEXTS) > 150
    terms = [row[0].lower() for row in TERMS]
    assert len(set(terms)) == len(terms), "one meaning a word"
    assert not set(terms) & {word.lower() for word in refused_of(REFUSED)}


@pytest.mark.parametrize(("term", "meaning", "place"), TERMS, ids=[row[0] for row in TERMS])
def test_a_term_is_one_sentence_is_in_use_and_its_place_exists(term: str, meaning: str, place: str) -> None:
    assert re.fullmatch(r"[A-Z].*\.", meaning)
    assert ". " not in meaning, "one sentence"
    assert any(text.uses(term) for text in TEXTS), f"{term} is used neither in spec/ nor in a public docstring"
    path, *names = CODE.findall(place)
    source = (ROOT / path).read_text("utf-8")
    for name in names:
        assert re.search(rf"\b(?:def|class|function|enum|struct)\s+{name}\b", source), f"{name} in {path}"
    if not names:
        assert _phrase(term).search(source), f"{term} in {path}"


def test_what_stands_in_code_font_exists() -> None:
    everything = "\n".join(path.read_text("utf-8") for path in (*SOURCES, *(ROOT / "spec").glob("*.md")))
    for cell in CODE.findall(" ".join(row[1] for row in TERMS)):
        assert re.search(rf"(?i)\b{re.escape(cell)}\b", everything), cell


def test_no_refused_word_is_said() -> None:
    exceptions = {(row[0], path) for row in EXCEPTIONS for path in CODE.findall(row[1])}
    assert {word for word, _ in exceptions} <= set(refused_of(REFUSED))
    assert all((ROOT / path).is_file() for _, path in exceptions)
    assert faults(TEXTS, refused_of(REFUSED), exceptions) == []


def test_a_refused_word_would_be_seen() -> None:
    bad = '''"""Roles, once called offices."""
FRONTIER_MAX = 3
class TreeHead:
    """Fine."""
    def take(self, rise_wh):
        """Adds running
        registers."""
        frontier = 1
class _Frontier:
    """An office nobody sees."""
def enterprise_wh(officer):
    """The arise of placements."""
'''
    words = ["frontier", "office", "tree head", "running register", "`rise_wh`", "placement", "`shell`"]
    assert faults([text_of("oracle/shell/bad.py", bad)], words, set()) == [f"oracle/shell/bad.py: {w}" for w in words]
    assert faults([text_of("oracle/shell/bad.py", bad)], ["office"], {("office", "oracle/shell/bad.py")}) == []
    good = '"""Officers of an enterprise."""\nclass _Frontier:\n    """An office."""\ndef f():\n    frontier = 1\n'
    assert faults([text_of("oracle/good.py", good)], words, set()) == []
    assert faults([text_of("spec/page.md", "The frontier of a tree.")], words, set()) == ["spec/page.md: frontier"]


def test_a_term_that_nobody_uses_would_be_seen() -> None:
    text = text_of("evidence/x.py", '"""The share-days of a holder."""\nclass CompactRange:\n    """One."""\n')
    assert text.uses("share-day")
    assert text.uses("compact range")
    assert not text.uses("tranche")
