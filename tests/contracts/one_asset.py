"""One asset made by the factory on any chain, and the verbs of its life.

Only the committed artifacts, web3 and eth_account are used: no code of ours stands between the tests and the contracts.
"""

from hashlib import sha256
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_tester.exceptions import TransactionFailed
from web3 import Web3
from web3.exceptions import ContractCustomError, ContractLogicError, Web3RPCError

from bench.gas.asset import artifact
from tests.contracts.nodes import Node

SIGNERS = sorted((Account.from_key("0x" + f"{n}{n}" * 32) for n in (1, 2, 3)), key=lambda key: int(key.address, 16))
STRANGER = Account.from_key("0x" + "44" * 32)
THRESHOLD = 2
DAY = 86_400
UTC_OFFSET = -7 * 3_600
DAYS_PER_PERIOD = 2
CHALLENGE_S, RESOLVE_S = 6 * 3_600, 12 * 3_600
TOLERANCE_S = 150
BEGIN_GAS = COMPLETE_GAS = 16_700_000  # what one transaction may use is 16,777,216 (EIP-7825)
NONE, PENDING, FINAL, DISPUTED, VOID = range(5)
_MADE = (
    "AccessManager", "InvestorGate", "MeterRegistry", "AssetShare", "Erc3643Register", "RevenueDeclarations",
    "RevenueDistributor", "DirectSettlement",
)  # fmt: skip
REPORT_FIELDS = {
    "schemaVersion": "uint16",
    "period": "uint32",
    "revision": "uint16",
    "signerSetVersion": "uint32",
    "logGeneration": "uint32",
    "logSize": "uint64",
    "registryIndex": "uint32",
    "settlementRoot": "bytes32",
    "exportWh": "uint64",
    "importWh": "uint64",
    "missingMeters": "uint32",
    "catchUpHours": "uint32",
    "gross": "uint128",
    "distributable": "uint128",
    "tariffHash": "bytes32",
    "statementHash": "bytes32",
    "previousHash": "bytes32",
}
REPORT_TYPES = [{"name": name, "type": kind} for name, kind in REPORT_FIELDS.items()]
ANCHOR_TYPES = [
    {"name": "logGeneration", "type": "uint32"},
    {"name": "logSize", "type": "uint64"},
    {"name": "logRoot", "type": "bytes32"},
]


# ---------------------------------------------------------------- a log, by the recursive definitions of RFC 9162


def _split(count: int) -> int:
    return 1 << (count - 1).bit_length() - 1


