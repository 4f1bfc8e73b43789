"""The reader of every TOML configuration: typed, and it refuses keys that no reader asked for.

    table = read_toml(Path("gateway.toml"))
    interval_s = table.integer("poll_interval_s", minimum=1, maximum=3600, default=300)
    table.finish()  # an unknown key is refused by name

Paths are relative to the file that names them. Numbers with a point are `Decimal`: no float is ever made.
"""

import re
import tomllib
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import overload

from runtime.errors import ConfigError

_SIZE_MAX = 4 * 1024 * 1024

_HOST = re.compile(r"(?=.{1,253}\Z)(?:[0-9A-Za-z_-]{1,63}(?:\.[0-9A-Za-z_-]{1,63})*\.?|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)")


class _Required:
    """Marks a key without a default."""


REQUIRED = _Required()


class Table:
    """One TOML table; every key must be asked for before `finish`."""

    def __init__(self, path: Path, prefix: str, values: dict[str, object]) -> None:
        self.path = path
        self._prefix = prefix
        self._values = values
        self._asked: set[str] = set()
        self._children: list[Table] = []

    def has(self, key: str) -> bool:
        """Whether the key stands in the file (does not count as asking for it)."""
        return key in self._values

    @overload
    def text(self, key: str, *, pattern: str | None = None) -> str: ...
    @overload
    def text(self, key: str, *, pattern: str | None = None, default: str) -> str: ...
    @overload
    def text(self, key: str, *, pattern: str | None = None, default: None) -> str | None: ...
    def text(self, key: str, *, pattern: str | None = None, default: str | _Required | None = REQUIRED) -> str | None:
        """A string; the whole of it must match the regular expression `pattern`."""
        value = self._take(key, default)
        if value is None:
            return None
        if not isinstance(value, str):
            raise self.error(key, f"{value!r} is not a string")
        if pattern is not None and re.fullmatch(pattern, value) is None:
            raise self.error(key, f"{value!r} does not match {pattern}")
        return value

    def host(self, key: str, *, default: str | _Required = REQUIRED) -> str:
        """An address, or a name that can be looked up: labels of 1 to 63 characters (RFC 1035, 2.3.4)."""
        value = self._take(key, default)
        if not isinstance(value, str) or _HOST.fullmatch(value) is None:
            raise self.error(
                key, f"{value!r} is neither the name of a machine, such as broker.example.net, nor an address"
            )
        return value

    def choice(self, key: str, choices: tuple[str, ...], *, default: str | _Required = REQUIRED) -> str:
        """One of the given strings."""
        value = self._take(key, default)
        if not isinstance(value, str) or value not in choices:
            raise self.error(key, f"{value!r} is none of {', '.join(choices)}")
        return value

    @overload
    def integer(self, key: str, *, minimum: int, maximum: int) -> int: ...
    @overload
    def integer(self, key: str, *, minimum: int, maximum: int, default: int) -> int: ...
    @overload
    def integer(self, key: str, *, minimum: int, maximum: int, default: None) -> int | None: ...
    def integer(
        self, key: str, *, minimum: int, maximum: int, default: int | _Required | None = REQUIRED
    ) -> int | None:
        """A whole number within both bounds."""
        value = self._take(key, default)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.error(key, f"{value!r} is not a whole number")
        if not minimum <= value <= maximum:
            raise self.error(key, f"{value} is not between {minimum} and {maximum}")
        return value

    def decimal(
        self, key: str, *, minimum: Decimal, maximum: Decimal, default: Decimal | _Required = REQUIRED
    ) -> Decimal:
        """A decimal or whole number within both bounds; a string is refused."""
        value = self._take(key, default)
        if isinstance(value, bool) or not isinstance(value, int | Decimal):
            raise self.error(key, f"{value!r} is not a number")
        number = Decimal(value)
        if not number.is_finite() or not minimum <= number <= maximum:
            raise self.error(key, f"{number} is not between {minimum} and {maximum}")
        return number

    def boolean(self, key: str, *, default: bool | _Required = REQUIRED) -> bool:
        """True or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self.error(key, f"{value!r} is neither true nor false")
        return value

    def day(self, key: str, *, default: date | _Required = REQUIRED) -> date:
        """A TOML local date, written without quotes: 2026-07-01."""
        value = self._take(key, default)
        if type(value) is not date:
            raise self.error(key, f"{value!r} is not a date such as 2026-07-01, without quotes")
        return value

    @overload
    def file(self, key: str, *, must_exist: bool = True) -> Path: ...
    @overload
    def file(self, key: str, *, must_exist: bool = True, default: None) -> Path | None: ...
    def file(self, key: str, *, must_exist: bool = True, default: _Required | None = REQUIRED) -> Path | None:
        """A path, relative to this file; by default it must be an existing file."""
        value = self._take(key, default)
        if value is None:
            return None
        if not isinstance(value, str) or not value:
            raise self.error(key, f"{value!r} is not a path")
        path = (self.path.parent / value).resolve()
        if must_exist and not path.is_file():
            raise self.error(key, f"there is no file {path}")
        return path

    def offset_s(self, key: str, *, default: str | _Required = REQUIRED) -> int:
        """A fixed UTC offset such as "+08:00", in seconds."""
        value = self._take(key, default)
        match = re.fullmatch(r"([+-])(\d{2}):(\d{2})", value) if isinstance(value, str) else None
        if match is None or int(match[2]) > 14 or int(match[3]) > 59:
            raise self.error(key, f"{value!r} is not a UTC offset such as +08:00")
        seconds = int(match[2]) * 3600 + int(match[3]) * 60
        return -seconds if match[1] == "-" else seconds

    def hexadecimal(self, key: str, size: int, *, default: bytes | _Required = REQUIRED) -> bytes:
        """`size` bytes as hex digits, with or without 0x."""
        value = self._take(key, default)
        if isinstance(value, bytes):
            return value
        if not isinstance(value, str) or re.fullmatch(rf"(0x)?[0-9a-fA-F]{{{2 * size}}}", value) is None:
            raise self.error(key, f"not {size} bytes in hex ({2 * size} digits)")
        return bytes.fromhex(value.removeprefix("0x"))

    def texts(self, key: str, *, maximum: int, default: list[str] | _Required = REQUIRED) -> list[str]:
        """A list of at most `maximum` strings."""
        value = self._take(key, default)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(key, f"{value!r} is not a list of strings")
        if len(value) > maximum:
            raise self.error(key, f"{len(value)} entries, at most {maximum} allowed")
        return list(value)

    def table(self, key: str, *, optional: bool = False) -> "Table":
        """A sub-table; a missing one reads as empty where it is optional."""
        self._asked.add(key)
        value = self._values.get(key, {} if optional else None)
        if not isinstance(value, dict):
            raise self.error(key, "is missing" if value is None else "is not a table")
        return self._child(key, value)

    def tables(self, key: str, *, minimum: int = 0, maximum: int = 1024) -> list["Table"]:
        """An array of tables, `[[key]]`."""
        self._asked.add(key)
        value = self._values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.error(key, f"is not a list of tables; write [[{key}]]")
        if not minimum <= len(value) <= maximum:
            raise self.error(key, f"{len(value)} entries, between {minimum} and {maximum} expected")
        return [self._child(f"{key}[{number}]", item) for number, item in enumerate(value)]

    def skip(self) -> None:
        """Take every key of this table as known: it belongs to another reader of the same file."""
        self._asked.update(self._values)

    def error(self, key: str, problem: str) -> ConfigError:
        """An error that names this file and the key's full path."""
        return ConfigError(self.path, self._prefix + key, problem)

    def finish(self) -> None:
        """Refuse every key that was not asked for, in this table and in all sub-tables that were read.

        Raises:
            ConfigError: there is such a key.
        """
        unknown = sorted(set(self._values) - self._asked)
        if unknown:
            known = ", ".join(sorted(self._asked)) or "none"
            raise self.error(unknown[0], f"unknown key; known here: {known}")
        for child in self._children:
            child.finish()

    def _child(self, name: str, values: dict[str, object]) -> "Table":
        child = Table(self.path, f"{self._prefix}{name}.", values)
        self._children.append(child)
        return child

    def _take(self, key: str, default: object) -> object:
        self._asked.add(key)
        if key in self._values:
            return self._values[key]
        if isinstance(default, _Required):
            raise self.error(key, "is missing")
        return default


def _decimal_of(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text[:40]} is no number that can be held") from None


def read_toml(path: Path) -> Table:
    """Read a TOML file.

    Raises:
        ConfigError: no such file, too large, or not TOML.
    """
    try:
        if path.stat().st_size > _SIZE_MAX:
            raise ConfigError(path, "", f"is larger than {_SIZE_MAX} bytes")
        with path.open("rb") as file:
            values = tomllib.load(file, parse_float=_decimal_of)
    except FileNotFoundError:
        raise ConfigError(path, "", "there is no such file; `helioracle init DIR` writes a commented set") from None
    except OSError as error:
        raise ConfigError(path, "", f"cannot be read: {error.strerror}") from None
    except RecursionError:
        raise ConfigError(path, "", "is not TOML that can be read: nested too deeply") from None
    # TOMLDecodeError and UnicodeDecodeError are ValueErrors; Python raises a plain one for a whole number of thousands of digits.
    except ValueError as error:
        raise ConfigError(path, "", f"is not TOML: {error}") from None
    return Table(path, "", values)
