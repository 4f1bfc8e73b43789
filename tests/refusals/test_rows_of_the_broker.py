"""Bad bundles on a real broker, row by row: the reason in the ledger, the signed answer, the status, one line in the log, and the command.

Whatever is wrong with one header, the others of its bundle are taken.
"""

import json
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from evidence.answer import Code, Verdict
from evidence.batch import batch_root
from evidence.bundle import BundleItem, encode_bundle
from evidence.tags import BUNDLE_SIZE_MAX
from firmware_sim.broker import EmbeddedBroker
from oracle.intake.rows import BUNDLE
from tests.plant.gateway_client import GatewayClient
from tests.plant.running import Running
from tests.plant.signed_meter import SignedMeter, hash_of
from tests.plant.site import write_site
from tests.refusals.said import said

OK = (Verdict.STORED, Code.OK)
DUPLICATE = (Verdict.DUPLICATE, Code.OK)
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # SEC 2, section 2.4.2


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes((data[at] ^ 1,)) + data[at + 1 :]


# Each is called when the commissioning header and one batch of the meter are stored.


def bad_signature(meter: SignedMeter) -> BundleItem:
    good = meter.batch()
    return replace(good, signature=flip(good.signature, 40))


def high_s(meter: SignedMeter) -> BundleItem:
    """The same signature in its other form, which every ECDSA library that knows no low-s rule would take."""
    good = meter.batch()
    r, s = good.signature[:32], int.from_bytes(good.signature[32:], "big")
    return replace(good, signature=r + (P256_ORDER - s).to_bytes(32, "big"))


def another_meters_signature(meter: SignedMeter) -> BundleItem:
    """A header of a bound meter, signed by a key that is bound too, only to another meter."""
    good = meter.batch()
    return replace(good, signature=SignedMeter("SIM-0002", point="roof-2").signer.sign(good.header))


def no_reading(meter: SignedMeter) -> BundleItem:
    """A body that its header's root commits to, and that holds no reading: signed nonsense."""
    stated, records = meter.header_over(meter.readings(3))
    # Absent registers, and a time that only other bytes have: all ones are no time and no status.
    records[1] = b"\xff" * len(records[1])
    root = batch_root(meter.batch_key(stated.epoch, stated.seq0), records)
    return meter.make(replace(stated, batch_root=root), records)


def unknown_meter(_meter: SignedMeter) -> BundleItem:
    return SignedMeter("NOT-BOUND").first()


def no_header(meter: SignedMeter) -> BundleItem:
    good = meter.batch()
    return replace(good, header=flip(good.header, 0))


def wrong_root(meter: SignedMeter) -> BundleItem:
    good = meter.batch()
    return replace(good, body=flip(good.body, 9))


def header_against_body(meter: SignedMeter) -> BundleItem:
    stated, records = meter.header_over(meter.readings(3))
    return meter.make(replace(stated, t1=stated.t1 + 1), records)


def repeated_sequence(meter: SignedMeter) -> BundleItem:
    """The stored batch's sequence and predecessor again, over other readings: what a restored SD card signs."""
    stored = meter.newest
    assert stored is not None
    meter.newest, meter.newest_hash = None, meter.binding_hash
    meter.first()
    stated, records = meter.header_over(meter.readings(stored.count))
    return meter.make(replace(stated, prev=stored.prev, export_start_wh=stored.export_start_wh), records)


def overlapping_sequence(meter: SignedMeter) -> BundleItem:
    stated, records = meter.header_over(meter.readings(3))
    return meter.make(replace(stated, seq0=stated.seq0 - 1), records)


def skipped_sequence(meter: SignedMeter) -> BundleItem:
    stated, records = meter.header_over(meter.readings(3))
    return meter.make(replace(stated, seq0=stated.seq0 + 1), records)


@dataclass(frozen=True)
class Row:
    """One row.

    Attributes:
        make: the bad item.
        code: in the answer, in the ledger and in the log.
        seq: of the bad header, None where it cannot be told.
        detail: a word of the stored reason.
        fork: it also excludes a stored header.
        stored: the header is stored all the same (its body is not).
        retired: the meter was retired before.
    """

    make: Callable[[SignedMeter], BundleItem]
    code: Code
    seq: int | None
    detail: str
    fork: bool = False
    stored: bool = False
    retired: bool = False


ROWS = [
    Row(bad_signature, Code.BAD_SIGNATURE, 3, "not signed by"),
    Row(high_s, Code.BAD_SIGNATURE, 3, "upper half of the order"),
    Row(another_meters_signature, Code.BAD_SIGNATURE, 3, "not signed by"),
    Row(no_reading, Code.MALFORMED, 3, "holds what is no reading"),
    Row(unknown_meter, Code.UNKNOWN_METER, 0, "not bound"),
    Row(no_header, Code.MALFORMED, None, "tag"),
    Row(wrong_root, Code.SEALED, 3, "root", stored=True),
    Row(header_against_body, Code.HEADER_DISAGREES, 3, "t1"),
    Row(repeated_sequence, Code.FORK, 0, "logged first", fork=True),
    Row(overlapping_sequence, Code.OVERLAP, 2, "same sequence", fork=True),
    Row(skipped_sequence, Code.NOT_CONTINUING, 4, "seq0"),
    Row(SignedMeter.batch, Code.RETIRED, 3, "was retired", retired=True),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.make.__name__)
