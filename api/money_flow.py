"""Declared, funded and paid, from the contract events that the oracle followed into the ledger; pure but for its input."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from api.terms import Terms
from evidence.units import Minor, SettlementDay
from oracle.core.entitlement import NOBODY, X96, Entitlement, History, entitlement_of, read_history
from oracle.ledger.rows import EventRow


@dataclass(frozen=True, slots=True)
class Paid:
    """One payment; the tranches below `up_to` were settled for this holder."""

    holder: str
    amount: Minor
    up_to: int
    event: EventRow


@dataclass(frozen=True, slots=True)
class MoneyFlow:
    """How far the money has come.

    Attributes:
        history: movements, tranches and payments, for `oracle.core.entitlement`.
        payments: in chain order.
        declared: period -> distributable amount of its report.
        funding_txs: period -> transactions that funded it.
        settled_up_to: holder -> the tranches below this are settled.
    """

    history: History
    payments: tuple[Paid, ...]
    declared: dict[int, Minor]
    funding_txs: dict[int, list[str]]
    settled_up_to: dict[str, int]

    @property
    def declared_total(self) -> int:
        """Base units declared so far."""
        return sum(self.declared.values())

    @property
    def funded_total(self) -> int:
        """Base units received so far."""
        return sum(tranche.received for tranche in self.history.tranches)

    @property
    def paid_total(self) -> int:
        """Base units paid so far."""
        return sum(self.history.paid.values())

    @property
    def holders(self) -> list[str]:
        """Everybody who holds or held shares, rising by address."""
        return [holder for holder in self.history.register.holders if holder != NOBODY]

    def funded(self, period: int) -> int:
        """Base units received for a period."""
        return sum(tranche.received for tranche in self.history.tranches if tranche.period == period)

    def entitlement(self, holder: str) -> Entitlement:
        """What one holder earned; SettlementError when an event is missing."""
        return entitlement_of(self.history, holder)

    def paid_by_period(self) -> dict[int, int]:
        """Period -> the part of all payments that is for it: each holder's settled lines of it, rounded down."""
        paid: dict[int, int] = {}
        for holder, up_to in self.settled_up_to.items():
            parts_x96: dict[int, int] = {}
            for line in self.entitlement(holder).lines:
                if line.tranche < up_to:
                    parts_x96[line.period] = parts_x96.get(line.period, 0) + line.earned_x96
            for period, part_x96 in parts_x96.items():
                paid[period] = paid.get(period, 0) + (part_x96 >> X96)
        return paid


def read_money_flow(events: Iterable[EventRow], terms: Terms, excluded: tuple[str, ...]) -> MoneyFlow:
    """The flow that these events tell, in chain order; SettlementError when one is missing."""
    kept = list(events)
    history = read_history(
        kept,
        utc_offset_s=terms.utc_offset_s,
        first_day=SettlementDay(terms.first_day),
        days_per_period=terms.days_per_period,
        excluded=excluded,
    )
    payments: list[Paid] = []
    declared: dict[int, Minor] = {}
    funding_txs: dict[int, list[str]] = {}
    for event in kept:
        match event.contract, event.name:
            case "distributor", "Paid":
                args = json.loads(event.args)
                payments.append(Paid(args["holder"], Minor(int(args["amount"])), int(args["upTo"]), event))
            case "distributor", "Funded":
                funding_txs.setdefault(int(json.loads(event.args)["period"]), []).append(event.tx_hash)
            case "declarations", "Declared":
                args = json.loads(event.args)
                declared[int(args["period"])] = Minor(int(args["distributable"]))
    settled_up_to: dict[str, int] = {}
    for payment in payments:
        settled_up_to[payment.holder] = max(payment.up_to, settled_up_to.get(payment.holder, 0))
    return MoneyFlow(history, tuple(payments), declared, funding_txs, settled_up_to)
