"""The proof of one reading."""

import json
from typing import Annotated

from fastapi import APIRouter, Path

from api.errors import NotFound, NotYet
from api.models.proofs import (
    ProofAnchor,
    ProofBinding,
    ProofCheckpoint,
    ProofHeader,
    ProofKey,
    ProofLog,
    ProofReading,
    ReadingProof,
)
from api.sources import Sources
from api.wire import hexed, unhex
from evidence import batch, merkle, tags
from evidence.header import decode as decode_header
from oracle.ledger.rows import BatchRow, BindingRow, EventRow


def router(sources: Sources) -> APIRouter:
    """The routes of proofs."""
    routes = APIRouter(tags=["proofs"])

    @routes.get("/assets/{asset}/readings/{header_hash}/{position}/proof")
    def reading_proof(
        asset: str, header_hash: str, position: Annotated[int, Path(ge=0, lt=tags.BATCH_COUNT_MAX)]
    ) -> ReadingProof:
        """Everything to check one reading: bytes, salt, batch path, header, signature, key, binding, log path, anchored root."""
        sources.terms(asset)
        reader = sources.reader
        row = reader.headers.batch(unhex(header_hash, tags.HASH_SIZE, "header_hash"))
        if row is None:
            raise NotFound("header", header_hash)
        if position >= row.header.count:
            raise NotFound("reading at position", str(position))
        if not row.body:
            raise NotYet("the readings of this batch are not held here: only its header and registers are")
        bound = reader.bindings.at(row.header.meter_id, row.header.t0) or _first_binding(sources, row)
        return _proof(sources, asset, row, position, bound)

    return routes


def _first_binding(sources: Sources, row: BatchRow) -> BindingRow:
    # A meter's clock may lie before its binding; the proof then carries the oldest binding, and the browser's check fails with that reason.
    history = sources.reader.bindings.of(row.header.meter_id)
    if not history:
        raise NotFound("binding of meter", row.header.meter_id.hex())
    return history[0]


def _proof(sources: Sources, asset: str, row: BatchRow, position: int, bound: BindingRow) -> ReadingProof:
    header = decode_header(row.header.header)
    records = batch.split_body(row.body, header.profile, header.count)
    path = merkle.inclusion_proof(batch.leaf_hashes(row.batch_key, records), position)
    facts = bound.binding
    size, anchor = _anchored(sources, row.header.log_index, bound.log_index)
    checkpoint = sources.reader.log.checkpoint(size)
    return ReadingProof(
        asset=asset,
        position=position,
        count=header.count,
        reading=ProofReading(
            record=hexed(records[position]),
            profile=header.profile,
            salt=hexed(batch.salt(row.batch_key, position)),
            path=[hexed(hash_) for hash_ in path],
        ),
        header=ProofHeader(
            bytes=hexed(row.header.header), signature=hexed(row.header.signature), hash=hexed(row.header.hash)
        ),
        key=ProofKey(public_point=hexed(facts.public_point), meter_id=hexed(row.header.meter_id)),
        binding=ProofBinding(
            record=hexed(bound.record),
            hash=hexed(bound.hash),
            asset=facts.asset,
            point=facts.point,
            serial=facts.serial,
            custody=facts.custody.name.lower(),
        ),
        log=ProofLog(
            type=tags.ENTRY_HEADER,
            index=row.header.log_index,
            path=[hexed(hash_) for hash_ in sources.tree.inclusion(row.header.log_index, size)],
            binding_index=bound.log_index,
            binding_path=[hexed(hash_) for hash_ in sources.tree.inclusion(bound.log_index, size)],
            size=size,
            root=hexed(sources.tree.root(size)),
        ),
        checkpoint=None
        if checkpoint is None
        else ProofCheckpoint(
            note=checkpoint.note,
            oracle_point=None if sources.config.oracle_point is None else hexed(sources.config.oracle_point),
        ),
        anchor=None if anchor is None else _anchor(sources, size, anchor),
    )


def _anchored(sources: Sources, *indexes: int) -> tuple[int, EventRow | None]:
    """The newest anchored size that contains the entries; else the newest size there is, which no chain vouches for yet."""
    containing = {size: event for size, event in sources.anchors().items() if size > max(indexes)}
    if containing:
        size = max(containing)
        return size, containing[size]
    checkpoint = sources.reader.log.newest_checkpoint()
    if checkpoint is not None and checkpoint.size > max(indexes):
        return checkpoint.size, None
    return sources.reader.log.size(), None


def _anchor(sources: Sources, size: int, event: EventRow) -> ProofAnchor:
    root = bytes.fromhex(str(json.loads(event.args)["root"]).removeprefix("0x"))
    return ProofAnchor(
        size=size,
        root=hexed(root),
        chain_id=sources.reader.chain_id,
        contract=sources.config.contracts.get("declarations"),
        tx_hash=event.tx_hash,
        block=event.block,
    )
