"""The embedded chain: eth-tester over py-evm, in this process. Only the demo and tests import this.

It answers errors the way a node does over JSON-RPC, so that `oracle.chain.client` knows one kind of chain.
"""

import ast
from typing import Any

from eth_abi.abi import encode
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils.exceptions import ValidationError
from web3 import EthereumTesterProvider, Web3
from web3.types import RPCEndpoint, RPCResponse, Wei

from oracle.chain.client import Chain

ACCOUNT_WEI = 1_000 * 10**18
# A quarter more stays below what one transaction may use (EIP-7825).
GAS_ESTIMATE = 13_000_000


class _TesterTime:
    def __init__(self, tester: EthereumTester) -> None:
        self._tester = tester

    def advance_to(self, instant: int) -> None:
        # The next block's time: a second after the latest, or the machine's time where that is later.
        if instant > self._tester.get_block_by_number("pending")["timestamp"]:
            # The tester mines a block one second short of the instant, so that the next one stands on it.
            self._tester.time_travel(instant)
        self._tester.mine_block()


class _Provider(EthereumTesterProvider):
    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        if method == "eth_estimateGas":
            # eth-tester finds the least gas by running the call a dozen times; a generous limit costs nothing here, gas used is gas paid.
            return {"id": 0, "jsonrpc": "2.0", "result": GAS_ESTIMATE}
        try:
            return super().make_request(method, params)
        except TransactionFailed as error:
            return _error(3, "execution reverted", _revert_data(str(error)))
        except ValidationError as error:
            return _error(-32000, str(error), None)


def embedded_chain() -> Chain:
    """A fresh chain that exists as long as this process; its time starts now and moves only by blocks and `advance_to`."""
    tester = EthereumTester(PyEVMBackend())
    return Chain.over(Web3(_Provider(tester)), _TesterTime(tester))


def fund_accounts(chain: Chain, addresses: list[str]) -> None:
    """Give each address native money for gas, from the chain's first unlocked account (the embedded chain and anvil have them)."""

    def give(web3: Web3) -> None:
        for address in addresses:
            sent = web3.eth.send_transaction(
                {
                    "from": web3.eth.accounts[0],
                    "to": Web3.to_checksum_address(address),
                    "value": Wei(ACCOUNT_WEI),
                }
            )
            web3.eth.wait_for_transaction_receipt(sent)

    chain.call(give)


def _error(code: int, message: str, data: str | None) -> RPCResponse:
    error: dict[str, object] = {"code": code, "message": message}
    if data is not None:
        error["data"] = data
    return {"id": 0, "jsonrpc": "2.0", "error": error}  # type: ignore[typeddict-item]  # the shape of a node's answer


def _revert_data(said: str) -> str | None:
    # eth-tester keeps a contract's own error only as the text of a bytes literal.
    literal = said.removeprefix("execution reverted: ")
    try:
        data = ast.literal_eval(literal)
    except (ValueError, SyntaxError):
        return _string_error(literal)
    return "0x" + data.hex() if isinstance(data, bytes) else _string_error(literal)


def _string_error(text: str) -> str:
    return "0x08c379a0" + encode(["string"], [text]).hex()
