"""Contracts on anvil, at whatever time a test wants it to be, called by the names of their ABI.

A model is compared with contracts some ten thousand times in a test: a hundred reads are one request here, and cost 10 ms
where py-evm needs a second and a half. Nobody pays for gas, and anybody may be the sender.
"""

import http.client
import json
from collections.abc import Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlsplit

from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from tests.plant.anvil_node import running_anvil

CHAIN_ID = 31_337
GAS = 20_000_000
DEPLOYER = "0x" + "de" * 20
Abi = list[dict[str, Any]]


class Reverted(Exception):
    """A call that the contract refused: the name of its custom error, and the error's arguments in order."""

    def __init__(self, name: str, facts: tuple[object, ...]) -> None:
        super().__init__(f"{name}({', '.join(map(str, facts))})")
        self.name = name
        self.facts = facts


@dataclass(frozen=True)
class Fragment:
    """A function or an error of an ABI."""

    name: str
    takes: tuple[str, ...]
    gives: tuple[str, ...] = ()

    @property
    def signature(self) -> str:
        """Such as `fund(uint32,uint256)`."""
        return f"{self.name}({','.join(self.takes)})"

    @cached_property
    def selector(self) -> bytes:
        """The first four bytes of the signature's hash."""
        return keccak(text=self.signature)[:4]


@dataclass(frozen=True)
class Read:
    """A question to a view."""

    contract: "Contract"
    function: str
    arguments: tuple[Hashable, ...] = ()

    def __str__(self) -> str:
        return f"{self.contract.name}.{self.function}({', '.join(map(str, self.arguments))})"


class Contract:
    """A contract on an `AnvilEvm`. A function is named by its name or, where there are two, by its signature."""

    def __init__(self, name: str, address: str, functions: dict[str, Fragment]) -> None:
        self.name = name
        self.address = address
        self.functions = functions
        self._asked: dict[tuple[str, tuple[Hashable, ...]], str] = {}

    def data(self, function: str, arguments: Sequence[object]) -> str:
        """What a call carries."""
        fragment = self.functions[function]
        return "0x" + (fragment.selector + encode(fragment.takes, arguments)).hex()

    def asked(self, function: str, arguments: tuple[Hashable, ...]) -> str:
        """The same, remembered: a comparison asks the same two hundred questions after every act."""
        key = (function, arguments)
        if key not in self._asked:
            self._asked[key] = self.data(function, arguments)
        return self._asked[key]


