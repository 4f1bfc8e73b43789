"""Opening batches on threads that really run in parallel: cryptography lets go of the GIL while it checks a signature."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from evidence import tags
from evidence.bundle import BundleItem
from evidence.keys import PublicKey
from oracle.core.validation import KnownBinding, Opened, Unopened, open_item
from oracle.ledger.rows import BindingRow

_METER_ID_AT = 7  # tag, kind, profile and reason come first in a header
_THREADS_MAX = 4
_INLINE_MAX = 2  # so few items are opened faster here than they are handed over


@dataclass(frozen=True, slots=True)
class KnownMeter:
    """A meter's parsed key, and its bindings, oldest first."""

    key: PublicKey
    bindings: tuple[KnownBinding, ...]


class Verifier:
    """Opens items by themselves.

    The keys of all bound meters stay parsed: parsing one costs a fifth of a verification, and their number is bounded by the registry's.
    """

    def __init__(self, bindings: Sequence[BindingRow]) -> None:
        self._meters: dict[bytes, KnownMeter] = {}
        for row in sorted(bindings, key=lambda b: b.valid_from):
            known = self._meters.get(row.meter_id)
            key = known.key if known else PublicKey(row.binding.public_point)
            earlier = known.bindings if known else ()
            self._meters[row.meter_id] = KnownMeter(key, (*earlier, KnownBinding(row.hash, row.valid_from)))
        self._threads = min(_THREADS_MAX, os.cpu_count() or 1)
        self._pool = ThreadPoolExecutor(self._threads, thread_name_prefix="oracle verify")

    def close(self) -> None:
        """End the threads."""
        self._pool.shutdown()

    def meter(self, meter_id: bytes) -> KnownMeter | None:
        """What is bound under a meter id."""
        return self._meters.get(meter_id)

    def open(self, items: Sequence[BundleItem]) -> list[Opened | Unopened]:
        """Open items, in order; one that proves nothing comes out as `Unopened`."""
        if len(items) <= _INLINE_MAX:
            return [self._open_one(item) for item in items]
        shares = [items[at :: self._threads] for at in range(self._threads)]
        opened = list(self._pool.map(lambda share: [self._open_one(item) for item in share], shares))
        return [opened[at % self._threads][at // self._threads] for at in range(len(items))]

    def _open_one(self, item: BundleItem) -> Opened | Unopened:
        known = self._meters.get(item.header[_METER_ID_AT : _METER_ID_AT + tags.METER_ID_SIZE])
        return open_item(item, known.key if known else None, known.bindings if known else ())
