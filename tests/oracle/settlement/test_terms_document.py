"""The terms of an asset, from their canonical bytes and back: nothing is lost, and nothing else opens."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import canonical
from evidence.units import Minor, SettlementDay
from oracle.core.terms import AssetTerms, Band, Fee, Point, Role, Tariff, Term
from oracle.errors import DocumentRefused

names = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FFF), max_size=12)
prices = st.integers(-(10**27), 10**27)
bands = st.builds(
    Band,
    name=names,
    price_minor_per_kwh=prices,
    weekdays=st.lists(st.integers(1, 7), max_size=7).map(tuple),
    from_s=st.integers(0, 86_399),
    to_s=st.integers(1, 86_400),
)
tariffs = st.builds(
    Tariff, name=names, price_minor_per_kwh=prices, bands=st.lists(bands, max_size=3).map(tuple), zone=names
)
points = st.builds(
    Point,
    id=names,
    role=st.sampled_from(Role),
    formula=st.lists(st.builds(Term, st.sampled_from((1, -1)), names), max_size=3).map(tuple),
    tariff=names,
)
fees = st.builds(Fee, names, st.integers(0, 10**6), st.integers(0, 10**27).map(Minor))
any_terms = st.builds(
    AssetTerms,
    asset=names,
    name=names,
    utc_offset_s=st.integers(-86_400, 86_400),
    poll_interval_s=st.integers(1, 3600),
    first_day=st.integers(0, 2**32 - 1).map(SettlementDay),
    days_per_period=st.integers(1, 366),
    money_decimals=st.integers(0, 18),
    money_symbol=names,
    points=st.lists(points, max_size=3).map(tuple),
    tariffs=st.lists(tariffs, max_size=3).map(tuple),
    fees=st.lists(fees, max_size=3).map(tuple),
    check_tolerance_ppm=st.integers(0, 10**6),
)

TERMS = AssetTerms(
    asset="roof-7",
    name="A roof",
    utc_offset_s=28_800,
    poll_interval_s=300,
    first_day=SettlementDay(20_635),
    days_per_period=1,
    money_decimals=6,
    money_symbol="dUSD",
    points=(Point("east", Role.GENERATION, (Term(1, "E1"), Term(-1, "E2")), "day"),),
    tariffs=(Tariff("day", 81_000, (Band("peak", 120_000, (1, 2), 28_800, 43_200),), "Asia/Hong_Kong"),),
    fees=(Fee("service", 50_000, Minor(7)),),
    check_tolerance_ppm=20_000,
)


@given(any_terms)
def test_terms_are_their_document(terms: AssetTerms) -> None:
    content = canonical.encode(terms.document())
    opened = AssetTerms.of_document(content)
    assert opened == terms
    assert (canonical.encode(opened.document()), opened.hash()) == (content, terms.hash())


def changed(path: str, value: object) -> bytes:
    """The document with one field set, or taken out where the value is None; `a.b.0.c` names it."""
    document: Any = json.loads(canonical.encode(TERMS.document()))
    *outer, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = document
    for part in outer:
        place = place[part]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return canonical.encode(document)


@pytest.mark.parametrize(
    ("path", "value", "field", "reason"),
    [
        ("schema", "helioracle-terms-2", "$.schema", "none of helioracle-terms-1"),
        ("asset", None, "$.asset", "is missing"),
        ("asset", ["roof-7"], "$.asset", "is no text"),
        ("colour", "red", "$.colour", "is not known"),
        ("utc_offset_s", "86401", "$.utc_offset_s", "86401 is not between"),
        ("poll_interval_s", "five", "$.poll_interval_s", "'five' is no integer"),
        ("poll_interval_s", "", "$.poll_interval_s", "'' is no integer"),
        ("first_day", "-1", "$.first_day", "-1 is not between"),
        ("days_per_period", "9" * 5_000, "$.days_per_period", "is no integer"),
        ("days_per_period", True, "$.days_per_period", "True is no integer"),
        ("money", "dUSD", "$.money", "is no object"),
        ("money.decimals", "19", "$.money.decimals", "19 is not between 0 and 18"),
        ("money.issuer", "nobody", "$.money.issuer", "is not known"),
        ("points", {}, "$.points", "is no list"),
        ("points.0", "east", "$.points[0]", "is no object"),
        ("points.0.role", "storage", "$.points[0].role", "'storage' is none of"),
        ("points.0.formula.1.sign", "2", "$.points[0].formula[1].sign", "'2' is none of 1, -1"),
        ("points.0.formula.1.share", "2", "$.points[0].formula[1].share", "is not known"),
        ("points.0.place", "2", "$.points[0].place", "is not known"),
        ("tariffs.0.zone", None, "$.tariffs[0].zone", "is missing"),
        ("tariffs.0.tier", "1", "$.tariffs[0].tier", "is not known"),
        ("tariffs.0.bands.0.weekdays.1", "8", "$.tariffs[0].bands[0].weekdays[1]", "8 is not between 1 and 7"),
        ("tariffs.0.bands.0.to_s", "86401", "$.tariffs[0].bands[0].to_s", "86401 is not between"),
        ("tariffs.0.bands.0.month", "1", "$.tariffs[0].bands[0].month", "is not known"),
        ("fees.0.ppm", "1000001", "$.fees[0].ppm", "1000001 is not between"),
        ("fees.0.fixed_minor", "-1", "$.fees[0].fixed_minor", "-1 is not between"),
        ("fees.0.base", "net", "$.fees[0].base", "is not known"),
        ("check_tolerance_ppm", "02", "$.check_tolerance_ppm", "'02' is no integer"),
        ("utc_offset_s", "-0", "$.utc_offset_s", "'-0' is no integer"),
    ],
)
def test_a_document_that_is_not_terms_is_refused_by_field(path: str, value: object, field: str, reason: str) -> None:
    with pytest.raises(DocumentRefused) as refused:
        AssetTerms.of_document(changed(path, value))
    assert (refused.value.document, refused.value.field) == ("terms", field)
    assert reason in refused.value.reason


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"a":' * 33 + b'"1"' + b"}" * 33,
        b'{"a":1}',
        b'{"a":1.5}',
        b'{"a":null}',
        canonical.encode(TERMS.document()) + b"\n",
        canonical.encode(TERMS.document()).replace(b"{", b"{ ", 1),
        canonical.encode(TERMS.document()).replace(b'{"asset":"roof-7"', b'{"asset":"roof-7","asset":"roof-7"', 1),
        canonical.encode(TERMS.document()).replace(b'"E1"', b'"\\u0045\\u0031"', 1),
    ],
)
def test_bytes_that_are_not_canonical_are_refused(content: bytes) -> None:
    with pytest.raises(DocumentRefused, match=r"terms: \$ is"):
        AssetTerms.of_document(content)


def test_the_hash_tells_terms_apart() -> None:
    assert replace(TERMS, days_per_period=2).hash() != TERMS.hash()
