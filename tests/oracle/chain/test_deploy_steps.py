"""A deployment that breaks off goes on where it was, and never deploys twice."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from eth_account import Account

from cli.main import run
from oracle import asset_file
from oracle.chain.client import Chain
from oracle.chain.contracts import AssetOnChain
from oracle.chain.steps import Steps
from oracle.chain.wiring import check_wiring
from oracle.errors import ChainRefused, ChainUnreachable
from oracle.owner.deploy import check_roles, deploy, task_of
from oracle.owner.roles import AT_ONCE, RoleHolders
from runtime.errors import ConfigError
from tests.oracle.chain.site_folder import KEY, SIGNER, TREASURY, site_folder
from tests.plant.anvil_node import Anvil
from tests.plant.asset_site import Site
from tests.plant.until import until


class Killed(BaseException):
    """The process dies here."""


def holders_of(site: Site, **changes: str) -> RoleHolders:
    return replace(RoleHolders.of(site.owner.address, signers=[site.oracle.address]), **changes)  # type: ignore[arg-type]  # holders by name


def steps_of(site: Site, path: Path, lines: list[str], **changes: str) -> Steps:
    roles = holders_of(site, **changes)
    task = task_of(
        terms=site.terms, meters=site.meters, roles=roles, rules=AT_ONCE, token=None, factory=None, excluded=()
    )
    return Steps(site.chain, site.owner, path=path, task=task, progress=lines.append)


def test_killed_at_every_step_it_deploys_once(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = tmp_path / "asset.deploy.json"
    real_send, real_wait = Chain.send, Chain.wait
    died: set[tuple[str, str]] = set()

    def die(when: str, action: str) -> None:
        if (when, action) not in died:
            died.add((when, action))
            raise Killed

    def send(self: Chain, raw: bytes, *, action: str) -> bool:
        die("signed", action)
        taken = real_send(self, raw, action=action)
        die("sent", action)
        return taken

    def wait(self: Chain, tx_hash: str, *, action: str, **rest: object) -> object:
        found = real_wait(self, tx_hash, action=action, **rest)  # type: ignore[arg-type]  # the rest as it came
        die("mined", action)
        return found

    monkeypatch.setattr(Chain, "send", send)
    monkeypatch.setattr(Chain, "wait", wait)
    before = site.chain.next_nonce(site.owner.address)
    lines: list[str] = []
    for _attempt in range(100):
        try:
            deployed = deploy(
                site.chain,
                site.owner,
                terms=site.terms,
                meters=site.meters,
                roles=holders_of(site),
                steps=steps_of(site, journal, lines),
            )
            break
        except Killed:
            assert site.owner.key.hex() not in journal.read_text()
    else:
        pytest.fail("never finished")
    steps = len(deployed.receipts)
    assert steps == 4  # token, factory, and the two acts
    assert len(died) == 2 * steps  # a transaction that is found mined is not waited for
    assert site.chain.next_nonce(site.owner.address) == before + steps
    assert journal.stat().st_mode & 0o077 == 0
    on_chain = AssetOnChain.of(site.chain, deployed.deployment)
    check_wiring(on_chain, terms=site.terms, meters=site.meters, signer=site.oracle.address)
    check_roles(on_chain, holders_of(site))
    assert deployed.deployment.first_block == deployed.first_block


def test_a_journal_of_something_else_is_refused(site: Site, tmp_path: Path) -> None:
    journal = tmp_path / "asset.deploy.json"
    steps = steps_of(site, journal, [])
    steps.transact("gate", lambda: site.chain.creation("InvestorGate", site.owner.address), action="deploy the gate")
    with pytest.raises(ConfigError, match=r"task\.treasury: was begun with 0x\w+, and is 0x\w+ now; nothing was sent"):
        steps_of(site, journal, [], treasury=site.holders[0].address)
    held = json.loads(journal.read_text())
    held["task"]["genesis"] = "0x" + "00" * 32
    journal.write_text(json.dumps(held))
    with pytest.raises(ConfigError, match=r"task\.genesis"):
        steps_of(site, journal, [])
    for damaged in ("", "[]", '{"task": {}, "facts": {}, "steps": {"gate": {}}}', "{" * 10):
        journal.write_text(damaged)
        with pytest.raises(ConfigError, match="is not a journal of steps"):
            steps_of(site, journal, [])


def test_a_refused_step_leaves_nothing_behind_that_hinders(site: Site, tmp_path: Path) -> None:
    journal = tmp_path / "asset.mint.json"
    stranger = site.holders[0]
    steps = Steps(site.chain, stranger, path=journal, task={"to": "x"})
    call = site.contracts.share.functions.mint(stranger.address, 5)
    with pytest.raises(ChainRefused, match="AccessManagedUnauthorized"):
        steps.transact("mint", lambda: call, action="mint")
    Steps(site.chain, stranger, path=journal, task={"to": "y"})


def test_the_command_is_killed_and_goes_on(
    anvil: Anvil, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, options = site_folder(anvil, tmp_path)
    journal = folder / "asset.deploy.json"
    command = ["asset", "deploy", *options, "--signer", SIGNER, "--treasury", TREASURY]
    anvil.by_hand(block_s=1)
    for steps in (1, 2, 3):
        with subprocess.Popen([sys.executable, "-m", "cli.main", *command], stderr=subprocess.DEVNULL) as process:
            until(lambda: anvil.waiting() == 1)
            os.kill(process.pid, signal.SIGKILL)
            process.wait(30)
        assert len(json.loads(journal.read_text())["steps"]) == steps
        anvil.mine()
    anvil.ask("evm_setAutomine", True)
    capsys.readouterr()
    assert run([*command, "--json"]) == 0
    shown = capsys.readouterr()
    result = json.loads(shown.out)
    assert "done before, in block" in shown.err
    chain = Chain.connect(anvil.url)
    owner = Account.from_key(KEY).address
    assert chain.next_nonce(owner) == len(result["transactions"]) == 4
    asset = asset_file.load(folder / "asset.toml")
    assert asset.deployment is not None
    assert asset.deployment.addresses == result["addresses"]
    assert asset.deployment.first_block == result["first_block"] == 1
    assert "open sesame" not in journal.read_text() + shown.err
    # Once more: it looks, and sends nothing. With another holder it says what differs.
    assert run(command) == 0
    assert "Deployed before" in capsys.readouterr().out
    assert chain.next_nonce(owner) == 4
    assert run([*command[:-1], SIGNER]) == 1
    assert "holds role 3" in capsys.readouterr().err
    journal.unlink()
    assert run(command) == 2
    assert "has addresses already; nothing was deployed" in capsys.readouterr().err

    # What comes next, as the command said.
    assert run(["asset", "allow", *options, "--holder", TREASURY, "--holder", SIGNER]) == 0
    assert "Next: helioracle asset mint" in capsys.readouterr().out
    mint = ["asset", "mint", *options, "--to", TREASURY, "--shares", "7", "--json"]
    with monkeypatch.context() as patch:
        patch.setattr(Chain, "wait", _timed_out)
        assert run(mint) == 1
        assert "the same command again goes on from there" in capsys.readouterr().err
    assert run(mint) == 0
    capsys.readouterr()
    share = chain.contract("AssetShare", asset.deployment.addresses["share"])
    assert chain.read(share.functions.totalSupply()) == 7
    assert json.loads((folder / "asset.mint.json").read_text())["finished"]
    assert run(["asset", "fund", *options, "--period", "0"]) == 1
    assert "it is not declared" in capsys.readouterr().err
    chain.close()


def _timed_out(*_: object, action: str, **__: object) -> object:
    raise ChainUnreachable(f"{action}: not mined in time; it may still be")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--signer", "nobody"], "--signer 'nobody' is not an Ethereum address"),
        (["--signer", SIGNER, "--token", "0x1"], "--token '0x1' is not an Ethereum address"),
        (["--signer", SIGNER, "--registrar", SIGNER], "cannot be signer and registrar"),
        (["--signer", SIGNER, "--confirmations", "-1"], "--confirmations -1 is not between"),
        (["--signer", SIGNER, "--password-file", "none.txt"], "none.txt: password_file"),
    ],
)
def test_mistakes_are_one_line(
    anvil: Anvil, tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    folder, options = site_folder(anvil, tmp_path)
    assert run(["asset", "deploy", *options, *words]) == 2
    assert said in capsys.readouterr().err
    assert not (folder / "asset.deploy.json").exists()


def test_a_token_with_other_decimals_than_the_asset_says_is_found_out(
    anvil: Anvil, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, options = site_folder(anvil, tmp_path)
    text = (folder / "asset.toml").read_text()
    assert "decimals = 6" in text
    (folder / "asset.toml").write_text(text.replace("decimals = 6", "decimals = 7"))
    assert run(["asset", "deploy", *options, "--signer", SIGNER]) == 1
    assert "token.decimals on chain is 6, the asset file says 7" in capsys.readouterr().err
    assert asset_file.load(folder / "asset.toml").deployment is None
