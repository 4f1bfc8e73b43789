"""A machine as the units of deploy/systemd make it, without systemd: their users, and a system of which they see and write what they may.

Each service runs in a mount namespace of its own. `/etc` there is a copy with the units' users and `/etc/helioracle`, the clone stands at
`/opt/helioracle`, and `/var/lib/helioracle` is a folder of the test. Homes and `/tmp` are empty, but for the clone and its Python where
they stand there. All but `/tmp` and the unit's `ReadWritePaths` is read-only. What isn't imitated: filters of system calls and of devices,
and systemd's own restarts.
"""

import configparser
import shutil
import subprocess
import sys
from pathlib import Path

from tests.plant.missing import missing

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "deploy" / "systemd"
_STOP_S = 60  # TimeoutStopSec

_ROOMS = """
set -eu
mount --bind "$MACHINE/etc" /etc
mount -t tmpfs -o mode=0755 none /opt
mkdir /opt/helioracle
mount --bind "$CLONE" /opt/helioracle
mount -t tmpfs -o mode=0755 none /var/lib
mkdir /var/lib/helioracle
mount --bind "$MACHINE/data" /var/lib/helioracle
mkdir /opt/python
mount --bind "$PYTHON" /opt/python
for home in /root /home; do mount -t tmpfs -o mode=0755 none "$home"; done
mount -t tmpfs -o mode=1777 none /tmp
[ -d "$PYTHON" ] || { mkdir -p "$PYTHON"; mount --bind /opt/python "$PYTHON"; }
[ -d "$CLONE" ] || { mkdir -p "$CLONE"; mount --bind /opt/helioracle "$CLONE"; }
for room in / /etc /opt /opt/helioracle /opt/python /var/lib /root /home; do mount -o remount,bind,ro "$room"; done
cd /
"""


def needs_rooms() -> None:
    """For tests that need mount namespaces, which takes root."""
    tried = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tmpfs", "none", "/opt"], capture_output=True, check=False
    )
    if tried.returncode != 0:
        missing("making a mount namespace takes root")


class UnitMachine:
    """One machine and the services that run on it."""

    def __init__(self, folder: Path, site: Path) -> None:
        """`site`: configuration and keys, which become `/etc/helioracle`."""
        self.folder = folder
        self.config = folder / "etc/helioracle"
        self.data = folder / "data"
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        shutil.copytree("/etc", folder / "etc", symlinks=True)
        shutil.copytree(site, self.config, symlinks=True)
        self.data.mkdir(mode=0o755)
        for path in (folder, self.config, self.config / "keys", *folder.parents[:-2]):
            path.chmod(path.stat().st_mode | 0o055)  # pytest's folders are for its user alone
        users = ["systemd-sysusers", f"--root={folder}", str(UNITS / "helioracle.sysusers")]
        subprocess.run(users, check=True, capture_output=True)

    def do(self, command: str) -> str:
        """What root types on the machine, at `/opt/helioracle`, before it goes read-only to the services."""
        rooms = _ROOMS[: _ROOMS.index("for room")]
        return self._shell(rooms + "cd /opt/helioracle\n" + command)

    def start(self, name: str) -> None:
        """`ExecStart` of the service's unit, as the unit's user, with no more than the unit leaves it."""
        service = unit(name)
        writable = service["ReadWritePaths"]
        # The folders below /var/lib/helioracle that aren't the unit's own are read-only as the rest.
        rooms = f"mount --bind {writable} {writable}\nmount -o remount,bind,ro /var/lib/helioracle\n"
        drop = (
            f"--reuid {service['User']} --regid {service['Group']} --init-groups --no-new-privs "
            "--bounding-set=-all --inh-caps=-all"
        )
        environment = (
            f"PATH=/usr/bin:/bin LANG=C.UTF-8 USER={service['User']} LOGNAME={service['User']} HOME=/ SHELL=/bin/sh"
        )
        start = f"umask {service['UMask']}\nexec setpriv {drop} env -i {environment} {service['ExecStart']}\n"
        with self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", _ROOMS + rooms + start],
                env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def alive(self, name: str) -> bool:
        return self._running[name].poll() is None

    def wait(self, name: str) -> int:
        """The exit code of a service that ends by itself."""
        return self._running.pop(name).wait(_STOP_S)

    def stop_all(self) -> dict[str, int]:
        """SIGTERM to each, as `systemctl stop` does; returns the exit codes."""
        for process in self._running.values():
            process.terminate()
        try:
            return {name: process.wait(_STOP_S) for name, process in self._running.items()}
        finally:
            for process in self._running.values():
                process.kill()
            self._running.clear()

    def said(self, name: str) -> str:
        return self._log(name).read_text("utf-8")

    def _shell(self, script: str) -> str:
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", script],
            env=self._environment(), capture_output=True, text=True, check=False, timeout=_STOP_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
            "MACHINE": str(self.folder),
            "CLONE": str(ROOT),
            "PYTHON": sys.base_prefix,
        }

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def unit(name: str) -> configparser.SectionProxy:
    """The `[Service]` of the unit of `name`; of a key that stands several times, the last."""
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign] # its documented way to keep the case of keys
    read.read_string((UNITS / f"helioracle-{name}.service").read_text("utf-8"))
    return read["Service"]
