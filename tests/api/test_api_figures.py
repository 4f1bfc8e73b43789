"""How the page writes amounts, spans and powers: exact to the last unit, whatever the size."""

from collections.abc import Callable
from typing import Any

import pytest

Run = Callable[..., list[dict[str, Any]]]
CASES: list[tuple[str, list[Any], Any]] = [
    ("money", ["41270000", 6], "41.270000"),
    ("money", ["123456789012345678901234567", 6], "123,456,789,012,345,678,901.234567"),
    ("money", ["-1", 6], "\u22120.000001"),
    ("money", ["7", 0], "7"),
    ("spoken", ["41279999", 6], "41.27"),
    ("spoken", ["9999", 6], "0.009999"),
    ("spoken", ["0", 6], "0.00"),
    ("kwh", ["12418399"], "12,418.3"),
    ("measuredShare", ["999999999", "1"], "99.9"),
    ("measuredShare", ["5", "0"], "100"),
    ("measuredShare", ["0", "0"], None),
    ("span", ["2026-07-01", "2026-08-01"], "July 2026"),
    ("span", ["2026-07-01", "2026-07-02"], "1 July 2026"),
    ("span", ["2026-07-30", "2026-08-02"], "30 July to 1 August 2026"),
    ("span", ["2026-12-31", "2027-01-02"], "31 December 2026 to 1 January 2027"),
    ("clock", [1_782_864_000, -25_200], "17:00"),
    ("zone", [-25_200], "UTC\u221207:00"),
    ("zone", [20_700], "UTC+05:45"),
]


def test_every_figure_reads_as_people_write_it(run: Run) -> None:
    results = run("call_verify.mjs", [{"call": call, "args": args} for call, args, _ in CASES], "figures.js")
    found = [result["value"] for result in results]
    assert [text.replace("\u00a0", " ") if isinstance(text, str) else text for text in found] == [
        wanted for *_, wanted in CASES
    ]


def reading(minute: int, export_wh: str | None, power_w: int | None = None) -> dict[str, Any]:
    return {"time": f"2026-07-01T12:{minute:02}:00Z", "export_wh": export_wh, "power_w": power_w}


@pytest.mark.parametrize(("readings", "wanted"), [
    ([reading(0, "100", 5000), reading(5, "500", 4000)], [5000, 4000]),
    ([reading(0, "100"), reading(5, "500"), reading(10, "500")], [4800, 4800, 0]),
    ([reading(0, "100"), reading(5, None), reading(10, "500")], [None, None, None]),
    ([reading(0, "100")], [None]),
    ([], []),
])  # fmt: skip
def test_a_meter_without_power_is_drawn_from_its_registers(run: Run, readings: list[Any], wanted: list[Any]) -> None:
    (result,) = run("call_verify.mjs", [{"call": "watts", "args": [readings]}], "figures.js")
    assert result["value"] == wanted
