"""Each field of a report holds what the contract's field holds, and what it would refuse is refused by name."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from oracle.core.money.report import Report, first_report
from oracle.errors import SettlementError

ARTIFACT = Path(__file__).parents[3] / "oracle" / "artifacts" / "RevenueDeclarations.json"


def bits_of_the_contract() -> dict[str, int]:
    """Field of our report -> the width of the contract's unsigned integer."""
    functions = json.loads(ARTIFACT.read_text("utf-8"))["abi"]
    (declare,) = [entry for entry in functions if entry.get("name") == "declare"]
    (fields,) = [each["components"] for each in declare["inputs"] if each["type"] == "tuple"]
    return {
        re.sub(r"(?<!^)([A-Z])", r"_\1", field["name"]).lower(): int(field["type"].removeprefix("uint"))
        for field in fields
        if field["type"].startswith("uint")
    }


# What is distributed also has to fit the distributor, which keeps a tranche in 96 bits.
BITS = {**bits_of_the_contract(), "distributable": 96}
CHECKED = (
    "period", "log_size", "registry_index", "export_wh", "import_wh", "missing_meters", "catch_up_hours", "gross",
    "distributable",
)  # fmt: skip
GOOD: dict[str, Any] = {
    **dict.fromkeys(CHECKED, 0),
    "settlement_root": bytes(32),
    "tariff_hash": bytes(32),
    "statement_hash": bytes(32),
}


def test_a_first_report_is_revision_nothing_of_the_first_set_and_log() -> None:
    report = first_report(**GOOD)
    assert (report.schema_version, report.revision, report.signer_set_version, report.log_generation) == (2, 0, 1, 1)
    assert report.previous_hash == bytes(32)
    assert report.as_tuple() == tuple(getattr(report, name) for name in Report.__dataclass_fields__)


@pytest.mark.parametrize("name", CHECKED)
def test_a_field_holds_what_the_contracts_field_holds(name: str) -> None:
    most = (1 << BITS[name]) - 1
    good = {**GOOD, name: most}
    if name == "distributable":
        good["gross"] = most  # no more is distributed than came in
    assert getattr(first_report(**good), name) == most
    for value in (most + 1, -1):
        with pytest.raises(SettlementError, match=f"{name} {value} does not fit {BITS[name]} bits"):
            first_report(**{**GOOD, name: value})


@pytest.mark.parametrize("name", ["settlement_root", "tariff_hash", "statement_hash"])
@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_hash_has_32_bytes(name: str, size: int) -> None:
    with pytest.raises(SettlementError, match=f"{name} has {size} bytes, 32 expected"):
        first_report(**{**GOOD, name: bytes(size)})


def test_no_more_is_distributed_than_came_in() -> None:
    assert first_report(**{**GOOD, "gross": 5, "distributable": 5}).distributable == 5
    with pytest.raises(SettlementError, match="distributable 6 is above gross 5"):
        first_report(**{**GOOD, "gross": 5, "distributable": 6})
