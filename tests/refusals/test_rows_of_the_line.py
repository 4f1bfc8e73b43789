"""Bad bytes on the pty, row by row: the signed reading in the ledger, the day's notes, both statuses, one line in each log.

Damage, a part of an answer, a stranger's answer and a late one are never a reading, and counted; a sentinel, a register at 0 and a fall are
signed as the meter says them, with their status, judged by the oracle and labelled. Whatever happens, the day's energy is exact: the
registers at both midnights are good.
"""

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from evidence.status import NONE, OUTCOMES, REASONS, Status
from meters import dlt645, modbus_rtu
from oracle.core.energy.vee import Label
from tests.plant.signed_meter import DAY_ZERO, SignedMeter
from tests.refusals.edge_to_oracle import DAY_S, POLL_S, SLOTS, EdgeToOracle
from tests.refusals.inverter import UNIT, good_inverter, inverter, register_wh
from tests.refusals.said import said

ADDRESS = "000000193600"
STRANGER = "000000000042"
BAD = DAY_ZERO + 12 * POLL_S
FALLEN_WH = 500_000
SENTINEL_WH = 0xFFFFFFFF

Says = Callable[[bytes, int], bytes]


# ---------------------------------------------------------------- one inverter


def busy_inverter(_request: bytes) -> bytes:
    return modbus_rtu.encode_exception(UNIT, modbus_rtu.READ_HOLDING, modbus_rtu.DEVICE_BUSY)


# ---------------------------------------------------------------- one DL/T 645 meter


def asked(request: bytes) -> int:
    (frame,) = dlt645.FrameDecoder().feed(request)
    assert isinstance(frame, dlt645.Frame)
    return dlt645.requested_identifier(frame)


def meter(wh: int | None, *, address: str = ADDRESS) -> Callable[[bytes], bytes]:
    def answer(request: bytes) -> bytes:
        item = asked(request)
        return dlt645.energy_answer(address, item, [wh if item == dlt645.FORWARD_TOTAL else 0])

    return answer


def good_meter(request: bytes, now: int) -> bytes:
    return meter(register_wh(now))(request)


def refusing_meter(_request: bytes) -> bytes:
    return dlt645.error_answer(ADDRESS, dlt645.OTHER_ERROR)


# ---------------------------------------------------------------- what goes wrong with the answer of one slot


def at_noon(good: Says, bad: Callable[[bytes], bytes]) -> Says:
    return lambda request, now: bad(request) if now == BAD else good(request, now)


def damaged(good: Says) -> Says:
    def flip(request: bytes) -> bytes:
        answer = good(request, BAD)
        return answer[:-2] + bytes((answer[-2] ^ 1,)) + answer[-1:]  # within CRC or checksum

    return at_noon(good, flip)


def truncated(good: Says) -> Says:
    return at_noon(good, lambda request: good(request, BAD)[:-3])


def late(good: Says) -> Says:
    """Nothing at noon; the answer comes when the next request is heard, before that one's own."""
    kept: list[bytes] = []

    def says(request: bytes, now: int) -> bytes:
        if now == BAD:
            kept.append(good(request, now))
            return b""
        return (kept.pop() if kept else b"") + good(request, now)

    return says


@dataclass(frozen=True)
class Row:
    """One row: what the line says, and where it must be seen.

    Attributes:
        name: of the row.
        protocol: of the line.
        says: request and world time to bytes.
        counter: of the gateway's `polls` that counts it; empty where it is a whole answer.
        status: the bit of the signed reading.
        shown_wh: the register of the signed reading.
        label: in the day's notes.
        after: what the gateway says of the next reading, which is good: that it has fallen below the bad one.
    """

    name: str
    protocol: str
    says: Says
    counter: str
    status: Status
    shown_wh: int | None
    label: Label
    after: Status = NONE


