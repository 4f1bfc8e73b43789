"""Debian's Mosquitto, run from the configuration that we ship."""

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest

from cli.main import run
from tests.plant.missing import missing

ROOT = Path(__file__).parents[2]
MOSQUITTO = Path("/usr/sbin/mosquitto")


def needs_mosquitto() -> None:
    """Skip by name where it is not installed; in CI that is a failure."""
    if not MOSQUITTO.exists():
        missing("mosquitto is missing: run `make system`")


class Mosquitto:
    """The broker at one port, from a configuration file, killed and started again."""

    def __init__(self, config: Path, port: int) -> None:
        self.port = port
        self._config = config
        self._process: subprocess.Popen[str] | None = None
        self._reading: Thread | None = None

    def start(self) -> None:
        process = subprocess.Popen([MOSQUITTO, "-c", self._config], stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        self._process = process
        said = []
        for line in process.stderr:
            said.append(line)
            if "running" in line:
                break
        else:
            pytest.fail("mosquitto ended: " + "".join(said))
        # It says who comes and goes: where nobody reads that the pipe fills, and it stands still.
        self._reading = Thread(target=process.stderr.read)
        self._reading.start()

    def kill(self) -> None:
        """As the power does: what is in its memory and not yet in its database is lost."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.stderr is None:
            return
        process.send_signal(number)
        process.wait(30)
        if self._reading is not None:
            self._reading.join(30)
        process.stderr.close()


@contextmanager
def mosquitto(folder: Path, *gateways: str) -> Iterator[Mosquitto]:
    """The broker with our configuration, certificates of our making, and a free port.

    The certificates of `oracle` and of each gateway stand in `folder/certs`, what the broker keeps in `folder/mosquitto`.
    """
    certs = folder / "certs"
    names = [word for name in gateways for word in ("--gateway", name)]
    assert run(["certs", str(certs), *names]) == 0
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = folder / "mosquitto"
    data.mkdir()
    shipped = (ROOT / "deploy/mosquitto/mosquitto.conf").read_text("utf-8")
    text = shipped.replace("/etc/mosquitto/certs/", f"{certs}/").replace("/var/lib/mosquitto/", f"{data}/")
    text = text.replace("/etc/mosquitto/helioracle.acl", str(ROOT / "deploy/mosquitto/helioracle.acl"))
    text = text.replace("listener 8883", f"listener {port} 127.0.0.1")
    assert str(port) in text
    assert "/etc/" not in re.sub("#.*", "", text)
    config = folder / "mosquitto.conf"
    text += "\nlog_type information\n"  # says when it runs
    # As root it would become the user mosquitto, who cannot read a test's folder.
    config.write_text(text + "user root\n" if os.getuid() == 0 else text, "utf-8")
    broker = Mosquitto(config, port)
    broker.start()
    try:
        yield broker
    finally:
        broker.stop()