class AnvilEvm:
    """One chain. `now` is the time of the next transaction and of every read, unix seconds, and never falls."""

    def __init__(self, url: str, now: int) -> None:
        where = urlsplit(url)
        assert where.hostname is not None
        self._connection = http.client.HTTPConnection(where.hostname, where.port, timeout=60)
        self.now = now
        self._errors: dict[bytes, Fragment] = {}
        self.know_error(Fragment("Error", ("string",)))
        self.know_error(Fragment("Panic", ("uint256",)))

    def know_error(self, error: Fragment) -> None:
        """A custom error that some contract may answer with."""
        self._errors[error.selector] = error

    def deploy(self, artifact: dict[str, Any], *arguments: object) -> Contract:
        """Creates a contract from what the compiler made."""
        abi: Abi = artifact["abi"]
        for error in _fragments(abi, "error"):
            self.know_error(error)
        takes = next((_types(entry["inputs"]) for entry in abi if entry["type"] == "constructor"), ())
        code = artifact["bytecode"] + encode(takes, arguments).hex()
        made = self._transact({"from": DEPLOYER, "data": code})
        found = _fragments(abi, "function")
        named = {fragment.name: fragment for fragment in found} | {fragment.signature: fragment for fragment in found}
        return Contract(artifact["contractName"], made["contractAddress"], named)

    def send(self, caller: str, contract: Contract, function: str, *arguments: object) -> tuple[Any, ...]:
        """A transaction; returns what the function answers, or raises Reverted and changes nothing."""
        data = contract.data(function, arguments)
        answer = self._transact_after_call({"from": caller, "to": contract.address, "data": data})
        return self._opened(contract.functions[function], answer)

    def read(self, contract: Contract, function: str, *arguments: Hashable) -> Any:
        """What a view answers: a value, or a tuple of several; raises Reverted."""
        (answer,) = self.read_all([Read(contract, function, arguments)])
        if isinstance(answer, Reverted):
            raise answer
        return answer

    def read_all(self, reads: Sequence[Read]) -> list[Any]:
        """What the views answer, or the Reverted that they raise, in one request."""
        calls = [
            {"from": DEPLOYER, "to": read.contract.address, "data": read.contract.asked(read.function, read.arguments)}
            for read in reads
        ]
        answers = self._ask(*(self._call(call) for call in calls))
        return [self._read(read, answer) for read, answer in zip(reads, answers, strict=True)]

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Whatever happens in the block has not happened after it."""
        now = self.now
        (snapshot,) = self._ask(("evm_snapshot", []))
        try:
            yield
        finally:
            self._ask(("evm_revert", [snapshot["result"]]))
            self.now = now

    def _read(self, read: Read, answer: dict[str, Any]) -> Any:
        try:
            values = self._opened(read.contract.functions[read.function], answer)
        except Reverted as reverted:
            return reverted
        return values[0] if len(values) == 1 else values

    def _call(self, call: dict[str, str]) -> tuple[str, list[Any]]:
        return "eth_call", [call | {"gas": hex(GAS)}, "latest", {}, {"time": hex(self.now)}]

    def _transact(self, transaction: dict[str, str]) -> dict[str, Any]:
        """Mines a block with this transaction in it; returns its receipt."""
        priced = transaction | {"gas": hex(GAS), "gasPrice": "0x0"}
        sent, _ = self._ask(("eth_sendTransaction", [priced]), ("evm_mine", [hex(self.now)]))
        receipt = ("eth_getTransactionReceipt", [sent["result"]])
        (mined,) = self._ask(receipt)
        if mined["result"] is None:  # anvil took the two in the other order
            self._ask(("evm_mine", [hex(self.now)]))
            (mined,) = self._ask(receipt)  # and not together with it, or it might do so again
        found: dict[str, Any] = mined["result"]
        return found

    def _transact_after_call(self, transaction: dict[str, str]) -> dict[str, Any]:
        (answer,) = self._ask(self._call(transaction))
        if "error" not in answer:
            receipt = self._transact(transaction)
            assert receipt["status"] == "0x1", "a transaction failed that the same call a moment before did not"
        return answer

    def _opened(self, fragment: Fragment, answer: dict[str, Any]) -> tuple[Any, ...]:
        if "error" not in answer:
            return _decoded(fragment.gives, answer["result"])
        data = bytes.fromhex(answer["error"].get("data", "0x")[2:])
        error = self._errors.get(data[:4])
        if error is None:
            raise Reverted(answer["error"]["message"], (data.hex(),))
        raise Reverted(error.name, decode(error.takes, data[4:]))

    def _ask(self, *questions: tuple[str, list[Any]]) -> list[dict[str, Any]]:
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
            for number, (method, parameters) in enumerate(questions)
        ]
        self._connection.request("POST", "/", json.dumps(body), {"content-type": "application/json"})
        answers: list[dict[str, Any]] = json.loads(self._connection.getresponse().read())
        answers.sort(key=lambda answer: int(answer["id"]))
        for (method, _), answer in zip(questions, answers, strict=True):
            assert "error" not in answer or method == "eth_call", (method, answer)
        return answers


@contextmanager
def running_evm(now: int) -> Iterator[AnvilEvm]:
    """An anvil whose next block stands at `now`, unix seconds."""
    options = ["--auto-impersonate", "--no-mining", "--gas-price", "0", "--block-base-fee-per-gas", "0"]
    with running_anvil(*options, "--chain-id", str(CHAIN_ID), "--timestamp", str(now - 1)) as node:
        yield AnvilEvm(node.url, now)


@lru_cache(maxsize=65_536)
def _decoded(types: tuple[str, ...], answer: str) -> tuple[Any, ...]:
    return decode(types, bytes.fromhex(answer.removeprefix("0x")))


def _types(parameters: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    return tuple(map(_type_of, parameters))


def _type_of(parameter: dict[str, Any]) -> str:
    kind = str(parameter["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(_types(parameter['components']))}){kind.removeprefix('tuple')}"


def _fragments(abi: Abi, kind: str) -> list[Fragment]:
    return [
        Fragment(entry["name"], _types(entry["inputs"]), _types(entry.get("outputs", [])))
        for entry in abi
        if entry["type"] == kind
    ]
