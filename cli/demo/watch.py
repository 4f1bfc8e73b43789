"""Follows the services' counters while the story plays: what the bars show."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from cli.demo.stage import Stage
from oracle.core.states import PeriodState

_EVERY_S = 0.2


class Watch:
    """Reads counters a few times a second in a thread of its own."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._done = threading.Event()
        meters = len(stage.asset.meters)
        cuts = (stage.days.end - stage.days.start) // stage.sun.cut_every_s + 1
        # A batch a cut and an opening header a meter, its binding, a statement a day, and the terms.
        self.entries_total = meters * (cuts + 2) + stage.days.count + 1
        self.slots_total = (stage.days.end - stage.days.start) // stage.sun.poll_interval_s + 1

    @contextmanager
    def following(self, show: Callable[[Mapping[str, int]], object]) -> Iterator[None]:
        """Call `show` with the counters until the block ends, and once more then."""
        thread = threading.Thread(target=self._follow, args=(show,), name="watch", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._done.set()
            thread.join()
            show(self._counts())

    def _follow(self, show: Callable[[Mapping[str, int]], object]) -> None:
        while not self._done.wait(_EVERY_S):
            show(self._counts())

    def _counts(self) -> dict[str, int]:
        stage = self._stage
        meters = len(stage.asset.meters)
        declared = stage.reader.settlement.periods(state=PeriodState.DECLARED, limit=stage.days.count)
        return {
            "slots": int(str(stage.gateway.status()["readings_signed"])) // meters,
            "entries": stage.reader.log.size(),
            "declared": len(declared),
        }
