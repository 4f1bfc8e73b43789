"""Shares and demo money, of which no contract says how much is enough, are created once, whatever becomes of the blocks they stand in."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_account import Account
from web3.contract import Contract

from cli.main import run
from evidence.units import Minor
from oracle import asset_file
from oracle.chain import attempt as attempts
from oracle.chain import embedded
from oracle.chain.attempt import Attempt
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetOnChain
from oracle.chain.steps import Steps
from oracle.chain.transaction import Receipt
from oracle.errors import ChainUnreachable
from oracle.owner import share
from oracle.owner.fund import mint_demo_money
from runtime.errors import ConfigError
from tests.oracle.chain.site_folder import KEY, SIGNER, TREASURY, site_folder
from tests.plant.anvil_node import Anvil
from tests.plant.asset_site import Site, account_of
from tests.plant.until import until


@contextmanager
def chain_at(anvil: Anvil) -> Iterator[Chain]:
    chain = Chain.connect(anvil.url)
    yield chain
    chain.close()


def deployed(anvil: Anvil, tmp_path: Path) -> tuple[Path, list[str]]:
    """A deployed site, whose holder may hold, and the options of its owner's commands."""
    folder, options = site_folder(anvil, tmp_path)
    assert run(["asset", "deploy", *options, "--signer", SIGNER]) == 0
    assert run(["asset", "allow", *options, "--holder", TREASURY]) == 0
    return folder, options


def created(chain: Chain, folder: Path, verb: str) -> Contract:
    deployment = asset_file.load(folder / "asset.toml").deployment
    assert deployment is not None
    contracts = AssetOnChain.of(chain, deployment).contracts
    return contracts.share if verb == "mint" else contracts.token


@dataclass(frozen=True, slots=True)
class Creation:
    """A command that creates something, a lesser one of its kind, and what it creates in the contract's units."""

    verb: str
    words: tuple[str, ...]
    lesser: tuple[str, ...]
    units: int


CREATIONS = pytest.mark.parametrize(
    "creation",
    [
        Creation("mint", ("--to", TREASURY, "--shares", "7"), ("--to", TREASURY, "--shares", "3"), 7),
        Creation("demo-money", ("--amount", "12.5"), ("--amount", "3"), 12_500_000),
    ],
    ids=lambda creation: creation.verb,
)


@CREATIONS
def test_what_was_taken_back_after_it_was_done_comes_back_by_the_same_bytes(
    anvil: Anvil, tmp_path: Path, capsys: pytest.CaptureFixture[str], creation: Creation
) -> None:
    folder, options = deployed(anvil, tmp_path)
    verb, units = creation.verb, creation.units
    command = ["asset", verb, *options, *creation.words, "--json"]
    anvil.mine(3)
    capsys.readouterr()
    with chain_at(anvil) as chain:
        supply = created(chain, folder, verb).functions.totalSupply()
        assert run(command) == 0
        first = json.loads(capsys.readouterr().out)["tx"]
        assert chain.read(supply) == units
        anvil.reorg(2)
        assert chain.read(supply) == 0
        assert (
            run(["asset", verb, *options, *creation.lesser]) == 2
        )  # a new task, while one that was done is open again
        assert "was begun with" in capsys.readouterr().err
        assert run(command) == 0
        shown = capsys.readouterr()
        assert "a reorganisation took" in shown.err
        assert json.loads(shown.out)["tx"] == first
        assert chain.read(supply) == units
        # It stands: the same command now is a new one.
        assert run(command) == 0
        assert json.loads(capsys.readouterr().out)["tx"] != first
        assert chain.read(supply) == 2 * units


@CREATIONS
def test_it_waits_for_confirmations_and_goes_on_where_a_reorganisation_interrupts(
    anvil: Anvil, tmp_path: Path, creation: Creation
) -> None:
    folder, options = deployed(anvil, tmp_path)
    verb, units = creation.verb, creation.units
    words = ["asset", verb, *options, *creation.words, "--confirmations", "2"]
    command = [sys.executable, "-m", "cli.main", *words]
    anvil.mine(3)
    anvil.by_hand(block_s=1)
    with chain_at(anvil) as chain:
        supply = created(chain, folder, verb).functions.totalSupply()
        for reorganised in (True, False):
            with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
                assert process.stderr is not None
                until(lambda: anvil.waiting() == 1)
                anvil.mine()
                await_line(process, "2 blocks to go")
                assert chain.read(supply) == units
                anvil.mine()
                await_line(process, "1 blocks to go")
                if reorganised:
                    anvil.reorg(2)
                    anvil.mine()
                    assert "a reorganisation took" in process.stderr.read()
                else:
                    anvil.mine()
                    process.stderr.read()
                assert process.wait(120) == (1 if reorganised else 0)
            assert chain.read(supply) == (0 if reorganised else units)
        sent = json.loads((folder / f"asset.{verb}.json").read_text())["steps"]
        assert len(sent) == 1
        assert chain.next_nonce(Account.from_key(KEY).address) == 4 + 1 + 1  # the deployment, the list, and this


