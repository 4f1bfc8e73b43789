"""What the demo's options say, and each way in which they cannot be followed: one line, exit code 2, nothing started."""

import argparse
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cli import parser, site
from cli.demo.options import parse
from cli.main import run

ROWS = "".join(
    f"2026-07-{1 + at // 86_400:02d} {at // 3600 % 24:02d}:00:00,{at % 7}\n" for at in range(0, 432_000, 3600)
)
PLAIN = f"time,power_kw\n{ROWS}"

Recorded = Callable[[str], Path]


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    def write(text: str) -> Path:
        path = tmp_path / "roof.csv"
        path.write_text(text, "utf-8")
        return path

    return write


def arguments(*words: str) -> argparse.Namespace:
    return parser.build().parse_args(["demo", *words])


@pytest.mark.parametrize("words", [["--tz", "-07:00"], ["--tz=-07:00"]])
def test_an_offset_with_a_minus_is_a_value_and_no_option(words: list[str]) -> None:
    assert arguments(*words).tz == "-07:00"


def test_without_options_the_shipped_recording_is_replayed() -> None:
    replayed = parse(arguments())
    assert (replayed.sun, replayed.recording) == (site.EXAMPLE, None)


def test_every_option_reaches_the_site(recorded: Recorded) -> None:
    path = recorded(f"when,kW\n{ROWS}")
    words = "--columns time=when,power_kw=#2 --days 2026-07-02..2026-07-03 --tz +05:45 --scale 2.5"
    replayed = parse(
        arguments("--recording", str(path), "--nameplate", "9000", "--poll-interval", "450", *words.split())
    )
    sun = replayed.sun
    assert replayed.recording == path.read_bytes()
    assert sun.columns == (("time", "when"), ("power_kw", "#2"))
    assert (sun.first_day, sun.days, sun.utc_offset_s, sun.scale) == (date(2026, 7, 2), 2, 20_700, Decimal("2.5"))
    assert (sun.nameplate_w, sun.poll_interval_s, sun.cut_every_s) == (9000, 450, 900)


def test_without_days_the_first_three_whole_days_with_data_are_taken(recorded: Recorded) -> None:
    late = PLAIN.replace("2026-07-01 00:00:00,0\n", "")
    assert parse(arguments("--recording", str(recorded(PLAIN)))).sun.first_day == date(2026, 7, 1)
    sun = parse(arguments("--recording", str(recorded(late)))).sun
    assert (sun.first_day, sun.days) == (date(2026, 7, 2), 3)


def test_a_day_without_a_usable_row_interrupts_the_first_three(recorded: Recorded) -> None:
    lines = [line for line in PLAIN.splitlines() if not line.startswith("2026-07-02")]
    sun = parse(arguments("--recording", str(recorded("\n".join(lines))))).sun
    assert (sun.first_day, sun.days) == (date(2026, 7, 3), 3)
    lines = [line for line in lines if not line.startswith("2026-07-05")]
    replayed = parse(arguments("--recording", str(recorded("\n".join(lines)))))
    assert (replayed.sun.first_day, replayed.sun.days) == (date(2026, 7, 3), 2)
    replayed = parse(arguments("--recording", str(recorded("\n".join(lines))), "--days", "2026-07-01..2026-07-04"))
    assert (replayed.sun.days, replayed.days_without_rows) == (4, 1)


def test_a_nameplate_that_nobody_names_comes_from_the_recording_and_rare_sentinels_do_not_move_it(
    recorded: Recorded,
) -> None:
    text = PLAIN.replace("2026-07-01 05:00:00,3\n", "2026-07-01 05:00:00,65535\n")
    assert text != PLAIN
    assert parse(arguments("--recording", str(recorded(text)))).sun.nameplate_w == 6000


NOT_UTF8 = b"time,power_w\n2026-07-01 00:00:00,1\n\xff\n"


