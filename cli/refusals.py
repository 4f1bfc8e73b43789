"""`helioracle oracle refusals`: what the oracle refused and why, and headers that exclude each other, from its ledger."""

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime

from cli.errors import UsageError
from oracle import config
from oracle.errors import LedgerError
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import ForkRow, RefusalRow

LIMIT_MAX = 500
_HASH_SHOWN = 16


def run(arguments: argparse.Namespace) -> int:
    """Print one page of refusals, newest first; with the first page also the forks.

    Raises:
        UsageError: the limit is out of range, or there is no ledger.
    """
    if not 1 <= arguments.limit <= LIMIT_MAX:
        raise UsageError(f"--limit {arguments.limit} is not between 1 and {LIMIT_MAX}")
    if arguments.before is not None and arguments.before < 1:
        raise UsageError(f"--before {arguments.before} is no ID; the last line of a page names the next one's")
    loaded = config.load(arguments.config)
    try:
        reader = LedgerReader(loaded.ledger)
    except LedgerError as error:
        raise UsageError(str(error)) from None
    with reader:
        serials = {row.meter_id: row.serial for row in reader.bindings.all()}
        # One more than is shown: whether there is another page.
        found = reader.refusals.newest(limit=arguments.limit + 1, before=arguments.before)
        shown = found[: arguments.limit]
        forks = reader.refusals.forks(limit=arguments.limit) if arguments.before is None else []
        counts = reader.refusals.counts()
    following = shown[-1].id if len(found) > len(shown) else None
    facts: dict[str, object] = {
        "refusals": [_refusal(row, serials) for row in shown],
        "forks": [_fork(row, serials) for row in forks],
        "counts": counts,
        "before": following,
    }
    if arguments.json:
        print(json.dumps(facts))
        return 0
    if not shown:
        print("Nothing was refused." if not counts else f"Nothing older than {arguments.before} is kept.")
    _show(shown, forks, serials, counts)
    if following is not None:
        print(f"Older ones: helioracle oracle refusals --config {arguments.config} --before {following}")
    return 0


def _refusal(row: RefusalRow, serials: Mapping[bytes, str]) -> dict[str, object]:
    return {
        "id": row.id,
        "time": _time(row.received_at),
        "gateway": row.gateway,
        "meter": None if row.meter_id is None else serials.get(row.meter_id),
        "meter_id": None if row.meter_id is None else row.meter_id.hex(),
        "header": None if row.header_hash is None else row.header_hash.hex(),
        "code": row.code,
        "detail": row.detail,
    }


def _fork(row: ForkRow, serials: Mapping[bytes, str]) -> dict[str, object]:
    return {
        "id": row.id,
        "time": _time(row.found_at),
        "meter": serials.get(row.meter_id),
        "meter_id": row.meter_id.hex(),
        "first": row.first_hash.hex(),
        "second": row.second_hash.hex(),
    }


def _show(
    refusals: list[RefusalRow], forks: list[ForkRow], serials: Mapping[bytes, str], counts: Mapping[str, int]
) -> None:
    for row in refusals:
        meter = "-" if row.meter_id is None else serials.get(row.meter_id, row.meter_id.hex())
        print(f"{row.id}  {_time(row.received_at)}  {row.gateway}  {meter}  {row.code}  {row.detail}")
    for fork in forks:
        meter = serials.get(fork.meter_id, fork.meter_id.hex())
        first, second = fork.first_hash.hex()[:_HASH_SHOWN], fork.second_hash.hex()[:_HASH_SHOWN]
        print(f"fork  {_time(fork.found_at)}  {meter}  {second} excludes {first}, which is in the log")
    if counts:
        print("Kept in all: " + ", ".join(f"{count} {code}" for code, count in counts.items()))
        print("What each code means and what to do: docs/refusals.md")


def _time(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
