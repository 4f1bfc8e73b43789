"""The reason for which a contract or a node refused, in words."""

from functools import cache

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import abi_to_signature, function_signature_to_4byte_selector
from eth_utils.address import to_checksum_address
from web3.exceptions import ContractLogicError

from oracle.chain import artifacts

_PANIC = function_signature_to_4byte_selector("Panic(uint256)")
_ERROR = function_signature_to_4byte_selector("Error(string)")


def reason_of(error: ContractLogicError) -> str:
    """The contract's reason."""
    data = error.data
    if isinstance(data, dict):
        data = data.get("data") or data.get("result")
    if isinstance(data, str) and data.startswith("0x"):
        try:
            return describe_revert(bytes.fromhex(data[2:]))
        except ValueError:
            pass
    return str(error.message or "no reason given").removeprefix("execution reverted: ")


def is_about_money(error: Exception) -> bool:
    """Whether a node refuses for want of money for gas."""
    said = node_says(error).lower()
    return "insufficient funds" in said or "cannot afford" in said


def rejection_of(error: Exception) -> str:
    """Why a node would not take a transaction."""
    said = node_says(error)
    return f"no money for gas: {said}" if is_about_money(error) else said


def node_says(error: Exception) -> str:
    """The message of a JSON-RPC error."""
    rpc = getattr(error, "rpc_response", None)
    if isinstance(rpc, dict) and isinstance(rpc.get("error"), dict):
        return str(rpc["error"].get("message"))
    return str(error)


def describe_revert(data: bytes) -> str:
    """The error that a contract reverted with, decoded with its arguments: `LogShrank(size=3, headSize=8)`.

    Args:
        data: what the call returned: selector and ABI-encoded arguments.
    """
    if not data:
        return "no reason given"
    selector, arguments = data[:4], data[4:]
    try:
        if selector == _ERROR:
            return str(decode(["string"], arguments)[0])
        if selector == _PANIC:
            return f"Panic({decode(['uint256'], arguments)[0]:#04x})"
        known = _errors().get(selector)
        if known is None:
            return f"unknown error 0x{data[:64].hex()}"
        name, inputs = known
        values = decode([kind for _, kind in inputs], arguments)
    except DecodingError:
        return f"undecodable error 0x{data[:64].hex()}"
    pairs = (f"{label}={_shown(kind, value)}" for (label, kind), value in zip(inputs, values, strict=True))
    return f"{name}({', '.join(pairs)})"


def _shown(kind: str, value: object) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return to_checksum_address(str(value)) if kind == "address" else str(value)


@cache
def _errors() -> dict[bytes, tuple[str, list[tuple[str, str]]]]:
    found = {}
    for name in artifacts.NAMES:
        for item in artifacts.load(name).abi:
            if item["type"] != "error":
                continue
            inputs = [(part["name"], part["type"]) for part in item["inputs"]]  # type: ignore[attr-defined]  # the ABI's shape is solc's
            selector = function_signature_to_4byte_selector(abi_to_signature(item))  # type: ignore[arg-type]  # as above
            found[selector] = (str(item["name"]), inputs)
    return found
