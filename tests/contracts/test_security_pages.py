"""docs/security says what the analysers found: every row speaks of code that is there, and has its reason.

The analysers themselves take minutes and run in `make check-contracts`; here is what can be held in step without them.
"""

import importlib
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = ROOT / "contracts"


@pytest.fixture
def slither(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(CONTRACTS))
    return importlib.import_module("slither_findings")


@pytest.fixture
def halmos(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(CONTRACTS))
    return importlib.import_module("halmos_proofs")


def _table(script: ModuleType) -> list[tuple[str, ...]]:
    table: list[tuple[str, ...]] = script.rows(script.PAGE, script.HEAD)
    return table


def _result(code: str, line: int) -> dict[str, Any]:
    """What slither's JSON has for a finding in code of src/lib/SettlementDay.sol."""
    where = CONTRACTS / "src" / "lib" / "SettlementDay.sol"
    start = where.read_bytes().index(code.encode())
    mapping = {"filename_relative": "src/lib/SettlementDay.sol", "start": start, "length": len(code)}
    contract = {"type": "contract", "name": "SettlementDay"}
    function = {"type": "function", "name": "dayOf", "type_specific_fields": {"parent": contract}}
    node = {"type": "node", "name": code, "source_mapping": mapping, "type_specific_fields": {"parent": function}}
    return {
        "check": "timestamp",
        "description": f"SettlementDay.dayOf(uint256,int32) (src/lib/SettlementDay.sol#{line}-{line + 2}) compares",
        "elements": [function, node],
    }


# ---------------------------------------------------------------- slither


def test_every_finding_is_explained_once_and_in_order(slither: ModuleType) -> None:
    table = _table(slither)
    places = [(check, where) for check, where, _, _ in table]
    assert places == sorted(set(places))
    assert [row for row in table if len(row[3]) < 10] == []
    assert all(re.fullmatch(r"[0-9a-f]{8}", digest) for _, _, digest, _ in table)


def test_every_finding_is_of_code_that_is_there(slither: ModuleType) -> None:
    sources = "\n".join(path.read_text("utf-8") for path in sorted((CONTRACTS / "src").rglob("*.sol")))
    bodies = re.split(r"^(?:abstract contract|contract|library|interface) (\w+)", sources, flags=re.MULTILINE)
    body_of = dict(zip(bodies[1::2], bodies[2::2], strict=True))
    for check, where, _, _ in _table(slither):
        contract, *names = where.split(".")
        assert contract in body_of, where
        if check != slither.NOT_READ:  # what is inherited from outside isn't in the sources
            assert all(name in body_of[contract] for name in names), where


def test_a_digest_moves_with_the_code_and_not_with_its_line(slither: ModuleType) -> None:
    [first] = slither.findings([_result("timestamp.toInt256()", 30)], "")
    [moved] = slither.findings([_result("timestamp.toInt256()", 77)], "")
    [other] = slither.findings([_result("1 days).toUint32()", 30)], "")
    assert first == moved
    assert first[:2] == ("timestamp", "SettlementDay.dayOf")
    assert first.digest != other.digest


def test_what_slither_could_not_read_is_a_finding(slither: ModuleType) -> None:
    log = "Impossible to generate IR for Schedule._requireOver (src/declarations/Schedule.sol#42-46):\n 'NoneType'\n"
    [finding] = slither.findings([], log)
    assert finding[:2] == (slither.NOT_READ, "Schedule._requireOver")


def test_new_stale_and_changed_findings_are_told(slither: ModuleType) -> None:
    known = slither.explained()
    assert slither.differences(known, known) == []
    some = min(known)
    new = slither.Finding("suicidal", "AssetShare.burn", "00000000")
    assert slither.differences(known | {new}, known) == ["| suicidal | `AssetShare.burn` | 00000000 | ? |"]
    assert slither.differences(known - {some}, known) == [f"no longer so: {' | '.join(some)}"]
    changed = known - {some} | {some._replace(digest="00000000")}
    assert len(slither.differences(changed, known)) == 2


# ---------------------------------------------------------------- halmos


def test_every_property_is_in_the_table_and_nothing_else(halmos: ModuleType) -> None:
    written = {
        f"{contract}.{name}"
        for path in (CONTRACTS / "test" / "symbolic").glob("*.t.sol")
        for contract, body in re.findall(
            r"^contract (\w+)(.*?)^}", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
        )
        for name in re.findall(r"function (check_\w+)", body)
    }
    assert set(halmos.listed()) == written
    assert len(written) >= 6


def test_every_property_says_what_how_far_and_whether(halmos: ModuleType) -> None:
    for sentence, proof, bound, outcome, seconds in _table(halmos):
        assert sentence.endswith("."), proof
        assert bound, proof
        assert outcome in (halmos.PROVEN, halmos.NOT_PROVEN), proof
        assert seconds.isdigit(), proof


def _report(**changes: object) -> dict[str, Any]:
    test = {"name": "check_it(uint8)", "exitcode": 0, "num_bounded_loops": 0, "time": [1.6, 1.0, 0.6], **changes}
    return {"test_results": {"test/symbolic/It.t.sol:ItSymbolic": [test]}}


@pytest.mark.parametrize(
    ("changes", "word"),
    [({}, "proven"), ({"exitcode": 1}, "refuted"), ({"exitcode": 2}, "not proven"), ({"exitcode": 4}, "broken"),
     ({"num_bounded_loops": 1}, "not proven"), ({"exitcode": 5, "num_bounded_loops": None}, "broken")],
)  # fmt: skip
def test_an_outcome_is_what_halmos_says_and_a_cut_loop_proves_nothing(
    halmos: ModuleType, changes: dict[str, object], word: str
) -> None:
    assert halmos.outcomes(_report(**changes)) == {"ItSymbolic.check_it": (word, 2)}


@pytest.mark.parametrize(
    ("word", "known", "wrong"),
    [
        ("proven", {"a": "proven"}, 0),
        ("proven", {"a": "not proven"}, 0),
        ("not proven", {"a": "not proven"}, 0),
        ("not proven", {"a": "proven"}, 1),
        ("refuted", {"a": "not proven"}, 1),
        ("broken", {"a": "not proven"}, 1),
        ("proven", {}, 1),
        ("proven", {"a": "proven", "b": "proven"}, 1),
    ],
)
def test_what_was_proven_stays_proven(halmos: ModuleType, word: str, known: dict[str, str], wrong: int) -> None:
    assert len(halmos.faults({"a": halmos.Outcome(word, 1)}, known)) == wrong
