"""Times, days and cursors come back as they went out, and nothing else comes in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BadRequest
from api.wire import cursor, hexed, instant_of, iso_day, open_cursor, rfc3339, unhex


@given(st.integers(0, 253_402_300_799))
def test_a_time_comes_back(instant: int) -> None:
    assert instant_of(rfc3339(instant), "from") == instant


def test_an_offset_is_understood() -> None:
    assert instant_of("2026-07-01T08:00:00+08:00", "from") == instant_of("2026-07-01T00:00:00Z", "from")


def test_a_clock_beyond_the_calendar_is_shown_as_seconds() -> None:
    assert rfc3339(2**63) == f"@{2**63}"


@pytest.mark.parametrize(
    "text",
    ["", "2026-07-01", "1751328000", "2026-13-01T00:00:00Z", "2026-07-01T00:00:00", "now", "\uff12026-07-01T00:00:00Z"],
)
def test_anything_else_is_no_time(text: str) -> None:
    with pytest.raises(BadRequest, match="from"):
        instant_of(text, "from")


@given(st.integers(-1, 2**63 - 1), st.integers(0, 2**31 - 1))
def test_a_cursor_comes_back(at: int, within: int) -> None:
    assert open_cursor(cursor(b"read", at, within), b"read", start=(0, 0)) == (at, within)


@given(st.text(max_size=40))
def test_no_other_text_is_a_cursor(text: str) -> None:
    with pytest.raises(BadRequest, match="cursor"):
        open_cursor(text, b"read", start=(0, 0))


def test_another_routes_cursor_is_refused() -> None:
    with pytest.raises(BadRequest):
        open_cursor(cursor(b"days", 3), b"read", start=(0, 0))


def test_days_and_bytes_read_as_everybody_writes_them() -> None:
    assert iso_day(20_635) == "2026-07-01"
    assert hexed(b"\x01\xff") == "0x01ff"
    assert unhex("0x01FF", 2, "hash") == unhex("01ff", 2, "hash") == b"\x01\xff"


@pytest.mark.parametrize("text", ["0x01", "01f", "0x01fg", "0x01ff01", ""])
def test_wrong_hex_names_its_field(text: str) -> None:
    with pytest.raises(BadRequest, match="hash"):
        unhex(text, 2, "hash")
