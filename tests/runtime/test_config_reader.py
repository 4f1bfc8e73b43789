"""The TOML reader: every refusal names the file and the field."""

from collections.abc import Callable
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.config import Table, read_toml
from runtime.errors import ConfigError

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(text: str) -> Path:
        path = tmp_path / "gateway.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


WHOLE = """
name = "roof-pi"
profile = "demo"
interval_s = 300
price = 0.125
count = 3
on = true
start = 2026-07-01
offset = "+08:00"
point = "0xAbCd"
oracles = ["a", "b"]
key = "key.pem"
[broker]
port = 1883
[[meter]]
serial = "A"
[[meter]]
serial = "B"
"""


def test_every_kind_of_value_is_read(write: Write) -> None:
    path = write(WHOLE)
    (path.parent / "key.pem").write_text("x")
    table = read_toml(path)
    assert table.text("name", pattern="[a-z-]+") == "roof-pi"
    assert table.choice("profile", ("demo", "production")) == "demo"
    assert table.integer("interval_s", minimum=1, maximum=3600) == 300
    assert table.decimal("price", minimum=Decimal(0), maximum=Decimal(1)) == Decimal("0.125")
    assert table.decimal("count", minimum=Decimal(0), maximum=Decimal(9)) == Decimal(3)
    assert table.boolean("on") is True
    assert table.day("start") == date(2026, 7, 1)
    assert table.offset_s("offset") == 8 * 3600
    assert table.hexadecimal("point", 2) == b"\xab\xcd"
    assert table.texts("oracles", maximum=2) == ["a", "b"]
    assert table.file("key") == path.parent / "key.pem"
    assert table.table("broker").integer("port", minimum=1, maximum=65535) == 1883
    assert [meter.text("serial") for meter in table.tables("meter", minimum=1)] == ["A", "B"]
    assert table.has("price")
    table.finish()


def test_what_is_missing_reads_as_its_default(write: Write) -> None:
    table = read_toml(write(""))
    assert table.text("a", default="x") == "x"
    assert table.text("b", default=None) is None
    assert table.choice("c", ("y",), default="y") == "y"
    assert table.integer("d", minimum=0, maximum=9, default=5) == 5
    assert table.integer("e", minimum=0, maximum=9, default=None) is None
    assert table.decimal("f", minimum=Decimal(0), maximum=Decimal(1), default=Decimal(1)) == 1
    assert table.boolean("g", default=False) is False
    assert table.day("h", default=date(2026, 1, 1)) == date(2026, 1, 1)
    assert table.file("i", default=None) is None
    assert table.offset_s("j", default="-03:30") == -(3 * 3600 + 1800)
    assert table.hexadecimal("k", 1, default=b"\1") == b"\1"
    assert table.texts("l", maximum=1, default=[]) == []
    assert table.table("m", optional=True).text("n", default="z") == "z"
    assert table.tables("o") == []
    assert not table.has("a")
    table.finish()


def _known_then_finish(table: Table) -> None:
    table.integer("known", minimum=0, maximum=9)
    table.finish()


def _table_then_finish(table: Table) -> None:
    table.table("a")
    table.finish()


