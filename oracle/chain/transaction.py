"""A transaction's three states: a request, prepared (simulated and signed), mined."""

from dataclasses import dataclass, field

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from web3 import Web3
from web3.contract.contract import ContractConstructor, ContractFunction
from web3.types import LogReceipt, Nonce, TxParams, TxReceipt, Wei

from evidence.units import div_floor
from oracle.errors import ChainRefused

Call = ContractFunction | ContractConstructor


@dataclass(frozen=True, slots=True)
class Fees:
    """What a transaction offers for a unit of gas, in wei.

    Attributes:
        most: the most it pays.
        tip: how much of that goes to the block's producer at most; None on a chain without EIP-1559, where `most` is the price.
    """

    most: int
    tip: int | None

    def above(self, other: "Fees") -> "Fees":
        """These fees, or a quarter more than `other` where that is dearer: nodes want a tenth more before they replace a transaction."""
        tip = None if self.tip is None else max(self.tip, _quarter_more(other.tip or 0))
        return Fees(max(self.most, _quarter_more(other.most)), tip)

    def params(self) -> TxParams:
        """As a transaction's fields."""
        if self.tip is None:
            return {"gasPrice": Wei(self.most)}
        return {"maxFeePerGas": Wei(self.most), "maxPriorityFeePerGas": Wei(self.tip)}


def _quarter_more(wei: int) -> int:
    return wei + div_floor(wei, 4) + 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction.

    Attributes:
        tx_hash: 0x-prefixed hex.
        block: its number.
        gas_used: units of gas.
        contract: the address it created, for a deployment.
        logs: what it emitted, raw.
        returned: what the simulation returned just before it was sent (a hint, not a proof); empty when it was not simulated.
    """

    tx_hash: str
    block: int
    gas_used: int
    contract: ChecksumAddress | None = None
    logs: tuple[LogReceipt, ...] = ()
    returned: bytes = b""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A simulated and signed transaction, ready to be sent, and to be sent again: the same bytes are the same transaction.

    Attributes:
        action: what it does, for people.
        raw: the signed bytes; public from the moment they are sent, so they may be journalled.
        tx_hash: 0x-prefixed hex.
        sender: checksummed address.
        nonce: the sender's.
        fees: what it offers for gas.
        returned: what the simulation returned.
    """

    action: str
    raw: bytes = field(repr=False)
    tx_hash: str
    sender: ChecksumAddress
    nonce: int
    fees: Fees
    returned: bytes = b""


def request_of(web3: Web3, account: LocalAccount, call: Call) -> TxParams:
    """The call as both simulation and transaction begin: who, whom, what, on which chain."""
    # With every field given, building asks the node nothing; it is stripped down to what is said in all requests.
    chain_id = web3.eth.chain_id
    built = call.build_transaction(
        {
            "from": account.address,
            "gas": 1,
            "nonce": Nonce(0),
            "maxFeePerGas": Wei(0),
            "maxPriorityFeePerGas": Wei(0),
            "chainId": chain_id,
        }
    )
    request: TxParams = {"from": account.address, "value": Wei(0), "data": built["data"], "chainId": chain_id}
    if built.get("to"):
        request["to"] = built["to"]
    return request


def fees_of(web3: Web3) -> Fees:
    """What to offer for gas now."""
    tip = web3.eth.max_priority_fee
    base = web3.eth.get_block("latest").get("baseFeePerGas")
    if base is None:
        return Fees(web3.eth.gas_price, None)  # a chain without EIP-1559
    # Twice the base fee stands six full blocks of rising fees.
    return Fees(2 * base + tip, tip)


def receipt_of(found: TxReceipt, action: str) -> Receipt:
    """A node's receipt.

    Raises:
        ChainRefused: it was mined and reverted.
    """
    tx_hash, block = Web3.to_hex(found["transactionHash"]), found["blockNumber"]
    if found["status"] != 1:
        raise ChainRefused(action=action, reason=f"{tx_hash} was mined in block {block} and reverted")
    return Receipt(tx_hash, block, found["gasUsed"], found["contractAddress"], tuple(found["logs"]))