def await_line(process: "subprocess.Popen[str]", text: str) -> None:
    assert process.stderr is not None
    said = []
    for line in process.stderr:
        said.append(line)
        if text in line:
            return
    pytest.fail("".join(said))


def test_what_is_moved_to_a_later_block_while_it_is_waited_for_is_deep_enough_there(
    anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bytes are lost, come back two blocks later, and must have their two blocks on top of them there."""
    account = account_of("owner")
    with chain_at(anvil) as chain:
        embedded.fund_accounts(chain, [account.address])
        anvil.mine(3)
        steps = Steps(chain, account)
        steps.transact("gate", lambda: chain.creation("InvestorGate", account.address), action="create")
        first = steps.receipts[0]
        raw = steps._attempts["gate"].raw
        real = Chain.block_number
        heads: list[int] = []

        def block_number(self: Chain) -> int:
            head = real(self)
            heads.append(head)
            if len(heads) == 1:
                anvil.reorg(1)
                anvil.mine(1)
                chain.send(raw, action="create")
                # The node mines a moment after it has taken them; until then they look lost, and that is another story.
                chain.wait(first.tx_hash, action="create")
            else:
                anvil.mine(1)
            return head

        monkeypatch.setattr(Chain, "block_number", block_number)
        steps.confirm(2)
        moved = steps.receipts[0]
        assert moved.tx_hash == first.tx_hash
        assert moved.block == first.block + 2
        assert heads[-1] >= moved.block + 2


def test_bytes_that_are_mined_between_two_questions_are_not_signed_anew(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receipt is asked for, the transaction is mined, the nonce is asked for: it is used, by these very bytes."""
    path = tmp_path / "asset.demo-money.json"

    def mint() -> Receipt:
        steps = Steps(site.chain, site.owner, path=path, task={"amount": "5"})
        return mint_demo_money(site.on_chain, site.owner, site.owner.address, Minor(5), steps=steps)

    first = mint()
    real = attempts.mined
    blind = [True]

    def mined(chain: Chain, attempt: Attempt, *, action: str) -> Receipt | None:
        return None if blind and blind.pop() else real(chain, attempt, action=action)

    monkeypatch.setattr(attempts, "mined", mined)
    assert mint().tx_hash == first.tx_hash
    assert not blind
    supply = site.contracts.token.functions.totalSupply()
    assert site.chain.read(supply) == 5


def test_a_task_that_was_done_on_a_chain_that_is_gone_hinders_nobody(site: Site, tmp_path: Path) -> None:
    path = tmp_path / "asset.mint.json"
    share.allow(site.on_chain, site.owner, [site.holders[0].address])

    def mint(shares: int) -> Steps:
        steps = Steps(site.chain, site.owner, path=path, task={"shares": str(shares)})
        share.mint(site.on_chain, site.owner, site.holders[0].address, shares, steps=steps)
        return steps

    steps = mint(1)
    with pytest.raises(ConfigError, match=r"task\.shares"):
        mint(2)  # the first was never reported as done
    steps.finish()
    mint(2).finish()
    held = json.loads(path.read_text())
    held["task"]["genesis"] = "0x" + "00" * 32
    path.write_text(json.dumps(held))
    mint(3)
    assert site.chain.read(site.contracts.share.functions.totalSupply()) == 6


def test_no_block_in_time_is_an_error_that_says_to_run_it_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("oracle.chain.steps.RECEIPT_TIMEOUT_S", 0)
    with pytest.raises(ChainUnreachable, match="no new block within"):
        mint_demo_money(site.on_chain, site.owner, site.owner.address, Minor(5), confirmations=1)