def rows() -> list[Row]:
    found = []
    for protocol, good in (("modbus-rtu", good_inverter), ("dlt645", good_meter)):
        one = inverter if protocol == "modbus-rtu" else meter
        stranger = inverter(1, unit=9) if protocol == "modbus-rtu" else meter(10, address=STRANGER)
        exception = busy_inverter if protocol == "modbus-rtu" else refusing_meter
        # An inverter's 'not implemented' is a number, signed as it stands; a DL/T 645 meter's is no number at all.
        sentinel, shown = (inverter(SENTINEL_WH), SENTINEL_WH) if protocol == "modbus-rtu" else (meter(None), None)
        found += [
            Row("bad check", protocol, damaged(good), "damaged", Status.DAMAGED, None, Label.DAMAGED),
            Row("truncated", protocol, truncated(good), "damaged", Status.DAMAGED, None, Label.DAMAGED),
            Row("another slave's", protocol, at_noon(good, stranger), "foreign", Status.FOREIGN, None, Label.FOREIGN),
            Row("late", protocol, late(good), "late", Status.NO_ANSWER, None, Label.NO_ANSWER),
            Row(
                "silence", protocol, at_noon(good, lambda _: b""), "no_answer", Status.NO_ANSWER, None, Label.NO_ANSWER
            ),
            Row(
                "sentinel",
                protocol,
                at_noon(good, sentinel),
                "",
                Status.SENTINEL,
                shown,
                Label.SENTINEL,
                Status.FELL if shown else NONE,
            ),
            Row("an exception", protocol, at_noon(good, exception), "refused", Status.REFUSED, None, Label.REFUSED),
            Row("register at 0", protocol, at_noon(good, one(0)), "", Status.ZERO | Status.FELL, 0, Label.ZERO),
            Row("falling register", protocol, at_noon(good, one(FALLEN_WH)), "", Status.FELL, FALLEN_WH, Label.FELL),
        ]
    return found


def names(status: Status) -> list[str]:
    return [str(bit.name) for bit in status]


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.protocol} {row.name}")
def test_a_bad_answer_is_seen_in_ledger_answer_status_and_log(
    row: Row, wired: Callable[..., EdgeToOracle], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    of = SignedMeter("SIM-0001", valid_from=DAY_ZERO - POLL_S)
    address = str(UNIT) if row.protocol == "modbus-rtu" else ADDRESS
    one = wired(meter=of, protocol=row.protocol, address=address, says=row.says)
    one.run()

    # The ledger: a reading for every slot, the bad one as it was, no other one wrong.
    found = one.readings(of)
    assert list(found) == [DAY_ZERO + slot * POLL_S for slot in range(SLOTS)]
    wrong = found.pop(BAD)
    assert wrong.status & (OUTCOMES | REASONS) == row.status
    assert wrong.export_wh == row.shown_wh
    assert all(reading.export_wh == register_wh(time) for time, reading in found.items())
    labels = {time: reading.status & (OUTCOMES | REASONS) for time, reading in found.items()}
    assert {time: label for time, label in labels.items() if label} == ({BAD + POLL_S: row.after} if row.after else {})

    # Its judgement: labelled in the day's notes, and the day's energy is exact.
    day = one.reader.settlement.day(DAY_ZERO // DAY_S)
    assert day is not None
    notes = json.loads(day.notes)
    assert [(note["label"], note["subject"]) for note in notes if note["label"] == row.label] == [
        (row.label, of.serial)
    ], notes
    (point,) = one.reader.settlement.point_days(day.day, day.day + 1)
    assert (point.export_wh, point.estimated_wh) == (24_000, 0)

    # The signed answers, as the gateway counted them: every header was stored, none refused.
    gateway, oracle = one.gateway.status(), one.oracle.status()
    uplink, polls, labelled = gateway["uplink"], gateway["polls"], gateway["readings_labelled"]
    intake = oracle["intake"]
    assert isinstance(uplink, dict)
    assert isinstance(polls, dict)
    assert isinstance(labelled, dict)
    assert isinstance(intake, dict)
    assert (uplink["stored"], uplink["refused"], uplink["unopened"]) == (SLOTS + 1, 0, 0)  # and the commissioning
    assert (intake["stored"], intake["refused"]) == (SLOTS + 1, {})

    # The statuses count it.
    assert {name: count for name, count in labelled.items() if count} == dict.fromkeys(
        names(row.status) + names(row.after), 1
    )
    if row.counter:
        assert polls[row.counter] == 1, polls
        assert polls["answered"] == SLOTS - 1
    else:
        assert polls["answered"] == SLOTS
    json.dumps([gateway, oracle])

    # And it is said: once at the gateway when it begins, once when it is over, and with the day at the oracle.
    begins = [(BAD, row.status), (BAD + POLL_S, row.after)]
    assert said(caplog, "no good reading") == [
        {"meter": of.serial, "slot": slot, "status": ",".join(names(status))} for slot, status in begins if status
    ]
    over = BAD + (2 if row.after else 1) * POLL_S
    assert said(caplog, "good readings again") == [{"meter": of.serial, "slot": over}]
    (settled,) = said(caplog, "day settled")
    assert (settled["day"], settled["period"]) == ("2025-06-16", 0)
    assert f"{of.serial}:{row.label}*1" in str(settled["labels"])
