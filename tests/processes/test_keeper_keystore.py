"""The keeper as a process whose key is an encrypted keystore and whose password stands in a file; profile production."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_account import Account

from oracle import asset_file
from tests.plant.asset_site import Books, Site
from tests.plant.chain_loop import loop_on
from tests.plant.until import until
from tests.processes.anvil_process import anvil_process
from tests.processes.loop_site import DAY_S, SHARES, START, LoopSite
from tests.processes.service_processes import Processes

pytestmark = pytest.mark.slow

PASSWORD = "open sesame"
DISTRIBUTABLE = 1_000_000
_PASS_S = 150  # a pass that the chain was too slow for is tried again at the next full minute


@dataclass(frozen=True, slots=True)
class Keepers:
    """A site with a funded day, and the keeper's files."""

    site: LoopSite
    keystore: Path
    password: Path
    config: Path

    def run(self) -> "subprocess.CompletedProcess[str]":
        """The service, where it ends by itself."""
        command = [sys.executable, "-m", "cli.main", "keeper", "run", "--config", str(self.config)]
        return subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=60, cwd=Path(__file__).parents[2],
            stdin=subprocess.DEVNULL,
        )  # fmt: skip


@pytest.fixture(scope="module")
def funded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoopSite]:
    folder = tmp_path_factory.mktemp("keeper")
    with anvil_process(folder, timestamp=START - DAY_S) as node:
        site = LoopSite(folder / "s", node.url, 1)
        asset = asset_file.load(site.folder / "asset.toml")
        books = Books(
            Site(
                chain=site.chain,
                terms=asset.terms,
                meters=asset.meters,
                deployment=site.deployment,
                contracts=site.on_chain.contracts,
                owner=site.accounts["owner"],
                oracle=site.accounts["declarer"],
                holders=[site.accounts[name] for name in SHARES],
                gas_used=0,
            ),
            site.folder / "oracle/ledger.sqlite",
        )
        books.settle(0, DISTRIBUTABLE)
        loop = loop_on(books, site.chain, confirmations=0, periods=1)
        loop.start()
        loop.catch_up()
        site.fund()
        loop.catch_up()
        loop.stop()
        books.close()
        yield site
        site.chain.close()


@pytest.fixture
def keepers(funded: LoopSite) -> Keepers:
    """Fresh files for each test; they are those of one keeper."""
    keys = funded.folder / "keys"
    made = Keepers(funded, keys / "keeper.json", keys / "keeper.password", funded.folder / "keeper.toml")
    account = funded.accounts["keeper"]
    for path, text in (
        (made.keystore, json.dumps(Account.encrypt(account.key, PASSWORD, iterations=2))),
        (made.password, f"{PASSWORD}\n"),
    ):
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(text)
    made.config.write_text(
        'profile = "production"\nasset_file = "asset.toml"\nledger = "oracle/ledger.sqlite"\n'
        f'rpc_url = "{funded.rpc_url}"\nkey = "keys/keeper.json"\npassword_file = "keys/keeper.password"\n'
    )
    return made


def test_it_opens_its_keystore_and_pays(keepers: Keepers) -> None:
    running = Processes(keepers.site.folder)
    running.start("keeper")
    try:
        until(lambda: running.dead() == {} and told(running).get("paid") == len(SHARES), within_s=_PASS_S)
    finally:
        codes = running.stop_all()
    assert codes == {"keeper": 0}
    status = told(running)
    assert status["keeper"] == keepers.site.accounts["keeper"].address
    assert sum(keepers.site.balances().values()) == DISTRIBUTABLE
    assert PASSWORD not in running.said("keeper")


def told(running: Processes) -> dict[str, object]:
    """What it last said of itself; nothing yet is nothing."""
    try:
        return dict(running.status("keeper")["status"])
    except AssertionError:
        return {}


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda keepers: keepers.password.chmod(0o640), "keeper.password: password_file: can be read by others"),
        (lambda keepers: keepers.keystore.chmod(0o604), "keeper.json: key: can be read by others"),
        (lambda keepers: keepers.password.unlink(), "keeper.password: password_file: "),
        (lambda keepers: keepers.keystore.unlink(), "keeper.json: key: "),
        (lambda keepers: keepers.password.write_text("sesame open\n"), "keeper.json: key: cannot be opened: "),
        (lambda keepers: keepers.password.write_text("\n"), "must hold the password in its first line"),
        (lambda keepers: keepers.keystore.write_text("{}"), "keeper.json: key: cannot be opened: "),
        (lambda keepers: keepers.keystore.write_text("11" * 32), "is no keystore"),
        (
            lambda keepers: keepers.config.write_text(
                "\n".join(line for line in keepers.config.read_text().splitlines() if "password_file" not in line)
            ),
            "nobody is here to type its password",
        ),
    ],
    ids=[
        "password file that others read",
        "keystore that others read",
        "no password file",
        "no keystore",
        "wrong password",
        "empty password file",
        "no keystore v3",
        "key in the open",
        "nobody to ask",
    ],
)
def test_it_ends_with_one_line_that_says_what_to_put_right(
    keepers: Keepers, damage: Callable[[Keepers], object], said: str
) -> None:
    damage(keepers)
    done = keepers.run()
    assert done.returncode == 2, done.stderr  # the unit does not start it again: nothing would change
    last = done.stderr.strip().splitlines()[-1]
    assert said in last
    assert last.startswith("helioracle: ")
    for secret in (PASSWORD, "sesame open", "11" * 32):
        assert secret not in done.stderr + done.stdout
