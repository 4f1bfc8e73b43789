"""One reading followed to one payout: every hash on the way, each opened again here by public functions."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from cli.amount import format_amount
from cli.demo.stage import Stage
from cli.errors import CommandFailed
from evidence import batch as batches
from evidence import binding as bindings
from evidence import log_entry, merkle, tags
from evidence.checkpoint import open_checkpoint, origin_of
from evidence.keys import PublicKey
from oracle.ledger.rows import BatchRow, EventRow


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way: `name`, and its facts in the order they are read."""

    name: str
    facts: dict[str, str | list[str]]


def follow(stage: Stage, holder: str, number: int) -> list[Step]:
    """Follow the strongest reading of the first meter at noon of the day of period `number` to the first payment that `holder` got.

    Where no day had anything for holders the way ends with a payout of 0 in no transaction.

    Raises:
        EvidenceError: something on the way does not open; the demo then has failed.
        CommandFailed: a station of the way is missing in the ledger.
    """
    meter = stage.asset.meters[0]
    stored = _noon_batch(stage, meter.binding.meter_id, number)
    key = PublicKey(meter.binding.public_point)
    opened = batches.open_batch(stored.header.header, stored.header.signature, stored.batch_key, stored.body, key)
    records = batches.split_body(stored.body, opened.header.profile, opened.header.count)
    position = max(range(len(records)), key=lambda at: opened.readings[at].power_w or 0)
    reading = opened.readings[position]
    leaves = batches.leaf_hashes(stored.batch_key, records)
    path = merkle.inclusion_proof(leaves, position)
    merkle.open_inclusion(leaves[position], position, len(leaves), path, opened.header.batch_root)
    bindings.open_binding(meter.record, installer_point=meter.binding.installer_point)

    period = stage.reader.settlement.period(number)
    if period is None or period.log_root is None:
        raise CommandFailed(f"period {number} is not anchored")
    index = stored.header.log_index
    entry_leaf = log_entry.entry_leaf(tags.ENTRY_HEADER, stored.header.header + stored.header.signature)
    inclusion = stage.oracle.sequencer.inclusion_proof(index, period.log_size)
    merkle.open_inclusion(entry_leaf, index, period.log_size, inclusion, period.log_root)
    checkpoint = stage.reader.log.checkpoint(period.log_size)
    if checkpoint is None:
        raise CommandFailed(f"there is no checkpoint of size {period.log_size}")
    oracle_key = PublicKey(stage.oracle_point)
    origin = origin_of(stage.chain.chain_id, stage.asset.terms.asset)
    open_checkpoint(checkpoint.note, oracle_key, origin=origin)

    anchored = _event(stage, "Anchored", size=str(period.log_size))
    declared = _event(stage, "Declared", period=str(number))
    paid = _find(stage, "Paid", holder=holder)
    return [
        Step(
            "reading",
            {
                "meter": meter.binding.serial,
                "meter_id": "0x" + meter.binding.meter_id.hex(),
                "time": str(reading.time),
                "export_wh": str(reading.export_wh),
                "power_w": str(reading.power_w),
                "record": _hex(records[position]),
            },
        ),
        Step(
            "batch",
            {
                "header_hash": _hex(stored.header.hash),
                "header": _hex(stored.header.header),
                "signature": _hex(stored.header.signature),
                "public_point": _hex(meter.binding.public_point),
                "binding_hash": _hex(meter.hash),
                "position": str(position),
                "of": str(len(records)),
                "salt": _hex(batches.salt(stored.batch_key, position)),
                "leaf": _hex(leaves[position]),
                "path": [_hex(hash_) for hash_ in path],
                "batch_root": _hex(opened.header.batch_root),
            },
        ),
        Step(
            "log",
            {
                "index": str(index),
                "entry_leaf": _hex(entry_leaf),
                "size": str(period.log_size),
                "inclusion_proof": [_hex(hash_) for hash_ in inclusion],
                "root": _hex(period.log_root),
                "checkpoint": checkpoint.note,
                "anchor_tx": anchored.tx_hash,
            },
        ),
        Step(
            "declaration",
            {
                "period": str(number),
                "statement_hash": _hex(period.statement_hash),
                "settlement_root": _hex(period.settlement_root),
                "tariff_hash": _hex(period.tariff_hash),
                "gross": period.gross,
                "distributable": period.distributable,
                "contract": stage.deployment.addresses["declarations"],
                "declare_tx": declared.tx_hash,
            },
        ),
        Step(
            "payout",
            {"holder": holder, "amount": "0", "tx": "none"}
            if paid is None
            else {"holder": holder, "amount": arguments_of(paid)["amount"], "tx": paid.tx_hash},
        ),
    ]


def as_text(steps: list[Step], decimals: int, symbol: str) -> str:
    """The way in one sentence per step."""
    facts = {step.name: step.facts for step in steps}
    amount = int(str(facts["payout"]["amount"]))
    reading, batch, log = facts["reading"], facts["batch"], facts["log"]
    payout = facts["payout"]
    paid = f"{format_amount(amount, decimals)} {symbol} to {payout['holder']} in {payout['tx']}"
    return f"""\
This reading of {reading["meter"]}: {reading["export_wh"]} Wh exported, {reading["power_w"]} W
  -> is number {int(str(batch["position"])) + 1} of {batch["of"]} in batch {batch["header_hash"]}, signed by the meter's key
  -> is log leaf {log["index"]} of {log["size"]}, under the root {log["root"]}
  -> which {log["anchor_tx"]} anchored
  -> is declared in {facts["declaration"]["declare_tx"]}
  -> is paid: {paid if amount else "nothing, for after the fees nothing was left"}"""


def _noon_batch(stage: Stage, meter_id: bytes, period: int) -> BatchRow:
    noon = stage.days.end_of(period) - 43_200
    found = stage.reader.headers.batches_from(meter_id, noon, limit=1)
    if not found:
        raise CommandFailed("there is no batch at noon of that day")
    return found[0]


def arguments_of(event: EventRow) -> dict[str, str]:
    """An event's arguments by name: integers as decimal strings, addresses checksummed."""
    return {name: str(value) for name, value in json.loads(event.args).items()}


def events_of(stage: Stage, name: str) -> Iterator[EventRow]:
    """All events of a name, oldest first."""
    after = (-1, -1)
    while page := stage.reader.chain.events(name=name, after=after):
        yield from page
        after = (page[-1].block, page[-1].log_index)


def _event(stage: Stage, name: str, **wanted: str) -> EventRow:
    found = _find(stage, name, **wanted)
    if found is None:
        raise CommandFailed(f"the ledger has no event {name} with {wanted}")
    return found


def _find(stage: Stage, name: str, **wanted: str) -> EventRow | None:
    for event in events_of(stage, name):
        if all(arguments_of(event).get(key) == value for key, value in wanted.items()):
            return event
    return None


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
