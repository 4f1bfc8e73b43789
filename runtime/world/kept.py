"""The file that outlives the process that serves a stepped world: its newest instant, and the processes that must be waited for.

The file, `<socket>.time`, is text: the instant in unix seconds, then a line `<count> <process>` for each name of processes that have come
and have not said goodbye. It is durable before any process acts on it. So a world that is killed, or loses its power, and is started again
never goes back behind an instant that a process has seen, nor advances without a process that was there.
"""

import re
import threading
from collections import Counter
from pathlib import Path

from runtime.durable_file import replace_durably
from runtime.errors import WorldRefused

PLACES_MAX = 64
_SIZE_MAX = 8192
_PLACE = re.compile(r"([1-9][0-9]?) ([A-Za-z0-9][A-Za-z0-9 ._-]{0,62})")


class KeptWorld:
    """The file and its content; any thread may call its methods.

    Args:
        path: the file; it is made at the first change.
        start: the instant where there is no file, or where the file has an earlier one.

    Raises:
        WorldRefused: the content is not of this format.
    """

    def __init__(self, path: Path, *, start: int) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._instant = start
        self._owed: Counter[str] = Counter()
        try:
            with path.open(encoding="ascii") as file:
                self._read(file.read(_SIZE_MAX))
        except FileNotFoundError:
            pass
        except ValueError:
            raise WorldRefused(f"{path}: is not an instant; delete it to begin at `start` again") from None

    @property
    def instant(self) -> int:
        """The newest instant in unix seconds; never before the one that was kept last."""
        with self._lock:
            return self._instant

    @property
    def owed(self) -> Counter[str]:
        """How many processes of each name have come and not said goodbye."""
        with self._lock:
            return self._owed.copy()

    def advance(self, instant: int) -> None:
        """Keep a new instant, durable when this returns; OSError where it could not be written."""
        with self._lock:
            self._write(instant, self._owed)
            self._instant = instant

    def owe(self, process: str, count: int) -> None:
        """Keep how many processes of a name must be waited for; durable when this returns.

        Raises:
            WorldRefused: there would be more than `PLACES_MAX` processes.
            OSError: the file could not be written.
        """
        with self._lock:
            owed = self._owed.copy()
            owed[process] = count
            if owed.total() > PLACES_MAX:
                raise WorldRefused(f"more than {PLACES_MAX} processes would have to be waited for")
            self._write(self._instant, owed)
            self._owed = +owed

    def _write(self, instant: int, owed: Counter[str]) -> None:
        places = [f"{count} {process}\n" for process, count in sorted(owed.items()) if count]
        replace_durably(self._path, "".join([f"{instant}\n", *places]), mode=0o640)

    def _read(self, text: str) -> None:
        first, *rest = text.splitlines()
        self._instant = max(self._instant, int(first))
        for line in rest:
            if (place := _PLACE.fullmatch(line)) is None:
                raise ValueError(line)
            self._owed[place[2]] += int(place[1])
