"""decode(encode(x)) == x; one bit flipped, one byte less or one more, and it is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import answer, batch, binding, bundle, head, header, reading, tags
from evidence.errors import BadSignature, EvidenceError, HeaderDisagrees, Malformed
from evidence.keys import MeterId, PublicKey
from evidence.reading import Reading
from evidence.status import Status
from tests.evidence.evidence_making import Made, Strategies
from tests.plant.signer import signer_of

METER = Strategies.meter
KEY = PublicKey(METER.public_point)
ORACLE = signer_of("oracle")
ORACLE_KEY = PublicKey(ORACLE.public_point)
INSTALLER = signer_of("installer")


def flipped(data: bytes, bit: int) -> bytes:
    at = bit % (8 * len(data))
    return data[: at >> 3] + bytes([data[at >> 3] ^ 1 << (at & 7)]) + data[(at >> 3) + 1 :]


@given(st.integers(1, 3).flatmap(Strategies.readings))
def test_a_reading_is_its_record(made: Reading) -> None:
    record = made.encode()
    assert len(record) == reading.RECORD_SIZES[made.profile]
    assert reading.decode(record, made.profile) == made


@given(st.binary(min_size=32, max_size=32) | st.binary(min_size=96, max_size=96), st.integers(1, 3))
def test_a_record_that_decodes_is_the_only_one_of_its_reading(record: bytes, profile: int) -> None:
    try:
        made = reading.decode(record, profile)
    except Malformed:
        return
    assert made.encode() == record


@given(Strategies.readings(), st.integers(0, 32 * 8 - 1))
def test_a_flipped_bit_of_a_record_is_another_reading_or_none(made: Reading, bit: int) -> None:
    record = flipped(made.encode(), bit)
    try:
        other = reading.decode(record, 1)
    except Malformed:
        return
    assert other != made
    assert other.encode() == record


@pytest.mark.parametrize(
    "made",
    [
        Reading(1, 5, None, None, Status.CLOCK_SYNCHRONISED),
        Reading(1, None, None, None, Status.CLOCK_SYNCHRONISED | Status.EXPORT_VALID),
        Reading(1, 5, None, None, Status.EXPORT_VALID),
        Reading(1, -1, None, None, Status.CLOCK_UNKNOWN | Status.EXPORT_VALID),
        Reading(1, 1 << 63, None, None, Status.CLOCK_UNKNOWN | Status.EXPORT_VALID),
        Reading(1, tags.ABSENT_U64, None, None, Status.CLOCK_UNKNOWN | Status.EXPORT_VALID),
        Reading(-1, None, None, None, Status.CLOCK_UNKNOWN),
        Reading(1, None, None, 1 << 31, Status.CLOCK_UNKNOWN | Status.POWER_VALID),
        Reading(1, None, None, None, Status.CLOCK_UNKNOWN | Status.TARIFFS_VALID),
        Reading(1, None, None, None, Status.CLOCK_UNKNOWN | Status.TARIFFS_VALID, (1,) * 7),
        Reading(1, None, None, None, Status.CLOCK_UNKNOWN, (None,) * 8, b"x" * 32),
        Reading(1, None, None, None, Status.CLOCK_UNKNOWN, (), b"x" * 31),
        Reading(1, None, None, None, Status.CLOCK_UNKNOWN, (), bytes(32)),
    ],
    ids=range(13),
)
def test_a_reading_that_contradicts_itself_is_never_encoded(made: Reading) -> None:
    with pytest.raises(Malformed):
        made.encode()


@given(Strategies.bare_headers())
def test_a_header_without_readings_is_its_bytes(made: header.Header) -> None:
    encoded = made.encode()
    assert len(encoded) == tags.HEADER_SIZE
    assert header.decode(encoded) == made


@given(st.binary(min_size=tags.HEADER_SIZE - 4, max_size=tags.HEADER_SIZE - 4))
def test_a_header_that_decodes_is_the_only_encoding(tail: bytes) -> None:
    encoded = tags.HEADER + tail
    try:
        made = header.decode(encoded)
    except Malformed:
        return
    assert made.encode() == encoded


@given(Strategies.batches())
def test_a_signed_batch_opens_to_its_readings(made: Made) -> None:
    opened = batch.open_batch(made.encoded, made.signature, made.batch_key, made.body, KEY)
    assert opened == batch.OpenedBatch(made.header, made.readings)


@given(Strategies.batches(), st.integers(0, 2**32), st.sampled_from(["encoded", "signature", "batch_key", "body"]))
def test_a_flipped_bit_anywhere_in_a_batch_is_refused(made: Made, bit: int, part: str) -> None:
    parts = {name: getattr(made, name) for name in ("encoded", "signature", "batch_key", "body")}
    parts[part] = flipped(parts[part], bit)
    with pytest.raises(EvidenceError):
        batch.open_batch(parts["encoded"], parts["signature"], parts["batch_key"], parts["body"], KEY)


@given(
    Strategies.batches(),
    st.integers(1, 64),
    st.booleans(),
    st.sampled_from(["encoded", "signature", "batch_key", "body"]),
)
def test_a_shorter_or_longer_part_of_a_batch_is_refused(made: Made, by: int, longer: bool, part: str) -> None:
    parts = {name: getattr(made, name) for name in ("encoded", "signature", "batch_key", "body")}
    parts[part] = parts[part] + bytes(by) if longer else parts[part][: -min(by, len(parts[part]))]
    with pytest.raises(Malformed) if part in ("encoded", "batch_key", "body") else pytest.raises(BadSignature):
        batch.open_batch(parts["encoded"], parts["signature"], parts["batch_key"], parts["body"], KEY)


@given(Strategies.batches())
def test_no_other_key_opens_a_batch(made: Made) -> None:
    with pytest.raises(HeaderDisagrees, match="meter_id"):
        batch.open_batch(made.encoded, made.signature, made.batch_key, made.body, ORACLE_KEY)


@st.composite
def bindings(draw: st.DrawFn) -> binding.Binding:
    u32, u63 = st.integers(1, 2**32 - 1), st.integers(1, tags.U63_MAX)
    return binding.Binding(
        chain_id=draw(u63),
        asset=draw(Strategies.identifiers),
        point=draw(Strategies.identifiers),
        serial=draw(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=32)),
        public_point=METER.public_point,
        direction=draw(st.sampled_from(binding.Direction)),
        custody=draw(st.sampled_from(binding.Custody)),
        multiplier_num=draw(u32),
        multiplier_den=draw(u32),
        step_wh=draw(u32),
        modulus_num=draw(u63),
        modulus_den=draw(u32),
        nameplate_w=draw(u32),
        valid_from=draw(u63),
        installer_point=INSTALLER.public_point,
    )


@given(bindings(), st.integers(0, 2**32))
def test_a_binding_opens_whole_and_not_with_a_flipped_bit(made: binding.Binding, bit: int) -> None:
    record = binding.sign_binding(made, METER, INSTALLER)
    assert len(record) == binding.RECORD_SIZE
    opened, hash_ = binding.open_binding(record, installer_point=INSTALLER.public_point)
    assert opened == made
    assert hash_ == binding.binding_hash(made.encode())
    with pytest.raises(EvidenceError):
        binding.open_binding(flipped(record, bit), installer_point=INSTALLER.public_point)


@pytest.mark.parametrize(
    "change",
    [
        {"asset": "zürich"},
        {"asset": "a\0"},
        {"asset": "A"},
        {"point": ""},
        {"point": "p" * 33},
        {"serial": "a b"},
        {"public_point": b"x" * 63},
        {"public_point": b"x" * 65},
        {"installer_point": b""},
        {"multiplier_num": -1},
        {"step_wh": 0},
        {"modulus_num": 1 << 63},
        {"nameplate_w": 1 << 32},
    ],
    ids=str,
)
def test_a_binding_with_a_value_that_has_no_form_is_never_encoded(change: dict[str, object]) -> None:
    fields: dict[str, object] = {
        "chain_id": 1, "asset": "a", "point": "p", "serial": "s", "public_point": METER.public_point,
        "direction": binding.Direction.FORWARD_IS_EXPORT, "custody": binding.Custody.FILE, "multiplier_num": 1,
        "multiplier_den": 1, "step_wh": 1, "modulus_num": 1, "modulus_den": 1, "nameplate_w": 1, "valid_from": 0,
        "installer_point": INSTALLER.public_point,
    }  # fmt: skip
    with pytest.raises(Malformed):
        binding.Binding(**(fields | change)).encode()  # type: ignore[arg-type]  # wrong values are what is tested


_CODES = {
    answer.Verdict.STORED: [answer.Code.OK, answer.Code.SEALED],
    answer.Verdict.DUPLICATE: [answer.Code.OK, answer.Code.SEALED],
    answer.Verdict.RETRY: [answer.Code.PREV_UNKNOWN, answer.Code.BUSY],
    answer.Verdict.REFUSED: [c for c in answer.Code if 10 <= c < 30],
}
answer_items = st.sampled_from(answer.Verdict).flatmap(
    lambda verdict: st.builds(answer.AnswerItem, Strategies.hashes, st.just(verdict), st.sampled_from(_CODES[verdict]))
)


@given(st.integers(0, tags.U63_MAX), st.lists(answer_items, min_size=1, max_size=64), st.integers(0, 2**32))
def test_an_answer_opens_whole_and_not_with_a_flipped_bit(time: int, items: list[answer.AnswerItem], bit: int) -> None:
    encoded = answer.sign_answer(time, items, ORACLE)
    assert answer.open_answer(encoded, ORACLE_KEY) == answer.Answer(ORACLE_KEY.meter_id, time, tuple(items))
    for broken in (flipped(encoded, bit), encoded[:-1], encoded + b"\0"):
        with pytest.raises(EvidenceError):
            answer.open_answer(broken, ORACLE_KEY)


@pytest.mark.parametrize(
    ("time", "items"),
    [
        (0, []),
        (0, [answer.AnswerItem(bytes(32), answer.Verdict.STORED, answer.Code.OK)] * 65),
        (-1, [answer.AnswerItem(bytes(32), answer.Verdict.STORED, answer.Code.OK)]),
        (0, [answer.AnswerItem(bytes(31), answer.Verdict.STORED, answer.Code.OK)]),
        (0, [answer.AnswerItem(bytes(32), answer.Verdict.STORED, answer.Code.FORK)]),
        (0, [answer.AnswerItem(bytes(32), answer.Verdict.RETRY, answer.Code.OK)]),
    ],
)
def test_an_answer_without_a_form_is_never_signed(time: int, items: list[answer.AnswerItem]) -> None:
    with pytest.raises(Malformed):
        answer.sign_answer(time, items, ORACLE)


@st.composite
def heads(draw: st.DrawFn) -> head.Head:
    s = Strategies
    known = draw(st.booleans())
    return head.Head(
        oracle_id=ORACLE_KEY.meter_id,
        nonce=draw(st.binary(min_size=16, max_size=16)),
        time=draw(s.u63),
        meter_id=MeterId(draw(st.binary(min_size=20, max_size=20))),
        known=known,
        epoch=draw(st.integers(0, 2**32 - 1)) if known else 0,
        next_seq=draw(s.u63) if known else 0,
        header_hash=draw(s.hashes) if known else bytes(32),
        export_end_wh=draw(s.registers) if known else None,
        import_end_wh=draw(s.registers) if known else None,
    )


@given(heads(), st.integers(0, 2**32))
def test_a_head_opens_whole_and_not_with_a_flipped_bit(made: head.Head, bit: int) -> None:
    encoded = head.sign_head(made, ORACLE)
    assert head.open_head(encoded, ORACLE_KEY, nonce=made.nonce) == made
    for broken in (flipped(encoded, bit), encoded[:-1], encoded + b"\0"):
        with pytest.raises(EvidenceError):
            head.open_head(broken, ORACLE_KEY, nonce=made.nonce)


@given(st.binary(min_size=16, max_size=16), st.lists(st.binary(min_size=20, max_size=20), min_size=1, max_size=64))
def test_a_head_request_is_its_bytes(nonce: bytes, ids: list[bytes]) -> None:
    meters = [MeterId(i) for i in ids]
    encoded = head.encode_request(nonce, meters)
    assert head.decode_request(encoded) == (nonce, meters)
    with pytest.raises(Malformed):
        head.decode_request(encoded[:-1])


bundle_items = st.builds(
    bundle.BundleItem,
    header=st.binary(min_size=185, max_size=185),
    signature=st.binary(min_size=64, max_size=64),
    batch_key=Strategies.hashes,
    body=st.binary(max_size=2_000),
    evidence=st.binary(max_size=200),
)


@given(st.lists(bundle_items, min_size=1, max_size=12))
def test_a_bundle_is_its_bytes(items: list[bundle.BundleItem]) -> None:
    encoded = bundle.encode_bundle(items)
    assert bundle.decode_bundle(encoded) == items
    for broken in (encoded[:-1], encoded + b"\0"):
        with pytest.raises(Malformed):
            bundle.decode_bundle(broken)


@given(st.lists(st.integers(0, 40_000), max_size=150))
def test_split_keeps_order_and_both_limits(sizes: list[int]) -> None:
    items = [bundle.BundleItem(bytes(185), bytes(64), bytes(32), bytes(size)) for size in sizes]
    groups = bundle.split(items)
    assert [item for group in groups for item in group] == items
    for group in groups:
        assert bundle.decode_bundle(bundle.encode_bundle(group)) == group
    for group, after in pairwise(groups):
        full = len(group) == tags.BUNDLE_ITEMS_MAX
        assert full or 6 + sum(i.size for i in group) + after[0].size > tags.BUNDLE_SIZE_MAX


@pytest.mark.parametrize(
    "items",
    [
        [],
        [bundle.without_body(bytes(185), bytes(64))] * 65,
        [bundle.without_body(bytes(184), bytes(64))],
        [bundle.without_body(bytes(185), bytes(65))],
        [bundle.BundleItem(bytes(185), bytes(64), bytes(31), b"")],
        [bundle.BundleItem(bytes(185), bytes(64), bytes(32), bytes(65_536))],
        [bundle.BundleItem(bytes(185), bytes(64), bytes(32), b"", bytes(65_536))],
    ],
    ids=range(7),
)
def test_a_bundle_without_a_form_is_never_encoded(items: list[bundle.BundleItem]) -> None:
    with pytest.raises(Malformed):
        bundle.encode_bundle(items)


def test_an_item_that_fits_no_bundle_is_said_to() -> None:
    with pytest.raises(Malformed, match="does not fit"):
        bundle.split([bundle.BundleItem(bytes(185), bytes(64), bytes(32), bytes(65_400))])


def test_a_signature_for_one_purpose_never_opens_for_another() -> None:
    signed = METER.sign(tags.HEADER + bytes(181))
    with pytest.raises(BadSignature):
        KEY.open(tags.BINDING + bytes(181), signed, what="binding")
