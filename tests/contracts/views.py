"""Every view of the contracts, with the answer that the model gives to it."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from tests.contracts.actors import EVERYBODY, HOLDERS, OFFICERS, SHAREHOLDERS, SIGNERS, STRANGER
from tests.contracts.anvil_evm import Contract, Read
from tests.contracts.model.anchored_log import AnchoredLog
from tests.contracts.model.asset import Asset
from tests.contracts.model.merkle import root_of
from tests.contracts.model.report import Status
from tests.contracts.model.roles import NOBODY, Address, Role, selector_of
from tests.contracts.model.signer_sets import NoSignerSetAnnounced
from tests.contracts.model.tranches import X96
from tests.contracts.stage import Stage


@dataclass(frozen=True)
class View:
    """One call of a view, and how the model answers it."""

    read: Read
    model: Callable[[], object]


def view(contract: Contract, function: str, *arguments: Hashable, model: Callable[[], object] | object) -> View:
    """A view to compare; the model's answer is a value, or a function that may refuse."""
    answer: Callable[[], object] = model if callable(model) else lambda: model
    return View(Read(contract, function, arguments), answer)


def views(stage: Stage, asset: Asset) -> list[View]:
    """All views, at this moment."""
    return [
        *_of_shares(stage.share, asset),
        *_of_meters(stage.registry, asset),
        *_of_log(stage.declarations, asset.declarations),
        *_of_signers(stage.declarations, asset),
        *_of_reports(stage.declarations, asset),
        *_of_funds(stage.distributor, asset),
        *_of_accounts(stage.distributor, asset),
        *_of_lost_wallets(stage.distributor, asset),
        *_of_abdications_and_pauses(stage, asset),
        *(
            view(stage.token, "balanceOf", who, model=asset.token.balance_of(who))
            for who in [*EVERYBODY, OFFICERS[Role.TREASURY], stage.distributor.address]
        ),
    ]


def of_span(stage: Stage, asset: Asset, from_day: int, to_day: int) -> list[View]:
    """What the registers say of the days [from_day, to_day), whether they are over or not."""
    register, meters = asset.share.register, asset.registry
    return [
        *(
            view(
                stage.share,
                "shareDays",
                who,
                from_day,
                to_day,
                model=partial(register.share_days, who, from_day, to_day),
            )
            for who in EVERYBODY
        ),
        view(
            stage.share, "totalShareDays", from_day, to_day, model=partial(register.total_share_days, from_day, to_day)
        ),
        view(stage.share, "balanceAt", HOLDERS[0], to_day, model=partial(register.balance_at, HOLDERS[0], to_day)),
        view(stage.share, "supplyAt", from_day, model=partial(register.supply_at, from_day)),
        view(stage.registry, "wattDays", from_day, to_day, model=partial(meters.watt_days, from_day, to_day)),
        view(stage.registry, "indexAt", from_day, model=partial(meters.index_at, from_day)),
    ]


def _of_shares(share: Contract, asset: Asset) -> Iterator[View]:
    model = asset.share
    for who in EVERYBODY:
        yield view(share, "balanceOf", who, model=model.balance_of(who))
        yield view(share, "getFrozenTokens", who, model=model.frozen.get(who, 0))
        yield view(share, "canSend", who, model=model.allows(who))
    for owner, spender in pairwise(HOLDERS):
        yield view(share, "allowance", owner, spender, model=model.allowances.get((owner, spender), 0))
        yield view(share, "canTransfer", owner, spender, 3, model=model.can_transfer(owner, spender, 3))
    yield view(share, "totalSupply", model=model.register.total_supply())
    yield view(share, "today", model=asset.clock.today)
    yield view(share, "gate", model=model.gate.address)


def _of_meters(registry: Contract, asset: Asset) -> Iterator[View]:
    entries = asset.registry.entries
    yield view(registry, "count", model=len(entries))
    for index, entry in enumerate(entries):
        before = asset.registry.watt_days(0, entry.effective_day)
        words = (entry.bindings_root, entry.effective_day, entry.meter_count, entry.nameplate_w, before)
        yield view(registry, "entry", index, model=words)


def _of_log(declarations: Contract, log: AnchoredLog) -> Iterator[View]:
    newest = log.generations[-1]
    yield view(declarations, "head", model=(log.generation, len(newest), root_of(newest)))
    for generation in range(1, log.generation + 1):
        for size in {0, 1, *log.sizes[generation - 1], len(newest) - 1}:
            yield view(declarations, "rootOf", generation, size, model=log.root_of(generation, size))
    restart = log.restart
    announced = (
        (len(restart.leaves), root_of(restart.leaves), restart.ready_at, restart.expires_at)
        if restart
        else (0, bytes(32), 0, 0)
    )
    yield view(declarations, "announcedRestart", model=announced)


