"""What a person should look at: named, with a sentence, until it is over."""

import logging
import threading

from runtime.logs import facts

_KEPT_MAX = 128

log = logging.getLogger(__name__)


class Alarms:
    """The alarms that stand; at most 128, so that a plant that is all wrong does not fill the memory."""

    def __init__(self) -> None:
        self._standing: dict[str, str] = {}
        self._lock = threading.Lock()

    def stand(self, name: str, text: str) -> None:
        """Let an alarm stand; it is logged when it is new or says something else."""
        with self._lock:
            if self._standing.get(name) == text or (name not in self._standing and len(self._standing) >= _KEPT_MAX):
                return
            self._standing[name] = text
        log.warning("alarm: %s", text, extra=facts(alarm=name))

    def over(self, name: str) -> None:
        """An alarm is over."""
        with self._lock:
            if self._standing.pop(name, None) is None:
                return
        log.info("alarm is over", extra=facts(alarm=name))

    def standing(self) -> dict[str, str]:
        """Name and sentence of each."""
        with self._lock:
            return dict(self._standing)
