"""The five services as operating-system processes, killed and started again."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

NAMES = ("sim", "oracle", "gateway", "api", "keeper")
_STOP_S = 60


class Processes:
    """`helioracle <name> run --config <folder>/<name>.toml`, each with a log of its own in the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start a service."""
        command = [sys.executable, "-m", "cli.main", name, "run", "--config", f"{self._folder / name}.toml"]
        with self._log(name).open("ab") as log:
            self._running[name] = subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parents[2])

    def kill(self, name: str) -> None:
        """As the power does: SIGKILL, while it still runs."""
        process = self._running.pop(name)
        assert process.poll() is None, self.said(name)
        process.kill()
        process.wait(_STOP_S)

    def stop_all(self) -> dict[str, int]:
        """SIGTERM to all, the world's host last; returns the exit codes."""
        codes = {}
        for name in sorted(self._running, key=lambda name: name == "sim"):
            process = self._running[name]
            process.send_signal(signal.SIGTERM)
            try:
                codes[name] = process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                codes[name] = process.wait(_STOP_S)
        self._running.clear()
        return codes

    def dead(self) -> list[str]:
        """Who has ended without being asked to."""
        return [name for name, process in self._running.items() if process.poll() is not None]

    def status(self, name: str) -> dict[str, Any]:
        """`helioracle <name> status --json`, as a command of its own."""
        config = f"{self._folder / name}.toml"
        command = [sys.executable, "-m", "cli.main", name, "status", "--config", config, "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
        assert done.stdout, done.stderr
        return dict(json.loads(done.stdout))

    def said(self, name: str) -> str:
        """The end of its log."""
        return f"{name}: " + self._log(name).read_text("utf-8")[-2000:]

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"