@pytest.mark.parametrize(
    ("text", "words", "said"),
    [
        (f"ts,kw\n{ROWS}", "", ["line 1", "no column `time`", "ts, kw"]),
        (PLAIN, "--columns time=ts", ["line 1", "no column `ts`", "time, power_kw"]),
        (PLAIN, "--columns power_kw=#3", ["line 1", "no column #3", "has 2"]),
        (f"time,watts\n{ROWS}", "", ["line 1", "exactly one of", "power_kw=NAME"]),
        (f"time,kw,kw\n{ROWS}", "--columns power_kw=kw", ["line 1", "two columns", "#1"]),
        (ROWS, "--columns time=#1,power_kw=#2", ["line 1", "must be a header"]),
        (PLAIN, "--columns watts=x", ["--columns", "watts=x", "time=ts"]),
        (PLAIN, "--columns power_kw", ["--columns", "power_kw"]),
        (PLAIN, "--columns power_kw=a,power_w=b", ["--columns", "more than one value"]),
        (PLAIN + "noon,1\n", "", ["line 122", "'noon' is not a time"]),
        (PLAIN + "2026-07-06 00:00:00,much\n", "", ["line 122", "'much' is not a number"]),
        (PLAIN + "2026-07-06 00:00:00.5,1\n", "", ["line 122", "whole second"]),
        (
            PLAIN,
            "--days 2027-01-01..2027-01-03",
            ["no row on 2027-01-01..2027-01-03", "2026-07-01..2026-07-0", "--days"],
        ),
        (PLAIN, "--days 2026-07-03..2026-07-01", ["--days", "is before"]),
        (PLAIN, "--days yesterday", ["--days", "'yesterday'", "2016-03-10..2016-03-12"]),
        (PLAIN, "--days 2026-02-30", ["--days", "2026-02-30"]),
        (PLAIN, "--days 2020-01-01..2026-01-01", ["--days", "at most 366"]),
        (PLAIN, "--tz MST", ["--tz", "'MST'", "-07:00"]),
        (PLAIN, "--tz -7", ["--tz", "'-7'"]),
        (PLAIN, "--tz +15:00", ["--tz", "+14:00"]),
        (PLAIN, "--tz +00:20", ["--tz", "quarters"]),
        (PLAIN, "--scale 0", ["--scale", "'0'"]),
        (PLAIN, "--scale many", ["--scale", "'many'"]),
        (PLAIN, "--nameplate 0", ["--nameplate", "0 W"]),
        (PLAIN, "--poll-interval 7", ["--poll-interval", "7 s"]),
        (PLAIN, "--poll-interval 3600 --tz +05:45", ["--poll-interval", "+05:45"]),
        (PLAIN, "--scale 1000000", ["above 100000000 W", "another unit"]),
        ("time,power_w\n", "", ["two different times", "has none"]),
        ("", "", ["line 1", "no column `time`"]),
        ("time,power_w\n2026-07-01 10:00Z,1\n2026-07-01 11:00Z,1\n", "", ["no whole day", "--days 2026-07-01"]),
        ("time,power_w\n2026-07-01 10:00Z,\n2026-07-01 11:00Z,\n", "", ["none of the 2 rows"]),
    ],
)
def test_what_cannot_be_followed_is_one_line_and_exit_code_2(  # noqa: PLR0917 two of them are fixtures of pytest
    recorded: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, words: str, said: list[str]
) -> None:
    path = recorded(text)
    assert run(["demo", "--headless", "--dir", str(tmp_path / "run"), "--recording", str(path), *words.split()]) == 2
    heard = capsys.readouterr().err.strip()
    assert len(heard.splitlines()) == 1
    for part in said:
        assert part in heard
    assert heard.startswith("helioracle: --")
    assert "--recording" not in heard or str(path) in heard
    assert not (tmp_path / "run").exists()


def test_a_file_that_is_missing_or_not_text_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "roof.csv"
    assert run(["demo", "--recording", str(path)]) == 2
    assert f"{path}: cannot be read" in capsys.readouterr().err
    path.write_bytes(NOT_UTF8)
    assert run(["demo", "--recording", str(path)]) == 2
    assert f"{path}: line 3: is not UTF-8" in capsys.readouterr().err


