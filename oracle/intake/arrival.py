"""Takes arrived bundles apart, and opens the batches that the ledger does not hold yet.

Nothing is written here, and no chain of headers is needed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from evidence.bundle import BundleItem, decode_bundle
from evidence.errors import Malformed
from evidence.header import header_hash
from oracle.core.validation import Opened, Unopened
from oracle.intake.verify import Verifier
from oracle.ledger.headers import HeadersReader


@dataclass(frozen=True, slots=True)
class Incoming:
    """One bundle as it arrived, and the gateway that the topic names. The answer goes to that gateway; the name proves nothing."""

    gateway: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """A header that the ledger holds already; `bodiless` where it holds it without its body."""

    bodiless: bool


@dataclass(frozen=True, slots=True)
class Arrived:
    """One item of a bundle, and the result of opening it by itself."""

    gateway: str
    item: BundleItem
    hash: bytes
    found: Stored | Opened | Unopened


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle taken apart; `problem` says why it has no items, where it has none."""

    gateway: str
    items: tuple[Arrived, ...]
    problem: str


def arrivals(incoming: Sequence[Incoming], headers: HeadersReader, verifier: Verifier) -> list[Bundle]:
    """Take bundles apart, in order, and open together what the ledger does not hold yet."""
    taken_apart = [_take_apart(one) for one in incoming]
    hashes = [[header_hash(item.header) for item in items] for items, _ in taken_apart]
    known = headers.known({hash_ for of_bundle in hashes for hash_ in of_bundle})
    # A header that is stored already needs no second look at its signature: equality is on the hash.
    fresh = [
        item
        for (items, _), of_bundle in zip(taken_apart, hashes, strict=True)
        for item, hash_ in zip(items, of_bundle, strict=True)
        if hash_ not in known
    ]
    opened = iter(verifier.open(fresh))
    return [
        Bundle(
            one.gateway,
            tuple(
                Arrived(one.gateway, item, hash_, Stored(known[hash_]) if hash_ in known else next(opened))
                for item, hash_ in zip(items, of_bundle, strict=True)
            ),
            problem,
        )
        for one, (items, problem), of_bundle in zip(incoming, taken_apart, hashes, strict=True)
    ]


def _take_apart(incoming: Incoming) -> tuple[list[BundleItem], str]:
    try:
        return decode_bundle(incoming.payload), ""
    except Malformed as error:
        return [], str(error)
