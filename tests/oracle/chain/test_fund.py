"""What funding is refused for is said before anything is approved, and what is resumed leaves no permission standing."""

from pathlib import Path

import pytest

from evidence.units import Minor
from oracle.chain.client import Chain
from oracle.chain.steps import Steps
from oracle.errors import ChainRefused, ChainUnreachable
from oracle.owner import share
from oracle.owner.fund import fund_period
from tests.oracle.chain.payouts import declare, give_money, give_shares
from tests.plant.asset_site import Site


def allowance(site: Site) -> int:
    distributor = site.contracts.distributor.address
    return int(site.chain.read(site.contracts.token.functions.allowance(site.owner.address, distributor)))


def refused(site: Site, said: str, amount: int | None = None, *, journal: Path) -> None:
    """With these words, with nothing sent, and with no journal that would hinder another funding."""
    nonce = site.chain.next_nonce(site.owner.address)
    steps = Steps(site.chain, site.owner, path=journal, task={"period": "0", "asked": str(amount)})
    with pytest.raises(ChainRefused, match=said):
        fund_period(site.on_chain, site.owner, 0, None if amount is None else Minor(amount), steps=steps)
    assert site.chain.next_nonce(site.owner.address) == nonce
    assert not journal.exists()


def test_where_nobody_holds_a_share_there_is_nobody_to_fund(site: Site, tmp_path: Path) -> None:
    give_money(site, 1_000)
    declare(site, 0, 1_000)
    journal = tmp_path / "asset.fund.json"
    refused(site, "nobody who earns held a share in the period", journal=journal)
    # Shares that come after the period's last day change nothing for it.
    share.allow(site.on_chain, site.owner, [site.holders[0].address])
    share.mint(site.on_chain, site.owner, site.holders[0].address, 5)
    refused(site, "nobody who earns held a share in the period", journal=journal)
    assert allowance(site) == 0


def test_a_report_that_gives_nothing_is_not_called_funded(site: Site, tmp_path: Path) -> None:
    give_shares(site, [1, 0, 0, 0])
    declare(site, 0, 0)
    refused(site, "its report lets nothing be distributed", journal=tmp_path / "asset.fund.json")


def test_each_refusal_names_its_numbers_and_the_rest_is_funded_to_the_unit(site: Site, tmp_path: Path) -> None:
    give_shares(site, [1, 1, 1, 0])
    declare(site, 0, 1_001)
    journal = tmp_path / "asset.fund.json"
    refused(site, f"{site.owner.address} has 0 of the payment token, 1001 are needed", journal=journal)
    give_money(site, 5_000)
    refused(site, "1002 is more than the 1001 that are declared", 1_002, journal=journal)
    refused(site, "10 is less than a tranche brings at least: 11,", 10, journal=journal)
    assert allowance(site) == 0
    assert fund_period(site.on_chain, site.owner, 0, Minor(11)).received == 11
    assert fund_period(site.on_chain, site.owner, 0, Minor(985)).received == 985
    # Less than a hundredth is taken where it is all that is left.
    assert fund_period(site.on_chain, site.owner, 0, Minor(5)).received == 5
    refused(site, "it is funded in full already", journal=journal)
    assert allowance(site) == 0


@pytest.mark.parametrize("by_hand", [True, False], ids=["approved by hand", "approved by the command"])
def test_a_funding_that_is_resumed_leaves_no_allowance_behind(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_hand: bool
) -> None:
    give_shares(site, [1, 0, 0, 0])
    give_money(site, 5_000)
    declare(site, 0, 1_000)
    if by_hand:
        approve = site.contracts.token.functions.approve(site.contracts.distributor.address, 1_000)
        site.chain.transact(site.owner, approve, action="approve")
    real_wait = Chain.wait

    def wait(self: Chain, tx_hash: str, *, action: str, **rest: object) -> object:
        found = real_wait(self, tx_hash, action=action, **rest)  # type: ignore[arg-type]  # as they came
        if action.startswith("fund"):
            raise ChainUnreachable("mined, and the answer was lost")
        return found

    journal = tmp_path / "asset.fund.json"
    task = {"period": "0"}
    with monkeypatch.context() as patch:
        patch.setattr(Chain, "wait", wait)
        with pytest.raises(ChainUnreachable):
            fund_period(
                site.on_chain,
                site.owner,
                0,
                steps=Steps(site.chain, site.owner, path=journal, task=task),
            )
    nonce = site.chain.next_nonce(site.owner.address)
    again = Steps(site.chain, site.owner, path=journal, task=task)
    assert again.has_begun("fund")
    assert again.has_begun("approve") is not by_hand
    assert fund_period(site.on_chain, site.owner, 0, steps=again).received == 1_000
    assert site.chain.next_nonce(site.owner.address) == nonce
    assert allowance(site) == 0
    assert site.chain.read(site.contracts.distributor.functions.totalFunded()) == 1_000
