"""Each meter's chain of headers, as the ledger knows it: where a header stands in it, and so what becomes of it."""

from evidence import header as headers
from evidence.answer import Code
from evidence.errors import BadSignature
from evidence.header import Header, Kind
from evidence.keys import PublicKey
from oracle.core.sequence_check import SIGNED_REFUSALS, Decision, Facts, Previous, decide, refused
from oracle.core.validation import Opened, Unopened
from oracle.ledger.reader import LedgerView

_SIGNED = {code.name: code for code in SIGNED_REFUSALS}


class ChainOfHeaders:
    """Gathers what `oracle.core.sequence_check` compares a header with.

    Asks the view of the running transaction, so that the second header of a bundle is seen to follow the first. The newest headers are
    remembered, at most one a bound meter; `forget` when a transaction is taken back.
    """

    def __init__(self, view: LedgerView) -> None:
        self._view = view
        self._newest: dict[bytes, Previous] = {}

    def place(self, header_hash: bytes, found: Opened | Unopened) -> Decision:
        """What becomes of a header that is not stored."""
        if isinstance(found, Unopened):
            return refused(found)
        return decide(header_hash, found, self._facts(found.header, found.key))

    def stored(self, header_hash: bytes, header: Header) -> None:
        """A header was stored: it is its meter's newest now."""
        self._newest[header.meter_id] = Previous(header_hash, header)

    def forget(self) -> None:
        """The transaction was taken back: what was remembered may not be stored."""
        self._newest.clear()

    def _facts(self, header: Header, key: PublicKey) -> Facts:
        newest = self._newest.get(header.meter_id)
        if newest is not None and _continues(newest, header):
            return Facts(previous=newest)  # nothing follows the newest header, and nothing lies beyond its sequence
        overlap = None
        if header.count:
            overlap = self._view.headers.overlapping(header.meter_id, header.epoch, header.seq0, header.next_seq)
        follower = self._view.headers.following(header.prev)
        previous = self._previous(header.prev)
        fork = None if previous else self._view.refusals.fork_of(header.prev)
        return Facts(
            previous=previous,
            follower=follower.hash if follower else None,
            overlapping=overlap.hash if overlap else None,
            prev_refused=None if previous else self._refused(header.prev, key),
            prev_forked=fork.first_hash if fork else None,
        )

    def _previous(self, prev: bytes) -> Previous | None:
        row = self._view.headers.by_hash(prev)
        return None if row is None else Previous(row.hash, headers.decode(row.header))

    def _refused(self, prev: bytes, key: PublicKey) -> Code | None:
        for refusal in self._view.refusals.of_header(prev):
            if refusal.code in _SIGNED:
                return _SIGNED[refusal.code]
            if refusal.code == Code.MALFORMED.name:
                # Any sender can send malformed bytes; only bytes that the meter signed end its chain.
                try:
                    key.open(refusal.header, refusal.signature, what="refused header")
                except BadSignature:
                    continue
                return Code.MALFORMED
        return None


def _continues(newest: Previous, header: Header) -> bool:
    if header.prev != newest.hash:
        return False
    if header.kind is Kind.EPOCH:
        return header.epoch == newest.header.epoch + 1
    return header.epoch == newest.header.epoch and header.seq0 == newest.header.next_seq
