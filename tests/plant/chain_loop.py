"""The oracle's loop on a chain, over a ledger whose periods a test has settled."""

import queue
from collections.abc import Iterator
from contextlib import contextmanager

from oracle.chain.client import Chain
from oracle.declare.loop import ChainLoop
from runtime.clock import SteppedClock
from tests.plant.asset_site import Books, Site

Failures = queue.Queue[BaseException]


def make(books: Books, chain: Chain, world: SteppedClock, failures: Failures, *, confirmations: int = 0) -> ChainLoop:
    """A loop that is not started yet."""
    return ChainLoop(
        books.open_asset(world),
        books.site.on(chain),
        books.site.oracle,
        on_failure=failures.put,
        confirmations=confirmations,
    )


@contextmanager
def running(books: Books, chain: Chain, world: SteppedClock) -> Iterator[ChainLoop]:
    """A started loop, which must not have died when it is stopped."""
    failures: Failures = queue.Queue()
    loop = make(books, chain, world, failures)
    loop.start()
    try:
        yield loop
    finally:
        loop.stop()
    assert failures.empty(), failures.get()


def declared_on_chain(site: Site, period: int) -> int:
    """How often a period was declared."""
    found = site.contracts.declarations.events.Declared().get_logs(from_block=0)
    return sum(1 for event in found if event["args"]["period"] == period)


def loop_on(books: Books, chain: Chain, *, confirmations: int, periods: int) -> ChainLoop:
    """A loop at the time when the last of so many periods is over; what it dies of is not looked at."""
    world = SteppedClock(books.site.end_of(periods - 1) + 150)
    return make(books, chain, world, queue.Queue(), confirmations=confirmations)
