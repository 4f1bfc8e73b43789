"""A transaction's three states: a request, prepared (simulated and signed), mined."""

from dataclasses import dataclass, field

from eth_account.signers.local import LocalAccount
from eth_typing import ChecksumAddress
from web3 import Web3
from web3.contract.contract import ContractConstructor, ContractFunction
from web3.types import LogReceipt, Nonce, TxParams, TxReceipt, Wei

from oracle.errors import ChainRefused

Call = ContractFunction | ContractConstructor


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
        returned: what the simulation returned.
    """

    action: str
    raw: bytes = field(repr=False)
    tx_hash: str
    sender: ChecksumAddress
    nonce: int
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


def fees_of(web3: Web3) -> TxParams:
    """What to offer for gas now."""
    tip = web3.eth.max_priority_fee
    base = web3.eth.get_block("latest").get("baseFeePerGas")
    if base is None:
        return {"gasPrice": web3.eth.gas_price}  # a chain without EIP-1559
    # Twice the base fee stands six full blocks of rising fees.
    return {"maxFeePerGas": Wei(2 * base + tip), "maxPriorityFeePerGas": tip}


def receipt_of(found: TxReceipt, action: str) -> Receipt:
    """A node's receipt.

    Raises:
        ChainRefused: it was mined and reverted.
    """
    tx_hash, block = Web3.to_hex(found["transactionHash"]), found["blockNumber"]
    if found["status"] != 1:
        raise ChainRefused(action=action, reason=f"{tx_hash} was mined in block {block} and reverted")
    return Receipt(tx_hash, block, found["gasUsed"], found["contractAddress"], tuple(found["logs"]))
