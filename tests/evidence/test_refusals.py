"""Whatever bytes come, a decoder opens them or refuses them by its own error; nothing else escapes."""

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import answer, batch, binding, block, bundle, close, errors, head, header, reading, standing, tags
from evidence.errors import EvidenceError
from evidence.keys import PublicKey
from tests.evidence.evidence_making import Strategies

KEY = PublicKey(Strategies.meter.public_point)
DECODERS: dict[str, Callable[[bytes], object]] = {
    "header": header.decode,
    "binding": binding.decode,
    "binding record": lambda data: binding.open_binding(data, installer_point=KEY.public_point),
    "bundle": bundle.decode_bundle,
    "answer": lambda data: answer.open_answer(data, KEY),
    "head": lambda data: head.open_head(data, KEY, nonce=bytes(16)),
    "head request": head.decode_request,
    "record": lambda data: reading.decode(data, 2),
    "block": block.decode,
    "standing": standing.decode,
    "close": close.decode,
}
sizes = st.sampled_from([0, 3, 18, 30, 93, 94, 181, 189, 270, 291, 398])


@pytest.mark.parametrize("name", DECODERS)
@given(tag=st.sampled_from([*tags.TAGS.values(), b"", bytes(4)]), data=st.data())
def test_a_decoder_fails_only_by_refusal(name: str, tag: bytes, data: st.DataObject) -> None:
    size = data.draw(sizes)
    tail = data.draw(st.binary(min_size=size, max_size=size) | st.binary(max_size=400))
    with suppress(EvidenceError):
        DECODERS[name](tag + tail)


@given(st.binary(max_size=70), st.integers(-1, 5), st.integers(-1, 5))
def test_a_body_is_split_or_refused(body: bytes, profile: int, count: int) -> None:
    with suppress(EvidenceError):
        records = batch.split_body(body, profile, count)
        assert b"".join(records) == body
        assert len(records) == count


def test_every_error_has_its_own_code_and_its_facts_as_fields() -> None:
    kinds = [
        errors.Malformed("header", "x"),
        errors.BadSignature("header", "x"),
        errors.BadKey("x"),
        errors.RootMismatch(what="batch", stated=b"\1", computed=b"\2"),
        errors.BadProof("inclusion", "x"),
        errors.HeaderDisagrees(field="t0", stated=1, computed=2),
        errors.EntryDisagrees(what="block", field="time", stated=1, expected=2),
    ]
    assert len({error.code for error in kinds}) == len(kinds)
    assert str(kinds[3]) == "batch: root 01 is stated, the leaves give 02"
    assert str(kinds[5]) == "header field t0 says 1, the readings give 2"
    assert vars(kinds[5]) == {"field": "t0", "stated": 1, "computed": 2}
