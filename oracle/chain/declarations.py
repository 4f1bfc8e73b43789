"""The oracle's two acts on chain: anchor a log head, declare a report. Signed by one key, sent by anybody."""

from collections.abc import Sequence

from eth_account.signers.local import LocalAccount
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from oracle.chain import eip712
from oracle.chain.client import Chain
from oracle.core.report import Report
from oracle.errors import ChainConflict

FINAL = 2  # IRevenueDeclarations.Status


def anchor_call(
    chain: Chain,
    declarations: Contract,
    signer: LocalAccount,
    *,
    log_size: int,
    log_root: bytes,
    proof: Sequence[bytes],
) -> ContractFunction:
    """The signed call that anchors a log head; `proof` leads from the size anchored last (RFC 9162, 2.1.4.1), empty for the first."""
    message = eip712.anchor_message(chain.chain_id, declarations.address, log_size, log_root)
    return declarations.functions.anchor(log_size, log_root, list(proof), [eip712.sign(signer, message)])


def declare_call(chain: Chain, declarations: Contract, signer: LocalAccount, report: Report) -> ContractFunction:
    """The signed call that declares a report."""
    message = eip712.report_message(chain.chain_id, declarations.address, report)
    return declarations.functions.declare(report.as_tuple(), [eip712.sign(signer, message)])


def anchored_head(chain: Chain, declarations: Contract) -> tuple[int, bytes]:
    """Size and root anchored last; size 0 before the first anchor."""
    _generation, size, root = chain.read(declarations.functions.head(), action="read the anchored head")
    return size, bytes(root)


def is_anchored(chain: Chain, declarations: Contract, *, log_size: int, log_root: bytes) -> bool:
    """Whether this size stands on chain.

    Raises:
        ChainConflict: it does, with another root: somebody else signed with the oracle's key, or this log is not the one that was anchored.
    """
    root = bytes(chain.read(declarations.functions.rootAt(log_size), action="read an anchored root"))
    if root == bytes(32):
        return False
    if root != log_root:
        raise ChainConflict(
            f"size {log_size} is anchored on chain with root 0x{root.hex()}, this oracle's log has 0x{log_root.hex()}:"
            " do not go on with this log"
        )
    return True


def is_declared(chain: Chain, declarations: Contract, report: Report) -> bool:
    """Whether this very report stands on chain.

    Raises:
        ChainConflict: the period is declared, with another report.
    """
    if chain.read(declarations.functions.status(report.period), action="read a period's status") != FINAL:
        return False
    stored = bytes(chain.read(declarations.functions.reportHash(report.period), action="read a report's hash"))
    own = eip712.struct_hash(eip712.report_message(chain.chain_id, declarations.address, report))
    if stored != own:
        raise ChainConflict(
            f"period {report.period} is declared on chain with report 0x{stored.hex()}, this oracle's is 0x{own.hex()}:"
            " a person must compare them"
        )
    return True
