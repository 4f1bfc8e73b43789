"""A thread whose death is reported."""

import threading
from collections.abc import Callable


class Worker:
    """Runs `target` in a thread of its own, and hands an exception that ends it to `on_failure`.

    Every long-lived thread of helioracle is a worker: a service must never look alive while its loop is dead.
    """

    def __init__(self, name: str, target: Callable[[], None], on_failure: Callable[[BaseException], None]) -> None:
        self._target = target
        self._on_failure = on_failure
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def join(self, timeout_s: int = 30) -> None:
        """Wait for the thread to end.

        Raises:
            TimeoutError: the thread did not end within the time; that is a fault of ours, which must be seen.
        """
        if self._thread.ident is None:
            return
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            raise TimeoutError(f"thread {self._thread.name} has not stopped within {timeout_s} s")

    def _run(self) -> None:
        try:
            self._target()
        except BaseException as error:  # noqa: BLE001 the boundary of a thread: no caller above it would see the error
            self._on_failure(error)
