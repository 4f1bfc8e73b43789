"""deploy/systemd: every service has a unit that starts what the command line knows, as a user of its own, held tight."""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli import parser
from tests.plant.missing import missing

FOLDER = Path(__file__).parents[2] / "deploy" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
PROGRAM = "/opt/helioracle/.venv/bin/helioracle"
HELD = {
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "CapabilityBoundingSet": "",
    "RestrictNamespaces": "yes",
    "SystemCallFilter": "@system-service",
    "Restart": "always",
    "RestartPreventExitStatus": "2",
}


def _read(path: Path) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(strict=False, interpolation=None)  # a key may stand several times
    unit.optionxform = str  # type: ignore[assignment,method-assign] # its documented way to keep the case of keys
    unit.read_string(path.read_text("utf-8"))
    return unit


def test_every_service_has_its_unit() -> None:
    assert [path.stem for path in UNITS] == [f"helioracle-{name}" for name in ("api", "gateway", "keeper", "oracle")]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_starts_a_command_that_exists_as_its_own_user_and_is_held_tight(path: Path) -> None:
    unit = _read(path)
    service = unit["Service"]
    program, *arguments = service["ExecStart"].split()
    assert program == PROGRAM
    name = path.stem.removeprefix("helioracle-")
    parsed = parser.build().parse_args(arguments)  # exits with 2 where it is none
    assert parsed.module
    assert parsed.config == Path(f"/etc/helioracle/{name}.toml")
    assert service["User"] == f"helioracle-{name}"
    assert service["User"] in (FOLDER / "helioracle.sysusers").read_text("utf-8")
    assert service["ReadWritePaths"].startswith("/var/lib/helioracle/")
    assert service["Type"] in ("exec", "simple", "notify")
    assert {key: service[key] for key in HELD} == HELD
    assert unit["Install"]["WantedBy"] == "multi-user.target"


def test_systemd_itself_finds_nothing_wrong(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        missing("systemd-analyze is missing; `make system` installs it")
    copies = []
    for path in UNITS:
        # The program is not installed where the units look for it; everything else is as it is.
        copies.append(tmp_path / path.name)
        copies[-1].write_text(path.read_text("utf-8").replace(PROGRAM, sys.executable))
    done = subprocess.run(
        [analyze, "verify", "--recursive-errors=no", *map(str, copies)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = [line for line in done.stderr.splitlines() if "helioracle" in line]
    assert (done.returncode, said) == (0, []), done.stderr
