"""The oracle's answer to a dispute: the period's report once more, as the next revision, with the figures that the ledger gives.

A person decides so, after reading the reason of the dispute and looking at the meters. Right figures are declared again, and
the next revision waits out a challenge window of its own. A period is disputed once: nobody can object to the answer on chain.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from eth_account.signers.local import LocalAccount
from web3.contract.contract import ContractFunction

from evidence.units import Minor
from oracle.asset_file import BoundMeter
from oracle.chain import declarations
from oracle.chain.contracts import AssetOnChain
from oracle.chain.declarations import Status
from oracle.chain.steps import Steps
from oracle.chain.transaction import Receipt
from oracle.chain.wiring import check_wiring
from oracle.core.calendar import instant_text
from oracle.core.money.report import Report
from oracle.core.terms import AssetTerms
from oracle.declare.catch_up import catch_up_hours
from oracle.declare.declarer import report_of
from oracle.errors import ChainRefused, SettlementError
from oracle.ledger.reader import LedgerReader


@dataclass(frozen=True, slots=True)
class Answer:
    """A dispute that is answered.

    Attributes:
        report: what was declared.
        disputed: base units that the disputed report let be distributed.
        final_from: unix seconds; the answer is Final from then on.
        receipt: of its declaration.
    """

    report: Report
    disputed: Minor
    final_from: int
    receipt: Receipt


def answer_dispute(
    on_chain: AssetOnChain,
    account: LocalAccount,
    reader: LedgerReader,
    period: int,
    *,
    terms: AssetTerms,
    meters: Sequence[BoundMeter],
    steps: Steps,
    confirmations: int = 0,
) -> Answer:
    """Declare the next revision of a disputed or void report, once for the same `steps`, and wait until it is confirmed.

    A running oracle may go on meanwhile, with the same key: whichever transaction loses the nonce is signed anew.

    Args:
        on_chain: whose contracts, and on which chain.
        account: the oracle's declaring key, which signs the report and pays.
        reader: the ledger that holds the settled period.
        period: whose report is disputed.
        terms: the asset's schedule.
        meters: its bindings, in file order.
        steps: journals the transaction, so that a later call brings this revision and no second one.
        confirmations: blocks on top of it to wait for.

    Raises:
        SettlementError: this ledger has not settled the period.
        ChainRefused: the report is not disputed, or the contract says no.
        ChainConflict: contracts of another asset, or a signer set that asks for more than this key.
        ChainUnreachable: no answer; asking again never declares a second time.
    """
    chain, declaring = on_chain.chain, on_chain.contracts.declarations
    check_wiring(on_chain, terms=terms, meters=meters, signer=account.address)
    declarations.check_signs_alone(chain, declaring, account.address)
    row = reader.settlement.period(period)
    if row is None:
        raise SettlementError(f"period {period} is not settled in this ledger")
    # Asked once: where the answer of an earlier run was mined, the report is not disputed any more and it is still this revision.
    revision, previous, disputed = steps.remember("answers", lambda: _disputed(on_chain, period)).split()

    def report() -> Report:
        first = report_of(
            row,
            catch_up_hours=catch_up_hours(reader, terms, period),
            signer_set_version=declarations.signing(chain, declaring).version,
        )
        return replace(first, revision=int(revision) + 1, previous_hash=bytes.fromhex(previous))

    def call() -> ContractFunction:
        return declarations.declare_call(chain, declaring, [account], report())

    receipt = steps.transact("declare", call, action=f"answer the dispute of period {period}")
    steps.confirm(confirmations)
    final_from = declarations.declaration(chain, declaring, period).deadline
    return Answer(report(), Minor(int(disputed)), final_from, receipt)


def _disputed(on_chain: AssetOnChain, period: int) -> str:
    """Revision, hash and amount of the report that waits for an answer."""
    found = declarations.declaration(on_chain.chain, on_chain.contracts.declarations, period)
    deadline = instant_text(found.deadline)
    reason = {
        Status.NONE: "it is not declared",
        Status.PENDING: f"its report is not disputed; it may be until {deadline}",
        Status.FINAL: f"its report is final since {deadline}, and a final report never changes",
    }.get(found.status)
    if reason is not None or found.report_hash is None:
        raise ChainRefused(action=f"answer the dispute of period {period}", reason=reason or "it has no report")
    return f"{found.revision} {found.report_hash.hex()} {found.distributable}"
