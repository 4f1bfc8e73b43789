"""What a service says of itself on disk, and `helioracle ... status` that shows it."""

import json
import signal
import threading
from pathlib import Path

import pytest

from cli import status_file
from cli.main import run
from cli.status_file import STALE_S, StatusWriter
from tests.plant.until import until
from tests.processes.service_processes import Processes


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "gateway.toml"
    path.write_text('outbox = "data/outbox.sqlite"\n')
    (tmp_path / "data").mkdir()
    return path


def _shown(config: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, object]]:
    code = run(["gateway", "status", "--config", str(config), "--json"])
    return code, dict(json.loads(capsys.readouterr().out))


def test_a_running_service_is_shown_and_so_is_a_stopped_one(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = status_file.path_of("gateway", config)
    assert path == config.parent / "data/outbox.sqlite.gateway-status.json"
    counts = {"slots": 1}
    writer = StatusWriter(path, "gateway", lambda: {"slots": counts["slots"], "alarms": [], "uplink": {"stored": 7}})
    writer.start()
    code, shown = _shown(config, capsys)
    assert (code, shown["state"], shown["status"]) == (
        0,
        "running",
        {"slots": 1, "alarms": [], "uplink": {"stored": 7}},
    )
    assert int(str(shown["age_s"])) <= STALE_S
    counts["slots"] = 2
    writer.stop(failed=False)
    code, shown = _shown(config, capsys)
    assert (code, shown["state"]) == (1, "stopped")
    assert shown["status"] == {"slots": 2, "alarms": [], "uplink": {"stored": 7}}
    assert run(["gateway", "status", "--config", str(config)]) == 1
    said = capsys.readouterr().out
    assert said.startswith("gateway: stopped")
    assert "    stored: 7" in said
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_it_is_written_again_and_again(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(status_file, "EVERY_S", 0.01)
    thrice = threading.Semaphore(0)

    def status() -> dict[str, object]:
        thrice.release()
        return {}

    writer = StatusWriter(status_file.path_of("gateway", config), "gateway", status)
    writer.start()
    for _ in range(3):
        assert thrice.acquire(timeout=60)
    writer.stop(failed=False)


def test_a_service_that_was_killed_falls_silent(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = status_file.path_of("gateway", config)
    StatusWriter(path, "gateway", dict).write("running")
    document = json.loads(path.read_text())
    document["written"] -= STALE_S + 5
    path.write_text(json.dumps(document))
    code, shown = _shown(config, capsys)
    assert (code, shown["state"]) == (1, "silent")


def test_a_failure_is_shown_even_when_the_status_cannot_be_told(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def status() -> dict[str, object]:
        raise RuntimeError("closed")

    StatusWriter(status_file.path_of("gateway", config), "gateway", status).write("failed")
    code, shown = _shown(config, capsys)
    assert (code, shown["state"]) == (1, "failed")
    assert "closed" in str(shown["status"])


def test_a_folder_that_cannot_be_written_stops_nothing_and_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    writer = StatusWriter(tmp_path / "none" / "status.json", "api", dict)
    writer.write("running")
    writer.write("running")
    assert len([record for record in caplog.records if "no status is written" in record.message]) == 1


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"service": "gateway"}', "\x00"])
def test_no_status_and_a_damaged_one_are_one_line(text: str, config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gateway", "status", "--config", str(config)]) == 2
    assert "helioracle gateway run" in capsys.readouterr().err
    status_file.path_of("gateway", config).write_text(text)
    assert run(["gateway", "status", "--config", str(config)]) == 2
    assert "gateway-status.json" in capsys.readouterr().err


def test_a_keepers_options_say_what_does_not_go_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for options, said in (
        (["--rpc-url", "http://127.0.0.1:1"], "--once"),
        (["--once", "--rpc-url", "http://127.0.0.1:1"], "--ledger"),
        (["--every", "0"], "--every 0"),
        (["--config", str(tmp_path / "none.toml")], "none.toml"),
    ):
        assert run(["keeper", "run", *options]) == 2
        assert said in capsys.readouterr().err


def test_the_keepers_file_is_closed_and_hides_the_address(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site"
    assert run(["init", str(site), "--first-day", "2026-12-01"]) == 0
    (site / "oracle/ledger.sqlite").touch()
    path = site / "keeper.toml"
    good = path.read_text()
    for bad, said in (
        ("colour = 1\n" + good, "colour"),
        (good.replace("http://127.0.0.1:8545", "ftp://secret-token"), "rpc_url"),
        (good.replace("skip = []", 'skip = ["me"]'), "skip"),
        (good, "asset deploy"),
    ):
        path.write_text(bad)
        assert run(["keeper", "run", "--config", str(path)]) == 2
        shown = capsys.readouterr().err
        assert said in shown
        assert "secret-token" not in shown


def test_a_service_that_cannot_start_says_why_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = tmp_path / "site"
    assert run(["init", str(site), "--first-day", "2026-12-01"]) == 0
    capsys.readouterr()
    assert run(["oracle", "run", "--config", str(site / "oracle.toml")]) == 1
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert "ledger.sqlite" in said
    assert said.startswith("helioracle: oracle: ")


def test_a_crash_of_the_interpreter_itself_says_where_it_was(tmp_path: Path) -> None:
    assert run(["init", str(tmp_path)]) == 0
    running = Processes(tmp_path)
    running.start("sim")
    until(lambda: "sim runs" in running.said("sim"), within_s=60)
    running.kill("sim", signal.SIGSEGV)
    said = running.said("sim")
    assert "Fatal Python error: Segmentation fault" in said
    assert "cli/serve.py" in said
