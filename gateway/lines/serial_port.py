"""The one place where a line's port, serial or TCP, is opened, kept quiet and flushed."""

import time
from pathlib import Path
from typing import Protocol

import serial

from evidence.units import div_floor
from gateway.errors import LineUnusable
from gateway.lines.tcp_stream import TCP, TcpStream, tcp_address

_PARITIES: dict[str, str] = {"none": serial.PARITY_NONE, "even": serial.PARITY_EVEN, "odd": serial.PARITY_ODD}
_PTY = Path("/dev/pts")
_QUIET_TIMES_MAX = 4


class ByteStream(Protocol):
    """What a line does with its open port, be it a `serial.Serial` or a `TcpStream`."""

    timeout: float | None

    @property
    def baudrate(self) -> int:
        """Bits per second, nominal for TCP."""

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read without waiting."""

    def read(self, size: int = 1) -> bytes:
        """`size` bytes, fewer when the time is over."""

    def write(self, data: bytes) -> int | None:
        """All of `data`."""

    def reset_input_buffer(self) -> None:
        """Throw away what has come."""

    def close(self) -> None:
        """Close it."""


class SerialPort:
    """A port of our own, opened at its first use and again after it has gone away: 8 data bits and 1 stop bit, or TCP.

    A device file is tried again at every use, a TCP address after a growing wait. A TCP connection that the far end has closed
    meanwhile (converters do so after some idle time) is made anew before the next request, so that it costs no reading.

    Args:
        line: its name, for errors.
        path: device file, a link to one, or tcp://host:port.
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
        self._port: ByteStream | None = None
        self._address = tcp_address(path) if path.startswith(TCP) else None

    @property
    def parity(self) -> str:
        """The parity the port is opened with, as pyserial spells it; a pseudo-terminal carries none."""
        return _PARITIES["none"] if Path(self.path).resolve().parent == _PTY else self._parity

    def open(self) -> ByteStream:
        """The open port.

        Raises:
            LineUnusable: it cannot be opened, or another process holds it.
        """
        if isinstance(self._port, TcpStream) and self._port.ended:
            self.close()
        if self._port is None:
            try:
                self._port = self._open()
            # pyserial lets termios errors through beside its own.
            except (OSError, ValueError) as error:
                raise LineUnusable(self.line, self.path, str(error)) from None
        return self._port

    def _open(self) -> ByteStream:
        timeout_s = self.timeout_ms / 1000
        if self._address is not None:
            return self._address.connect(timeout_s, now_ms)
        opened: ByteStream = serial.Serial(
            self.path,
            baudrate=self._baudrate,
            parity=self.parity,
            timeout=timeout_s,
            write_timeout=timeout_s,
            exclusive=True,
        )
        return opened

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

    def _read_until_quiet(self, port: ByteStream, until_ms: int) -> int:
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
