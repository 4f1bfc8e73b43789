"""A TCP port at which nobody listens, and which nobody else is given meanwhile."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unheard_port(port: int = 0) -> Iterator[int]:
    """A port of 127.0.0.1 that refuses connections until a broker of ours comes there.

    It stays bound: a port that was only free a moment ago may by now be another process's. The option lets a listener that has it too,
    as brokers do, bind beside it.

    Args:
        port: one that a broker has just left; 0 is any.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", port))
        yield int(held.getsockname()[1])
