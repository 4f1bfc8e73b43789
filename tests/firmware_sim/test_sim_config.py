from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

import firmware_sim.config
from firmware_sim.config import SimConfig, load
from firmware_sim.core.faults import FaultKind
from firmware_sim.core.tariff import Band
from firmware_sim.errors import DeviceImpossible, RecordingRefused
from firmware_sim.service import NowClock, SimService
from runtime.errors import ConfigError

WriteConfig = Callable[..., SimConfig]


def test_the_file_is_read_as_it_stands(write_config: WriteConfig, tmp_path: Path) -> None:
    config = write_config()
    assert (config.first_day, config.days, config.utc_offset_s) == (date(2016, 7, 5), 3, -7 * 3600)
    a, b = config.lines
    assert [inverter.scale_factor for inverter in a.inverters] == [0, 1, -1, 2]
    assert a.link == tmp_path / "run/line-a"
    assert b.meters[0].tariff_start_wh == (2_560, 190, 380, 33_170)
    assert b.meters[0].bands == (Band(0, 2), Band(8 * 3600, 1), Band(17 * 3600, 3), Band(21 * 3600, 2))
    assert config.faults.of("SIM-0001", 1) is None


def test_the_example_in_the_documentation_is_a_configuration(tmp_path: Path, world: NowClock) -> None:
    text = firmware_sim.config.__doc__ or ""
    example, asset = text.index("asset ="), text.index("[[meter]]")
    path = tmp_path / "sim.toml"
    path.write_text(text[example : text.index("The asset file says where the replay")])
    more = text[asset:].replace("SE-0001", "DL-0005").replace("12_345_678, step_wh = 1", "363_000, step_wh = 10")
    (tmp_path / "asset.toml").write_text(text[asset:] + more)
    service = SimService(load(path), world)
    assert service.recording_counts.used == 293
    assert set(service.lines) == {"line-a", "line-b"}


def test_faults_are_configured_by_kind_and_by_script(write_config: WriteConfig) -> None:
    extra = '\n[faults]\nseed = 7\nslow_ms = 20\ncrc_ppm = 1000\n[[faults.script]]\ndevice = "GRID"\nanswer = 3\nkind = "zero"\n'
    faults = write_config(extra=extra).faults
    assert (faults.seed, faults.slow_ms, faults.rates_ppm[FaultKind.CRC]) == (7, 20, 1000)
    fault = faults.of("GRID", 3)
    assert fault is not None
    assert fault.kind is FaultKind.ZERO


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("scale_factor = 0\n", "scale_factor = 0\nstep = 1\n"), r"sim.toml: line\[0\].inverter\[0\].step"),
        (("start_wh = 12_345_678", "start_wh = 0"), r"asset.toml: meter\[0\].replay.start_wh"),
        (("builtin:serf-east", "builtin:nowhere"), "recording"),
        (("builtin:serf-east", "nowhere.csv"), "recording"),
        (("first_day = 2016-07-05", 'first_day = "2016-07-05"'), "first_day"),
        (('utc_offset = "-07:00"', 'utc_offset = "MST"'), "utc_offset"),
        (('"modbus-rtu"', '"modbus-tcp"'), r"line\[0\].protocol"),
        (('name = "b"', 'name = "a"'), "line"),
        (('serial = "SIM-0002"\nunit', 'serial = "SIM-0001"\nunit'), r"line.*serial"),
        (('serial = "SIM-0002"\nunit', 'serial = "REAL-1"\nunit'), r"line\[0\].inverter\[1\].serial"),
        (("step_wh = 1 }", "step_wh = 1, setp_wh = 2 }"), r"asset.toml: meter\[0\].replay.setp_wh"),
        (('asset = "asset.toml"', 'asset = "nowhere.toml"'), "sim.toml: asset"),
        (("days = 3\n", "days = 3\nscale = 0\n"), "scale"),
        (("days = 3\n", 'days = 3\ncolumns = { when = "ts" }\n'), "columns.when"),
        (("days = 3\n", 'days = 3\ncolumns = { time = "" }\n'), "columns.time"),
        (("unit = 2", "unit = 1"), "line a"),
        (('from = "08:00"', 'from = "24:00"'), r"band\[1\].from"),
        (('from = "00:00"', 'from = "01:00"'), "band"),
        (("t4 = 33_170", "t5 = 33_170"), "tariff_start_wh.t4"),
        (("[[line]]", "[faults]\ncrc_ppm = 600_000\nsilence_ppm = 600_000\n[[line]]"), r"_ppm"),
        (
            ("[[line]]", '[[faults.script]]\ndevice = "nobody"\nanswer = 1\nkind = "crc"\n[[line]]'),
            "faults.script",
        ),
    ],
)
def test_a_bad_file_is_refused_by_field(write_config: WriteConfig, change: tuple[str, str], field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        write_config(change=change)


def test_a_device_that_cannot_be_is_refused_by_name(write_config: WriteConfig, world: NowClock) -> None:
    config = write_config(change=("step_wh = 100 ", "step_wh = 150 "))
    with pytest.raises(DeviceImpossible, match="SIM-0004"):
        SimService(config, world)


def test_days_that_the_recording_does_not_have_are_refused(write_config: WriteConfig, world: NowClock) -> None:
    config = write_config(change=("2016-07-05", "2016-07-09"))
    with pytest.raises(RecordingRefused, match="no row on the 3 days from 2016-07-09"):
        SimService(config, world)


def test_a_recording_of_ones_own_is_found_beside_the_file(
    write_config: WriteConfig, world: NowClock, tmp_path: Path
) -> None:
    (tmp_path / "own.csv").write_text("time,energy_kwh\n2016-07-05 10:00:00,1.5\n2016-07-05 11:00:00,2\n")
    service = SimService(write_config(change=("builtin:serf-east", "own.csv")), world)
    assert service.replay.energy_ws(service.replay.end) == 3_500 * 3600


def test_a_recording_may_name_its_columns_otherwise_and_be_normalised(
    write_config: WriteConfig, world: NowClock, tmp_path: Path
) -> None:
    (tmp_path / "own.csv").write_text("site,when,share\nx,2016-07-05 10:00:00,0.5\nx,2016-07-05 11:00:00,0\n")
    keys = 'own.csv"\ncolumns = { time = "when", power_kw = "#3" }\nscale = 2.5'
    config = write_config(change=('builtin:serf-east"', keys))
    assert dict(config.columns) == {"time": "when", "power_kw": "#3"}
    service = SimService(config, world)
    assert service.replay.energy_ws(service.replay.end) == 1_250 * 3600


def test_a_row_that_cannot_be_read_is_named_by_file_and_line(
    write_config: WriteConfig, world: NowClock, tmp_path: Path
) -> None:
    (tmp_path / "own.csv").write_text("time,power_w\n2016-07-05 10:00:00,much\n")
    with pytest.raises(RecordingRefused, match=r"own\.csv: line 2: 'much' is not a number"):
        SimService(write_config(change=("builtin:serf-east", "own.csv")), world)


def test_a_recording_that_is_no_text_is_refused(write_config: WriteConfig, world: NowClock, tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RecordingRefused, match="UTF-8"):
        SimService(write_config(change=("builtin:serf-east", "own.csv")), world)


def test_a_fixed_chain_time_wins_over_the_worlds(write_config: WriteConfig, world: NowClock) -> None:
    config = write_config(change=("days = 3", "days = 3\nnot_before_unix_s = 1_500_000_000"))
    assert 1_500_000_000 < SimService(config, world).replay.start <= 1_500_000_000 + 7 * 86_400
