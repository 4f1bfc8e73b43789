"""The one place where a serial port is opened, kept quiet and flushed."""

import time
from pathlib import Path

import serial

from evidence.units import div_floor
from gateway.errors import LineUnusable

_PARITIES: dict[str, str] = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}
_PTY = Path("/dev/pts")
_QUIET_TIMES_MAX = 4


class SerialPort:
    """A port of our own, 8 data bits, 1 stop bit, opened at its first use and again after it has gone away.

    Args:
        line: its name, for errors.
        path: device file, or a link to one.
        baudrate: of the line.
        parity: none, even or odd.
        timeout_ms: how long a read waits for its first byte.
        quiet_ms: how long the line is kept quiet after a time-out.
    """

    def __init__(self, *, line: str, path: str, baudrate: int, parity: str, timeout_ms: int, quiet_ms: int) -> None:
        self.line = line
        self.path = path
        self.timeout_ms = timeout_ms
        self._baudrate = baudrate
        self._parity = _PARITIES[parity]
        self._quiet_ms = quiet_ms
        self._quiet_until_ms: int | None = None
        self._port: serial.Serial | None = None

    @property
    def parity(self) -> str:
        """The parity the port is opened with, as pyserial spells it; a pseudo-terminal carries none."""
        return _PARITIES["none"] if Path(self.path).resolve().parent == _PTY else self._parity

    def open(self) -> serial.Serial:
        """The open port.

        Raises:
            LineUnusable: it cannot be opened, or another process holds it.
        """
        if self._port is None:
            try:
                self._port = serial.Serial(
                    self.path,
                    baudrate=self._baudrate,
                    parity=self.parity,
                    timeout=self.timeout_ms / 1000,
                    write_timeout=self.timeout_ms / 1000,
                    exclusive=True,
                )
            # pyserial lets termios errors through beside its own.
            except (OSError, ValueError) as error:
                raise LineUnusable(self.line, self.path, str(error)) from None
        return self._port

    def close(self) -> None:
        """Close the port; the next `open` opens it again."""
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def make_quiet(self) -> None:
        """Say that an answer is overdue: it may still come, and must not pass as the next one's."""
        self._quiet_until_ms = now_ms() + self._quiet_ms

    def wait_quiet(self) -> int:
        """Before a request: wait until the line has been quiet since a time-out, and throw away what came; returns how much.

        Raises:
            LineUnusable: the port cannot be opened or has gone away.
        """
        port = self.open()
        thrown = 0
        try:
            if self._quiet_until_ms is not None:
                thrown = self._read_until_quiet(port, self._quiet_until_ms)
                self._quiet_until_ms = None
            waiting: int = port.in_waiting
            if waiting:
                port.reset_input_buffer()
            return thrown + waiting
        except OSError as error:
            self.close()
            raise LineUnusable(self.line, self.path, str(error)) from None

    def _read_until_quiet(self, port: serial.Serial, until_ms: int) -> int:
        thrown = 0
        # What still comes starts the quiet time again, but a line that never falls silent must not hold up its meters.
        deadline_ms = now_ms() + _QUIET_TIMES_MAX * self._quiet_ms
        while (left_ms := min(until_ms, deadline_ms) - now_ms()) > 0:
            port.timeout = left_ms / 1000
            late = len(port.read(1))
            if late:
                thrown += late + len(port.read(port.in_waiting))
                until_ms = now_ms() + self._quiet_ms
        port.timeout = self.timeout_ms / 1000
        return thrown


def now_ms() -> int:
    """The real clock that time-outs live in."""
    return div_floor(time.monotonic_ns(), 1_000_000)
