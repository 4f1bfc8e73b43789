"""The embedded MQTT 5 broker: `iotcore` (rumqttd) in a child process, on 127.0.0.1 alone.

    with EmbeddedBroker() as broker:
        client.connect("127.0.0.1", broker.port)

By default iotcore listens on 0.0.0.0:1883, speaks MQTT 3.1.1 only, and silently drops a connection with a message above 20 kB;
so it gets a configuration of ours. The broker is for demo, development and tests: it keeps no message for a subscriber that is
away. Nothing is lost by that, because a gateway deletes only what a signed answer names.
"""

import select
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from firmware_sim.errors import BrokerNotReady

_HOST = "127.0.0.1"
_READY_S = 15
_STOP_S = 5
_ATTEMPTS = 3
_CONFIG = """\
id = 0

[router]
id = 0
max_connections = 128
max_outgoing_packet_count = 200
max_segment_size = 16777216
max_segment_count = 4

[v5.main]
name = "main"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.main.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 100
dynamic_filters = true
"""


class EmbeddedBroker:
    """A broker in a child process, which never outlives the process that started it.

    Args:
        port: the port on 127.0.0.1; 0 picks a free one at every start.
    """

    def __init__(self, port: int = 0) -> None:
        self._wanted_port = port
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._directory: tempfile.TemporaryDirectory[str] | None = None

    @property
    def alive(self) -> bool:
        """Whether the child process runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> int:
        """Start the child, wait until it listens, and return its port.

        Raises:
            BrokerNotReady: the broker does not come up, for example because a fixed port is in use.
        """
        if self.alive:
            return self.port
        problem = ""
        # Another process may take a free port between picking and listening.
        for _ in range(1 if self._wanted_port else _ATTEMPTS):
            self.port = self._wanted_port or _free_port()
            self._directory = tempfile.TemporaryDirectory(prefix="helioracle-broker-")
            config = Path(self._directory.name) / "broker.toml"
            config.write_text(_CONFIG.format(host=_HOST, port=self.port), "ascii")
            self._process = subprocess.Popen(  # noqa: S603 our own interpreter and our own script
                [sys.executable, "-P", str(Path(__file__).with_name("broker_child.py")), str(config), str(self.port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # Ctrl-C reaches the whole foreground group; the broker must outlive the services, which disconnect from it in order.
                process_group=0,
            )
            if (problem := self._wait_ready()) == "":
                return self.port
            self.stop()
        raise BrokerNotReady(self.port, problem)

    def stop(self) -> None:
        """End the child and remove its files; does nothing when not started."""
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()
            try:
                process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self._directory is not None:
            self._directory.cleanup()
            self._directory = None

    def status(self) -> dict[str, object]:
        """Whether the broker runs, its host and its port; JSON-able."""
        return {"alive": self.alive, "host": _HOST, "port": self.port}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait_ready(self) -> str:
        process = self._process
        if process is None or process.stdout is None:
            return "it has no process"
        if not select.select([process.stdout], [], [], _READY_S)[0]:
            return f"it does not listen within {_READY_S} s"
        if process.stdout.readline() != b"ready\n":
            return f"its process ended with code {process.wait(_STOP_S)}; is the port in use?"
        return ""


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((_HOST, 0))
        port: int = probe.getsockname()[1]
        return port
