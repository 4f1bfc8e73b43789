"""The browser's checks, run by Node over proofs that the API serves: what is true passes, and every lie fails at its own step."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from evidence import log_entry, merkle, tags
from evidence.header import decode as decode_header
from evidence.keys import P256_ORDER
from evidence.reading import Reading
from evidence.reading import decode as decode_reading
from evidence.status import Status

HERE = Path(__file__).parent
A = "/v1/assets/serf-east"
Run = Callable[[str, list[dict[str, Any]]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def proofs(client: httpx.Client) -> list[dict[str, Any]]:
    """The proof of every reading of one generator, about a hundred."""
    meter = next(m for m in client.get(f"{A}/meters").json()["items"] if m["role"] == "generation")
    items = client.get(f"{A}/meters/{meter['id']}/readings?limit=1000").json()["items"]
    return [client.get(f"{A}/readings/{r['header_hash']}/{r['position']}/proof").json() for r in items[:60]]


def flipped(hexed: str, byte: int = 0) -> str:
    raw = bytearray.fromhex(hexed[2:])
    raw[byte] ^= 1
    return "0x" + raw.hex()


def test_every_reading_checks_out(run: Run, proofs: list[dict[str, Any]]) -> None:
    for result, proof in zip(run("check_proofs.mjs", [{"name": "", "proof": p} for p in proofs]), proofs, strict=True):
        assert result["ok"], result
        assert set(result["steps"].values()) == {"ok"}
        assert result["serial"] == proof["binding"]["serial"]
        told = decode_reading(bytes.fromhex(proof["reading"]["record"][2:]), proof["reading"]["profile"])
        assert result["export_wh"] == str(told.export_wh)


LIES: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "another salt": ("leaf", lambda p: p["reading"].update(salt=flipped(p["reading"]["salt"]))),
    "a reading of another place": ("leaf", lambda p: p.update(position=p["position"] - 1)),
    "a place outside the batch": ("leaf", lambda p: p.update(position=p["count"])),
    "a path with a hash too many": ("leaf", lambda p: p["reading"]["path"].append(p["header"]["hash"])),
    "a path with a hash too few": ("leaf", lambda p: p["reading"]["path"].pop()),
    "another profile's length": ("leaf", lambda p: p["reading"].update(record=p["reading"]["record"] + "00")),
    "no record": ("leaf", lambda p: p["reading"].pop("record")),
    "a header with another register": ("header", lambda p: p["header"].update(bytes=flipped(p["header"]["bytes"], 88))),
    "another header's hash": ("header", lambda p: p["header"].update(hash=flipped(p["header"]["hash"]))),
    "another signature": ("signature", lambda p: p["header"].update(signature=flipped(p["header"]["signature"], 40))),
    "the other form of the signature": (
        "signature",
        lambda p: p["header"].update(signature=high_s(p["header"]["signature"])),
    ),
    "a key off the curve": ("signature", lambda p: p["key"].update(public_point=flipped(p["key"]["public_point"], 63))),
    "another binding": ("binding", lambda p: p["binding"].update(record=flipped(p["binding"]["record"], 77))),
    "a binding without its installer": (
        "binding",
        lambda p: p["binding"].update(record=flipped(p["binding"]["record"], 401)),
    ),
    "another place in the log": ("inclusion", lambda p: p["log"].update(index=p["log"]["index"] + 1)),
    "another root": ("inclusion", lambda p: p["log"].update(root=flipped(p["log"]["root"]))),
    "a log of another size": ("inclusion", lambda p: p["log"].update(size=2**40)),
    "a size that is no number": ("inclusion", lambda p: p["log"].update(size=1.5)),
    "a binding that is not in the log": ("inclusion", lambda p: p["log"]["binding_path"].reverse()),
    "a checkpoint of another root": (
        "checkpoint",
        lambda p: p["checkpoint"].update(note=p["checkpoint"]["note"].replace("60", "61", 1)),
    ),
    "a checkpoint that nobody signed": (
        "checkpoint",
        lambda p: p["checkpoint"].update(oracle_point=p["key"]["public_point"]),
    ),
    "another root on chain": ("anchor", lambda p: p["anchor"].update(root=flipped(p["anchor"]["root"]))),
    "another size on chain": ("anchor", lambda p: p["anchor"].update(size=p["anchor"]["size"] - 1)),
}


def high_s(signature: str) -> str:
    return signature[:66] + f"{P256_ORDER - int(signature[66:], 16):064x}"


def test_every_lie_fails_at_its_own_step_and_nothing_after_it_counts(run: Run, proofs: list[dict[str, Any]]) -> None:
    cases = []
    for name, (_step, tell) in LIES.items():
        proof = copy.deepcopy(proofs[20])
        assert proof["position"] > 0
        tell(proof)
        cases.append({"name": name, "proof": proof})
    for result in run("check_proofs.mjs", cases):
        assert (result["name"], result["failed"]) == (result["name"], LIES[result["name"]][0])
        assert not result["ok"]
        assert result["problem"]
        states = list(result["steps"].values())
        at = states.index("failed")
        assert set(states[:at]) <= {"ok"}
        assert set(states[at + 1 :]) <= {"skipped"}


def test_a_kilowatt_hour_more_is_caught(run: Run, proofs: list[dict[str, Any]]) -> None:
    (result,) = run("check_proofs.mjs", [{"name": "", "proof": proofs[20], "alter": True}])
    assert result["failed"] == "leaf"
    assert "root" in result["problem"]


def test_what_is_not_there_yet_is_waiting_not_green(run: Run, proofs: list[dict[str, Any]]) -> None:
    proof = copy.deepcopy(proofs[20])
    proof.update(anchor=None)
    (result,) = run("check_proofs.mjs", [{"name": "", "proof": proof}])
    assert (result["ok"], result["pending"], result["failed"], result["steps"]["anchor"]) == (
        False,
        True,
        None,
        "pending",
    )


def test_a_batch_node_is_no_log_leaf(run: Run, proofs: list[dict[str, Any]]) -> None:
    # The two hashes under a batch's root, offered as the content of an entry whose type is RFC 9162's node prefix.
    header = decode_header(bytes.fromhex(proofs[20]["header"]["bytes"][2:]))
    children = proofs[20]["reading"]["path"][-1] + header.batch_root.hex()
    (result,) = run("call_verify.mjs", [{"call": "entryLeaf", "args": [1, children]}])
    assert result["code"] == "malformed"


def test_trees_of_every_size_agree_with_python(run: Run) -> None:
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(21)]
    cases, wanted = [], []
    for size in (1, 2, 3, 5, 8, 13, 21):
        root = "0x" + merkle.root(leaves[:size]).hex()
        for index in range(size):
            path = [hash_.hex() for hash_ in merkle.inclusion_proof(leaves[:size], index)]
            cases.append({"call": "rootFromInclusion", "args": [leaves[index].hex(), index, size, path]})
            wanted.append(root)
        for old in range(1, size + 1):
            path = [hash_.hex() for hash_ in merkle.consistency_proof(leaves[:size], old)]
            cases.append(
                {"call": "verifyConsistency", "args": [old, merkle.root(leaves[:old]).hex(), size, root, path]}
            )
            wanted.append(root)
        cases.append({"call": "treeRoot", "args": [[leaf.hex() for leaf in leaves[:size]]]})
        wanted.append(root)
    assert [result.get("value") for result in run("call_verify.mjs", cases)] == wanted


def test_a_rewritten_log_has_no_consistency_proof(run: Run) -> None:
    leaves = [merkle.leaf_hash(bytes([n])) for n in range(9)]
    path = [hash_.hex() for hash_ in merkle.consistency_proof(leaves, 5)]
    rewritten = merkle.root([*leaves[:4], leaves[8], *leaves[5:]])
    args = [5, merkle.root(leaves[:5]).hex(), 9, rewritten.hex(), path]
    (result,) = run("call_verify.mjs", [{"call": "verifyConsistency", "args": args}])
    assert result["code"] == "root-mismatch"


@pytest.mark.parametrize("reading", [
    Reading(1, None, None, None, Status.NO_ANSWER | Status.CLOCK_SYNCHRONISED),
    Reading(2**63 - 1, 2**63 - 1, 0, -(2**31), Status(0x47) | Status.SUSPECT | Status.FELL),
    Reading(5, 7, None, -1, Status.EXPORT_VALID | Status.POWER_VALID | Status.CLOCK_UNKNOWN),
    Reading(5, 7, 8, None, Status(0x0B) | Status.CLOCK_INFORMATIVE, tariffs_wh=(1, None, 3, 4, 5, 6, 7, 2**63 - 1)),
    Reading(5, 7, 8, 9, Status(0x47), original_hash=b"\x07" * 32),
])  # fmt: skip
def test_readings_decode_to_the_last_bit(run: Run, reading: Reading) -> None:
    args = [reading.encode().hex(), reading.profile]
    (result,) = run("call_verify.mjs", [{"call": "decodeReading", "args": args}])
    value = result["value"]
    assert value["time"] == str(reading.time)
    assert (value["exportWh"], value["importWh"]) == tuple(
        None if register is None else str(register) for register in (reading.export_wh, reading.import_wh)
    )
    assert (value["powerW"], value["status"]) == (reading.power_w, int(reading.status))
    assert value["tariffsWh"] == [None if register is None else str(register) for register in reading.tariffs_wh]
    assert value["originalHash"] == ("0x" + reading.original_hash.hex() if reading.original_hash else None)


def test_malformed_bytes_are_refused_as_python_refuses_them(run: Run, proofs: list[dict[str, Any]]) -> None:
    header = proofs[20]["header"]["bytes"]
    record = Reading(1, 2, 3, 4, Status(0x47)).encode()
    reserved = record[:28] + b"\x00\x01\x00\x47"
    two_clocks = record[:31] + b"\x67"
    cases: list[dict[str, Any]] = [
        {"call": "decodeHeader", "args": [header[:-2]]},
        {"call": "decodeHeader", "args": [header + "00"]},
        {"call": "decodeHeader", "args": [flipped(header, 3)]},
        {"call": "decodeHeader", "args": [flipped(header, 6)]},
        {"call": "decodeReading", "args": [reserved.hex(), 1]},
        {"call": "decodeReading", "args": [two_clocks.hex(), 1]},
        {"call": "decodeReading", "args": [record.hex(), 4]},
        {"call": "decodeReading", "args": [("ff" * 8) + record[8:28].hex() + "00000046", 1]},
        {"call": "decodeBinding", "args": ["00" * 274]},
    ]
    assert [result.get("code") for result in run("call_verify.mjs", cases)] == ["malformed"] * len(cases)


def test_the_entry_leaf_is_pythons(run: Run, proofs: list[dict[str, Any]]) -> None:
    content = bytes.fromhex((proofs[0]["header"]["bytes"] + proofs[0]["header"]["signature"][2:])[2:])
    (result,) = run("call_verify.mjs", [{"call": "entryLeaf", "args": [tags.ENTRY_HEADER, content.hex()]}])
    assert result["value"] == "0x" + log_entry.entry_leaf(tags.ENTRY_HEADER, content).hex()


VECTORS = HERE.parents[1] / "spec" / "vectors"
CALLS: dict[tuple[str, str], tuple[str, Callable[[dict[str, Any]], list[Any]], Callable[[dict[str, Any]], Any] | None]] = {
    ("merkle", "root"): (
        "treeRootOf", lambda c: [c["leaves"]], lambda c: c["root"],
    ),
    ("merkle", "inclusion"): (
        "verifyInclusion", lambda c: [c["leaf_hash"], c["index"], c["size"], c["proof"], c["root"]], lambda c: c["root"],
    ),
    ("merkle", "consistency"): (
        "verifyConsistency", lambda c: [c["size1"], c["root1"], c["size2"], c["root2"], c["proof"]], lambda c: c["root2"],
    ),
    ("reading", "cases"): ("decodeReading", lambda c: [c["record"], c["profile"]], None),
    ("header", "cases"): ("openHeader", lambda c: [c["header"], c["signature"], c["public_point"]], None),
    ("binding", "cases"): ("openBinding", lambda c: [c["record"], c["installer_point"]], None),
    ("log_entry", "cases"): ("entryLeaf", lambda c: [c["type"], c["content"]], lambda c: c["leaf_hash"]),
    ("checkpoint", "cases"): ("openCheckpoint", lambda c: [c["note"], c["public_point"], c["origin"]], None),
}  # fmt: skip


@pytest.mark.parametrize("file", CALLS, ids="-".join)
def test_every_vector_of_the_specification_opens_or_is_refused_with_its_code(run: Run, file: tuple[str, str]) -> None:
    call, args, value = CALLS[file]
    cases = json.loads((VECTORS / f"{file[0]}.json").read_text())[file[1]]
    results = run("call_verify.mjs", [{"call": call, "args": args(case)} for case in cases])
    for case, result in zip(cases, results, strict=True):
        if case.get("ok", True):
            assert "code" not in result, (case["name"], result)
            assert value is None or result["value"] == value(case), case["name"]
        else:
            assert result.get("code") == case["code"], (case["name"], result)


def snake(name: str) -> str:
    return "".join("_" + char.lower() if char.isupper() else char for char in name)


@pytest.mark.parametrize("file", [("reading", "cases"), ("header", "cases"), ("binding", "cases")], ids="-".join)
def test_vectors_decode_to_the_fields_that_the_specification_names(run: Run, file: tuple[str, str]) -> None:
    call, args, _value = CALLS[file]
    cases = [c for c in json.loads((VECTORS / f"{file[0]}.json").read_text())[file[1]] if c["ok"]]
    results = run("call_verify.mjs", [{"call": call, "args": args(case)} for case in cases])
    compared = 0
    for case, result in zip(cases, results, strict=True):
        found = result["value"].get("binding", result["value"])
        fields = {snake(name): item for name, item in found.items()}
        for name, wanted in case["fields"].items():
            if (
                name in fields
                and not isinstance(fields[name], list)
                and name not in ("kind", "direction", "custody", "original_hash")
            ):
                assert str(fields[name]) == str(wanted), (case["name"], name)
                compared += 1
    assert compared > 4 * len(cases)
