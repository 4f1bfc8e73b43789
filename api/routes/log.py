"""The log: checkpoint, entries and proofs that it only grew."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import PlainTextResponse

from api.errors import BadRequest, NotFound, NotYet
from api.models.proofs import Consistency, Inclusion, LogEntry, LogEntryPage
from api.sources import Sources
from api.wire import cursor, hexed, open_cursor
from evidence import merkle, tags
from evidence.errors import BadProof

ENTRIES_MAX = 1000
_CURSOR = b"entr"
_INDEX_MAX = 2**53
_NAMES = {code: name for name, code in tags.ENTRY_TYPES.items()}

Index = Annotated[int, Query(ge=0, le=_INDEX_MAX)]
Size = Annotated[int, Query(ge=1, le=_INDEX_MAX)]


def router(sources: Sources) -> APIRouter:
    """The routes of the log."""
    routes = APIRouter(tags=["log"])
    reader = sources.reader

    note: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}

    @routes.get("/assets/{asset}/log/checkpoint", response_model=None, responses=note)
    def checkpoint(asset: str) -> PlainTextResponse:
        """The newest signed checkpoint, a C2SP note: origin, size, root, signature."""
        sources.terms(asset)
        newest = reader.log.newest_checkpoint()
        if newest is None:
            raise NotYet("no checkpoint is signed yet; the first one comes with the first settled period")
        return PlainTextResponse(newest.note)

    @routes.get("/assets/{asset}/log/inclusion")
    def inclusion(
        asset: str, index: Index, size: Annotated[int | None, Query(ge=1, le=_INDEX_MAX)] = None
    ) -> Inclusion:
        """The audit path of one entry in the tree of `size` entries; by default the whole log."""
        sources.terms(asset)
        entry = reader.log.entry(index)
        if entry is None:
            raise NotFound("log entry", str(index))
        wanted = reader.log.size() if size is None else size
        try:
            return Inclusion(
                index=index,
                size=wanted,
                type=entry.type,
                leaf_hash=hexed(merkle.leaf_hash(entry.entry)),
                path=[hexed(hash_) for hash_ in sources.tree.inclusion(index, wanted)],
                root=hexed(sources.tree.root(wanted)),
            )
        except BadProof as error:
            raise BadRequest("size", str(error)) from None

    @routes.get("/assets/{asset}/log/consistency")
    def consistency(asset: str, from_: Annotated[Size, Query(alias="from")], to: Size) -> Consistency:
        """The proof that the first `from` entries are still the first entries of the tree of `to`."""
        sources.terms(asset)
        try:
            return Consistency(
                from_size=from_,
                to_size=to,
                path=[hexed(hash_) for hash_ in sources.tree.consistency(from_, to)],
                from_root=hexed(sources.tree.root(from_)),
                to_root=hexed(sources.tree.root(to)),
            )
        except BadProof as error:
            raise BadRequest("from, to", str(error)) from None

    @routes.get("/assets/{asset}/log/entries")
    def entries(
        asset: str,
        cursor_: Annotated[str | None, Query(alias="cursor", max_length=64)] = None,
        first: Index = 0,
        limit: Annotated[int, Query(ge=1, le=ENTRIES_MAX)] = 256,
    ) -> LogEntryPage:
        """Entries as types and hashes: enough to rebuild every root, and revealing nothing."""
        sources.terms(asset)
        start, _ = open_cursor(cursor_, _CURSOR, start=(first, 0))
        rows = reader.log.entries(start, limit=limit + 1)
        items = [
            LogEntry(index=row.log_index, type=_NAMES.get(row.type, str(row.type)), entry=hexed(row.entry))
            for row in rows[:limit]
        ]
        following = cursor(_CURSOR, rows[limit].log_index) if len(rows) > limit else None
        return LogEntryPage(items=items, next=following, size=reader.log.size())

    return routes
