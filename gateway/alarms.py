"""Alarms: what a person should look at, each with a name and a sentence, until it is over."""

import logging
import threading

from runtime.logs import facts

_KEPT_MAX = 128

log = logging.getLogger(__name__)


class Alarms:
    """The alarms that stand now; at most 128, so that a plant with every fault at once does not fill the memory."""

    def __init__(self) -> None:
        self._standing: dict[str, str] = {}
        self._lock = threading.Lock()

    def stand(self, name: str, text: str) -> None:
        """Raise an alarm or change its sentence; a repeated one with the same sentence is not logged again."""
        with self._lock:
            if self._standing.get(name) == text or (name not in self._standing and len(self._standing) >= _KEPT_MAX):
                return
            self._standing[name] = text
        log.warning("alarm: %s", text, extra=facts(alarm=name))

    def over(self, name: str) -> None:
        """End an alarm; does nothing where it does not stand."""
        with self._lock:
            if self._standing.pop(name, None) is None:
                return
        log.info("alarm is over", extra=facts(alarm=name))

    def standing(self) -> dict[str, str]:
        """The sentence of each alarm that stands, by name."""
        with self._lock:
            return dict(self._standing)
