"""One chain, seen through one web3: every call runs in the one thread that owns it (neither eth-tester nor nonces stand two)."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import replace
from functools import cached_property
from json import JSONDecodeError
from typing import Any, TypeVar, cast

from eth_account.signers.local import LocalAccount
from eth_typing import HexStr
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.contract.contract import ContractConstructor, ContractFunction
from web3.exceptions import (
    BadResponseFormat,
    BlockNotFound,
    ContractLogicError,
    ProviderConnectionError,
    RequestTimedOut,
    TooManyRequests,
    TransactionNotFound,
    Web3RPCError,
    Web3ValueError,
)
from web3.types import LogReceipt, TxParams

from evidence.units import div_floor
from oracle.chain import artifacts, refusal, time_control
from oracle.chain.time_control import TimeControl
from oracle.chain.transaction import Call, Fees, Prepared, Receipt, fees_of, receipt_of, request_of
from oracle.errors import ChainError, ChainRefused, ChainUnreachable

_T = TypeVar("_T")

RPC_TIMEOUT_S = 10
RECEIPT_TIMEOUT_S = 120
# What one transaction may use at most (EIP-7825); nodes that know this rule refuse a higher limit.
TRANSACTION_GAS_MAX = 16_777_216
_RECEIPT_POLL_S = 0.1  # real time
# What nodes say (geth, Nethermind, Besu, anvil) where a transaction is there already, came too late, or offers too little.
_NOT_NOW = (
    "nonce",
    "already known",
    "already imported",
    "already exists",
    "underpriced",
    "less than block base fee",
    "feetoolow",
)
_NO_ANSWER = (OSError, JSONDecodeError, ProviderConnectionError, BadResponseFormat, TooManyRequests, RequestTimedOut)


class Chain:
    """A JSON-RPC chain.

    Example:
        chain = Chain.connect("http://127.0.0.1:8545")
        receipt = chain.transact(account, token.functions.approve(spender, amount), action="approve")
    """

    def __init__(self, web3: Web3, control: TimeControl | None) -> None:
        self._web3 = web3
        self._control = control
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chain")
        self._closed = threading.Event()
        self._owner = self._executor.submit(threading.get_ident).result()

    @classmethod
    def connect(cls, rpc_url: str) -> "Chain":
        """The chain behind a JSON-RPC URL; finds out whether its time can be set.

        Raises:
            ChainUnreachable: nobody answers there. The URL is not repeated: it may hold an access token.
        """
        # web3 would ask again by itself, up to five times RPC_TIMEOUT_S; here the loops do that, with back-off and a message.
        provider = HTTPProvider(rpc_url, request_kwargs={"timeout": RPC_TIMEOUT_S}, exception_retry_configuration=None)
        chain = cls(Web3(provider), None)
        try:
            chain._control = chain.call(time_control.of_node)
        except ChainError:
            chain.close()
            raise
        return chain

    @classmethod
    def over(cls, web3: Web3, control: TimeControl | None) -> "Chain":
        """The chain behind a web3 that was made elsewhere; from now on only this object may use that web3."""
        return cls(web3, control)

    def close(self) -> None:
        """Stop the owning thread; idempotent."""
        self._closed.set()
        self._executor.shutdown(wait=True, cancel_futures=True)

    def call(self, ask: Callable[[Web3], _T]) -> _T:
        """Run `ask` in the owning thread and return what it returns.

        Raises:
            ChainUnreachable: the node did not answer.
        """
        if threading.get_ident() == self._owner:
            return self._ask(ask)
        try:
            answer = self._executor.submit(self._ask, ask)
        except RuntimeError:
            raise ChainUnreachable("the chain was closed") from None
        try:
            return answer.result()
        except CancelledError:
            raise ChainUnreachable("the chain was closed") from None

    def _ask(self, ask: Callable[[Web3], _T]) -> _T:
        try:
            return ask(self._web3)
        except _NO_ANSWER as error:
            # Only the kind: the text of an HTTP error repeats the URL, and a URL may hold an access token.
            raise ChainUnreachable(f"the chain's node did not answer ({type(error).__name__})") from None
        except Web3RPCError as error:
            raise ChainUnreachable(f"the chain's node could not answer: {refusal.node_says(error)}") from None

    # ------------------------------------------------------------ what the chain says

    @cached_property
    def chain_id(self) -> int:
        """EIP-155 chain id."""
        return self.call(lambda web3: web3.eth.chain_id)

    def now(self) -> int:
        """Time of the latest block, unix seconds."""
        return self.call(lambda web3: web3.eth.get_block("latest")["timestamp"])

    def block_number(self) -> int:
        """Number of the latest block."""
        return self.call(lambda web3: web3.eth.block_number)

    def block_hash(self, number: int) -> str | None:
        """Hash of a block, 0x-prefixed hex; None where the node has no such block (now)."""

        def look(web3: Web3) -> str | None:
            try:
                return Web3.to_hex(web3.eth.get_block(number)["hash"])
            except BlockNotFound:
                return None

        return self.call(look)

    def balance(self, address: str) -> int:
        """Native balance in wei."""
        return self.call(lambda web3: web3.eth.get_balance(Web3.to_checksum_address(address)))

    def contract(self, name: str, address: str) -> Contract:
        """The contract of artifact `name` at `address`; asks the chain nothing."""
        return self._web3.eth.contract(address=Web3.to_checksum_address(address), abi=artifacts.load(name).abi)

    def read(self, call: ContractFunction, *, action: str = "", sender: str | None = None) -> Any:
        """The return value of a function, decoded by its ABI; nothing is sent. `sender` is the caller that the function sees.

        Raises:
            ChainRefused: it reverted.
            ChainUnreachable: no answer.
        """
        options: TxParams = {} if sender is None else {"from": Web3.to_checksum_address(sender)}
        return self.call(lambda _: self._refusable(lambda: call.call(options), action or call.fn_name))

    # ------------------------------------------------------------ time

    @property
    def has_time_control(self) -> bool:
        """Whether `advance_to` works here."""
        return self._control is not None

    def advance_to(self, instant: int) -> None:
        """Bring the chain's time to `instant` (unix seconds) or later.

        Time never goes back: a chain that is past the instant stays as it is.

        Raises:
            ChainError: the time of this chain cannot be set.
        """
        control = self._control
        if control is None:
            raise ChainError("the time of this chain cannot be set; use the embedded chain or anvil")

        def move(web3: Web3) -> None:
            if web3.eth.get_block("latest")["timestamp"] < instant:
                control.advance_to(instant)

        self.call(move)

    # ------------------------------------------------------------ writing

    def transact(self, account: LocalAccount, call: Call, *, action: str, gas: int | None = None) -> Receipt:
        """Simulate, sign, send and await one transaction.

        Args:
            account: who signs and pays the gas.
            call: a contract function with its arguments, or a constructor.
            action: what it does, for error messages.
            gas: the limit; by default a quarter above the estimate.

        Raises:
            ChainRefused: the contract says no, in the simulation or when mined.
            ChainUnreachable: no answer, or not mined within `RECEIPT_TIMEOUT_S`; it may still be mined later.
        """
        prepared = self.prepare(account, call, action=action, gas=gas)
        self.send(prepared.raw, action=action)
        return self.wait(prepared.tx_hash, action=action, returned=prepared.returned)

    def deploy(self, account: LocalAccount, name: str, *arguments: object) -> Receipt:
        """Create the contract of artifact `name`; `receipt.contract` is its address. Errors as `transact`."""
        return self.transact(account, self.creation(name, *arguments), action=f"deploy {name}")

    def creation(self, name: str, *arguments: object) -> ContractConstructor:
        """The call that creates the contract of artifact `name`; asks the chain nothing."""
        artifact = artifacts.load(name)
        return self._web3.eth.contract(abi=artifact.abi, bytecode=HexStr(artifact.bytecode)).constructor(*arguments)

    def prepare(
        self,
        account: LocalAccount,
        call: Call,
        *,
        action: str,
        gas: int | None = None,
        nonce: int | None = None,
        above: Fees | None = None,
    ) -> Prepared:
        """Simulate a transaction against the latest block and sign it. Nothing is sent; errors as `transact`.

        Args:
            account: who signs and pays the gas.
            call: a contract function with its arguments, or a constructor.
            action: what it does, for error messages.
            gas: the limit; by default a quarter above the estimate.
            nonce: by default the next one of the account, behind what the node holds unmined.
            above: the fees that it must outbid, of the transaction that it replaces.
        """

        def build(web3: Web3) -> Prepared:
            request = request_of(web3, account, call)
            returned = self._refusable(lambda: web3.eth.call(request), action)
            limit = gas
            if limit is None:
                estimate = self._refusable(lambda: web3.eth.estimate_gas(request), action)
                limit = max(estimate, min(estimate + div_floor(estimate, 4), TRANSACTION_GAS_MAX))
            number = web3.eth.get_transaction_count(account.address, "pending") if nonce is None else nonce
            fees = fees_of(web3) if above is None else fees_of(web3).above(above)
            filled = cast("dict[str, Any]", {**request, "gas": limit, "nonce": number, **fees.params()})
            signed = account.sign_transaction(filled)
            return Prepared(
                action=action,
                raw=bytes(signed.raw_transaction),
                tx_hash=Web3.to_hex(signed.hash),
                sender=account.address,
                nonce=number,
                fees=fees,
                returned=bytes(returned),
            )

        return self.call(build)

    def send(self, raw: bytes, *, action: str) -> bool:
        """Hand signed bytes to the node.

        Returns:
            False where the node would not take them, because it has them already, because their nonce is used up, by this very
            transaction or by another, or because they offer too little for gas: the receipt tells which, and `attempt` outbids.

        Raises:
            ChainRefused: the node refuses them for good (no money for gas).
            ChainUnreachable: no answer; they may have arrived.
        """

        def push(web3: Web3) -> bool:
            try:
                web3.eth.send_raw_transaction(raw)
            except (Web3RPCError, Web3ValueError) as error:
                said = str(error).lower()
                if any(known in said for known in _NOT_NOW):
                    return False
                raise ChainRefused(action=action, reason=refusal.rejection_of(error)) from None
            return True

        return self.call(push)

    def receipt(self, tx_hash: str, *, action: str) -> Receipt | None:
        """The receipt of a transaction, or None while it is not mined.

        Raises:
            ChainRefused: it was mined and reverted.
        """

        def look(web3: Web3) -> Receipt | None:
            try:
                return receipt_of(web3.eth.get_transaction_receipt(HexStr(tx_hash)), action)
            except TransactionNotFound:
                return None

        return self.call(look)

    def wait(self, tx_hash: str, *, action: str, returned: bytes = b"", timeout_s: int = RECEIPT_TIMEOUT_S) -> Receipt:
        """Wait, at most `timeout_s` of real time, until a transaction is mined; errors as `transact`.

        The owning thread is asked again and again rather than kept, so that others get their answers meanwhile.
        """
        deadline = time.monotonic() + timeout_s
        while (found := self.receipt(tx_hash, action=action)) is None:
            if time.monotonic() >= deadline or self._closed.wait(_RECEIPT_POLL_S):
                raise ChainUnreachable(f"{action}: {tx_hash} was not mined within {timeout_s} s; it may still be")
        return replace(found, returned=returned)

    def next_nonce(self, address: str) -> int:
        """The first nonce that no mined transaction of the address has."""
        return self.call(lambda web3: web3.eth.get_transaction_count(Web3.to_checksum_address(address), "latest"))

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> list[LogReceipt]:
        """Raw logs of the addresses in the blocks `first` to `last`, both included, in chain order."""
        wanted = [Web3.to_checksum_address(address) for address in addresses]
        found = self.call(lambda web3: web3.eth.get_logs({"fromBlock": first, "toBlock": last, "address": wanted}))
        return sorted(found, key=lambda log: (log["blockNumber"], log["logIndex"]))

    def _refusable(self, ask: Callable[[], _T], action: str) -> _T:
        try:
            return ask()
        except ContractLogicError as error:
            raise ChainRefused(action=action, reason=refusal.reason_of(error)) from None
        except Web3RPCError as error:
            if refusal.is_about_money(error):
                raise ChainRefused(action=action, reason=refusal.rejection_of(error)) from None
            raise
