"""anvil as a process that is stopped, killed and started again, with its chain."""

import gzip
import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.gas.anvil import ANVIL
from tests.plant.anvil_node import Anvil, needs_anvil


class AnvilProcess:
    """A node at one URL, whatever becomes of its process.

    Stopped in order it writes its chain (`--state`) and comes back with the same blocks. SIGKILL leaves nothing that can be trusted: it
    rewrites that file in place. What a killed node comes back with is therefore a dump that a test took by JSON-RPC before: the chain of
    a moment ago, without what has been mined since.
    """

    def __init__(self, folder: Path, *, timestamp: int) -> None:
        self._folder = folder
        self._log = folder / "anvil.log"
        self._state = folder / "anvil-state.json"
        self._genesis = timestamp
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def node(self) -> Anvil:
        return Anvil(self.url)

    def start(self) -> None:
        """Start it with the chain that it was left with; its blocks go on in time where the newest one is."""
        words = [
            ANVIL, "--port", self._port, "--host", "127.0.0.1", "--hardfork", "cancun", "--state", self._state,
            "--timestamp", self._newest() if self._state.exists() else self._genesis,
        ]  # fmt: skip
        self._log.write_bytes(b"")
        with self._log.open("wb") as out:
            self._process = subprocess.Popen([str(word) for word in words], stdout=out, stderr=subprocess.STDOUT)
        for _ in range(600):
            if re.search(r"Listening on ", self._log.read_text("utf-8")):
                return
            try:
                self._process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            break
        pytest.fail(f"anvil did not listen: {self._log.read_text('utf-8')[-500:]}")

    def stop(self) -> None:
        """As an operator does; the chain is written."""
        self._end(signal.SIGTERM)

    def dump(self) -> bytes:
        """The chain as it is now."""
        answer = self.node.ask("anvil_dumpState")
        assert isinstance(answer, str)
        return gzip.decompress(bytes.fromhex(answer.removeprefix("0x")))

    def kill(self, dump: bytes) -> None:
        """As the power does; what it finds when it starts again is an earlier dump."""
        self._end(signal.SIGKILL)
        self._state.write_bytes(dump)

    def close(self) -> None:
        if self._process is not None:
            self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(60)
        self._process = None

    def _newest(self) -> int:
        held = json.loads(self._state.read_bytes())
        return int(held["block"]["timestamp"], 16)


@contextmanager
def anvil_process(folder: Path, *, timestamp: int) -> Iterator[AnvilProcess]:
    needs_anvil()
    made = AnvilProcess(folder, timestamp=timestamp)
    made.start()
    try:
        yield made
    finally:
        made.close()
