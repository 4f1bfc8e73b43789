"""The follower: brings contract events into the ledger, in chain order, each once.

It reads up to `confirmations` blocks below the newest one. Where a reorganisation goes deeper than that it stops with a message; putting
events back by itself comes with finality (the contracts issue).
"""

import json
import threading
from collections.abc import Mapping
from typing import Any

from web3 import Web3
from web3.contract.contract import ContractEvent
from web3.types import LogReceipt

from evidence.units import div_floor
from oracle.asset_file import Deployment
from oracle.chain.client import Chain
from oracle.chain.contracts import contracts_of, topic_of
from oracle.errors import ChainConflict
from oracle.ledger.reader import LedgerReader
from oracle.ledger.rows import EventRow
from oracle.ledger.writer import LedgerWriter

FOLLOWED = ("share", "declarations", "distributor", "registry", "gate")
BLOCKS_PER_QUERY = 1_000


class Follower:
    """Follows one asset's contracts."""

    def __init__(
        self,
        chain: Chain,
        deployment: Deployment,
        reader: LedgerReader,
        writer: LedgerWriter,
        *,
        confirmations: int = 0,
        first_block: int | None = None,
    ) -> None:
        """Follow.

        Args:
            chain: whose events.
            deployment: the contracts.
            reader: says how far the ledger is.
            writer: takes the events.
            confirmations: how many blocks below the newest one are left alone.
            first_block: nothing is looked for before it; by default the contracts' creation is searched for, which asks the node for old
                state.
        """
        self._chain = chain
        self._reader = reader
        self._writer = writer
        self._confirmations = confirmations
        self._first_block = first_block
        self._lock = threading.Lock()
        contracts = contracts_of(chain, deployment)
        self._access = contracts.access.address
        self._addresses = {getattr(contracts, name).address: name for name in FOLLOWED}
        # web3 tells an event of our ABI by its first topic.
        self._events: dict[tuple[str, bytes], ContractEvent] = {
            (name, topic_of(event)): event
            for name in FOLLOWED
            for event in (made() for made in getattr(contracts, name).events)
        }

    def catch_up(self) -> int:
        """Bring every event up to the newest confirmed block into the ledger; returns how many were new. Any thread.

        Raises:
            ChainUnreachable: no answer; what was stored until then stays.
            ChainConflict: the newest stored event is not on the chain any more.
        """
        with self._lock:
            last = self._chain.block_number() - self._confirmations
            done = self._reader.chain.followed_block()
            if last <= done:
                return 0
            self._check_still_there(done)
            start = done + 1 if done >= 0 else self._first()
            found = 0
            for first in range(start, last + 1, BLOCKS_PER_QUERY):
                until = min(first + BLOCKS_PER_QUERY - 1, last)
                rows = self._rows(self._chain.logs(first, until, list(self._addresses)))
                with self._writer.transaction():
                    self._writer.chain.add_events(rows, followed_block=until)
                # Durable: the events and how far they reach, together. A crash goes on at the next range.
                found += len(rows)
            return found

    def _check_still_there(self, followed: int) -> None:
        """Compare the hash of a recent block that held an event; enough to notice a reorganisation there, or another chain."""
        events = self._reader.chain.events(after=(followed - BLOCKS_PER_QUERY, -1))
        if not events:
            return
        newest = events[-1]
        block = self._chain.call(lambda web3: web3.eth.get_block(newest.block))
        if Web3.to_hex(block["hash"]) != newest.block_hash:
            raise ChainConflict(
                f"block {newest.block} was {newest.block_hash} and is {Web3.to_hex(block['hash'])} now: the chain was"
                " reorganised below what was followed, or it is another chain"
            )

    def _first(self) -> int:
        """Where to begin on a chain that was never followed: at the creation of the contract that the others need."""
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
    raise TypeError(f"an event argument of type {type(value).__name__}")
