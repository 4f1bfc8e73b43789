"""Debian's Mosquitto, run from the configuration that we ship."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.main import run

ROOT = Path(__file__).parents[2]
MOSQUITTO = Path("/usr/sbin/mosquitto")


def needs_mosquitto() -> None:
    """Skip by name where it is not installed; in CI that is a failure."""
    if not MOSQUITTO.exists():
        if os.environ.get("CI") == "true":
            pytest.fail("mosquitto is missing: run `make system`")
        pytest.skip("mosquitto is missing: run `make system`")


@contextmanager
def mosquitto(folder: Path, *gateways: str) -> Iterator[int]:
    """The broker with our configuration, certificates of our making, and a free port; yields the port.

    The certificates of `oracle` and of each gateway stand in `folder/certs`.
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
    process = subprocess.Popen([MOSQUITTO, "-c", config], stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = []
    try:
        for line in process.stderr:
            said.append(line)
            if "running" in line:
                break
        else:
            pytest.fail("mosquitto ended: " + "".join(said))
        yield port
    finally:
        process.terminate()
        process.wait(30)
        process.stderr.close()
