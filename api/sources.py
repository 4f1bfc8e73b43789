"""What every route reads from: the ledger, the log's tree over it, the clock and the configuration."""

import json
from dataclasses import dataclass
from functools import lru_cache

from api.config import ApiConfig
from api.errors import NotFound, NotYet
from api.log_tree import LogTree
from api.money_flow import MoneyFlow, read_money_flow
from evidence import tags
from oracle.core.terms import AssetTerms
from oracle.ledger.log_entries import LIMIT_MAX
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import EventRow
from runtime.clock import WorldClock

EVENTS_MAX = 200_000


@dataclass(frozen=True, slots=True)
class Sources:
    """One asset's ledger, open for reading, and what belongs to it."""

    config: ApiConfig
    world: WorldClock
    reader: LedgerReader
    tree: LogTree

    def terms(self, asset: str) -> AssetTerms:
        """The terms of the asset that the path names.

        Raises:
            NotFound: this ledger is another asset's.
            NotYet: there are no terms in the log yet.
            DocumentRefused: the log's newest terms cannot be read.
        """
        if asset != self.reader.asset:
            raise NotFound("asset", asset)
        entry = self.reader.log.newest_of(tags.ENTRY_TERMS)
        if entry is None or entry.content is None:
            raise NotYet("the log holds no terms yet; the oracle writes them when it starts")
        return _opened_terms(entry.content)

    def anchors(self) -> dict[int, EventRow]:
        """Anchored log size -> the event that anchored it."""
        return {int(json.loads(event.args)["size"]): event for event in self.events("declarations", "Anchored")}

    def money(self, terms: AssetTerms) -> MoneyFlow:
        """Declared, funded and paid so far.

        Raises:
            SettlementError: the followed events contradict each other.
        """
        return read_money_flow(self.events(), terms, self.config.excluded_holders)

    def events(self, contract: str | None = None, name: str | None = None) -> list[EventRow]:
        """Contract events in chain order, at most 200,000; by contract and name, where given."""
        found: list[EventRow] = []
        after = (-1, -1)
        while len(found) < EVENTS_MAX:
            part = self.reader.chain.events(contract=contract, name=name, after=after)
            if not part:
                break
            found += part
            after = (part[-1].block, part[-1].log_index)
        return found


@lru_cache(maxsize=2)
def _opened_terms(content: bytes) -> AssetTerms:
    """Every request asks for the terms, and they change once in a long while."""
    return AssetTerms.of_document(content)


def open_sources(config: ApiConfig, world: WorldClock) -> Sources:
    """Open the ledger.

    Raises:
        LedgerError: there is none at the configured path, or it is none of this schema.
    """
    reader = LedgerReader(config.ledger)

    def load(first: int, after: int) -> list[bytes]:
        entries: list[bytes] = []
        while first + len(entries) < after:
            part = reader.log.entry_hashes(first + len(entries), limit=min(after - first - len(entries), LIMIT_MAX))
            if not part:
                break
            entries += part
        return entries

    return Sources(config, world, reader, LogTree(load))
