"""The pure decision: the vectors of the chain of headers, and what no fact about the rest can change."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import header
from evidence.answer import Code, Verdict
from evidence.header import EpochReason, Kind
from evidence.keys import PublicKey
from evidence.status import Status
from oracle.core.sequence_check import SIGNED_REFUSALS, Facts, Previous, decide
from oracle.core.validation import KnownBinding, Opened, binding_at, open_item
from tests.plant.signed_meter import DAY_ZERO, ORACLE, SignedMeter, hash_of

VECTORS = json.loads((Path(__file__).parents[3] / "spec" / "vectors" / "chain.json").read_text())
ANY_KEY = PublicKey(ORACLE.public_point)


def of_hex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["name"])
def test_a_header_is_stored_exactly_where_the_vectors_let_it_stand(case: dict[str, Any]) -> None:
    encoded = of_hex(case["header"])
    previous = None
    if "previous" in case:
        before = of_hex(case["previous"])
        previous = Previous(header.header_hash(before), header.decode(before))
    stated = header.decode(encoded)
    opened = Opened(stated, ANY_KEY, of_hex(case["binding_hash"]) if "binding_hash" in case else bytes(32), bodiless="")
    # The ledger looks a previous header up by hash: one that is not named is not found.
    found = previous if previous is not None and previous.hash == stated.prev else None
    decision = decide(header.header_hash(encoded), opened, Facts(previous=found))
    assert (decision.verdict is Verdict.STORED) is case["ok"]
    if not case["ok"]:
        assert decision.code in (Code.NOT_CONTINUING, Code.RETIRED, Code.PREV_UNKNOWN)
        assert decision.code is not Code.PREV_UNKNOWN or found is None


@pytest.mark.parametrize("case", VECTORS["forks"], ids=lambda case: case["name"])
def test_of_a_fork_the_second_is_refused_and_both_are_named(case: dict[str, Any]) -> None:
    before = of_hex(case["previous"])
    first, second = (of_hex(encoded) for encoded in case["headers"])
    opened = Opened(header.decode(second), ANY_KEY, bytes(32), bodiless="")
    facts = Facts(
        previous=Previous(header.header_hash(before), header.decode(before)), follower=header.header_hash(first)
    )
    decision = decide(header.header_hash(second), opened, facts)
    assert (decision.verdict, decision.code) == (Verdict.REFUSED, Code.FORK)
    assert decision.excludes == header.header_hash(first)


METER = SignedMeter("SIM-0001")
HISTORY = METER.history(3)
hashes = st.one_of(st.none(), st.binary(min_size=32, max_size=32))
previous_headers = [Previous(hash_of(item), header.decode(item.header)) for item in HISTORY]
any_facts = st.builds(
    Facts,
    previous=st.sampled_from([None, *previous_headers]),
    follower=hashes,
    overlapping=hashes,
    prev_refused=st.sampled_from([None, *SIGNED_REFUSALS]),
    prev_forked=hashes,
)


@given(at=st.integers(0, 3), facts=any_facts, bodiless=st.sampled_from(["", "the body is another"]))
def test_stored_means_that_it_continues_the_chain_and_contradicts_nothing(at: int, facts: Facts, bodiless: str) -> None:
    stated = header.decode(HISTORY[at].header)
    decision = decide(hash_of(HISTORY[at]), Opened(stated, ANY_KEY, METER.binding_hash, bodiless), facts)
    if decision.verdict is Verdict.STORED:
        assert facts.follower is None
        assert facts.prev_forked is None
        assert at == 0 or facts.previous == previous_headers[at - 1]
        assert decision.code is (Code.SEALED if bodiless else Code.OK)
    assert (decision.excludes is not None) is (decision.code in (Code.FORK, Code.OVERLAP))
    assert (decision.verdict is Verdict.RETRY) is (decision.code is Code.PREV_UNKNOWN)


def test_the_binding_counts_as_of_then() -> None:
    first, second = KnownBinding(b"1" * 32, DAY_ZERO), KnownBinding(b"2" * 32, DAY_ZERO + 100)
    meter = SignedMeter("SIM-0001")

    def at(time: int, clock: Status = Status.CLOCK_SYNCHRONISED, *, prev: bytes = bytes(32)) -> KnownBinding | None:
        meter.time, meter.newest_hash = time, prev
        stated = meter.next_header(Kind.EPOCH, reason=EpochReason.COMMISSIONED)
        return binding_at(replace(stated, status_or=clock, status_close=clock), [first, second])

    assert at(DAY_ZERO - 1) is None
    assert at(DAY_ZERO) == at(DAY_ZERO + 99) == first
    assert at(DAY_ZERO + 100) == second
    # A clock that is not synchronised places nothing in time.
    assert at(5, Status.CLOCK_UNKNOWN) == second
    assert at(5, Status.CLOCK_INFORMATIVE, prev=first.hash) == first


def test_a_meter_nobody_bound_is_unknown_whatever_it_signs() -> None:
    refused = open_item(HISTORY[0], None, ())
    assert not isinstance(refused, Opened)
    assert (refused.code, refused.meter_id) == (Code.UNKNOWN_METER, METER.meter_id)
