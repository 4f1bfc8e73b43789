"""What a random walk seldom comes by, told as stories: the model and the contracts agree there too."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.contracts.actors import HOLDERS, OFFICERS, SHAREHOLDERS, STRANGER
from tests.contracts.asset_machine import AssetMachine
from tests.contracts.model.redirects import MAX_HEIRS, REDIRECT_DELAY_S
from tests.contracts.model.roles import Address, Role
from tests.contracts.stage import TERMS, Stage

ANN, BOB, *_ = HOLDERS
CROWD = [f"0x{number:040x}" for number in range(1, 258)]
COURT = b"order of the court".ljust(32, b"\0")


@pytest.fixture
def machine(stage: Stage) -> Iterator[AssetMachine]:
    class Machine(AssetMachine):
        pass

    Machine.stage = stage
    made = Machine()
    try:
        made.begin()
        yield made
        made.the_model_and_the_contracts_agree()
    finally:
        made.teardown()


def anchor_less(machine: AssetMachine) -> str:
    machine.anchor_more(2, "shorter", salt=1)
    return "declarations.anchor LogShrank"


def anchor_a_rewritten_log(machine: AssetMachine) -> str:
    machine.anchor_more(5, "rewritten", salt=1)
    return "declarations.anchor RootMismatch"


def make_more_energy_than_there_can_be(machine: AssetMachine) -> str:
    # No period may make more than its own bound, but one may name hours of catching up as often as it likes.
    for _ in range(6):
        period = machine.next_period()
        machine.end_period(period)
        report = machine.due_report(period, 1_000, 1_000)
        hours = 24 * TERMS.days_per_period * period
        more_wh = hours * machine.model.registry.entries[0].nameplate_w
        machine.declare_report(replace(report, export_wh=report.export_wh + more_wh, catch_up_hours=hours))
    return "declarations.declare TotalEnergyTooLarge"


def name_another_report(machine: AssetMachine) -> str:
    machine.end_period(0)
    machine.declare_report(machine.due_report(0, 5))
    machine.guardian_dispute(OFFICERS[Role.GUARDIAN], 1, False)
    return "declarations.guardianDispute ReportHashWrong"


def ask_for_a_crowd(machine: AssetMachine) -> str:
    machine.differential.both("gate", "setAllowed", OFFICERS[Role.COMPLIANCE], CROWD, True)
    machine.differential.both("distributor", "setPayoutFrozen", OFFICERS[Role.COMPLIANCE], CROWD, True)
    machine.push(CROWD, 0)
    return "distributor.push TooManyHolders"


def pay_nobody_from_a_tranche_that_is_not_there(machine: AssetMachine) -> str:
    machine.push([], 0)
    machine.push([], -1)
    return "distributor.push UpToTooLarge"


def send_more_than_one_has(machine: AssetMachine) -> str:
    machine.transfer(ANN, BOB, 101)
    return "share.transfer ERC20InsufficientBalance"


def send_what_is_frozen(machine: AssetMachine) -> str:
    machine.freeze(OFFICERS[Role.COMPLIANCE], ANN, 100)
    machine.transfer(ANN, BOB, 50)
    machine.take_by_force(OFFICERS[Role.ENFORCER], ANN, BOB, 50, COURT)
    return "share.transfer ERC7943InsufficientUnfrozenBalance"


def fund_a_period_in_which_nobody_earned(machine: AssetMachine) -> str:
    unsold = SHAREHOLDERS[4]
    for holder in (ANN, BOB, OFFICERS[Role.ISSUER]):
        machine.transfer(holder, unsold, 100)
    machine.earn(1_000, 100)
    return "distributor.fund NoShareDays"


def lose_seventeen_wallets_in_a_row(machine: AssetMachine) -> str:
    line = [f"0x{number:040x}" for number in range(1, MAX_HEIRS + 3)]
    for lost, heir in pairwise(line):
        _redirect(machine, lost, heir)
    machine.propose_redirect(OFFICERS[Role.ENFORCER], STRANGER, line[0])
    return "distributor.proposeRedirect RedirectChainTooLong"


def lose_two_wallets_to_each_other(machine: AssetMachine) -> str:
    machine.propose_redirect(OFFICERS[Role.ENFORCER], ANN, BOB)
    _redirect(machine, BOB, ANN)
    machine.end_redirect("execute", STRANGER, ANN, True)
    return "distributor.executeRedirect RedirectCycle"


def _redirect(machine: AssetMachine, lost: Address, heir: Address) -> None:
    machine.propose_redirect(OFFICERS[Role.ENFORCER], lost, heir)
    machine.wait_until(machine.now + REDIRECT_DELAY_S)
    machine.end_redirect("execute", STRANGER, lost, False)


STORIES: list[Callable[[AssetMachine], str]] = [
    anchor_less,
    anchor_a_rewritten_log,
    make_more_energy_than_there_can_be,
    name_another_report,
    ask_for_a_crowd,
    pay_nobody_from_a_tranche_that_is_not_there,
    send_more_than_one_has,
    send_what_is_frozen,
    fund_a_period_in_which_nobody_earned,
    lose_seventeen_wallets_in_a_row,
    lose_two_wallets_to_each_other,
]


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
def test_both_refuse(machine: AssetMachine, story: Callable[[AssetMachine], str]) -> None:
    function, refusal = story(machine).split()
    assert machine.differential.seen[function, refusal]