def test_a_bad_header_is_seen_in_ledger_answer_status_log_and_command(
    *,
    row: Row,
    tmp_path: Path,
    broker: EmbeddedBroker,
    start: Callable[[Path], Running],
    connect: Callable[[bytes], GatewayClient],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO)
    meter, other = SignedMeter("SIM-0001"), SignedMeter("SIM-0002", point="roof-2")
    path = write_site(tmp_path, [meter, other], port=broker.port)
    oracle = start(path)
    gateway = connect(oracle.config.signer.public_point)
    assert gateway.send(meter.first(), meter.batch()) == [OK, OK]
    if row.retired:
        assert gateway.send(meter.retire()) == [OK]
    bad = row.make(meter)

    # The signed answer; the rest of the bundle is taken, and what is sent again is answered again.
    verdict = Verdict.STORED if row.stored else Verdict.REFUSED
    assert gateway.send(other.first(), bad, other.batch()) == [OK, (verdict, row.code), OK]
    again = Verdict.DUPLICATE if row.stored else Verdict.REFUSED
    assert gateway.send(bad) == [(again, row.code)]
    oracle.wait_idle()

    # The ledger.
    times = 1 if row.stored else 2
    reader = oracle.service.reader
    kept = reader.refusals.newest(limit=10)
    assert [(one.code, one.header_hash, one.gateway) for one in kept] == [
        (row.code.name, hash_of(bad), "roof-pi")
    ] * times
    assert row.detail in kept[0].detail
    stored = reader.headers.by_hash(hash_of(bad))
    assert (None if stored is None else stored.bodiless) == (1 if row.stored else None)
    assert [fork.second_hash for fork in reader.refusals.forks()] == [hash_of(bad)] * row.fork

    # The status.
    status = oracle.service.status()
    json.dumps(status)
    intake = status["intake"]
    assert isinstance(intake, dict)
    assert intake["refused"] == ({} if row.stored else {row.code.name: 2})
    assert (intake["stored"], intake["bodiless"]) == (4 + row.stored + row.retired, int(row.stored))

    # The log, once.
    (line,) = said(caplog, "header refused")
    assert (line["code"], line["gateway"], line["header"]) == (row.code.name, "roof-pi", hash_of(bad).hex())
    assert line.get("seq") == row.seq
    assert row.detail in str(line["detail"])
    if row.code not in (Code.UNKNOWN_METER, Code.MALFORMED):
        assert line["meter"] == "SIM-0001"

    # The command, while the oracle runs.
    capsys.readouterr()
    assert run(["oracle", "refusals", "--config", str(path), "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [(one["code"], one["header"]) for one in listed["refusals"]] == [(row.code.name, hash_of(bad).hex())] * times
    assert [one["second"] for one in listed["forks"]] == [hash_of(bad).hex()] * row.fork
    assert listed["counts"] == {row.code.name: times}
    assert oracle.failures.empty()


def test_an_innocent_resend_is_a_duplicate_and_no_refusal(
    tmp_path: Path,
    broker: EmbeddedBroker,
    start: Callable[[Path], Running],
    connect: Callable[[bytes], GatewayClient],
    caplog: pytest.LogCaptureFixture,
) -> None:
    meter = SignedMeter("SIM-0001")
    oracle = start(write_site(tmp_path, [meter], port=broker.port))
    gateway = connect(oracle.config.signer.public_point)
    history = meter.history(2)
    assert gateway.send(*history) == [OK] * 3
    size = oracle.service.sequencer.size
    assert gateway.send(*history) == [DUPLICATE] * 3
    oracle.wait_idle()
    intake = oracle.service.status()["intake"]
    assert isinstance(intake, dict)
    assert (intake["stored"], intake["duplicates"], intake["refused"]) == (3, 3, {})
    assert oracle.service.sequencer.size == size
    assert oracle.service.reader.refusals.newest(limit=10) == []
    assert said(caplog, "header refused") == []
    assert oracle.failures.empty()


def test_what_comes_before_its_previous_header_is_asked_for_again_and_is_no_refusal(
    tmp_path: Path,
    broker: EmbeddedBroker,
    start: Callable[[Path], Running],
    connect: Callable[[bytes], GatewayClient],
    caplog: pytest.LogCaptureFixture,
) -> None:
    meter = SignedMeter("SIM-0001")
    oracle = start(write_site(tmp_path, [meter], port=broker.port))
    gateway = connect(oracle.config.signer.public_point)
    first, second = meter.history(1)
    assert gateway.send(second) == [(Verdict.RETRY, Code.PREV_UNKNOWN)]
    assert gateway.send(first, second) == [OK, OK]
    oracle.wait_idle()
    intake = oracle.service.status()["intake"]
    assert isinstance(intake, dict)
    assert (intake["stored"], intake["retry"], intake["refused"]) == (2, 1, {})
    assert oracle.service.reader.refusals.newest(limit=10) == []
    assert said(caplog, "header refused") == []
    assert oracle.failures.empty()


@pytest.mark.parametrize(
    ("payload", "detail"),
    [
        (b"", "too few"),
        (b"no bundle at all", "tag"),
        (encode_bundle([SignedMeter("SIM-0001").first()])[:-1], "ends inside item 0"),
        (encode_bundle([SignedMeter("SIM-0001").first()]) + b"\0", "left over"),
        (encode_bundle([SignedMeter("SIM-0001").first()]) + bytes(BUNDLE_SIZE_MAX), "at most 65536"),
    ],
    ids=["empty", "junk", "cut off", "bytes left over", "over the limit"],
)
def test_a_bundle_that_cannot_be_taken_apart_is_stored_counted_and_said_once_and_stops_nobody(
    *,
    payload: bytes,
    detail: str,
    tmp_path: Path,
    broker: EmbeddedBroker,
    start: Callable[[Path], Running],
    connect: Callable[[bytes], GatewayClient],
    caplog: pytest.LogCaptureFixture,
) -> None:
    meter = SignedMeter("SIM-0001")
    oracle = start(write_site(tmp_path, [meter], port=broker.port))
    gateway = connect(oracle.config.signer.public_point)
    gateway.publish(payload)
    gateway.publish(payload)
    # Nothing comes down for them: there is no header to answer for. The next answer is that of the next bundle.
    assert gateway.send(meter.first()) == [OK]
    oracle.wait_idle()
    kept = oracle.service.reader.refusals.newest(limit=10)
    assert [(one.code, one.header_hash, one.meter_id) for one in kept] == [(BUNDLE, None, None)] * 2
    assert detail in kept[0].detail
    intake = oracle.service.status()["intake"]
    assert isinstance(intake, dict)
    assert (intake["bundles_refused"], intake["stored"]) == (2, 1)
    (line,) = said(caplog, "bundle refused")
    assert (line["gateway"], line["code"]) == ("roof-pi", BUNDLE)
    assert detail in str(line["detail"])
    assert oracle.failures.empty()


class CountedMeanwhile(Counter[tuple[Verdict, Code]]):
    """While somebody goes through it, another thread counts a code for the first time."""

    def items(self) -> Any:
        for number, item in enumerate(super().items()):
            self[DUPLICATE] += number == 0
            yield item


def test_the_status_is_told_while_a_code_is_counted_for_the_first_time(
    tmp_path: Path, broker: EmbeddedBroker, start: Callable[[Path], Running]
) -> None:
    oracle = start(write_site(tmp_path, [SignedMeter("SIM-0001")], port=broker.port))
    oracle.service._worker._intake._counts = CountedMeanwhile({OK: 3})
    intake = oracle.service.status()["intake"]
    assert isinstance(intake, dict)
    assert intake["stored"] == 3


def test_the_command_pages_through_what_was_refused_and_says_how_to_go_on(
    tmp_path: Path,
    broker: EmbeddedBroker,
    start: Callable[[Path], Running],
    connect: Callable[[bytes], GatewayClient],
    capsys: pytest.CaptureFixture[str],
) -> None:
    meter = SignedMeter("SIM-0001")
    path = write_site(tmp_path, [meter], port=broker.port)
    options = ["oracle", "refusals", "--config", str(path)]
    assert run(options) == 0
    assert "Nothing was refused" in capsys.readouterr().out
    oracle = start(path)
    gateway = connect(oracle.config.signer.public_point)
    first = meter.first()
    for number in range(3):
        gateway.send(replace(first, signature=number.to_bytes(64, "big")))
    oracle.wait_idle()
    seen = []
    before: list[str] = []
    for _ in range(2):
        assert run([*options, "--json", "--limit", "2", *before]) == 0
        page = json.loads(capsys.readouterr().out)
        seen += [one["id"] for one in page["refusals"]]
        before = ["--before", str(page["before"])]
    assert seen == [3, 2, 1]
    assert page["before"] is None
    assert run([*options, "--limit", "2"]) == 0
    shown = capsys.readouterr().out
    assert "BAD_SIGNATURE" in shown
    assert "SIM-0001" in shown
    assert "--before 2" in shown
    assert run([*options, "--limit", "0"]) == 2
    assert "--limit" in capsys.readouterr().err


def test_the_command_says_in_one_line_that_there_is_no_ledger(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_site(tmp_path, [SignedMeter("SIM-0001")], port=1, ledger=False)
    assert run(["oracle", "refusals", "--config", str(path)]) == 2
    assert "ledger.sqlite" in capsys.readouterr().err
