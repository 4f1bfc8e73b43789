"""The oracle's two acts on chain: anchor a log head, declare a report. Signed by k of n keys, sent by anybody."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from eth_account.signers.local import LocalAccount
from web3.contract import Contract
from web3.contract.contract import ContractFunction

from oracle.chain import eip712
from oracle.chain.client import Chain
from oracle.core.money.report import Report
from oracle.errors import ChainConflict

_NO_REPORT = bytes(32)


class Status(IntEnum):
    """`IRevenueDeclarations.Status`."""

    NONE = 0
    PENDING = 1
    FINAL = 2
    DISPUTED = 3
    VOID = 4


@dataclass(frozen=True, slots=True)
class Declaration:
    """The newest report of a period, as the contract keeps it.

    Attributes:
        status: as of the chain's latest block: it changes with time alone.
        report_hash: EIP-712 struct hash; None where there is no report.
        revision: of that report.
        deadline: unix seconds; a Pending report is Final from then on, a Disputed one Void.
        distributable: base units for the holders, whatever the status.
    """

    status: Status
    report_hash: bytes | None
    revision: int
    deadline: int
    distributable: int


@dataclass(frozen=True, slots=True)
class Signing:
    """Whose signatures the contract asks for now: set version, signers rising, and how many of them."""

    version: int
    threshold: int
    signers: tuple[str, ...]


def signing(chain: Chain, declarations: Contract) -> Signing:
    """The signer set in force."""
    version, threshold, signers = chain.read(declarations.functions.signerSet(), action="read the signer set")
    return Signing(version, threshold, tuple(signers))


def check_signs_alone(chain: Chain, declarations: Contract, signer: str) -> None:
    """Whether this key's signature alone is enough; a process of this version has no other.

    Raises:
        ChainConflict: the contract asks for more signatures.
    """
    asked = signing(chain, declarations)
    if asked.threshold > 1:
        raise ChainConflict(
            f"signer set {asked.version} asks for {asked.threshold} of {len(asked.signers)} signatures, and this oracle signs alone:"
            f" have the signer admin announce a set of {signer} alone, or deploy with this one --signer"
        )


def anchor_call(
    chain: Chain,
    declarations: Contract,
    signers: Sequence[LocalAccount],
    *,
    log_size: int,
    log_root: bytes,
    proof: Sequence[bytes],
    log_generation: int = 1,
) -> ContractFunction:
    """The signed call that anchors a log head; `proof` leads from the size anchored last (RFC 9162, 2.1.4.1), empty for the first."""
    message = eip712.anchor_message(
        chain.chain_id, declarations.address, log_size, log_root, log_generation=log_generation
    )
    return declarations.functions.anchor(log_size, log_root, list(proof), eip712.sign_all(signers, message))


def declare_call(
    chain: Chain, declarations: Contract, signers: Sequence[LocalAccount], report: Report
) -> ContractFunction:
    """The signed call that declares a report."""
    message = eip712.report_message(chain.chain_id, declarations.address, report)
    return declarations.functions.declare(report.as_tuple(), eip712.sign_all(signers, message))


def anchored_head(chain: Chain, declarations: Contract) -> tuple[int, int, bytes]:
    """Generation, size and root anchored last; size 0 before the first anchor."""
    generation, size, root = chain.read(declarations.functions.head(), action="read the anchored head")
    return generation, size, bytes(root)


def is_anchored(chain: Chain, declarations: Contract, *, log_size: int, log_root: bytes) -> bool:
    """Whether this size stands on chain.

    Raises:
        ChainConflict: it does, with another root: another process signed with the oracle's key, or this log is not the one that was
            anchored.
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


def declaration(chain: Chain, declarations: Contract, period: int) -> Declaration:
    """The newest report of `period`."""
    status, report_hash, revision, deadline, distributable, _energy_wh = chain.read(
        declarations.functions.declaration(period), action="read a period's report"
    )
    found = bytes(report_hash)
    return Declaration(Status(status), None if found == _NO_REPORT else found, revision, deadline, distributable)


def is_declared(chain: Chain, declarations: Contract, report: Report, *, earlier: Collection[bytes] = ()) -> bool:
    """Whether this very report stands on chain, as the newest of its period or replaced by a later revision.

    A report is signed for the signer set in force when it was sent; the set may have changed since. What became of the report (Pending,
    Final, disputed, void) is not asked here: none of it makes a second revision 0 possible.

    Args:
        chain: where.
        declarations: the asset's.
        report: revision 0 of its period.
        earlier: hashes of all reports of the period that were ever declared, by the followed events: the contract keeps only the newest.

    Raises:
        ChainConflict: the period is declared, with another report.
    """
    found = declaration(chain, declarations, report.period)
    if found.report_hash is None:
        return False
    own = [
        eip712.struct_hash(
            eip712.report_message(chain.chain_id, declarations.address, replace(report, signer_set_version=version))
        )
        for version in range(report.signer_set_version, 0, -1)
    ]
    if found.report_hash in own or (found.revision > report.revision and not set(own).isdisjoint(earlier)):
        return True
    raise ChainConflict(
        f"period {report.period} is declared on chain with report 0x{found.report_hash.hex()}, this oracle's is"
        f" 0x{own[0].hex()}: a person must compare them"
    )
