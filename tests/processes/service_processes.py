"""The five services as operating-system processes, killed and started again."""

import json
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

NAMES = ("sim", "oracle", "gateway", "api", "keeper")
_STOP_S = 60


class Processes:
    """`helioracle <name> run --config <folder>/<name>.toml`, each with a log of its own in the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()  # whom we kill, nobody who watches may find dead

    def start(self, name: str) -> None:
        """Start a service."""
        command = [sys.executable, "-m", "cli.main", name, "run", "--config", f"{self._folder / name}.toml"]
        with self._log(name).open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parents[2])
        with self._lock:
            self._running[name] = process

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """As the power does: SIGKILL, while it still runs; or as a crash does."""
        with self._lock:
            process = self._running.pop(name)
            assert process.poll() is None, self.said(name)
        process.send_signal(how)
        process.wait(_STOP_S)

    def stop_all(self) -> dict[str, int]:
        """SIGTERM to all, the world's host last; returns the exit codes."""
        with self._lock:
            stopping, self._running = self._running, {}
        codes = {}
        for name in sorted(stopping, key=lambda name: name == "sim"):
            process = stopping[name]
            process.send_signal(signal.SIGTERM)
            try:
                codes[name] = process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[name] = process.wait(_STOP_S)
        return codes

    def dead(self) -> dict[str, int]:
        """Who has ended without being asked to, with its exit code; -11 is a crash of the interpreter itself."""
        with self._lock:
            codes = {name: process.poll() for name, process in self._running.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def status(self, name: str) -> dict[str, Any]:
        """`helioracle <name> status --json`, as a command of its own."""
        config = f"{self._folder / name}.toml"
        command = [sys.executable, "-m", "cli.main", name, "status", "--config", config, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
        assert done.stdout, done.stderr
        return dict(json.loads(done.stdout))

    def last_words(self) -> str:
        """Who has ended, and the end of every log, for whoever reads of a failure."""
        return f"died: {self.dead()}\n" + "\n".join(self.said(name) for name in NAMES)

    def said(self, name: str) -> str:
        """The end of its log."""
        return f"{name}: " + self._log(name).read_text("utf-8")[-6000:]

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"
