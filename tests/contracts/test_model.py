"""The model by itself: a life worked out by hand, the sentences that must be able to be false, and what is signed."""

import re
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from eth_account.messages import encode_typed_data

from tests.contracts.actors import HOLDERS, OFFICERS, SIGNERS, UNSOLD, signed
from tests.contracts.model.anchored_log import NotAPrefix
from tests.contracts.model.asset import Addresses, Asset
from tests.contracts.model.clock import HOUR_S
from tests.contracts.model.declarations import PeriodAlreadyDeclared, PeriodNotOver, Terms
from tests.contracts.model.distributor import FundingAboveDistributable, FundingBelowMinimum, PeriodNotFinal
from tests.contracts.model.invariants import INVARIANTS, Broken, check, look
from tests.contracts.model.merkle import consistency_proof, root_of
from tests.contracts.model.recipients import HolderNotAllowed
from tests.contracts.model.register import DayNotOver
from tests.contracts.model.report import REPORT_TYPE, Report, Status
from tests.contracts.model.roles import Address, Role
from tests.contracts.model.tranches import X96, Books

ANN, BOB, CAT, _ = HOLDERS
LEAVES = [sha256(bytes([0, number])).digest() for number in range(12)]
SOLIDITY = Path(__file__).resolve().parents[2] / "contracts" / "test" / "invariants"
TERMS = Terms(
    asset_id=bytes(32),
    first_day=100,
    days_per_period=2,
    utc_offset=8 * HOUR_S,
    challenge_window_s=HOUR_S,
    resolve_window_s=HOUR_S,
    margin_permille=1_100,
    profile_minutes=400,
)


class Life:
    """An asset and the verbs of its life, for tests that read like one."""

    def __init__(self) -> None:
        where = Addresses(*(f"0x{number:040x}" for number in (0xA1, 0xA2, 0xA3)))
        start = TERMS.first_day * 86_400 - TERMS.utc_offset
        self.asset = Asset(
            start,
            TERMS,
            chain_id=1,
            addresses=where,
            members=OFFICERS,
            excluded=[UNSOLD],
            signers=SIGNERS,
            threshold=2,
        )
        self.treasury = OFFICERS[Role.TREASURY]
        self.asset.gate.set_allowed(OFFICERS[Role.COMPLIANCE], [ANN, BOB, CAT, UNSOLD], True)
        for holder, shares in ((ANN, 600), (BOB, 300), (CAT, 100), (UNSOLD, 5_000)):
            self.asset.share.mint(OFFICERS[Role.ISSUER], holder, shares)
        self.asset.registry.append(OFFICERS[Role.REGISTRAR], TERMS.first_day, b"\1" * 32, 5, 50_000)
        self.anchor(3)

    def signatures(self, hashed: bytes) -> list[bytes]:
        return [signed(signer, self.asset.declarations.domain.separator, hashed) for signer in SIGNERS[:2]]

    def anchor(self, size: int) -> None:
        log = self.asset.declarations
        head = log.generations[-1]
        leaves = LEAVES[:size]
        proof = consistency_proof(len(head), leaves) if head else ()
        log.anchor(ANN, leaves, proof, self.signatures(log.anchor_hash(leaves)))

    def to_day(self, day: int) -> None:
        self.asset.clock.now = self.asset.clock.start_of(TERMS.first_day + day)

    def report(self, period: int, distributable: int) -> Report:
        return Report(
            period=period,
            revision=0,
            signer_set_version=1,
            log_generation=1,
            log_size=3,
            registry_index=0,
            settlement_root=b"\2" * 32,
            export_wh=1_000,
            import_wh=0,
            gross=distributable,
            distributable=distributable,
            tariff_hash=b"\3" * 32,
            statement_hash=b"\4" * 32,
            previous_hash=bytes(32),
        )

    def declare(self, report: Report) -> None:
        self.asset.declarations.declare(ANN, report, self.signatures(report.hash()))

    def fund(self, period: int, amount: int) -> None:
        self.asset.token.mint(ANN, self.treasury, amount)
        self.asset.token.approve(self.treasury, self.asset.distributor.address, amount)
        self.asset.distributor.fund(self.treasury, period, amount)