ONE = Decimal(1)
REFUSALS: list[tuple[str, Callable[[Table], object], str]] = [
    ("", lambda t: t.text("a"), "a: is missing"),
    ("a = 1", lambda t: t.text("a"), "a: 1 is not a string"),
    ("a = 'x'", lambda t: t.text("a", pattern="y+"), "a: 'x' does not match y+"),
    ("a = 'x\\n'", lambda t: t.text("a", pattern="x"), "does not match"),
    ("a = 'x'", lambda t: t.choice("a", ("y", "z")), "a: 'x' is none of y, z"),
    ("a = 1", lambda t: t.choice("a", ("1",)), "a: 1 is none of 1"),
    ("a = '1'", lambda t: t.integer("a", minimum=0, maximum=9), "a: '1' is not a whole number"),
    ("a = true", lambda t: t.integer("a", minimum=0, maximum=9), "a: True is not a whole number"),
    ("a = 1.0", lambda t: t.integer("a", minimum=0, maximum=9), "is not a whole number"),
    ("a = 10", lambda t: t.integer("a", minimum=0, maximum=9), "a: 10 is not between 0 and 9"),
    ("a = '1'", lambda t: t.decimal("a", minimum=-ONE, maximum=ONE), "a: '1' is not a number"),
    ("a = true", lambda t: t.decimal("a", minimum=-ONE, maximum=ONE), "is not a number"),
    ("a = 1.01", lambda t: t.decimal("a", minimum=-ONE, maximum=ONE), "a: 1.01 is not between -1 and 1"),
    ("a = nan", lambda t: t.decimal("a", minimum=-ONE, maximum=ONE), "a: NaN is not between"),
    ("a = inf", lambda t: t.decimal("a", minimum=-ONE, maximum=ONE), "a: Infinity is not between"),
    ("a = 1", lambda t: t.boolean("a"), "a: 1 is neither true nor false"),
    ("a = '2026-07-01'", lambda t: t.day("a"), "a: '2026-07-01' is not a date such as 2026-07-01, without quotes"),
    ("a = 2026-07-01T00:00:00Z", lambda t: t.day("a"), "is not a date"),
    ("a = 1", lambda t: t.file("a"), "a: 1 is not a path"),
    ("a = ''", lambda t: t.file("a"), "a: '' is not a path"),
    ("a = 'absent.pem'", lambda t: t.file("a"), "a: there is no file"),
    ("a = '8:00'", lambda t: t.offset_s("a"), "a: '8:00' is not a UTC offset such as +08:00"),
    ("a = '+15:00'", lambda t: t.offset_s("a"), "is not a UTC offset"),
    ("a = 'abc'", lambda t: t.hexadecimal("a", 2), "a: not 2 bytes in hex (4 digits)"),
    ("a = 1", lambda t: t.texts("a", maximum=2), "a: 1 is not a list of strings"),
    ("a = [1]", lambda t: t.texts("a", maximum=2), "a: [1] is not a list of strings"),
    ("a = ['x', 'y', 'z']", lambda t: t.texts("a", maximum=2), "a: 3 entries, at most 2 allowed"),
    ("", lambda t: t.table("a"), "a: is missing"),
    ("a = 1", lambda t: t.table("a"), "a: is not a table"),
    ("[a]\nb = 1", lambda t: t.table("a").text("b"), "a.b: 1 is not a string"),
    ("a = 1", lambda t: t.tables("a"), "a: is not a list of tables; write [[a]]"),
    ("[[a]]", lambda t: t.tables("a", minimum=2), "a: 1 entries, between 2 and 1024 expected"),
    ("[[a]]\n[[a]]\nb = 1", lambda t: t.tables("a")[1].text("b"), "a[1].b: 1 is not a string"),
    ("zz = 1\nknown = 2", _known_then_finish, "zz: unknown key; known here: known"),
    ("[a]\nzz = 1", _table_then_finish, "a.zz: unknown key; known here: none"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "read", "problem"), REFUSALS, ids=[f"{i}-{r[2]}" for i, r in enumerate(REFUSALS)])
def test_every_refusal_names_the_file_and_the_field(
    write: Write, text: str, read: Callable[[Table], object], problem: str
) -> None:
    path = write(text)
    with pytest.raises(ConfigError) as caught:
        read(read_toml(path))
    assert str(caught.value).startswith(f"{path}: ")
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.path == path
    assert caught.value.field


def test_another_readers_table_is_skipped_whole(write: Write) -> None:
    table = read_toml(write("[a]\nx = 1\n[b]\ny = 2\n"))
    table.table("a").skip()
    table.table("b").skip()
    table.finish()


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    absent, folder, not_toml, latin, large = (tmp_path / name for name in ("a", "b", "c", "d", "e"))
    folder.mkdir()
    not_toml.write_text("a = ")
    latin.write_bytes(b"a = '\xe9'")
    with large.open("wb") as file:
        file.truncate(4 * 1024 * 1024 + 1)
    for path, problem in (
        (absent, "there is no such file; `helioracle init DIR` writes a commented set"),
        (folder, "cannot be read: Is a directory"),
        (not_toml, "is not TOML"),
        (latin, "is not TOML"),
        (large, "is larger than 4194304 bytes"),
    ):
        with pytest.raises(ConfigError) as caught:
            read_toml(path)
        assert str(caught.value).startswith(f"{path}: {problem}")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a = 1e1000000000000000000", "1e1000000000000000000 is no number that can be held"),
        ("a = 1" + "0" * 5_000, "Exceeds the limit"),
        ("a = " + "[" * 100_000, "nested too deeply"),
    ],
    ids=["exponent", "digits", "depth"],
)
def test_what_no_number_or_list_can_be_is_refused_as_any_other_text(write: Write, text: str, problem: str) -> None:
    """What random text below finds once in a very long time."""
    with pytest.raises(ConfigError, match=problem):
        read_toml(write(text))


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_text_makes_the_reader_fail_but_by_refusal(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_text(text, encoding="utf-8")
    with suppress(ConfigError):
        read_toml(path).finish()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "fe80::1", "broker", "broker.example.net", "roof_pi.local."])
def test_a_host_is_a_name_or_an_address(write: Write, host: str) -> None:
    assert read_toml(write(f'host = "{host}"')).host("host") == host


@pytest.mark.parametrize("host", ["", "a..b", ".a", "tcp://broker", "a b", f"{'x' * 64}.net", "a." * 127 + "a"])
def test_what_cannot_be_looked_up_is_no_host(write: Write, host: str) -> None:
    """The look-up itself would end in an error that names neither file nor field."""
    with pytest.raises(ConfigError, match=r"host: .* neither the name of a machine"):
        read_toml(write(f'host = "{host}"')).host("host")
