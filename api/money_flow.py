"""Declared, funded and paid, from the contract events that the oracle followed into the ledger; pure but for its input."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.units import Minor
from oracle.core.holders.entitlement import X96, Entitlement, entitlement_of
from oracle.core.holders.history import History, read_history
from oracle.core.holders.holder_register import NOBODY
from oracle.core.holders.report_standing import ReportStanding, standings
from oracle.core.terms import AssetTerms
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
        history: movements, tranches and payments, for `oracle.core.holders.entitlement`.
        payments: in chain order.
        reports: period -> how its newest report stands.
        report_txs: period -> the transaction that declared its newest report.
        funding_txs: period -> transactions that funded it.
        settled_up_to: holder -> the tranches below this are paid, to an heir where the wallet is lost.
    """

    history: History
    payments: tuple[Paid, ...]
    reports: dict[int, ReportStanding]
    report_txs: dict[int, str]
    funding_txs: dict[int, list[str]]
    settled_up_to: dict[str, int]

    @property
    def declared_total(self) -> int:
        """Base units declared so far."""
        return sum(report.distributable for report in self.reports.values())

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
        """Every address that holds or held shares, or is the heir of a lost wallet, rising."""
        heirs = {one.heir for one in self.history.redirected}
        return sorted({*self.history.register.holders, *heirs} - {NOBODY})

    def declared(self, period: int) -> int:
        """Base units that the newest report of a period says are distributable."""
        report = self.reports.get(period)
        return 0 if report is None else report.distributable

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


def read_money_flow(events: Iterable[EventRow], terms: AssetTerms, excluded: tuple[str, ...]) -> MoneyFlow:
    """The flow that these events tell, in chain order; SettlementError when one is missing."""
    kept = list(events)
    history = read_history(
        kept,
        utc_offset_s=terms.utc_offset_s,
        first_day=terms.first_day,
        days_per_period=terms.days_per_period,
        excluded=excluded,
    )
    payments: list[Paid] = []
    report_txs: dict[int, str] = {}
    funding_txs: dict[int, list[str]] = {}
    settled_up_to: dict[str, int] = {}
    inherited: dict[
        str, dict[str, int]
    ] = {}  # heir -> lost wallets whose credit it holds -> the tranches settled in it
    for event in kept:
        match event.contract, event.name:
            case "distributor", "Paid":
                args = json.loads(event.args)
                paid = Paid(args["holder"], Minor(int(args["amount"])), int(args["upTo"]), event)
                payments.append(paid)
                # A payment is all the credit there is: what lost wallets passed on too.
                settled_up_to.update({**inherited.pop(paid.holder, {}), paid.holder: paid.up_to})
            case "distributor", "Redirected":
                args = json.loads(event.args)
                passed_on = {**inherited.pop(args["lost"], {}), args["lost"]: int(args["upTo"])}
                inherited.setdefault(args["heir"], {}).update(passed_on)
            case "declarations", "Declared":
                report_txs[int(json.loads(event.args)["period"])] = event.tx_hash
            case "distributor", "Funded":
                funding_txs.setdefault(int(json.loads(event.args)["period"]), []).append(event.tx_hash)
    return MoneyFlow(history, tuple(payments), standings(kept), report_txs, funding_txs, settled_up_to)