def funded_life() -> Life:
    """Two days over: ann sold half of hers before the second one ended; 41.270001 are declared and there."""
    life = Life()
    life.to_day(1)
    life.asset.share.transfer(ANN, CAT, 300)
    life.to_day(2)
    life.declare(life.report(0, 41_270_001))
    life.asset.clock.now += TERMS.challenge_window_s
    life.fund(0, 30_000_000)
    life.fund(0, 11_270_001)
    return life


def test_who_held_a_share_at_the_end_of_a_day_earns_that_day() -> None:
    life = funded_life()
    register, distributor = life.asset.share.register, life.asset.distributor
    days = [register.share_days(who, 100, 102) for who in (ANN, BOB, CAT, UNSOLD)]
    assert days == [900, 600, 500, 0]
    assert register.total_share_days(100, 102) == 2_000
    assert [distributor.claim(who, 2) for who in (ANN, BOB, CAT)] == [
        41_270_001 * 900 // 2_000,
        41_270_001 * 600 // 2_000,
        41_270_001 * 500 // 2_000,
    ]
    assert distributor.claim(ANN, 2) == 0
    left = sum(distributor.owed_x96(who, 2) for who in (ANN, BOB, CAT)) + distributor.books.carry_x96
    assert left == life.asset.token.balance_of(distributor.address) * X96


def test_what_must_be_refused_is_refused_with_its_numbers() -> None:
    life = Life()
    report = life.report(0, 1_000)
    life.to_day(1)
    with pytest.raises(PeriodNotOver) as early:
        life.declare(report)
    assert early.value.facts == (0, life.asset.clock.start_of(102), life.asset.clock.start_of(101))
    with pytest.raises(DayNotOver) as unfinished:
        life.asset.share.register.balance_at(ANN, 101)
    assert (unfinished.value.day, unfinished.value.today) == (101, 101)
    life.to_day(2)
    life.declare(report)
    with pytest.raises(PeriodNotFinal):
        life.fund(0, 1_000)
    life.asset.clock.now += TERMS.challenge_window_s
    with pytest.raises(PeriodAlreadyDeclared):
        life.declare(replace(report, revision=1, previous_hash=report.hash()))
    with pytest.raises(FundingBelowMinimum) as little:
        life.fund(0, 9)
    assert little.value.facts == (0, 9, 10)
    with pytest.raises(FundingAboveDistributable):
        life.fund(0, 1_001)
    life.fund(0, 1_000)
    life.asset.gate.set_allowed(OFFICERS[Role.COMPLIANCE], [BOB], False)
    with pytest.raises(HolderNotAllowed):
        life.asset.distributor.claim(BOB, 1)
    assert life.asset.distributor.push(ANN, [ANN, BOB], 1) == 2
    assert life.asset.distributor.owed_x96(BOB, 1) == 1_000 * X96 * 3 // 10


def test_a_log_that_was_rewritten_is_no_beginning_of_another() -> None:
    life = Life()
    log = life.asset.declarations
    leaves = [LEAVES[0], LEAVES[9], *LEAVES[2:7]]
    with pytest.raises(NotAPrefix):
        log.anchor(ANN, leaves, consistency_proof(3, leaves), life.signatures(log.anchor_hash(leaves)))
    life.anchor(7)
    assert log.root_of(1, 3) == root_of(LEAVES[:3])
    assert log.root_of(1, 4) == bytes(32)


def _a_unit_vanishes(asset: Asset) -> None:
    asset.token.balances[asset.distributor.address] -= 1


def _a_fraction_vanishes(asset: Asset) -> None:
    asset.distributor.books.carry_x96 += 1


def _a_past_day_changes(asset: Asset) -> None:
    asset.share.register._row(100)[BOB] += 1


def _more_is_funded_than_declared(asset: Asset) -> None:
    reports = asset.declarations.history[0]
    reports[-1] = replace(reports[-1], report=replace(reports[-1].report, distributable=1))


def _a_final_report_is_replaced(asset: Asset) -> None:
    reports = asset.declarations.history[0]
    reports[-1] = replace(reports[-1], report=replace(reports[-1].report, export_wh=1))


def _an_entry_is_swapped(asset: Asset) -> None:
    asset.declarations.generations[-1] = tuple(LEAVES[3:8])


def _owed_falls_by_itself(asset: Asset) -> None:
    tranches = asset.distributor.books.tranches
    tranches[0] = replace(tranches[0], credits_x96={**tranches[0].credits_x96, BOB: 0})


class _OnlyAllAtOnce(Books):
    def credit_x96(self, holder: Address, up_to: int) -> int:
        return super().credit_x96(holder, len(self.tranches) if up_to else 0)


