"""The follower: brings contract events into the ledger, in chain order, each once.

It reads up to `confirmations` blocks below the newest one. When a reorganisation goes deeper, the follower drops the events of the replaced
blocks and begins again at the fork, up to `REORG_DEPTH` blocks below the followed one. A deeper fork is another chain, or a chain too
unstable to settle on: the follower stops with a message.
"""

import json
import logging
import threading
from collections.abc import Mapping
from typing import Any

from web3 import Web3
from web3.contract.contract import ContractEvent
from web3.types import LogReceipt

from evidence.units import div_floor
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetOnChain, topic_of
from oracle.errors import ChainConflict, ChainUnreachable
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import EventRow
from oracle.ledger.writer import LedgerWriter
from runtime.logs import facts

_log = logging.getLogger("oracle.chain")

FOLLOWED = ("share", "declarations", "distributor", "registry", "gate")
BLOCKS_PER_QUERY = 1_000
REORG_DEPTH = 64  # two epochs of Ethereum's: what lies deeper is final there


class Follower:
    """Follows one asset's contracts."""

    def __init__(
        self,
        on_chain: AssetOnChain,
        reader: LedgerReader,
        writer: LedgerWriter,
        *,
        confirmations: int = 0,
        first_block: int | None = None,
    ) -> None:
        """Follow.

        Args:
            on_chain: whose events.
            reader: says how far the ledger is.
            writer: takes the events.
            confirmations: how many blocks below the newest one are left alone.
            first_block: nothing is looked for before it; by default the contracts' creation is searched for, which asks the node for old
                state.
        """
        self._chain = on_chain.chain
        self._reader = reader
        self._writer = writer
        self._confirmations = confirmations
        self._first_block = first_block
        self._lock = threading.Lock()
        self.forks = 0  # reorganisations below what was followed, since this object was made
        contracts = on_chain.contracts
        self._access = contracts.access.address
        self._addresses = {contracts.named(name).address: name for name in FOLLOWED}
        # web3 tells an event of our ABI by its first topic.
        self._events: dict[tuple[str, bytes], ContractEvent] = {
            (name, topic_of(event)): event
            for name in FOLLOWED
            for event in (made() for made in contracts.named(name).events)  # type: ignore[attr-defined]  # web3 types an iterator's __iter__ as Iterable
        }

    def catch_up(self) -> int:
        """Bring every event up to the newest confirmed block into the ledger; returns how many were new. Any thread.

        Raises:
            ChainUnreachable: no answer; what was stored until then stays.
            ChainConflict: the chain was reorganised deeper than `REORG_DEPTH`, or it is another chain.
        """
        with self._lock:
            head = self._chain.block_number()
            self._leave_fork(head)
            last = head - self._confirmations
            done = self._reader.chain.followed_block()
            if last <= done:
                return 0
            start = done + 1 if done >= 0 else self._first()
            marks = self._marks(start, last)
            found = 0
            for first in range(start, last + 1, BLOCKS_PER_QUERY):
                until = min(first + BLOCKS_PER_QUERY - 1, last)
                rows = self._rows(self._chain.logs(first, until, list(self._addresses)))
                if until == last and self._hash(last) != marks[last]:
                    raise ChainUnreachable("the chain was reorganised while it was read; it is read again")
                with self._writer.transaction():
                    self._writer.chain.add_events(rows, followed_block=until, marks=marks if until == last else None)
                # Durable: the events and how far they reach, together. A crash goes on at the next range.
                found += len(rows)
            return found

    def _leave_fork(self, head: int) -> None:
        """Drop the events of blocks that are not on the chain any more."""
        marks = [(block, hash_) for block, hash_ in self._reader.chain.marks().items() if block <= head]
        # A node that has fewer blocks than were followed lags behind, or will show the fork once it has as many.
        for block, hash_ in reversed(marks):
            if self._chain.block_hash(block) != hash_:
                continue
            if (block, hash_) == marks[-1]:
                return
            with self._writer.transaction():
                self._writer.chain.drop_events_from(block + 1)
            # Durable: the dropped events and the block from which following goes on, together.
            self.forks += 1
            _log.warning("the chain was reorganised", extra=facts(above_block=block, followed=marks[-1][0]))
            return
        if marks:
            block, hash_ = marks[0]
            raise ChainConflict(
                f"block {block} was {hash_} and is {self._chain.block_hash(block)} now: the chain was reorganised more than"
                f" {marks[-1][0] - block} blocks below what was followed, or it is another chain; the ledger must not go on with it"
            )

    def _marks(self, start: int, last: int) -> dict[int, str]:
        """The marks as they are once the blocks from `start` to `last` are followed: dense near the newest, none missing within reach."""
        kept = self._reader.chain.marks()
        new = {last, *(last - (1 << k) for k in range(REORG_DEPTH.bit_length()))}
        if not kept:
            new.add(max(start - 1, 0))
        found = {**kept, **{block: self._hash(block) for block in sorted(new) if block >= (start if kept else 0)}}
        oldest = max((block for block in found if block <= last - REORG_DEPTH), default=0)
        return {block: hash_ for block, hash_ in sorted(found.items()) if block >= oldest}

    def _hash(self, block: int) -> str:
        found = self._chain.block_hash(block)
        if found is None:
            raise ChainUnreachable(f"the chain's node has no block {block} now; it is read again")
        return found

    def _first(self) -> int:
        """The first block on a chain that was never followed: the creation of the contract that the others need."""
        if self._first_block is not None:
            return self._first_block
        return 0 if self._chain.block_number() < BLOCKS_PER_QUERY else block_of_creation(self._chain, self._access)

    def _rows(self, logs: list[LogReceipt]) -> list[EventRow]:
        times: dict[int, int] = {}
        rows = []
        for log in logs:
            contract = self._addresses[log["address"]]
            event = self._events.get((contract, bytes(log["topics"][0]))) if log["topics"] else None
            if event is None:
                continue  # not in our ABI: a library's event that no figure depends on
            number = log["blockNumber"]
            if number not in times:
                times[number] = self._chain.call(lambda web3, at=number: web3.eth.get_block(at)["timestamp"])  # type: ignore[misc]  # the default only binds the loop's value
            rows.append(
                EventRow(
                    block=number,
                    log_index=log["logIndex"],
                    block_hash=Web3.to_hex(log["blockHash"]),
                    block_time=times[number],
                    tx_hash=Web3.to_hex(log["transactionHash"]),
                    contract=contract,
                    name=event.event_name,
                    args=_json(event.process_log(log)["args"]),
                )
            )
        return rows


def block_of_creation(chain: Chain, address: str) -> int:
    """The first block in which there is code at `address`, by bisection; a follower of a long chain starts there.

    Raises:
        ChainConflict: there is none.
    """
    at = Web3.to_checksum_address(address)

    def exists(block: int) -> bool:
        return bool(chain.call(lambda web3: web3.eth.get_code(at, block)))

    low, high = 0, chain.block_number()
    if not exists(high):
        raise ChainConflict(f"there is no contract at {at} on chain {chain.chain_id}")
    while low < high:
        middle = div_floor(low + high, 2)
        if exists(middle):
            high = middle
        else:
            low = middle + 1
    return low


def _json(args: Mapping[str, Any]) -> str:
    return json.dumps({name: _plain(value) for name, value in args.items()}, sort_keys=True, separators=(",", ":"))


def _plain(value: object) -> object:
    if isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        return str(value)
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    raise TypeError(f"an event argument of type {type(value).__name__}")
