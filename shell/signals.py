"""SIGINT and SIGTERM as one event, so that every process stops in the same clean way."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_on_signals(stop: threading.Event | None = None) -> Iterator[threading.Event]:
    """An event (`stop`, or a new one) that Ctrl-C or SIGTERM sets; a second Ctrl-C falls through to the handler from before.

    Must run in the main thread. The handlers from before are put back on leaving.
    """
    stop = stop or threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    event = stop

    def handle(number: int, _frame: FrameType | None) -> None:
        event.set()
        signal.signal(number, before[signal.Signals(number)])

    for number in before:
        signal.signal(number, handle)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
