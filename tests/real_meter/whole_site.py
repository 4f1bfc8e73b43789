"""Foreign devices as processes, wires to them, and the gateway's own process."""

import json
import os
import select
import signal
import subprocess
import sys
import threading
import tty
from pathlib import Path
from typing import Any

from evidence import batch
from evidence.binding import sign_binding
from evidence.header import Kind
from evidence.reading import Reading
from gateway.lines.config import MeterConfig
from runtime.key_files import write_signer
from tests.plant.edge_site import meter_config
from tests.plant.fake_oracle import FakeOracle
from tests.plant.signer import private_key_of, signer_of

DEVICE = Path(__file__).with_name("foreign_device.py")
ROOT = Path(__file__).parents[2]


class Wire:
    """A null modem: two ptys, and a thread that carries bytes between them."""

    def __init__(self) -> None:
        pairs = [os.openpty(), os.openpty()]
        for _, slave in pairs:
            tty.setraw(slave)
        self.ends = [os.ttyname(slave) for _, slave in pairs]
        self._fds = [fd for pair in pairs for fd in pair]
        self._masters = [master for master, _ in pairs]
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._carry)
        self._thread.start()

    def _carry(self) -> None:
        there, back = self._masters
        while True:
            readable, _, _ = select.select([there, back, self._wake_read], [], [])
            if self._wake_read in readable:
                return
            for end in readable:
                os.write(back if end == there else there, os.read(end, 4096))

    def close(self) -> None:
        os.write(self._wake_write, b"x")
        self._thread.join(10)
        for fd in (*self._fds, self._wake_read, self._wake_write):
            os.close(fd)


class Device:
    """One foreign device process (see `foreign_device.py`)."""

    def __init__(self, spec: dict[str, Any]) -> None:
        self.spec = spec
        self.port = 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start it, on the TCP port that it had before."""
        spec = {**self.spec, "tcp": self.port} if "tcp" in self.spec else self.spec
        command = [sys.executable, str(DEVICE), json.dumps(spec)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        word, port = self._line().split()
        assert word == "ready"
        self.port = int(port)

    def show(self, energy: int) -> None:
        """Let its lifetime register be `energy`, raw; comes back when it is."""
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(f"{energy}\n")
        self._process.stdin.flush()
        assert self._line() == "ok"

    def kill(self) -> None:
        """Take its power away."""
        assert self._process is not None
        self._process.kill()
        self._close()

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._close()

    def _line(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def _close(self) -> None:
        assert self._process is not None
        self._process.communicate(timeout=20)
        self._process = None


def inverter(unit: int, model: int, base: int, *, sf: int | None = 0, watts: int = 1200, **more: Any) -> dict[str, Any]:
    """One unit of a Modbus device."""
    return {"unit": unit, "model": model, "base": base, "sf": sf, "w": watts, "serial": f"X-{unit}", **more}


def write_site(folder: Path, broker_port: int, lines: list[tuple[str, list[tuple[MeterConfig, str]]]]) -> Path:
    """A gateway.toml with keys and bindings: each line is its keys as TOML and its meters, each with further keys."""
    out = [
        'gateway = "roof-pi"\nasset = "roof"\nprofile = "development"\noutbox = "outbox.sqlite"',
        'poll_interval_s = 1\ncut_every_s = 1\nclock = "synchronised"\nanswer_timeout_s = 2',
        f'[broker]\nhost = "127.0.0.1"\nport = {broker_port}',
        f'[oracle]\npoints = ["{signer_of("oracle").public_point.hex()}"]',
    ]
    for number, (keys, meters) in enumerate(lines):
        # Every device answers, but on a busy machine not within the usual half second; a power that is late is not asked for again.
        out.append(f'[[line]]\nname = "line-{number}"\ntimeout_ms = 5000\nquiet_ms = 100\n{keys}')
        for meter, more in meters:
            write_signer(folder / f"{meter.serial}.pem", private_key_of(meter.serial), demo=False)
            record = sign_binding(meter.binding, meter.signer, signer_of("installer"))
            (folder / f"{meter.serial}.hex").write_text(record.hex() + "\n")
            out.append(
                f'[[line.meter]]\nserial = "{meter.serial}"\naddress = "{meter.address}"\n'
                f'key = "{meter.serial}.pem"\nbinding = "{meter.serial}.hex"\n{more}'
            )
    path = folder / "gateway.toml"
    path.write_text("\n".join(out) + "\n")
    return path


class Gateway:
    """`helioracle gateway run` as a process."""

    def __init__(self, config: Path) -> None:
        command = [sys.executable, "-m", "cli.main", "gateway", "run", "--config", str(config)]
        self._process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        self.log = ""

    def stop(self) -> int:
        """SIGTERM; returns the exit code, and keeps what was logged."""
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
            self.log = self._process.communicate(timeout=60)[1]
        return self._process.returncode


def signed_readings(oracle: FakeOracle, meter: MeterConfig) -> list[Reading]:
    """What a meter's key has signed so far, in order; the oracle has checked signatures, roots and the chain."""
    found: list[Reading] = []
    with oracle.changed:
        for opened, _, item in oracle.chains.get(meter.binding.meter_id, []):
            if opened.kind is Kind.READINGS:
                found += batch.open_body(opened, item.batch_key, item.body).readings
    return found


def meter(serial: str, address: str) -> MeterConfig:
    """A meter of the asset `roof`."""
    return meter_config(serial, address)
