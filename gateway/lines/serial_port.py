"""A line's port, serial or TCP: the one place that opens it, keeps it quiet and flushes it."""

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
    """An open port as a line uses it: a `serial.Serial` or a `TcpStream`."""

    timeout: float | None

    @property
    def baudrate(self) -> int:
        """Bits per second, nominal for TCP."""

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read without waiting."""

    def read(self, size: int = 1) -> bytes:
        """Read `size` bytes, fewer when the time is over."""

    def write(self, data: bytes) -> int | None:
        """Write all of `data`."""

    def reset_input_buffer(self) -> None:
        """Throw away the bytes that have arrived."""

    def close(self) -> None:
        """Close it."""


class SerialPort:
    """A line's own port, opened at its first use and again after it has gone away: 8 data bits and 1 stop bit, or TCP.

    A device file is tried again at every use, a TCP address after a growing wait. Converters close an idle TCP connection; the port
    then connects again before the next request, so that no reading is lost.

    Args:
        line: the line's name, for errors.
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
        """The parity with which the port is opened, as pyserial spells it; a pseudo-terminal carries no parity."""
        return _PARITIES["none"] if Path(self.path).resolve().parent == _PTY else self._parity

    def open(self) -> ByteStream:
        """The open port.

        Raises:
            LineUnusable: the port cannot be opened, or another process holds it.
        """
        if isinstance(self._port, TcpStream) and self._port.ended:
            self.close()
        if self._port is None:
            try:
                self._port = self._open()
            # pyserial raises termios errors, too, beside its own.
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
        """Keep the line quiet before the next request, because an overdue answer may still come and must not pass for the next one."""
        self._quiet_until_ms = now_ms() + self._quiet_ms

    def wait_quiet(self) -> int:
        """Wait, before a request, until the line is quiet after a time-out, and throw away what arrives; returns how many bytes.

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
        # Each byte that still comes starts the quiet time again, but a line that never falls silent must not hold up its meters.
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
    """Milliseconds of the real, monotonic clock, for time-outs."""
    return div_floor(time.monotonic_ns(), 1_000_000)
