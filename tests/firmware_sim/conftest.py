from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from firmware_sim.config import SimConfig, load
from firmware_sim.core.recorded_rows import parse_recording
from firmware_sim.core.recording import Recording
from firmware_sim.core.replay import Replay

ASSET_TOML = """
asset = "the oracle reads the rest of this file"

[[meter]]
serial = "SIM-0001"
replay = { weight_ppm = 1_000_000, start_wh = 12_345_678, step_wh = 1 }
[[meter]]
serial = "SIM-0002"
replay = { weight_ppm = 2_400_000, start_wh = 7_654_320, step_wh = 10 }
[[meter]]
serial = "SIM-0003"
replay = { weight_ppm = 800_000, start_wh = 42_000, step_wh = 1 }
[[meter]]
serial = "SIM-0004"
replay = { weight_ppm = 9_000_000, start_wh = 990_000_000, step_wh = 100 }
[[meter]]
serial = "METER-5"
replay = { weight_ppm = 1_500_000, start_wh = 36_300, step_wh = 10 }
[[meter]]
serial = "GRID"
replay = { weight_ppm = 14_500_000, start_wh = 1_000_000, step_wh = 10 }
[[meter]]
serial = "REAL-1"
"""

SIM_TOML = """
asset = "asset.toml"
recording = "builtin:serf-east"
nameplate_w = 6000
utc_offset = "-07:00"
first_day = 2016-07-05
days = 3

[[line]]
name = "a"
protocol = "modbus-rtu"
link = "run/line-a"
[[line.inverter]]
serial = "SIM-0001"
unit = 1
scale_factor = 0
[[line.inverter]]
serial = "SIM-0002"
unit = 2
scale_factor = 1
[[line.inverter]]
serial = "SIM-0003"
unit = 3
scale_factor = -1
[[line.inverter]]
serial = "SIM-0004"
unit = 4
scale_factor = 2

[[line]]
name = "b"
protocol = "dlt645"
[[line.meter]]
serial = "METER-5"
address = "000000193600"
tariff_start_wh = { t1 = 2_560, t2 = 190, t3 = 380, t4 = 33_170 }
[[line.meter.band]]
from = "00:00"
tariff = 2
[[line.meter.band]]
from = "08:00"
tariff = 1
[[line.meter.band]]
from = "17:00"
tariff = 3
[[line.meter.band]]
from = "21:00"
tariff = 2
[[line.meter]]
serial = "GRID"
address = "000000000042"
reverse_wh = 123_450
"""

# 2026-11-22 10:00 UTC, a Sunday.
CHAIN_TIME = 1_795_341_600


class FrozenWorld:
    """A world clock that stands where it was put."""

    def __init__(self, instant: int) -> None:
        self.instant = instant

    def now(self) -> int:
        return self.instant


@pytest.fixture
def world() -> FrozenWorld:
    return FrozenWorld(CHAIN_TIME)


@pytest.fixture
def write_config(tmp_path: Path) -> Callable[..., SimConfig]:
    """Write the plant above, with additions, and load it."""

    def write(*, extra: str = "", change: tuple[str, str] = ("", "")) -> SimConfig:
        path = tmp_path / "sim.toml"
        old, new = change
        assert old in SIM_TOML + ASSET_TOML
        path.write_text((SIM_TOML.replace(old, new, 1) if old else SIM_TOML) + extra)
        (tmp_path / "asset.toml").write_text(ASSET_TOML.replace(old, new, 1) if old else ASSET_TOML)
        return load(path)

    return write


@pytest.fixture(scope="session")
def serf_east() -> Recording:
    text = (Path(__file__).parents[2] / "firmware_sim/recordings/serf-east-3-days.csv").read_text()
    return parse_recording(text, utc_offset_s=-7 * 3600, nameplate_w=6000)


@pytest.fixture(scope="session")
def replay(serf_east: Recording) -> Replay:
    return Replay.after(serf_east, first_day=date(2016, 7, 5), days=3, utc_offset_s=-7 * 3600, instant=CHAIN_TIME)
