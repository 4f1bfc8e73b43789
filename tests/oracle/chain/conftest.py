"""An asset on a fresh embedded chain, and its ledger."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from oracle.chain import embedded
from oracle.chain.client import Chain
from oracle.owner.roles import ReportRules
from tests.plant.anvil_node import Anvil, running_anvil
from tests.plant.asset_site import DAY_S, Books, Site, open_site


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    """A fresh anvil node that mines each transaction at once."""
    with running_anvil() as node:
        yield node


@pytest.fixture(scope="session")
def deployed_site() -> Iterator[Site]:
    """Deployed once: it takes a second and a half."""
    chain = embedded.embedded_chain()
    yield open_site(chain)
    chain.close()


@pytest.fixture
def site(deployed_site: Site) -> Iterator[Site]:
    """An asset on an embedded chain, as it was right after deployment; a payout period is one day."""
    tester = deployed_site.chain._web3.provider.ethereum_tester  # type: ignore[attr-defined]  # eth-tester's provider has it
    snapshot = deployed_site.chain.call(lambda _: tester.take_snapshot())
    yield deployed_site
    deployed_site.chain.call(lambda _: tester.revert_to_snapshot(snapshot))


@pytest.fixture(scope="session")
def deployed_disputable_site() -> Iterator[tuple[Anvil, Site]]:
    """The same with a challenge window, on a node of its own."""
    with running_anvil() as node:
        chain = Chain.connect(node.url)
        yield node, open_site(chain, rules=ReportRules(challenge_window_s=7_200, resolve_window_s=DAY_S))
        chain.close()


@pytest.fixture
def disputable_site(deployed_disputable_site: tuple[Anvil, Site]) -> Iterator[Site]:
    """An asset whose reports can be disputed for two hours, and answered for a day."""
    node, site = deployed_disputable_site
    snapshot = node.ask("evm_snapshot")
    yield site
    assert node.ask("evm_revert", snapshot) is True


@pytest.fixture
def disputable_books(disputable_site: Site, tmp_path: Path) -> Iterator[Callable[[], Books]]:
    """Open the ledger of that asset again and again, as restarts do."""
    opened: list[Books] = []

    def open_() -> Books:
        opened.append(Books(disputable_site, tmp_path / "ledger.db"))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()


@pytest.fixture
def books(site: Site, tmp_path: Path) -> Iterator[Books]:
    opened = Books(site, tmp_path / "ledger.db")
    yield opened
    opened.close()


@pytest.fixture
def open_books(site: Site, tmp_path: Path) -> Iterator[Callable[[], Books]]:
    """Open the same ledger again and again, as restarts do."""
    opened: list[Books] = []

    def open_() -> Books:
        opened.append(Books(site, tmp_path / "ledger.db"))
        return opened[-1]

    yield open_
    for one in opened:
        one.close()
