"""A meter at the far end of a pty that says what a script tells it to."""

import os
import select
import threading
import tty
from collections.abc import Callable


class ScriptedSlave:
    """The far end of a pty: answers the nth request with the nth entry of a script, byte for byte.

    An entry is bytes, or a function of the request; b"" is silence. When the script is over the last entry stays.
    """

    def __init__(self, *script: bytes | Callable[[bytes], bytes]) -> None:
        self.requests: list[bytes] = []
        self._script = script
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self._wake_read, self._wake_write = os.pipe()
        self.path = os.ttyname(self._slave)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def close(self) -> None:
        os.write(self._wake_write, b"x")
        self._thread.join(10)
        for fd in (self._master, self._slave, self._wake_read, self._wake_write):
            os.close(fd)

    def say(self, data: bytes) -> None:
        """Bytes that nobody asked for."""
        os.write(self._master, data)

    def _serve(self) -> None:
        while True:
            readable, _, _ = select.select([self._master, self._wake_read], [], [])
            if self._wake_read in readable:
                return
            request = os.read(self._master, 4096)
            entry = self._script[min(len(self.requests), len(self._script) - 1)]
            self.requests.append(request)
            answer = entry if isinstance(entry, bytes) else entry(request)
            if answer:
                os.write(self._master, answer)
