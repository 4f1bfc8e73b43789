"""What happened to an asset's shares and money, from the contract events in the ledger."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from evidence.units import Minor, SettlementDay
from oracle.core.calendar import day_of
from oracle.core.holders.holder_register import HolderRegister, Movement
from oracle.errors import SettlementError


class ChainEvent(Protocol):
    """A row of `chain_events`, as far as it is needed here. `args` is JSON, integers as decimal strings."""

    @property
    def contract(self) -> str:
        """The name of the contract in the deployment: share, distributor, ..."""

    @property
    def name(self) -> str:
        """The event's name."""

    @property
    def block_time(self) -> int:
        """Unix seconds."""

    @property
    def args(self) -> str:
        """The event's arguments as JSON."""


@dataclass(frozen=True, slots=True)
class Tranche:
    """Money that came in for a period: base units received, and what the contract says a share-day of it is worth, times 2^96."""

    index: int
    period: int
    received: Minor
    per_share_day_x96: int


@dataclass(frozen=True, slots=True)
class Redirected:
    """What a lost wallet had earned and was not paid, given to its heir: base units times 2^96 (`IRedirects`)."""

    lost: str
    heir: str
    credit_x96: int


@dataclass(frozen=True)  # no slots: the register is kept in the object once it is made
class History:
    """What happened to shares and money, in chain order.

    Attributes:
        movements: share movements.
        tranches: fundings.
        paid: base units paid so far, by holder.
        redirected: what lost wallets passed on, in chain order.
        first_day: first settlement day of period 0.
        days_per_period: the schedule's other constant.
        excluded: holders that earn nothing.
    """

    movements: tuple[Movement, ...]
    tranches: tuple[Tranche, ...]
    paid: dict[str, Minor]
    first_day: SettlementDay
    days_per_period: int
    excluded: frozenset[str] = frozenset()
    redirected: tuple[Redirected, ...] = ()

    @cached_property
    def register(self) -> HolderRegister:
        """Balances by day, made of the movements."""
        return HolderRegister(self.movements, excluded=self.excluded)


def read_history(
    events: Iterable[ChainEvent],
    *,
    utc_offset_s: int,
    first_day: SettlementDay,
    days_per_period: int,
    excluded: Sequence[str] = (),
) -> History:
    """The history that a ledger's `chain_events` tell, in chain order; events of other kinds are passed over.

    Raises:
        SettlementError: an event is missing or out of order.
    """
    movements: list[Movement] = []
    tranches: list[Tranche] = []
    redirected: list[Redirected] = []
    paid: dict[str, Minor] = {}
    for event in events:
        if (event.contract, event.name) == ("share", "Transfer"):
            args = json.loads(event.args)
            day = day_of(event.block_time, utc_offset_s)
            movements.append(Movement(day, args["from"], args["to"], int(args["value"])))
        elif (event.contract, event.name) == ("distributor", "Funded"):
            args = json.loads(event.args)
            tranche = Tranche(
                int(args["tranche"]), int(args["period"]), Minor(int(args["received"])), int(args["perShareDayX96"])
            )
            if tranche.index != len(tranches):
                raise SettlementError(f"tranche {tranche.index} follows {len(tranches)} tranches: an event is missing")
            tranches.append(tranche)
        elif (event.contract, event.name) == ("distributor", "Paid"):
            args = json.loads(event.args)
            paid[args["holder"]] = Minor(paid.get(args["holder"], 0) + int(args["amount"]))
        elif (event.contract, event.name) == ("distributor", "Redirected"):
            args = json.loads(event.args)
            redirected.append(Redirected(args["lost"], args["heir"], int(args["creditX96"])))
    history = History(
        tuple(movements), tuple(tranches), paid, first_day, days_per_period, frozenset(excluded), tuple(redirected)
    )
    _ = history.register  # made now: a missing movement is an error of the reading, not of the first question
    return history