def root_of(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1: MTH, of leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = _split(len(leaves))
    return sha256(b"\1" + root_of(leaves[:k]) + root_of(leaves[k:])).digest()


def consistency(old: int, leaves: list[bytes], *, complete: bool = True) -> list[bytes]:
    """RFC 9162, 2.1.4.1: SUBPROOF(old, leaves, complete)."""
    if old == len(leaves):
        return [] if complete else [root_of(leaves)]
    k = _split(len(leaves))
    if old <= k:
        return [*consistency(old, leaves[:k], complete=complete), root_of(leaves[k:])]
    return [*consistency(old - k, leaves[k:], complete=False), root_of(leaves[:k])]


LEAVES = [sha256(b"\0" + index.to_bytes(4, "big")).digest() for index in range(100)]


# ---------------------------------------------------------------- the asset


def _code(name: str) -> bytes:
    return bytes.fromhex(artifact(name)["bytecode"][2:])


class Asset:
    """One set of contracts, made in two acts, with every office in hands of its own."""

    def __init__(
        self,
        node: Node,
        *,
        bindings_root: bytes = b"\1" * 32,
        meters: int = 5,
        direct: bool = False,
        leaves: list[bytes] = LEAVES,
        challenge_s: int = CHALLENGE_S,
    ) -> None:
        self.node = node
        self.web3 = node.web3
        self.leaves = leaves
        self.log_size = 0
        self.gas: dict[str, int] = {}
        accounts: list[str] = list(self.web3.eth.accounts)
        self.owner, self.treasury, self.ann = accounts[0], accounts[1], accounts[2]
        self.bob, self.cat, self.keeper, self.guardian = accounts[3], accounts[4], accounts[5], accounts[6]
        now = self.web3.eth.get_block("latest")["timestamp"]
        self.first_day = (now + UTC_OFFSET) // DAY + 1
        self.token = self._create("DemoStablecoin", self.treasury)
        factory = self._create("AssetFactory", tuple(Web3.keccak(_code(name)) for name in _MADE))
        asset: tuple[object, ...] = (
            (b"asset".ljust(32, b"\0"), self.first_day, DAYS_PER_PERIOD, UTC_OFFSET, challenge_s, RESOLVE_S, 1100, 600),
            (bindings_root, meters, 50_000),
            ("0x" + "00" * 20, "Sun", "SUN", []),
            ([key.address for key in SIGNERS], THRESHOLD),
            (self.owner, self.owner, self.owner, self.treasury, self.owner, self.guardian, *[self.owner] * 3),
            self.token.address,
            TOLERANCE_S if direct else 0,
        )
        first = tuple(_code(name) for name in _MADE[:4])
        second = (
            _code("RevenueDeclarations"),
            _code("RevenueDistributor"),
            _code("DirectSettlement") if direct else b"",
        )
        self.send(factory.functions.begin(asset, first), gas=BEGIN_GAS)
        self.send(factory.functions.complete(asset, second), gas=COMPLETE_GAS)
        key = factory.functions.keyOf(self.owner, asset).call()
        made = factory.functions.addressesOf(key).call()
        names = (
            "AccessManager",
            "InvestorGate",
            "AssetShare",
            "MeterRegistry",
            "RevenueDeclarations",
            "RevenueDistributor",
        )
        self.access, self.gate, self.share, self.registry, self.declarations, self.distributor = (
            self._at(name, address) for name, address in zip(names, made[:6], strict=True)
        )
        self.direct = self._at("DirectSettlement", made[6]) if direct else None
        self.send(self.gate.functions.setAllowed([self.ann, self.bob, self.cat], True))

    def _at(self, name: str, address: str) -> Any:
        return self.web3.eth.contract(address=Web3.to_checksum_address(address), abi=artifact(name)["abi"])

    def _create(self, name: str, *arguments: Any) -> Any:
        found = artifact(name)
        made: Any = self.web3.eth.contract(abi=found["abi"], bytecode=found["bytecode"])
        sent = made.constructor(*arguments).transact({"from": self.web3.eth.accounts[0], "gas": 6_000_000})
        return self._at(name, str(self.web3.eth.wait_for_transaction_receipt(sent)["contractAddress"]))

    def send(self, call: Any, sender: str | None = None, *, gas: int = 3_000_000) -> Any:
        """The receipt of a transaction that must succeed."""
        sent = call.transact({"from": sender or self.owner, "gas": gas})
        receipt = self.web3.eth.wait_for_transaction_receipt(sent)
        assert receipt["status"] == 1, call.fn_name
        self.gas[call.fn_name] = receipt["gasUsed"]
        return receipt

    def now(self) -> int:
        """The time of the newest block."""
        return int(self.web3.eth.get_block("latest")["timestamp"])

    def to_day(self, day: int, *, plus_s: int = 0) -> None:
        """To the first second of a settlement day, counted from the asset's first, and `plus_s` more."""
        self.node.travel(self.start_of(day) + plus_s)

    def start_of(self, day: int) -> int:
        """The first second of a settlement day, counted from the asset's first."""
        return (self.first_day + day) * DAY - UTC_OFFSET

    def sign(
        self, primary: str, types: list[dict[str, str]], message: dict[str, Any], keys: Any = SIGNERS[:2]
    ) -> list[bytes]:
        """One signature a key, in the order of `keys`."""
        domain = {
            "name": "helioracle",
            "version": "1",
            "chainId": self.web3.eth.chain_id,
            "verifyingContract": self.declarations.address,
        }
        typed = encode_typed_data(domain, {primary: types}, message)
        return [bytes(key.sign_message(typed).signature) for key in keys]

    def anchor_call(self, size: int, leaves: list[bytes]) -> Any:
        """The signed anchor of the first `size` of `leaves`."""
        root = root_of(leaves[:size])
        proof = consistency(self.log_size, leaves[:size]) if self.log_size else []
        signatures = self.sign("Anchor", ANCHOR_TYPES, {"logGeneration": 1, "logSize": size, "logRoot": root})
        return self.declarations.functions.anchor(size, root, proof, signatures)

    def anchor(self, size: int) -> None:
        """Anchors the first `size` leaves of the asset's log."""
        self.send(self.anchor_call(size, self.leaves), self.keeper)
        self.log_size = size

    def report(self, period: int, distributable: int, **changes: Any) -> dict[str, Any]:
        """A report that nothing is wrong with, but for what `changes` say."""
        values = (
            2, period, 0, 1, 1, self.log_size, 0, b"\2" * 32, 123_456, 7, 0, 0, distributable + 5, distributable,
            b"\3" * 32, b"\4" * 32, b"\0" * 32,
        )  # fmt: skip
        return {**dict(zip(REPORT_FIELDS, values, strict=True)), **changes}

    def declare_call(self, report: dict[str, Any], keys: Any = SIGNERS[:2]) -> Any:
        """The signed declaration."""
        return self.declarations.functions.declare(
            tuple(report.values()), self.sign("Report", REPORT_TYPES, report, keys)
        )

    def declare_final(self, period: int, distributable: int) -> None:
        """Declares, and lets the challenge window pass."""
        self.send(self.declare_call(self.report(period, distributable)), self.keeper)
        self.node.travel(self.deadline(period))

    def status(self, period: int) -> int:
        """The state of a period, as of the newest block."""
        return int(self.declarations.functions.status(period).call())

    def deadline(self, period: int) -> int:
        """When a pending report becomes final, or a disputed one void."""
        return int(self.declarations.functions.declaration(period).call()[3])

    def fund(self, period: int, amount: int) -> Any:
        """The treasury brings `amount`."""
        self.send(self.token.functions.mint(self.treasury, amount), self.treasury)
        self.send(self.token.functions.approve(self.distributor.address, amount), self.treasury)
        return self.send(self.distributor.functions.fund(period, amount), self.treasury)

    def balance(self, holder: str) -> int:
        """Money of `holder`."""
        return int(self.token.functions.balanceOf(holder).call())

    def refused(self, call: Any, error: str, sender: str | None = None) -> None:
        """The call reverts with exactly this custom error, such as `LogShrank(uint64,uint64)`."""
        selector = bytes(Web3.keccak(text=error))[:4]
        with pytest.raises((TransactionFailed, ContractCustomError, ContractLogicError, Web3RPCError)) as caught:
            call.call({"from": sender or self.owner})
        said = f"{caught.value} {getattr(caught.value, 'data', '')}"
        # A node answers in hex, eth-tester with the text of a bytes literal.
        assert selector.hex() in said or repr(selector)[2:-1] in said, said