def _of_signers(declarations: Contract, asset: Asset) -> Iterator[View]:
    in_force, waiting = asset.declarations.signer_set(), asset.declarations.announced_signer_set()

    def announced() -> object:
        if waiting is None:
            raise NoSignerSetAnnounced
        return waiting.version, waiting.threshold, waiting.signers, waiting.effective_at

    yield view(declarations, "signerSet", model=(in_force.version, in_force.threshold, in_force.signers))
    yield view(declarations, "announcedSignerSet", model=announced)
    for who in (SIGNERS[0], SIGNERS[-1], STRANGER):
        yield view(declarations, "isSigner", in_force.version, who, model=who in in_force.signers)


def _periods(asset: Asset) -> range:
    """All that can have been declared, and one more."""
    terms = asset.declarations.terms
    return range((asset.clock.today - terms.first_day) // terms.days_per_period + 2)


def _of_reports(declarations: Contract, asset: Asset) -> Iterator[View]:
    model, periods = asset.declarations, _periods(asset)
    for period in periods:
        newest, status = model.newest(period), model.status(period)
        words: tuple[object, ...] = (Status.NONE, bytes(32), 0, 0, 0, 0)
        if newest is not None:
            report = newest.report
            words = (status, report.hash(), report.revision, newest.deadline, report.distributable, report.energy_wh)
        yield view(declarations, "status", period, model=status)
        yield view(declarations, "declaration", period, model=words)
        yield view(declarations, "distributableOf", period, model=model.distributable_of(period))
    yield view(declarations, "declarationsEnd", model=model.declarations_end())
    yield view(declarations, "energyTotalWh", model=model.energy_total_wh())
    total = sum(map(model.distributable_of, periods))
    yield view(declarations, "distributableSum", 0, len(periods), model=total)


def _of_funds(distributor: Contract, asset: Asset) -> Iterator[View]:
    model, periods = asset.distributor, _periods(asset)
    books = model.books
    for period in periods:
        declared, funded = model.coverage(period)
        yield view(distributor, "coverage", period, model=(declared, funded))
        yield view(distributor, "fundable", period, model=declared - funded)
    yield view(distributor, "arrears", 0, len(periods), model=model.arrears(0, len(periods)))
    yield view(distributor, "trancheCount", model=len(books.tranches))
    for index, tranche in enumerate(books.tranches):
        yield view(distributor, "tranche", index, model=(tranche.period, tranche.per_share_day_x96))
    yield view(distributor, "carryX96", model=books.carry_x96)
    yield view(distributor, "totalFunded", model=books.funded())
    yield view(distributor, "totalPaid", model=books.paid())


def _of_accounts(distributor: Contract, asset: Asset) -> Iterator[View]:
    model = asset.distributor
    count = len(model.books.tranches)
    for who in EVERYBODY:
        for up_to in {count // 2, count}:
            yield view(distributor, "owedX96", who, up_to, model=partial(model.owed_x96, who, up_to))
        yield view(distributor, "owed", who, count, model=model.owed_x96(who, count) // X96)
        yield view(distributor, "cursorOf", who, model=model.books.settled_below(who))
        yield view(distributor, "payoutAddressOf", who, model=model.payout_address_of(who))
        yield view(distributor, "isPayoutFrozen", who, model=model.is_payout_frozen(who))
        yield view(distributor, "gateGraceEndsAt", who, model=model.gate_grace_ends_at(who))
    too_many = count + 1
    yield view(distributor, "owed", HOLDERS[0], too_many, model=partial(model.owed_x96, HOLDERS[0], too_many))
    yield view(distributor, "gate", model=model.gate.address)
    for controller in HOLDERS:
        for operator in (STRANGER, HOLDERS[0]):
            approved = (controller, operator) in model.operators.pairs
            yield view(distributor, "isOperator", controller, operator, model=approved)
    for controller, nonce in model.operators.used:
        yield view(distributor, "authorizations", controller, nonce, model=True)


def _of_lost_wallets(distributor: Contract, asset: Asset) -> Iterator[View]:
    model = asset.distributor
    for who in SHAREHOLDERS:
        yield view(distributor, "heirOf", who, model=model.heirs.get(who, NOBODY))
        proposal = model.proposals.get(who)
        words: tuple[Address, int, int] = (NOBODY, 0, 0)
        if proposal:
            words = (proposal.heir, proposal.ready_at, proposal.expires_at)
        yield view(distributor, "redirectOf", who, model=words)


def _of_abdications_and_pauses(stage: Stage, asset: Asset) -> Iterator[View]:
    for contract, model in (
        (stage.share, asset.share),
        (stage.declarations, asset.declarations),
        (stage.distributor, asset.distributor),
    ):
        for signature in sorted(model.abdicable):
            selector = selector_of(signature)
            yield view(contract, "isAbdicated", selector, model=selector in model.abdicated)
    for contract, pausable in ((stage.declarations, asset.declarations), (stage.distributor, asset.distributor)):
        yield view(contract, "pausedUntil", model=pausable.paused_until)
        yield view(contract, "pauseReadyAt", model=pausable.pause_ready_at)
