"""Opens one batch by itself: what its own bytes prove. It needs no history and may run on any thread.

The codes are those of the signed answer (spec/answer.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evidence import batch, header
from evidence.answer import Code
from evidence.bundle import BundleItem
from evidence.errors import BadSignature, HeaderDisagrees, Malformed, RootMismatch
from evidence.header import Header, Kind
from evidence.keys import PublicKey
from evidence.status import Status


@dataclass(frozen=True, slots=True)
class KnownBinding:
    """What intake needs of a binding: its hash and since when it holds (unix seconds)."""

    hash: bytes
    valid_from: int


@dataclass(frozen=True, slots=True)
class Opened:
    """An item whose header is signed by its meter.

    Attributes:
        header: the opened header.
        key: the meter's key, which opened it.
        binding_hash: the binding in force at the header's end.
        bodiless: why the body does not count although the header does; empty where it counts or where none is due.
    """

    header: Header
    key: PublicKey
    binding_hash: bytes
    bodiless: str


@dataclass(frozen=True, slots=True)
class Unopened:
    """An item that proves nothing, whatever else is known."""

    code: Code
    detail: str
    meter_id: bytes | None


def open_item(item: BundleItem, key: PublicKey | None, bindings: Sequence[KnownBinding]) -> Opened | Unopened:
    """Open one item by itself: format, binding as of then, signature, root, header against body.

    Args:
        item: as it came in the bundle.
        key: the key of the meter that the header names, None when no binding names that meter.
        bindings: the meter's bindings, oldest first.
    """
    try:
        stated = header.decode(item.header)
    except Malformed as error:
        return Unopened(Code.MALFORMED, str(error), None)
    binding = binding_at(stated, bindings)
    if key is None or binding is None:
        known = "no binding names it" if not bindings else f"its first binding holds from {bindings[0].valid_from}"
        detail = f"meter {stated.meter_id.hex()} is not bound at {stated.t1}: {known}"
        return Unopened(Code.UNKNOWN_METER, detail, stated.meter_id)
    try:
        opened = header.open_header(item.header, item.signature, key)
    except BadSignature as error:
        return Unopened(Code.BAD_SIGNATURE, str(error), stated.meter_id)
    if opened.kind is not Kind.READINGS:
        return Opened(opened, key, binding.hash, bodiless="")  # a body sent beside it is no part of it and is dropped
    return _open_body(Opened(opened, key, binding.hash, bodiless=""), item)


def binding_at(stated: Header, bindings: Sequence[KnownBinding]) -> KnownBinding | None:
    """The binding in force when the header ended.

    Where the clock was not synchronised its times place nothing: the binding that a first header names counts, else the newest.
    """
    if stated.status_close & Status.CLOCK_SYNCHRONISED:
        candidates = [b for b in bindings if b.valid_from <= stated.t1]
    else:
        candidates = [b for b in bindings if b.hash == stated.prev] or list(bindings)
    return candidates[-1] if candidates else None


def _open_body(opened: Opened, item: BundleItem) -> Opened | Unopened:
    if not item.body:
        return replace(opened, bodiless="the body did not come with the header")
    try:
        batch.open_body(opened.header, item.batch_key, item.body)
    except RootMismatch as error:
        return replace(opened, bodiless=str(error))
    except HeaderDisagrees as error:
        return Unopened(Code.HEADER_DISAGREES, str(error), opened.header.meter_id)
    except Malformed as error:
        # A body of the wrong length was never the signed one; a record that is none, under the signed root, was signed as it is.
        if error.what in ("body", "batch key"):
            return replace(opened, bodiless=str(error))
        detail = f"the signed body holds what is no reading: {error}"
        return Unopened(Code.MALFORMED, detail, opened.header.meter_id)
    return opened
