"""The whole demo, headless, over recordings of real plants."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1000)]

COMMAND = [sys.executable, "-m", "cli.main", "demo", "--headless"]
SMA_COLUMNS = "time=ts,power_kw=meas_val_f"


def demo(folder: Path, *options: str) -> dict[str, Any]:
    result = folder / "result.json"
    done = subprocess.run(
        [*COMMAND, "--dir", str(folder / "run"), "--json", str(result), *options],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(result.read_text()))


def check(document: dict[str, Any], *, days: int, poll_interval_s: int = 300) -> None:
    """What holds of every run."""
    assert document["energy_wh"] == document["energy_wh_expected"]
    for point in document["points"]:
        assert point["energy_wh"] == point["energy_wh_expected"] == point["measured_wh"]
    slots = days * 86_400 // poll_interval_s + 1
    assert document["readings_signed"] == document["readings_verified"] == 6 * slots
    assert (document["days"], document["poll_interval_s"]) == (days, poll_interval_s)
    money = {name: int(document[name]) for name in ("declared", "funded", "paid_total", "carry")}
    assert money["paid_total"] + money["carry"] == money["funded"] == money["declared"]
    assert document["log_root"] == document["chain_log_root"]
    assert document["shift_days"] % 7 == 0


def test_three_days_of_an_inverter_with_the_sun_at_midnight(recorded: Callable[[str], Path], tmp_path: Path) -> None:
    # The file says UTC; read at -07:00 the plant produces over midnight, where a boundary that is off would show.
    path = recorded("sma/TAEFC1044741.csv")
    words = f"--columns {SMA_COLUMNS} --days 2016-04-04..2016-04-06 --tz -07:00"
    document = demo(tmp_path, "--recording", str(path), *words.split())
    check(document, days=3)
    assert document["energy_wh"] > 400_000
    assert document["recording"]["negative"] == 3
    assert document["first_day"] == "2016-04-04"
    assert len(document["lies"]) == 3


def test_one_minute_rows_give_the_one_whole_day_they_hold(recorded: Callable[[str], Path], tmp_path: Path) -> None:
    path = recorded("pvdaq/serf_east_1min_ac_power.csv")
    words = "--columns time=measured_on,power_w=ac_power__752 --tz -07:00 --no-lies"
    document = demo(tmp_path, "--recording", str(path), *words.split())
    check(document, days=1)
    assert document["first_day"] == "2022-03-19"
    assert document["energy_wh"] > 100_000


def test_normalised_power_is_scaled(recorded: Callable[[str], Path], tmp_path: Path) -> None:
    path = recorded("pvdaq/ac_power_inv_2173_stale_data.csv")
    words = "--columns time=timestamp,power_w=value_normalized --scale 5000 --poll-interval 900 --no-lies"
    document = demo(tmp_path, "--recording", str(path), *words.split())
    check(document, days=3, poll_interval_s=900)
    assert document["recording"]["missing"] == 1149
    assert document["energy_wh"] > 50_000


def test_days_without_a_row_or_without_production_are_declared_and_the_others_paid(tmp_path: Path) -> None:
    # Five days: dark, sunny, no row at all, a nasty one, dark; rows in no order, at odd hours, at an odd offset.
    rows = [f"2026-07-01 {hour:02d}:00:00,0" for hour in range(0, 24, 2)]
    rows += [f"2026-07-02 {hour:02d}:00:00,{hour * (24 - hour)}0.125" for hour in range(24)]
    rows += [f"2026-07-04 {hour:02d}:{hour:02d}:17,{value}" for hour, value in enumerate(["-5", "1e9", "", "700"] * 6)]
    rows += [f"2026-07-05 {hour:02d}:00:00,0" for hour in range(24)]
    path = tmp_path / 'mine, of "all" things.csv'
    path.write_text("time,energy_wh\n" + "\n".join([*rows[::-1], *rows[12:18]]), "utf-8")
    words = "--days 2026-07-01..2026-07-05 --tz +05:45 --poll-interval 900 --nameplate 4000"
    document = demo(tmp_path, "--recording", str(path), *words.split())
    check(document, days=5, poll_interval_s=900)
    counts = document["recording"]
    assert (counts["days_without_rows"], counts["nameplate_w"]) == (1, 4000)
    assert (
        min(counts[name] for name in ("negative", "absurd", "missing", "repeated", "unsorted", "irregular", "gaps")) > 0
    )
    # The reading that is followed belongs to the day that was paid.
    assert document["evidence"][3]["declaration"]["period"] == "1"
    assert int(document["evidence"][4]["payout"]["amount"]) > 0


def test_days_on_which_nothing_is_produced_end_with_nothing_paid(tmp_path: Path) -> None:
    path = tmp_path / "dark.csv"
    path.write_text("time,power_w\n2026-07-01 00:00:00,0\n2026-07-01 12:00:00,-3\n2026-07-02 12:00:00,0\n", "utf-8")
    document = demo(tmp_path, "--recording", str(path), "--days", "2026-07-01", "--poll-interval", "1800")
    check(document, days=1, poll_interval_s=1800)
    assert document["energy_wh"] == int(document["funded"]) == 0
    assert document["evidence"][-1]["payout"]["amount"] == "0"
    assert len(document["lies"]) == 3
