"""Every way a batch can be wrong: a stored reason, a signed answer, and the rest of the bundle is still taken."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from evidence import header
from evidence.answer import Code, Verdict
from evidence.batch import batch_root
from evidence.bundle import BundleItem, encode_bundle, without_body
from evidence.header import EpochReason, Header, Kind
from evidence.keys import P256_ORDER
from evidence.status import Status
from oracle.intake.arrival import Incoming
from oracle.intake.rows import BUNDLE
from tests.oracle.intake.rig import Rig
from tests.plant.signed_meter import SignedMeter, hash_of

OK = (Verdict.STORED, Code.OK)
BODILESS = (Verdict.STORED, Code.SEALED)
DUPLICATE = (Verdict.DUPLICATE, Code.OK)


def refused(code: Code) -> tuple[Verdict, Code]:
    return Verdict.REFUSED, code


def flip(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


def high_s(meter: SignedMeter, good: BundleItem) -> BundleItem:
    s = int.from_bytes(good.signature[32:], "big")
    return replace(good, signature=good.signature[:32] + (P256_ORDER - s).to_bytes(32, "big"))


def of_unknown_meter(meter: SignedMeter, good: BundleItem) -> BundleItem:
    return SignedMeter("NOT-BOUND").first()


def before_its_binding(meter: SignedMeter, good: BundleItem) -> BundleItem:
    early = replace(header.decode(good.header), t0=meter.binding.valid_from - 9, t1=meter.binding.valid_from - 1)
    return meter.make(early)


def wrong_tag(meter: SignedMeter, good: BundleItem) -> BundleItem:
    return replace(good, header=flip(good.header, 0))


def register_too_large(meter: SignedMeter, good: BundleItem) -> BundleItem:
    # No encoder makes such a header, so its bytes are changed and signed anew.
    stated = header.decode(good.header)
    at = good.header.index((stated.export_end_wh or 0).to_bytes(8, "big"))
    encoded = good.header[:at] + (2**63).to_bytes(8, "big") + good.header[at + 8 :]
    return replace(good, header=encoded, signature=meter.signer.sign(encoded))


def reading_too_large(meter: SignedMeter, good: BundleItem) -> BundleItem:
    stated, records = meter.header_over(meter.readings(3))
    return signed_over(meter, stated, [records[0][:8] + (2**63).to_bytes(8, "big") + records[0][16:], *records[1:]])


def header_contradicts_body(meter: SignedMeter, good: BundleItem) -> BundleItem:
    stated, records = meter.header_over(meter.readings(3))
    return meter.make(replace(stated, t1=stated.t1 + 1), records)


def body_is_no_reading(meter: SignedMeter, good: BundleItem) -> BundleItem:
    stated, records = meter.header_over(meter.readings(3))
    return signed_over(meter, stated, [flip(records[0], 28), *records[1:]])  # a reserved bit of the status word


def signed_over(meter: SignedMeter, stated: Header, records: list[bytes]) -> BundleItem:
    root = batch_root(meter.batch_key(stated.epoch, stated.seq0), records)
    return meter.make(replace(stated, batch_root=root), records)


def wrong_start(meter: SignedMeter, good: BundleItem) -> BundleItem:
    stated, records = meter.header_over(meter.readings(3))
    return meter.make(replace(stated, export_start_wh=(stated.export_start_wh or 0) + 1), records)


def skipped_sequence(meter: SignedMeter, good: BundleItem) -> BundleItem:
    stated = meter.next_header(Kind.GAP, reason=1)
    return meter.make(replace(stated, seq0=stated.seq0 + 1))


def second_commissioning(meter: SignedMeter, good: BundleItem) -> BundleItem:
    stated = meter.next_header(Kind.EPOCH, reason=EpochReason.COMMISSIONED)
    return meter.make(replace(stated, epoch=0))


BREAKERS: list[tuple[Callable[[SignedMeter, BundleItem], BundleItem], Code]] = [
    (lambda meter, good: replace(good, signature=flip(good.signature, 40)), Code.BAD_SIGNATURE),
    (lambda meter, good: replace(good, header=flip(good.header, 184)), Code.BAD_SIGNATURE),
    (high_s, Code.BAD_SIGNATURE),
    (of_unknown_meter, Code.UNKNOWN_METER),
    (before_its_binding, Code.UNKNOWN_METER),
    (wrong_tag, Code.MALFORMED),
    (register_too_large, Code.MALFORMED),
    (reading_too_large, Code.MALFORMED),
    (body_is_no_reading, Code.MALFORMED),
    (header_contradicts_body, Code.HEADER_DISAGREES),
    (wrong_start, Code.NOT_CONTINUING),
    (skipped_sequence, Code.NOT_CONTINUING),
    (second_commissioning, Code.NOT_CONTINUING),
]


@pytest.mark.parametrize(("make_bad", "code"), BREAKERS)
def test_bad_item_is_refused_with_its_reason_stored_and_the_rest_of_the_bundle_taken(
    open_rig: Callable[..., Rig],
    meter: SignedMeter,
    make_bad: Callable[[SignedMeter, BundleItem], BundleItem],
    code: Code,
) -> None:
    other = SignedMeter("SIM-0002")
    rig = open_rig(meter, other)
    assert rig.send(meter.first(), meter.batch()) == [OK, OK]
    bad = make_bad(meter, meter.make(*meter.header_over(meter.readings(3))))
    size = rig.sequencer.size

    assert rig.send(other.first(), bad, other.batch()) == [OK, refused(code), OK]

    (stored,) = rig.reader.refusals.newest(limit=10)
    assert (stored.code, stored.header_hash, stored.header) == (code.name, hash_of(bad), bad.header)
    assert stored.gateway == "roof-pi"
    assert len(stored.detail) > 10
    assert rig.reader.headers.by_hash(hash_of(bad)) is None
    assert rig.sequencer.size == size + 2


def test_the_meter_goes_on_after_somebody_elses_bad_signature_over_its_next_header(
    rig: Rig, meter: SignedMeter
) -> None:
    rig.send(meter.first())
    good = meter.batch()
    assert rig.send(replace(good, signature=bytes(64))) == [refused(Code.BAD_SIGNATURE)]
    assert rig.send(good) == [OK]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda item: replace(item, body=flip(item.body, 9)),
        lambda item: replace(item, body=item.body[:-32]),
        lambda item: replace(item, body=b""),
        lambda item: replace(item, batch_key=bytes(32)),
    ],
)
def test_a_header_whose_body_does_not_match_is_stored_bodiless_and_still_telescopes(
    rig: Rig, meter: SignedMeter, spoil: Callable[[BundleItem], BundleItem]
) -> None:
    rig.send(meter.first())
    item = meter.batch()
    assert rig.send(spoil(item)) == [BODILESS]
    stored = rig.reader.headers.batch(hash_of(item))
    assert stored is not None
    assert (stored.header.bodiless, stored.body, stored.batch_key) == (1, b"", b"")
    assert stored.header.export_end_wh == meter.register_wh
    assert rig.send(meter.batch()) == [OK]
    assert rig.send(item) == [(Verdict.DUPLICATE, Code.SEALED)]


def test_a_body_beside_a_header_that_has_none_is_dropped(rig: Rig, meter: SignedMeter) -> None:
    item = replace(meter.first(), batch_key=b"k" * 32, body=b"anything")
    assert rig.send(item) == [OK]
    stored = rig.reader.headers.batch(hash_of(item))
    assert stored is not None
    assert (stored.body, stored.header.bodiless) == (b"", 0)


def test_an_innocent_resend_is_a_duplicate_even_with_another_signature(rig: Rig, meter: SignedMeter) -> None:
    history = meter.history(3)
    assert rig.send(*history) == [OK] * 4
    before = rig.sequencer.root()
    assert rig.send(*history) == [DUPLICATE] * 4
    # A secure element signs the same header differently each time: equality is on the header.
    assert rig.send(replace(history[1], signature=flip(history[1].signature, 3))) == [DUPLICATE]
    assert rig.sequencer.root() == before
    assert rig.reader.refusals.counts() == {}


def test_the_same_header_twice_in_one_bundle_is_stored_once(rig: Rig, meter: SignedMeter) -> None:
    first = meter.first()
    assert rig.send(first, first) == [OK, DUPLICATE]
    assert rig.entries().count(hash_of(first)) == 1


def test_what_comes_before_its_previous_header_is_asked_for_again(rig: Rig, meter: SignedMeter) -> None:
    first, second, third = meter.history(2)
    retry = (Verdict.RETRY, Code.PREV_UNKNOWN)
    assert rig.send(third, second, first) == [retry, retry, OK]
    assert rig.send(second, third) == [OK, OK]
    assert rig.reader.refusals.counts() == {}


def test_a_fork_is_kept_refused_and_so_is_everything_on_its_branch(rig: Rig, meter: SignedMeter) -> None:
    rig.send(meter.first())
    at = (meter.newest, meter.newest_hash)
    first = meter.batch()
    rig.send(first, meter.batch())
    meter.newest, meter.newest_hash = at
    second, third, fourth = meter.batch(), meter.batch(), meter.batch(5)

    assert rig.send(second) == [refused(Code.FORK)]
    assert rig.send(third, fourth) == [refused(Code.FORK)] * 2
    assert rig.send(second) == [refused(Code.FORK)]

    forks = rig.reader.refusals.forks()
    assert [(f.first_hash, f.second_hash) for f in reversed(forks)] == [
        (hash_of(first), hash_of(second)),
        (hash_of(first), hash_of(third)),
        (hash_of(first), hash_of(fourth)),
    ]
    assert forks[-1].second_header == second.header


def test_two_first_headers_are_a_fork(rig: Rig, meter: SignedMeter) -> None:
    first = meter.first()
    rig.send(first)
    other = meter.make(replace(header.decode(first.header), t0=meter.time + 1, t1=meter.time + 1))
    assert rig.send(other) == [refused(Code.FORK)]


def test_an_overlap_is_kept_and_refused_even_when_its_previous_header_never_came(rig: Rig, meter: SignedMeter) -> None:
    rig.send(meter.first())
    stated, records = meter.header_over(meter.readings(3))
    logged = meter.keep(meter.make(stated, records))
    rig.send(logged)
    overlapping = meter.make(replace(stated, seq0=stated.seq0 + 2, prev=bytes(range(32))), records)
    # Its root is of another batch key, but overlapping is a fact of the headers alone.
    assert rig.send(overlapping) == [refused(Code.OVERLAP)]
    (fork,) = rig.reader.refusals.forks()
    assert (fork.first_hash, fork.second_hash) == (hash_of(logged), hash_of(overlapping))


def test_an_overlap_after_the_newest_header_is_an_overlap(rig: Rig, meter: SignedMeter) -> None:
    rig.send(meter.first(), meter.batch())
    stated, records = meter.header_over(meter.readings(3))
    assert rig.send(meter.make(replace(stated, seq0=stated.seq0 - 1), records)) == [refused(Code.OVERLAP)]


def test_nothing_continues_a_header_that_its_meter_signed_and_that_was_refused(rig: Rig, meter: SignedMeter) -> None:
    rig.send(meter.first())
    at = (meter.newest, meter.newest_hash)
    stated, records = meter.header_over(meter.readings(3))
    bad = meter.keep(meter.make(replace(stated, t1=stated.t1 + 1), records))
    after = meter.batch()
    assert rig.send(after) == [(Verdict.RETRY, Code.PREV_UNKNOWN)]
    assert rig.send(bad, after) == [refused(Code.HEADER_DISAGREES), refused(Code.NOT_CONTINUING)]
    # The way out is a new epoch that continues the oracle's head.
    meter.newest, meter.newest_hash = at
    assert rig.send(meter.epoch(), meter.batch()) == [OK, OK]


def test_nothing_follows_a_retirement(rig: Rig, meter: SignedMeter) -> None:
    assert rig.send(meter.first(), meter.batch(), meter.retire(), meter.batch()) == [OK] * 3 + [refused(Code.RETIRED)]


def test_gaps_and_new_epochs_continue_a_chain(rig: Rig, meter: SignedMeter) -> None:
    items = [meter.first(), meter.batch(), meter.gap(), meter.batch(), meter.epoch(), meter.batch()]
    assert rig.send(*items) == [OK] * 6
    newest = rig.reader.headers.newest(meter.meter_id)
    assert newest is not None
    assert (newest.hash, newest.epoch, newest.next_seq) == (hash_of(items[-1]), 1, 3)
    assert rig.reader.headers.counts(meter.meter_id).readings == 9


def test_a_header_of_one_meter_cannot_follow_another_meters(open_rig: Callable[..., Rig], meter: SignedMeter) -> None:
    other = SignedMeter("SIM-0002")
    rig = open_rig(meter, other)
    rig.send(meter.first(), other.first())
    stated = other.next_header(Kind.GAP, reason=1)
    assert rig.send(other.make(replace(stated, prev=meter.newest_hash))) == [refused(Code.NOT_CONTINUING)]


def test_an_unsynchronised_first_header_is_placed_by_the_binding_it_names(rig: Rig, meter: SignedMeter) -> None:
    unknown = Status.CLOCK_UNKNOWN
    stated = meter.next_header(Kind.EPOCH, reason=EpochReason.COMMISSIONED)
    stated = replace(stated, t0=0, t1=0, status_or=unknown, status_close=unknown)
    assert rig.send(meter.make(stated)) == [OK]


@pytest.mark.parametrize("payload", [b"", b"HOU1", b"junk" * 100, bytes(70_000)])
def test_a_bundle_that_cannot_be_taken_apart_is_counted_stored_and_not_answered(
    rig: Rig, meter: SignedMeter, payload: bytes
) -> None:
    good = Incoming("other-pi", encode_bundle([meter.first()]))
    answers = rig.intake.take([Incoming("roof-pi", payload), good])
    assert answers[0] is None
    assert answers[1] is not None
    (stored,) = rig.reader.refusals.newest(limit=10)
    assert (stored.code, stored.header_hash, stored.gateway) == (BUNDLE, None, "roof-pi")
    assert rig.intake.status()["bundles_refused"] == 1


def test_a_full_disk_stores_nothing_asks_again_and_the_resend_is_stored(rig: Rig, meter: SignedMeter) -> None:
    rig.send(meter.first())
    before = (rig.sequencer.size, rig.sequencer.root())
    connection = rig.writer._connection
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    items = [meter.batch(500) for _ in range(4)]
    busy = (Verdict.RETRY, Code.BUSY)
    assert rig.send_bundles([items[:2], items[2:]]) == [[busy] * 2] * 2
    assert (rig.sequencer.size, rig.sequencer.root()) == before
    connection.execute("PRAGMA max_page_count = 1000000")
    assert rig.send_bundles([items[:2], items[2:]]) == [[OK] * 2] * 2
    assert rig.sequencer.size == before[0] + 4


def test_only_the_newest_refusals_are_kept(open_rig: Callable[..., Rig], meter: SignedMeter) -> None:
    rig = open_rig(meter, refusals_kept=5)
    first = meter.first()
    for number in range(8):
        rig.send(without_body(first.header, number.to_bytes(64, "big")))
    kept = rig.reader.refusals.newest(limit=100)
    assert [int.from_bytes(r.signature, "big") for r in kept] == [7, 6, 5, 4, 3]
    assert [r.id for r in rig.reader.refusals.newest(limit=2, before=kept[1].id)] == [kept[2].id, kept[3].id]


def test_status_counts_what_became_of_headers(rig: Rig, meter: SignedMeter) -> None:
    first, second, third = meter.history(2)
    rig.send(third, first, second, first, replace(third, signature=bytes(64)))
    assert rig.intake.status() == {
        "stored": 2,
        "bodiless": 0,
        "duplicates": 1,
        "retry": 1,
        "refused": {"BAD_SIGNATURE": 1},
        "bundles_refused": 0,
    }
