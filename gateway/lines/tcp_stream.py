"""A TCP connection in the place of a serial port: converters that carry an RS-485 line, and devices that speak Modbus TCP."""

import fcntl
import secrets
import select
import socket
import struct
import termios
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from gateway.core import resend

TCP = "tcp://"
_CONNECT_TIMEOUT_S = 3
_FAR_END_GONE_MS = 15_000  # bytes that are sent and not acknowledged for so long end the connection
_AWAY_BASE_MS = 500
_CLOSED = "the far end has closed the connection"


class TcpStream:
    """Reads and writes as a pyserial port does; raises ConnectionResetError where the far end has closed the connection.

    Attributes:
        timeout: how many seconds a read waits for its bytes.
        baudrate: a nominal speed; pymodbus derives from it how often to look for bytes.
    """

    baudrate = 115_200

    def __init__(self, connection: socket.socket, timeout_s: float) -> None:
        self.timeout: float | None = timeout_s
        self.socket = connection
        self._write_timeout_s = timeout_s
        connection.settimeout(0)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A converter without power is silent, and its silence must not pass for that of its meters for ever.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _FAR_END_GONE_MS)

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read without waiting."""
        (waiting,) = struct.unpack("i", fcntl.ioctl(self.socket.fileno(), termios.FIONREAD, bytes(4)))
        if waiting == 0 and self.ended:
            raise ConnectionResetError(_CLOSED)
        return int(waiting)

    @property
    def ended(self) -> bool:
        """Whether the far end has closed the connection and all its bytes have been read."""
        try:
            return self.socket.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True

    def read(self, size: int = 1) -> bytes:
        """Read `size` bytes, fewer when the time is over."""
        data = b""
        deadline = time.monotonic() + (self.timeout or 0)
        while len(data) < size:
            left_s = max(deadline - time.monotonic(), 0)
            if not select.select([self.socket], [], [], left_s)[0]:
                break
            chunk = self.socket.recv(size - len(data))
            if not chunk:
                if data:
                    break
                raise ConnectionResetError(_CLOSED)
            data += chunk
        return data

    def write(self, data: bytes) -> int:
        """Write all of `data`."""
        left = memoryview(data)
        while left:
            if not select.select([], [self.socket], [], self._write_timeout_s)[1]:
                raise TimeoutError("the far end takes no bytes")
            left = left[self.socket.send(left) :]
        return len(data)

    def reset_input_buffer(self) -> None:
        """Throw away the bytes that have arrived."""
        waiting = self.in_waiting
        if waiting:
            self.socket.recv(waiting)

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()


class TcpAddress:
    """The address of a converter or device. Failed attempts are followed by a wait, which doubles up to 64 times the first, with jitter."""

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._failures = 0
        self._not_before_ms = 0
        self._problem = ""

    def connect(self, timeout_s: float, now_ms: Callable[[], int]) -> TcpStream:
        """A new connection whose reads wait `timeout_s`.

        Raises:
            OSError: the connection fails, or it is too early to try again.
        """
        if now_ms() < self._not_before_ms:
            raise ConnectionError(self._problem)  # the same words, so that a log of changes has them once
        try:
            stream = TcpStream(socket.create_connection((self._host, self._port), _CONNECT_TIMEOUT_S), timeout_s)
        except OSError as error:
            self._problem = str(error)
            self._not_before_ms = now_ms() + resend.delay_ms(self._failures, _AWAY_BASE_MS, secrets.randbelow)
            self._failures += 1
            raise
        self._failures = 0
        return stream


def tcp_address(text: str) -> TcpAddress:
    """The address in tcp://host:port; an IPv6 host stands in brackets.

    Raises:
        ValueError: the text is no such address.
    """
    parts = urlsplit(text)
    unwanted = parts.username or parts.path or parts.query or parts.fragment
    if parts.scheme != "tcp" or not parts.hostname or not parts.port or unwanted:
        raise ValueError(f"{text!r} is not of the form tcp://host:port")
    return TcpAddress(parts.hostname, parts.port)
