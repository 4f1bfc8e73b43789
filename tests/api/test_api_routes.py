"""What every route answers, and the one shape in which every route refuses."""

import hashlib
import json
import re
from decimal import Decimal
from typing import Any

import httpx
import pytest

from api.models.errors import ErrorAnswer
from evidence import merkle
from evidence.checkpoint import open_checkpoint
from evidence.keys import PublicKey

A = "/v1/assets/serf-east"
PATHS = [
    "/v1/assets", A, f"{A}/meters", f"{A}/days", f"{A}/periods", f"{A}/periods/0", f"{A}/periods/0/statement",
    f"{A}/holders/0x{'A1' * 20}/entitlements", f"{A}/log/checkpoint", f"{A}/log/inclusion?index=3", f"{A}/log/consistency?from=2&to=9",
    f"{A}/log/entries", f"{A}/refusals", "/v1/status", "/openapi.json", "/",
    "/pages/app.js", "/pages/verifier/verify.js", "/pages/style.css",
]  # fmt: skip


def get(client: httpx.Client, path: str, status: int = 200) -> Any:
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer.json()


def refused(client: httpx.Client, path: str, status: int, code: str) -> str:
    body = get(client, path, status)
    assert set(body) == {"error"}
    error = ErrorAnswer.model_validate(body).error
    assert error.code == code
    assert error.message
    return error.message


def operations(client: httpx.Client) -> dict[str, dict[str, Any]]:
    paths = get(client, "/openapi.json")["paths"]
    return {path: verbs["get"] for path, verbs in paths.items()}


def test_every_route_is_documented_typed_and_read_only(client: httpx.Client) -> None:
    paths = get(client, "/openapi.json")["paths"]
    assert len(paths) >= 16
    for path, verbs in paths.items():
        assert set(verbs) == {"get"}, path
        operation = verbs["get"]
        assert operation["description"].endswith("."), path
        assert "422" not in operation["responses"], path
        assert operation["responses"]["4XX"]["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorAnswer")
        content = operation["responses"]["200"]["content"]
        typed = content.get("application/json", {}).get("schema", {}).get("$ref")
        assert typed or "text/plain" in content or path.endswith("/statement"), path


def test_every_route_fails_in_one_shape(client: httpx.Client) -> None:
    for path, operation in operations(client).items():
        if "{asset}" in path:
            elsewhere = path.replace("{asset}", "elsewhere").replace("{period}", "0").replace("{position}", "0")
            query = {"index": 1, "from": 1, "to": 1} if "/log/" in path else {}
            answer = client.get(re.sub(r"\{\w+\}", "0x" + "00" * 32, elsewhere), params=query)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not-found"), path
        answer = client.post(re.sub(r"\{\w+\}", "1", path))
        assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method-not-allowed"), path
        assert answer.headers["allow"] == "GET"
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query" and parameter["name"] in ("limit", "index", "from", "to", "size"):
                answer = client.get(re.sub(r"\{\w+\}", "serf-east", path), params={parameter["name"]: "minus one"})
                assert answer.status_code == 400, (path, parameter["name"])
                assert set(answer.json()) == {"error"}


