"""The asset's terms as the log holds them: the newest entry of type `terms`, parsed."""

import json
from dataclasses import dataclass
from typing import Any

from api.errors import NotYet
from api.models.asset import PointOut, Term
from evidence import tags
from evidence.units import SECONDS_PER_DAY
from oracle.ledger.reader import LedgerReader

EARNING = frozenset({"generation", "export", "import"})


@dataclass(frozen=True, slots=True)
class Terms:
    """What the API shows of the terms, and needs for its own reckoning; fields as `oracle.core.terms.AssetTerms`."""

    name: str
    utc_offset_s: int
    poll_interval_s: int
    first_day: int
    days_per_period: int
    money_symbol: str
    money_decimals: int
    points: tuple[PointOut, ...]

    def day_start(self, day: int) -> int:
        """The instant a settlement day begins, UTC unix seconds."""
        return day * SECONDS_PER_DAY - self.utc_offset_s

    def roles(self) -> dict[str, str]:
        """Point id -> role."""
        return {point.id: point.role for point in self.points}


def read_terms(reader: LedgerReader) -> Terms:
    """The terms in force.

    Raises:
        NotYet: the oracle has not logged any.
    """
    entry = reader.log.newest_of(tags.ENTRY_TERMS)
    if entry is None or entry.content is None:
        raise NotYet("the log holds no terms yet; the oracle writes them when it starts")
    document: dict[str, Any] = json.loads(entry.content)
    return Terms(
        name=document["name"],
        utc_offset_s=int(document["utc_offset_s"]),
        poll_interval_s=int(document["poll_interval_s"]),
        first_day=int(document["first_day"]),
        days_per_period=int(document["days_per_period"]),
        money_symbol=document["money"]["symbol"],
        money_decimals=int(document["money"]["decimals"]),
        points=tuple(
            PointOut(
                id=point["id"],
                role=point["role"],
                tariff=point["tariff"],
                formula=[Term(sign=int(term["sign"]), serial=term["serial"]) for term in point["formula"]],
            )
            for point in document["points"]
        ),
    )
