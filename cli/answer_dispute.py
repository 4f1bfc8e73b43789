"""`helioracle oracle answer-dispute`: declare a disputed period once more, with the figures that the ledger gives."""

import argparse
import getpass
import json
import sys
from pathlib import Path

from cli.amount import format_amount
from cli.errors import CommandFailed, UsageError
from oracle import asset_file, config
from oracle.asset_file import AssetFile, Deployment
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetOnChain
from oracle.chain.key_file import read_account
from oracle.chain.steps import Steps
from oracle.config import ChainConfig, OracleConfig
from oracle.core.calendar import instant_text
from oracle.declare.answer import Answer, answer_dispute
from oracle.errors import ChainConflict, ChainError, LedgerError, SettlementError
from oracle.ledger.reader import LedgerReader


def run(arguments: argparse.Namespace) -> int:
    """Answer one dispute; the oracle may run meanwhile.

    Raises:
        UsageError: no such period, no chain or no contracts in the configuration.
        CommandFailed: the report is not disputed, or the contract or the node said no.
    """
    if arguments.period < 0:
        raise UsageError(f"--period {arguments.period} is below 0, the first period")
    loaded = config.load(arguments.config)
    asset = asset_file.load(loaded.asset_file)
    if loaded.chain is None or loaded.chain.rpc_url is None:
        raise UsageError(f"{loaded.path}: [chain] with an rpc_url is needed to answer a dispute")
    if asset.deployment is None:
        raise UsageError(f"{asset.path}: [chain] has no addresses; nothing of this asset was ever declared")
    try:
        reader = LedgerReader(loaded.ledger)
    except LedgerError as error:
        raise UsageError(str(error)) from None
    with reader:
        answer = _answer(arguments, loaded, loaded.chain, reader, asset=asset, deployment=asset.deployment)
    return _say(arguments, asset, answer)


def journal_of(ledger: Path) -> Path:
    """Where the answer is journalled: beside the ledger, `ledger.sqlite.answer-dispute.json`."""
    return ledger.with_name(f"{ledger.name}.answer-dispute.json")


def _answer(
    arguments: argparse.Namespace,
    loaded: OracleConfig,
    on: ChainConfig,
    reader: LedgerReader,
    *,
    asset: AssetFile,
    deployment: Deployment,
) -> Answer:
    account = read_account(
        on.key,
        field="chain.key",
        profile=loaded.profile,
        ask_password=getpass.getpass,
        password_file=on.password_file,
    )
    journal = journal_of(loaded.ledger)
    try:
        chain = Chain.connect(str(on.rpc_url))
    except ChainError as error:
        raise UsageError(f"{loaded.path}: chain.rpc_url: {error}") from None
    try:
        task = {"declarations": deployment.addresses["declarations"], "period": str(arguments.period)}
        steps = Steps(chain, account, path=journal, task=task, progress=lambda line: print(line, file=sys.stderr))
        answer = answer_dispute(
            AssetOnChain.of(chain, deployment),
            account,
            reader,
            arguments.period,
            terms=asset.terms,
            meters=asset.meters,
            steps=steps,
            confirmations=on.confirmations,
        )
        steps.finish()
    except (ChainConflict, SettlementError) as error:
        raise CommandFailed(str(error)) from error
    except ChainError as error:
        resume = f"\nWhat was sent stands in {journal}: the same command again goes on from there."
        raise CommandFailed(f"{error}{resume if journal.exists() else ''}") from error
    finally:
        chain.close()
    return answer


def _say(arguments: argparse.Namespace, asset: AssetFile, answer: Answer) -> int:
    report, terms = answer.report, asset.terms
    if arguments.json:
        facts = {
            "period": report.period,
            "revision": report.revision,
            "distributable": str(report.distributable),
            "disputed": str(answer.disputed),
            "previous": f"0x{report.previous_hash.hex()}",
            "final_from": instant_text(answer.final_from),
            "tx": answer.receipt.tx_hash,
        }
        print(json.dumps(facts))
        return 0
    same = (
        "the amount that was disputed"
        if report.distributable == answer.disputed
        else "another amount than was disputed"
    )
    print(
        f"Declared period {report.period} again as revision {report.revision}, with"
        f" {format_amount(report.distributable, terms.money_decimals)} {terms.money_symbol} for the holders: {same}.\n"
        f"It is final from {instant_text(answer.final_from)} on. Next, then: helioracle asset fund --period {report.period}."
    )
    return 0