@pytest.mark.parametrize(("path", "status", "code", "says"), [
    ("/v1/nothing", 404, "not-found", "/v1/nothing"),
    ("/pages/../api/app.py", 404, "not-found", "app.py"),
    ("/pages/nothing.js", 404, "not-found", "nothing.js"),
    (f"{A}/periods/99", 404, "not-found", "99"),
    (f"{A}/periods/{2**70}", 404, "not-found", "period"),
    (f"{A}/periods/one", 400, "bad-request", "period"),
    (f"{A}/periods?limit=0", 400, "bad-request", "limit"),
    (f"{A}/periods?limit=101", 400, "bad-request", "limit"),
    (f"{A}/periods?cursor=zzzz", 400, "bad-request", "cursor"),
    (f"{A}/meters/0x00/readings", 400, "bad-request", "20 bytes"),
    (f"{A}/meters/0x{'00' * 20}/readings", 404, "not-found", "meter"),
    (f"{A}/readings/0x{'00' * 32}/0/proof", 404, "not-found", "header"),
    (f"{A}/readings/0x{'00' * 32}/1024/proof", 400, "bad-request", "position"),
    (f"{A}/readings/nothash/0/proof", 400, "bad-request", "header_hash"),
    (f"{A}/holders/0x12/entitlements", 400, "bad-request", "address"),
    (f"{A}/holders/0x{'12' * 20}/entitlements", 404, "not-found", "holder"),
    (f"{A}/log/inclusion", 400, "bad-request", "index"),
    (f"{A}/log/inclusion?index=100000", 404, "not-found", "100000"),
    (f"{A}/log/inclusion?index=5&size=5", 400, "bad-request", "size"),
    (f"{A}/log/consistency?from=9&to=2", 400, "bad-request", "9"),
    (f"{A}/log/consistency?from=1&to=100000", 400, "bad-request", "100000"),
])  # fmt: skip
def test_a_bad_question_is_told_what_is_wrong(
    client: httpx.Client, path: str, status: int, code: str, says: str
) -> None:
    assert says in refused(client, path, status, code)


