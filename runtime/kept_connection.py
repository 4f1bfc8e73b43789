"""A connection to a broker that is made again each time it is lost, until it is stopped."""

import socket
import threading
import time
from collections.abc import Callable

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

from runtime.worker import Worker

_LOOK_S = 1  # a thread that leaves a packet wakes the loop; by itself the loop wakes only for keep-alives
_PAUSE_MIN_S = 1
_FAREWELL_S = 10


class KeptConnection:
    """Runs a client's connection in a thread of its own.

    That thread alone writes to the socket: other threads publish, acknowledge and disconnect by leaving packets for it. paho's own loop
    would do so too, but it forgets a `disconnect` that comes while it is connecting, and then runs for ever.

    Args:
        client: made by `runtime.mqtt.new_client`, with callbacks set; `connect_async` is called before `start`.
        name: the thread's name.
        pause_max_s: longest pause between two attempts, real seconds; the first pause is one second, each later one twice the one before.
        on_failure: called with the exception of a callback that raises.
    """

    def __init__(
        self, client: Client, *, name: str, pause_max_s: int, on_failure: Callable[[BaseException], None]
    ) -> None:
        self._client = client
        self._pause_max_s = pause_max_s
        self._stopping = threading.Event()
        self._worker = Worker(name, self._run, on_failure)

    def start(self) -> None:
        """Begin to connect; returns at once, whether or not the broker is there."""
        self._worker.start()

    def stop(self) -> None:
        """Write the packets that wait, disconnect, and join the thread, in any state of the connection. Idempotent."""
        self._stopping.set()
        self._client.disconnect()
        self._worker.join()

    def _run(self) -> None:
        pause_s = _PAUSE_MIN_S
        try:
            while not self._stopping.is_set():
                if self._connect() and self._serve():
                    pause_s = _PAUSE_MIN_S
                self._stopping.wait(pause_s)
                pause_s = min(2 * pause_s, self._pause_max_s)
        finally:
            # The socket is still open where a callback has raised, or where the broker took no more bytes.
            if isinstance(left := self._client.socket(), socket.socket):
                left.close()

    def _connect(self) -> bool:
        try:
            self._client.reconnect()
        except OSError:
            if self._client.on_connect_fail is not None:
                self._client.on_connect_fail(self._client, None)
            return False
        return True

    def _serve(self) -> bool:
        """Serve the connection until it ends; returns whether the broker had accepted it."""
        accepted = False
        leave_at: float | None = None
        while True:
            if leave_at is None and self._stopping.is_set():
                leave_at = time.monotonic() + _FAREWELL_S
                # Disconnect a second time: paho forgets a first call that comes while the connection is being made.
                self._client.disconnect()
            if self._client.loop(_LOOK_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return accepted
            accepted = accepted or self._client.is_connected()
            if leave_at is not None and time.monotonic() > leave_at:
                return accepted
