"""A disputed report is answered once, with the ledger's own figures, whatever breaks in between."""

import json
from pathlib import Path

import pytest

from cli.answer_dispute import journal_of
from cli.main import run
from oracle import asset_file
from oracle.chain import embedded
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetOnChain
from oracle.chain.declarations import Status, declaration
from oracle.chain.key_file import read_account
from oracle.chain.steps import Steps
from oracle.declare.answer import Answer, answer_dispute
from oracle.errors import ChainConflict, ChainRefused, SettlementError
from runtime.clock import SteppedClock
from tests.oracle.chain.disputed import Open, dispute, disputes, own_report, state, until_declared
from tests.oracle.chain.killed import Killed, kill
from tests.plant.anvil_node import Anvil
from tests.plant.asset_site import Books, Site
from tests.plant.chain_loop import declared_on_chain, running


def answer(books: Books, journal: Path, *, period: int = 0) -> Answer:
    """What the command does, at another run of it."""
    site = books.site
    steps = Steps(site.chain, site.oracle, path=journal, task={"period": str(period)})
    done = answer_dispute(
        site.on_chain,
        site.oracle,
        books.reader,
        period,
        terms=site.terms,
        meters=site.meters,
        steps=steps,
    )
    steps.finish()
    return done


@pytest.fixture
def disputed(disputable_site: Site, disputable_books: Open) -> Books:
    """One period is declared, and the guardian disputes it."""
    books = disputable_books()
    books.settle(0, 1_000)
    until_declared(books, periods=1)
    dispute(disputable_site, 0)
    return books


def test_the_same_figures_stand_again_and_become_final(disputed: Books, tmp_path: Path) -> None:
    site, journal = disputed.site, tmp_path / "answer.json"
    contract = site.contracts.declarations
    before = declaration(site.chain, contract, 0)
    site.chain.advance_to(before.deadline)
    assert state(site, 0) is Status.VOID  # nobody was in a hurry; an answer is taken all the same
    done = answer(disputed, journal)
    after = declaration(site.chain, contract, 0)
    assert (after.status, after.revision, after.distributable) == (Status.PENDING, 1, 1_000)
    assert after.report_hash == site.chain.read(contract.functions.hashReport(done.report.as_tuple()))
    assert (done.report.previous_hash, done.disputed, done.final_from) == (before.report_hash, 1_000, after.deadline)
    with running(disputed, site.chain, SteppedClock(site.end_of(0) + 150)) as loop:
        loop.catch_up()
        assert disputes(loop) == []
    with pytest.raises(ChainRefused, match="is not disputed; it may be until"):
        answer(disputed, journal)
    site.chain.advance_to(after.deadline)
    with pytest.raises(ChainRefused, match="a final report never changes"):
        answer(disputed, journal)
    assert declared_on_chain(site, 0) == 2


