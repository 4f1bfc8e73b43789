"""The child process of `firmware_sim.broker.EmbeddedBroker`; run as a script, with the path of the broker's TOML and its port.

The child prints `ready` when the broker listens. It ends when its standard input ends: the parent holds the other end, so the
broker ends with the parent, whatever ended that one.
"""

import logging
import os
import socket
import sys
import threading
import time
from pathlib import Path

from iotcore.iotcore import IotCoreBroker

_FIND_TRIES = 4_000
_FIND_PAUSE_S = 0.005


def main() -> None:
    """Serve until standard input closes."""
    config_path, port = sys.argv[1], int(sys.argv[2])
    logging.basicConfig(level=logging.WARNING)
    # rumqttd routes each message inside an error span, which would be logged as one ERROR record a packet.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threading.Thread(target=_send_at_once, args=(port,), daemon=True).start()
    broker = IotCoreBroker(config_path=config_path)
    broker.check_ports()
    broker.run_forever()


def _end_with_parent() -> None:
    # Unbuffered: an interpreter that shuts down cannot wait for a thread that holds a buffer's lock.
    while os.read(0, 4096):
        pass
    os._exit(0)


def _send_at_once(port: int) -> None:
    # rumqttd leaves Nagle's algorithm on, and a client with nothing to send acknowledges after 40 ms: an answer that follows
    # a PUBACK would wait that long. On Linux every accepted socket inherits TCP_NODELAY from the listening one.
    for _ in range(_FIND_TRIES):
        for fd in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
            if _set_if_listener(fd, port):
                os.write(1, b"ready\n")
                return
        time.sleep(_FIND_PAUSE_S)


def _set_if_listener(fd: int, port: int) -> bool:
    try:
        copy = socket.socket(fileno=os.dup(fd))
    except OSError:
        return False  # not a socket, or closed meanwhile
    with copy:
        try:
            listening = copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
            if not listening or copy.getsockname()[1] != port:
                return False
            copy.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            return False
    return True


if __name__ == "__main__":
    main()
