"""Answers to head requests: the newest header of each meter, signed, with the request's nonce."""

from collections.abc import Sequence

from evidence import head
from evidence.head import Head
from evidence.header import ZERO_HASH
from evidence.keys import MeterId, Signer, meter_id_of
from oracle.ledger.reader import LedgerReader
from runtime.clock import WorldClock


def signed_heads(request: bytes, *, reader: LedgerReader, world: WorldClock, signer: Signer) -> list[bytes]:
    """The signed head of every meter that the request names; a meter nobody knows is answered as not known.

    Raises:
        Malformed: not a request.
    """
    nonce, meters = head.decode_request(request)
    return [head.sign_head(_head(meter_id, nonce, reader, world, signer), signer) for meter_id in _once(meters)]


def _head(meter_id: MeterId, nonce: bytes, reader: LedgerReader, world: WorldClock, signer: Signer) -> Head:
    newest = reader.headers.newest(meter_id)
    return Head(
        oracle_id=meter_id_of(signer.public_point),
        nonce=nonce,
        time=world.now(),
        meter_id=meter_id,
        known=newest is not None,
        epoch=newest.epoch if newest else 0,
        next_seq=newest.next_seq if newest else 0,
        header_hash=newest.hash if newest else ZERO_HASH,
        export_end_wh=newest.export_end_wh if newest else None,
        import_end_wh=newest.import_end_wh if newest else None,
    )


def _once(meters: Sequence[MeterId]) -> list[MeterId]:
    return list(dict.fromkeys(meters))