def _a_claim_brings_another_tranche_too(asset: Asset) -> None:
    asset.distributor.books.settled[ANN] = 0
    asset.distributor.books.__class__ = _OnlyAllAtOnce


def _one_signer_counts_twice(asset: Asset) -> None:
    reports = asset.declarations.history[0]
    reports[-1] = replace(reports[-1], signers=(SIGNERS[0], SIGNERS[0]))


def _a_deadline_moves(asset: Asset) -> None:
    reports = asset.declarations.history[0]
    reports[-1] = replace(reports[-1], deadline=reports[-1].deadline - 1)


def _the_total_is_another(asset: Asset) -> None:
    asset.share.register.total_share_days = lambda *_: 1  # type: ignore[method-assign]


BREAKS: dict[str, Callable[[Asset], None]] = {
    "the_distributor_holds_what_it_owes": _a_unit_vanishes,
    "what_was_funded_is_owed_paid_or_carried": _a_fraction_vanishes,
    "every_holder_has_been_paid_or_is_owed_what_the_books_say": _a_past_day_changes,
    "funding_never_exceeds_what_a_final_report_allows": _more_is_funded_than_declared,
    "the_balances_of_past_days_never_change": _a_past_day_changes,
    "share_days_add_up_over_splits_and_over_holders": _the_total_is_another,
    "a_final_report_never_changes": _a_final_report_is_replaced,
    "the_anchored_log_only_grows": _an_entry_is_swapped,
    "push_never_changes_who_is_owed_what": _owed_falls_by_itself,
    "nothing_lowers_what_is_owed_but_a_payment_or_a_redirect": _owed_falls_by_itself,
    "the_order_and_grouping_of_claims_is_irrelevant": _a_claim_brings_another_tranche_too,
    "every_final_report_was_signed_by_a_quorum_of_one_signer_set": _one_signer_counts_twice,
    "revisions_and_deadlines_only_rise": _a_deadline_moves,
}


@pytest.mark.parametrize("sentence", INVARIANTS, ids=lambda sentence: sentence.__name__)
def test_a_sentence_is_true_of_a_life_and_false_of_one_that_is_broken(sentence: Callable[..., None]) -> None:
    life = funded_life()
    before = look(life.asset)
    life.asset.distributor.push(ANN, [ANN, BOB], 1)
    before = check(life.asset, before)
    BREAKS[sentence.__name__](life.asset)
    with pytest.raises(Broken):
        sentence(life.asset, before)


def test_a_fraction_of_a_base_unit_is_missed() -> None:
    life = funded_life()
    before = look(life.asset)
    _a_fraction_vanishes(life.asset)
    with pytest.raises(Broken, match="what was funded is owed paid or carried"):
        check(life.asset, before)


def test_the_sentences_are_the_ones_that_foundry_checks() -> None:
    sources = "".join(path.read_text("utf-8") for path in SOLIDITY.glob("*.t.sol"))
    solidity = re.findall(r"function invariant_(\w+)", sources)
    assert sorted(solidity) == sorted(sentence.__name__ for sentence in INVARIANTS)
    assert len(solidity) >= 12


def test_every_sentence_has_walks_of_its_own() -> None:
    sources = "".join(path.read_text("utf-8") for path in SOLIDITY.glob("*.t.sol"))
    seeds = re.findall(r"forge-config: default.fuzz.seed = \"(0x\w+)\"", sources)
    assert len(set(seeds)) == len(seeds) == len(INVARIANTS)


def test_what_is_signed_is_what_a_wallet_signs() -> None:
    declarations = Life().asset.declarations
    report = replace(Life().report(7, 5), import_wh=3, catch_up_hours=4)
    fields = [pair.split() for pair in REPORT_TYPE.removeprefix("Report(").removesuffix(")").split(",")]
    types = {"Report": [{"type": kind, "name": name} for kind, name in fields]}
    domain = {
        "name": "helioracle",
        "version": "1",
        "chainId": 1,
        "verifyingContract": "0x00000000000000000000000000000000000000A2",
    }
    names = [name for _, name in fields]
    wallet = encode_typed_data(domain, types, dict(zip(names, report.words, strict=True)))
    assert wallet.header == declarations.domain.separator
    assert wallet.body == report.hash()
    assert declarations.status(7) is Status.NONE