@pytest.mark.parametrize("path", PATHS)
def test_an_answer_that_the_client_has_is_not_sent_again(client: httpx.Client, path: str) -> None:
    first = client.get(path)
    assert first.status_code == 200
    again = client.get(path, headers={"if-none-match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]


def test_the_page_is_held_to_itself(client: httpx.Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"
    # Every file the page names is one of ours; nothing comes from elsewhere.
    assert not re.findall(r"(?:src|href)=\"(?:https?:)?//", page.text)


def test_totals_are_exact_and_side_by_side(client: httpx.Client) -> None:
    asset = get(client, A)
    periods = get(client, f"{A}/periods")["items"]
    totals = asset["totals"]
    assert int(totals["export_wh"]) == sum(int(p["export_wh"]) for p in periods) > 100_000
    assert int(totals["declared_minor"]) == sum(int(p["distributable_minor"]) for p in periods)
    assert totals["funded_minor"] == totals["declared_minor"]
    assert 0 < int(totals["paid_minor"]) < int(totals["funded_minor"])
    assert asset["money"] == {"symbol": "USDC", "decimals": 6}
    assert "signed at the gateway" in asset["custody"]["words"]
    assert totals["periods_declared"] == totals["days_settled"] == len(periods) == 2
    for period in periods:
        # Each holder's part is rounded down, so at most a unit a holder is missing.
        share = Decimal(period["paid_minor"]) / Decimal(period["funded_minor"])
        assert Decimal("0.8999") < share <= Decimal("0.9")
        assert period["declare_tx"].startswith("0x")
        assert period["report"]["state"] == "final"
        assert period["report"]["tx"] == period["declare_tx"]
        assert (period["report"]["revision"], int(period["report"]["hash"], 16)) == (0, period["period"] + 1)
        assert period["anchor_tx"].startswith("0x")


def test_a_check_meter_is_shown_and_not_counted(client: httpx.Client) -> None:
    day = get(client, f"{A}/days")["items"][0]
    earned = sum(int(p["export_wh"]) for p in day["points"] if p["role"] == "generation")
    assert [p["point"] for p in day["points"] if p["role"] == "check"] == ["grid"]
    assert int(get(client, f"{A}/periods/0")["export_wh"]) == earned
    assert (day["notes"][0]["label"], day["notes"][0]["subject"], day["notes"][0]["count"]) == ("estimated", "INV-1", 1)
    assert (day["start"], day["end"]) == ("2026-06-30T16:00:00Z", "2026-07-01T16:00:00Z")


def test_the_statement_is_its_exact_bytes(client: httpx.Client) -> None:
    answer = client.get(f"{A}/periods/1/statement")
    stated = get(client, f"{A}/periods/1")["statement_hash"]
    assert "0x" + hashlib.sha256(answer.content).hexdigest() == stated
    assert answer.headers["etag"] == f'"{stated[2:]}"'
    assert all(isinstance(value, str) for value in json.loads(answer.content).values())


def test_readings_come_page_by_page_once_each_and_in_order(client: httpx.Client) -> None:
    meter = next(m for m in get(client, f"{A}/meters")["items"] if m["role"] == "generation")
    path = f"{A}/meters/{meter['id']}/readings"
    whole = get(client, f"{path}?limit=1000")
    assert whole["next"] is None
    assert len(whole["items"]) == meter["readings"] == 97
    seen: list[dict[str, object]] = []
    cursor = ""
    while True:
        page = get(client, f"{path}?limit=7{cursor}")
        assert len(page["items"]) <= 7
        seen += page["items"]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == whole["items"]
    times = [item["time"] for item in whole["items"]]
    assert times == sorted(times)
    assert whole["items"][-1] == meter["last_reading"]
    assert whole["items"][20]["status"] == [
        "export register valid",
        "import register valid",
        "power valid",
        "clock synchronised",
    ]
    assert whole["items"][20]["basis"] == "measured"


def test_readings_of_a_day_are_half_open(client: httpx.Client) -> None:
    meter = get(client, f"{A}/meters")["items"][0]
    page = get(client, f"{A}/meters/{meter['id']}/readings?from=2026-06-30T16:00:00Z&to=2026-07-02T00:00:00%2B08:00")
    assert (page["items"][0]["time"], page["items"][-1]["time"]) == ("2026-06-30T16:00:00Z", "2026-07-01T15:30:00Z")


def test_a_holder_reads_what_is_theirs_whatever_the_case_of_the_address(client: httpx.Client) -> None:
    paid = get(client, f"{A}/holders/0x{'a1' * 20}/entitlements")
    waiting = get(client, f"{A}/holders/0x{'C3' * 20}/entitlements")
    funded = int(get(client, A)["totals"]["funded_minor"])
    assert paid["holder"] == "0x" + "A1" * 20
    assert paid["owed_minor"] == "0"
    assert int(paid["paid_minor"]) == sum(int(p["amount_minor"]) for p in paid["payments"]) == funded * 6 // 10
    assert (waiting["paid_minor"], waiting["payments"]) == ("0", [])
    assert int(waiting["owed_minor"]) in (funded // 10, funded // 10 - 1)
    assert [p["share_days"] for p in waiting["periods"]] == ["100", "100"]
    assert [p["settled"] for p in paid["periods"]] == [True, True]
    assert [p["settled"] for p in waiting["periods"]] == [False, False]


def test_the_log_proves_itself_from_entries_alone(client: httpx.Client, built: Any) -> None:
    leaves: list[bytes] = []
    cursor = ""
    while True:
        page = get(client, f"{A}/log/entries?limit=25{cursor}")
        leaves += [merkle.leaf_hash(bytes.fromhex(item["entry"][2:])) for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    note = client.get(f"{A}/log/checkpoint").text
    checkpoint = open_checkpoint(note, PublicKey(built.oracle.public_point), origin="helioracle/31337/serf-east")
    assert (len(leaves), merkle.root(leaves)) == (checkpoint.size, checkpoint.root)

    proof = get(client, f"{A}/log/inclusion?index=7&size=40")
    path = [bytes.fromhex(hash_[2:]) for hash_ in proof["path"]]
    assert merkle.open_inclusion(leaves[7], 7, 40, path, merkle.root(leaves[:40])).hex() == proof["root"][2:]
    grown = get(client, f"{A}/log/consistency?from=40&to={len(leaves)}")
    path = [bytes.fromhex(hash_[2:]) for hash_ in grown["path"]]
    merkle.open_consistency(40, merkle.root(leaves[:40]), len(leaves), merkle.root(leaves), path)


def test_refusals_and_status_say_how_things_are(client: httpx.Client) -> None:
    item = get(client, f"{A}/refusals")["items"][0]
    assert (item["code"], item["gateway"]) == ("BAD_SIGNATURE", "gw-1")
    status = get(client, "/v1/status")
    assert status["time"] == "2026-07-02T16:00:00Z"
    assert status["log_size"] == status["anchored_size"] > 50
