"""The whole loop, headless: what `make demo` runs, held to its JSON."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2000)]

COMMAND = [sys.executable, "-m", "cli.main", "demo", "--headless"]


def _demo(folder: Path, *options: str) -> dict[str, Any]:
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


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return _demo(tmp_path_factory.mktemp("demo"))


def test_every_reading_is_signed_once_and_verified_once(document: dict[str, Any]) -> None:
    assert document["readings_signed"] == document["readings_verified"] == 865 * 6


def test_energy_is_the_recordings_to_the_watt_hour_in_total_and_per_point(document: dict[str, Any]) -> None:
    assert document["energy_wh"] == document["energy_wh_expected"] > 400_000
    for point in document["points"]:
        assert point["energy_wh"] == point["energy_wh_expected"]
        assert point["measured_wh"] + point["estimated_wh"] == point["energy_wh"]
    assert {point["id"] for point in document["points"]} == {"roof-1", "roof-2", "roof-3", "roof-4", "carport", "grid"}


def test_the_log_on_chain_is_the_oracles(document: dict[str, Any]) -> None:
    assert document["log_root"] == document["chain_log_root"]
    assert document["log_size"] > document["batches"]


def test_money_is_conserved_to_the_minor_unit(document: dict[str, Any]) -> None:
    amounts = {name: int(document[name]) for name in ("declared", "funded", "paid_total", "carry")}
    assert amounts["paid_total"] + amounts["carry"] == amounts["funded"] == amounts["declared"] > 0
    assert sum(int(investor["paid"]) for investor in document["investors"]) == amounts["paid_total"]
    for investor in document["investors"]:
        assert investor["owed"] == investor["paid"]


def test_three_lies_are_told_and_none_is_believed(document: dict[str, Any]) -> None:
    reasons = [lie["reason"] for lie in document["lies"]]
    assert len(reasons) == 3
    assert "SIGNATURE" in reasons[0].upper()
    assert "seq0" in reasons[1]
    assert "reverted" in reasons[2]


def test_one_reading_is_followed_to_one_payout(document: dict[str, Any]) -> None:
    names = [name for step in document["evidence"] for name in step]
    assert names == ["reading", "batch", "log", "declaration", "payout"]
    assert int(document["evidence"][-1]["payout"]["amount"]) > 0


def test_what_became_of_the_recordings_rows_is_counted(document: dict[str, Any]) -> None:
    counts = document["recording"]
    assert counts["rows"] == counts["used"] + counts["absurd"] + counts["missing"] + counts["repeated"]
    assert counts["negative"] > 0
    assert document["shift_days"] % 7 == 0


def test_the_same_seed_gives_the_same_energy_money_and_payouts(document: dict[str, Any], tmp_path: Path) -> None:
    again = _demo(tmp_path, "--no-lies")
    assert again["lies"] == []
    for name in ("energy_wh", "declared", "funded", "paid_total", "carry", "investors", "points", "recording"):
        assert again[name] == document[name], name


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything_and_leaves_no_process(sign: signal.Signals, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "cli.main", "demo", "--dir", str(tmp_path / "run")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as demo:
        assert demo.stdout is not None
        line = next(line for line in demo.stdout if "http://" in line)
        page = line.split("http://")[1].strip()
        with urllib.request.urlopen(f"http://{page}/v1/assets", timeout=60) as answer:
            assert answer.status == 200
        children = _children(demo.pid)
        assert children
        os.killpg(demo.pid, sign)
        _, said = demo.communicate(timeout=180)
        assert demo.returncode == 130
        assert "Traceback" not in said
        for child in children:
            assert not Path(f"/proc/{child}").exists()