def test_results_that_could_not_be_written_are_refused_before_the_run(
    recorded: Recorded, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = recorded(PLAIN)
    for target in (tmp_path / "nowhere" / "result.json", tmp_path):
        assert run(["demo", "--recording", str(path), "--dir", str(tmp_path / "run"), "--json", str(target)]) == 2
        assert f"--json {target}: cannot be written" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_folder_that_cannot_be_made_is_one_line(recorded: Recorded, capsys: pytest.CaptureFixture[str]) -> None:
    path = recorded(PLAIN)
    assert run(["demo", "--headless", "--recording", str(path), "--dir", f"{path}/run"]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith(f"helioracle: {path}/run")
    assert len(said.splitlines()) == 1


def test_a_counter_taken_for_energy_is_said_on_standard_error(
    recorded: Recorded, capsys: pytest.CaptureFixture[str]
) -> None:
    counter = "".join(f"2026-07-0{1 + at // 24} {at % 24:02d}:00:00,{at * 7}\n" for at in range(72))
    assert parse(arguments("--recording", str(recorded(f"time,energy_wh\n{counter}")))).looks_cumulative
    assert not parse(arguments("--recording", str(recorded(PLAIN)))).looks_cumulative
    assert not parse(arguments()).looks_cumulative
    path = recorded(f"time,energy_wh\n{counter}")
    # The folder cannot be made: the warning comes before anything is started.
    assert run(["demo", "--headless", "--recording", str(path), "--dir", f"{path}/run"]) == 2
    assert "nearly always rise, as a counter's do" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words", [["--tz", "+00:00"], ["--columns", "time=ts"], ["--scale", "2"], ["--nameplate", "5"]]
)
def test_what_describes_a_recording_needs_one(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", *words]) == 2
    assert "--recording FILE" in capsys.readouterr().err


@pytest.mark.parametrize("offset_s", range(-12 * 3600, 14 * 3600 + 1, 900))
def test_the_peak_band_is_the_same_local_hours_at_every_offset(offset_s: int) -> None:
    sun = site.Sun(utc_offset_s=offset_s)
    zone = ZoneInfo(sun.band_zone)
    for wanted, shown in zip(site.PEAK, sun.band_peak, strict=True):
        instant = datetime.fromisoformat(f"2026-07-01 {shown}").replace(tzinfo=zone).astimezone(UTC)
        assert f"{instant + timedelta(seconds=offset_s):%Y-%m-%d %H:%M}" == f"2026-07-01 {wanted}"
    assert datetime.fromisoformat(f"2026-07-01 00:00:00{sun.utc_offset}").utcoffset() == timedelta(seconds=offset_s)
    assert (86_400 % sun.cut_every_s, offset_s % sun.cut_every_s) == (0, 0)


@pytest.mark.parametrize(
    ("offset_s", "poll_s", "cut_s"),
    [(0, 300, 900), (-25_200, 600, 1200), (20_700, 450, 900), (0, 3600, 3600), (3600, 1800, 1800), (0, 10, 900)],
)
def test_batches_end_at_every_midnight_whatever_the_poll_interval(offset_s: int, poll_s: int, cut_s: int) -> None:
    assert site.Sun(utc_offset_s=offset_s, poll_interval_s=poll_s).cut_every_s == cut_s


def test_a_simulator_that_cannot_replay_its_recording_says_so_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["init", str(tmp_path / "site")]) == 0
    config = tmp_path / "site" / "sim.toml"
    (tmp_path / "site" / "roof.csv").write_text(PLAIN.replace("2026-07-01 02:00:00,4", "2026-07-01 02:00:00,four"))
    config.write_text(config.read_text().replace("builtin:serf-east", "roof.csv"))
    capsys.readouterr()
    assert run(["sim", "run", "--config", str(config)]) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert f"{config}: roof.csv: line 4: 'four' is not a number" in said
