"""How a report stands, from events and the time."""

import json
from dataclasses import dataclass

import pytest

from oracle.core.holders.report_standing import Objection, ReportState, standings, unanswered
from oracle.errors import SettlementError


@dataclass(frozen=True)
class Event:
    name: str
    args: str
    contract: str = "declarations"
    block_time: int = 0


def declared(period: int, revision: int, until: int) -> Event:
    args = {
        "period": period,
        "revision": revision,
        "reportHash": f"0x{revision:064x}",
        "distributable": 7 + revision,
        "challengeEndsAt": until,
    }
    return Event("Declared", json.dumps({name: str(value) for name, value in args.items()}))


def disputed(period: int, until: int) -> Event:
    args = {"period": str(period), "reportHash": "0x", "by": "0x", "resolveBy": str(until), "reasonHash": "0x"}
    return Event("Disputed", json.dumps(args))


def test_a_deadline_decides_without_an_event() -> None:
    (standing,) = standings([declared(3, 0, 1_000)]).values()
    assert [standing.state(now) for now in (0, 999, 1_000)] == [
        ReportState.PENDING,
        ReportState.PENDING,
        ReportState.FINAL,
    ]
    (standing,) = standings([declared(3, 0, 1_000), disputed(3, 2_000)]).values()
    assert [standing.state(now) for now in (1_500, 1_999, 2_000)] == [
        ReportState.DISPUTED,
        ReportState.DISPUTED,
        ReportState.VOID,
    ]


def test_a_revision_replaces_what_was_disputed_and_each_period_stands_alone() -> None:
    found = standings(
        [declared(0, 0, 10), declared(1, 0, 20), disputed(0, 30), declared(0, 1, 40), Event("Disputed", "{}", "other")]
    )
    assert {
        period: (one.revision, one.distributable, one.disputed, one.decided_at) for period, one in found.items()
    } == {
        0: (1, 8, False, 40),
        1: (0, 7, False, 20),
    }


def test_a_dispute_says_who_objected_and_why_until_it_is_answered() -> None:
    events = [declared(0, 0, 10), declared(1, 0, 20), disputed(1, 30), disputed(0, 30)]
    assert [one.period for one in unanswered(events)] == [0, 1]
    assert unanswered(events)[0].objection == Objection(by="0x", reason_hash="0x")
    (open_,) = unanswered([*events, declared(0, 1, 40)])
    assert (open_.period, open_.is_void(29), open_.is_void(30)) == (1, False, True)


def test_a_dispute_without_its_report_is_a_missing_event() -> None:
    with pytest.raises(SettlementError, match="period 3 is disputed before it is declared"):
        standings([declared(2, 0, 10), disputed(3, 30)])