@pytest.mark.parametrize(("name", "before"), [("send", True), ("send", False), ("wait", False)])
def test_killed_anywhere_it_answers_once(
    disputed: Books, tmp_path: Path, name: str, before: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = tmp_path / "answer.json"
    with monkeypatch.context() as patch:
        kill(patch, name, "answer", before=before)
        with pytest.raises(Killed):
            answer(disputed, journal)
    done = answer(disputed, journal)
    assert done.report.revision == 1
    assert declared_on_chain(disputed.site, 0) == 2
    with pytest.raises(ChainRefused, match="is not disputed"):
        answer(disputed, journal)


def test_a_running_oracle_that_takes_the_nonce_does_no_harm(
    disputed: Books, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, journal = disputed.site, tmp_path / "answer.json"
    with monkeypatch.context() as patch:
        kill(patch, "send", "answer", before=True)
        with pytest.raises(Killed):
            answer(disputed, journal)
    disputed.settle(1, 2_000)
    until_declared(disputed, periods=2)
    assert answer(disputed, journal).report.revision == 1
    assert [declared_on_chain(site, period) for period in range(2)] == [2, 1]


def test_there_must_be_something_to_answer(disputable_site: Site, disputable_books: Open, tmp_path: Path) -> None:
    site, books, journal = disputable_site, disputable_books(), tmp_path / "answer.json"
    with pytest.raises(SettlementError, match="period 0 is not settled in this ledger"):
        answer(books, journal)
    books.settle(0, 1_000)
    with pytest.raises(ChainRefused, match="it is not declared"):
        answer(books, journal)
    until_declared(books, periods=1)
    with pytest.raises(ChainRefused, match="its report is not disputed; it may be until"):
        answer(books, journal)
    assert declared_on_chain(site, 0) == 1
    steps = Steps(site.chain, site.owner)
    with pytest.raises(ChainConflict, match="the oracle's key is"):
        answer_dispute(site.on_chain, site.owner, books.reader, 0, terms=site.terms, meters=site.meters, steps=steps)
    assert not journal.exists()
    assert own_report(books, 0).revision == 0


@pytest.mark.slow
def test_the_command_answers_and_says_what_it_declared(
    anvil: Anvil, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From `init` to a final report, with the files and keys that a person has."""
    folder = tmp_path / "site"
    assert run(["init", str(folder), "--first-day", "2026-12-01"]) == 0
    oracle_toml, asset_toml = folder / "oracle.toml", folder / "asset.toml"
    told = oracle_toml.read_text()
    oracle_toml.write_text(f'{told}\n[chain]\nrpc_url = "{anvil.url}"\nkey = "keys/declarer.key"\n')
    command = ["oracle", "answer-dispute", "--config", str(oracle_toml), "--period", "0"]
    declarer = read_account(folder / "keys" / "declarer.key", field="key", profile="development")
    owner_key = folder / "keys" / "owner.key"
    owner = read_account(owner_key, field="key", profile="development")
    chain = Chain.connect(anvil.url)
    embedded.fund_accounts(chain, [owner.address, declarer.address])
    assert run(["oracle", "create", "--config", str(oracle_toml)]) == 0
    capsys.readouterr()
    assert run(command) == 2
    assert "nothing of this asset was ever declared" in capsys.readouterr().err
    options = ["--asset", str(asset_toml), "--rpc-url", anvil.url, "--key", str(owner_key)]
    words = ["--signer", declarer.address, "--challenge-window", "7200", "--resolve-window", "86400"]
    assert run(["asset", "deploy", *options, *words]) == 0
    capsys.readouterr()
    assert run(command) == 1
    assert "period 0 is not settled in this ledger" in capsys.readouterr().err

    loaded = asset_file.load(asset_toml)
    assert loaded.deployment is not None
    site = Site(
        chain=chain,
        terms=loaded.terms,
        meters=loaded.meters,
        deployment=loaded.deployment,
        contracts=AssetOnChain.of(chain, loaded.deployment).contracts,
        owner=owner,
        oracle=declarer,
        holders=[],
        gas_used=0,
    )
    books = Books(site, folder / "oracle" / "ledger.sqlite")
    books.settle(0, 1_250_000)
    until_declared(books, periods=1)
    assert run(command) == 1
    assert "its report is not disputed; it may be until" in capsys.readouterr().err
    dispute(site, 0)
    assert run(command) == 0
    said = capsys.readouterr()
    assert "Declared period 0 again as revision 1, with 1.25" in said.out
    assert "the amount that was disputed" in said.out
    assert "It is final from 20" in said.out
    assert json.loads(journal_of(books.path).read_text())["finished"]
    assert run([*command, "--json"]) == 1
    found = declaration(chain, site.contracts.declarations, 0)
    assert (found.status, found.revision) == (Status.PENDING, 1)
    chain.advance_to(found.deadline)
    assert run(command) == 1
    assert "a final report never changes" in capsys.readouterr().err
    assert run([*command[:-1], "-1"]) == 2
    assert "--period -1 is below 0" in capsys.readouterr().err
    assert declared_on_chain(site, 0) == 2
    books.close()
    chain.close()
