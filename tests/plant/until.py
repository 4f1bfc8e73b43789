"""The one wait of the tests: on an event, never for a time."""

from collections.abc import Callable
from threading import Event
from time import monotonic


def until(happened: Callable[[], bool], *, within_s: int = 120) -> None:
    """Wait, real time, for something that another process or thread does; the limit is for what never happens."""
    deadline = monotonic() + within_s
    pause = Event()
    while not happened():
        assert monotonic() < deadline, "it did not happen in time"
        pause.wait(0.01)
