"""SIGINT and SIGTERM as one event, so that every process stops in the same clean way."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType


@contextmanager
def stop_on_signals(stop: threading.Event | None = None) -> Iterator[threading.Event]:
    """An event (`stop`, or a new one) that Ctrl-C or SIGTERM sets; a second Ctrl-C reaches the handler from before.

    Must run in the main thread. On leaving, the handlers from before are restored.
    """
    stop = stop or threading.Event()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    event = stop
    # A handler must not set an event: it interrupts the main thread, which may hold the event's lock on its way into `wait`, and the
    # process would stand still for ever. A handler may put into a SimpleQueue at any time; a thread of its own then sets the event.
    heard: SimpleQueue[bool] = SimpleQueue()

    def handle(number: int, _frame: FrameType | None) -> None:
        heard.put(item=True)
        signal.signal(number, before[signal.Signals(number)])

    def pass_on() -> None:
        while heard.get():
            event.set()

    thread = threading.Thread(target=pass_on, name="signals", daemon=True)
    thread.start()
    for number in before:
        signal.signal(number, handle)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        heard.put(item=False)
        thread.join()
