"""The whole life of an asset on four real chains; see `tests/contracts/nodes.py`."""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from web3.logs import DISCARD

from bench.gas.direct_meter import DirectMeter
from evidence import log_entry, merkle, tags
from tests.contracts.nodes import NODES, Node, running
from tests.contracts.one_asset import (
    DAYS_PER_PERIOD,
    DISPUTED,
    FINAL,
    LEAVES,
    NONE,
    PENDING,
    SIGNERS,
    STRANGER,
    VOID,
    Asset,
    root_of,
)


@pytest.fixture(scope="module", params=NODES)
def node(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    with running(request.param, tmp_path_factory.mktemp(request.param)) as found:
        yield found


@pytest.fixture
def asset(node: Node) -> Asset:
    return Asset(node)


def test_from_shares_to_payouts(asset: Asset) -> None:
    a = asset
    a.send(a.share.functions.mint(a.ann, 600))
    a.send(a.share.functions.mint(a.bob, 300))
    a.send(a.share.functions.mint(a.cat, 100))
    a.anchor(3)
    a.to_day(1)
    # In the middle of the period of two days ann sells half: the first day is hers, the second is shared.
    a.send(a.share.functions.transfer(a.cat, 300), a.ann)
    a.to_day(2)
    a.anchor(10)

    report = a.report(0, 41_270_001)
    with_a_stranger = sorted([SIGNERS[0], STRANGER], key=lambda key: int(key.address, 16))
    a.refused(a.declare_call(report, with_a_stranger), "SignerUnknown(address)")
    a.refused(a.declare_call(report, SIGNERS[:1]), "SignaturesTooFew(uint256,uint256)")
    a.refused(a.declare_call(report, [SIGNERS[1], SIGNERS[0]]), "SignersNotRising(address,address)")
    receipt = a.send(a.declare_call(report), a.keeper)
    (declared,) = a.declarations.events.Declared().process_receipt(receipt, errors=DISCARD)
    assert declared["args"]["period"] == 0
    assert declared["args"]["distributable"] == 41_270_001
    assert declared["args"]["logSize"] == 10
    assert declared["args"]["reportHash"] == a.declarations.functions.reportHash(0).call()
    assert a.status(0) == PENDING
    assert a.distributor.functions.coverage(0).call() == [0, 0]
    a.refused(a.distributor.functions.fund(0, 1), "AccessManagedUnauthorized(address)", a.keeper)
    a.send(a.token.functions.mint(a.treasury, 41_270_002), a.treasury)
    a.send(a.token.functions.approve(a.distributor.address, 41_270_002), a.treasury)
    a.refused(a.distributor.functions.fund(0, 41_270_001), "PeriodNotFinal(uint32,uint8)", a.treasury)
    a.node.travel(declared["args"]["challengeEndsAt"])
    assert a.status(0) == FINAL
    assert a.distributor.functions.coverage(0).call() == [41_270_001, 0]
    assert a.distributor.functions.arrears(0, 1).call() == 41_270_001
    too_much = a.distributor.functions.fund(0, 41_270_002)
    a.refused(too_much, "FundingAboveDistributable(uint32,uint256,uint256)", a.treasury)
    a.fund(0, 30_000_000)
    a.fund(0, 11_270_001)
    assert a.distributor.functions.arrears(0, 1).call() == 0

    # ann 600 + 300, bob 300 + 300, cat 100 + 400 of 2,000 share-days; each floors once, over both tranches.
    paid = a.send(a.distributor.functions.claim(2), a.ann)
    assert a.distributor.events.Paid().process_receipt(paid, errors=DISCARD)[0]["args"]["holder"] == a.ann
    assert a.balance(a.ann) == 41_270_001 * 900 // 2_000
    a.send(a.distributor.functions.push([a.bob, a.cat, a.ann], 2), a.keeper)
    assert a.balance(a.bob) == 41_270_001 * 600 // 2_000
    assert a.balance(a.cat) == 41_270_001 * 500 // 2_000

    owed = sum(a.distributor.functions.owedX96(holder, 2).call() for holder in (a.ann, a.bob, a.cat))
    left = a.balance(a.distributor.address)
    assert owed + a.distributor.functions.carryX96().call() == left << 96
    assert (
        a.distributor.functions.totalPaid().call() + left == a.distributor.functions.totalFunded().call() == 41_270_001
    )


def test_a_disputed_report_is_answered_or_void(asset: Asset) -> None:
    a = asset
    a.anchor(3)
    a.to_day(4)
    wrong = a.report(0, 9_000_000)
    a.send(a.declare_call(wrong))
    said = a.declarations.functions.reportHash(0).call()
    reason = b"\7" * 32
    a.refused(a.declarations.functions.dispute(0, said, reason), "SignerUnknown(address)", a.keeper)
    a.send(a.declarations.functions.guardianDispute(0, said, reason), a.guardian)
    assert a.status(0) == DISPUTED
    right = a.report(0, 7_000_000, revision=1, previousHash=said)
    a.refused(a.declare_call(a.report(0, 7_000_000, revision=1)), "PreviousHashWrong(bytes32,bytes32)")
    a.send(a.declare_call(right))
    answered = a.declarations.functions.reportHash(0).call()
    again = a.declarations.functions.guardianDispute(0, answered, reason)
    a.refused(again, "AlreadyDisputed(uint32)", a.guardian)
    a.node.travel(a.deadline(0))
    assert a.status(0) == FINAL
    assert a.declarations.functions.distributableOf(0).call() == 7_000_000
    after = a.report(0, 7_000_000, revision=2, previousHash=answered)
    a.refused(a.declare_call(after), "PeriodAlreadyDeclared(uint32,bytes32)")

    # Nobody answers for the next period: it is void by the clock, and can be declared again.
    a.send(a.declare_call(a.report(1, 5_000_000)))
    said = a.declarations.functions.reportHash(1).call()
    a.send(a.declarations.functions.guardianDispute(1, said, reason), a.guardian)
    a.node.travel(a.deadline(1))
    assert a.status(1) == VOID
    a.send(a.declare_call(a.report(1, 5_000_000, revision=1, previousHash=said)))
    assert a.status(1) == PENDING
    assert a.status(2) == NONE


def test_a_rewritten_log_is_refused(asset: Asset) -> None:
    rewritten = [*LEAVES[:3], sha256(b"\0another reading").digest(), *LEAVES[4:]]
    asset.anchor(7)
    asset.refused(asset.anchor_call(20, rewritten), "OldRootMismatch(bytes32,bytes32)")
    asset.refused(asset.anchor_call(7, rewritten), "RootMismatch(bytes32,bytes32)")
    # A tree of eight is a node of the larger tree: its root opens the proof, and it is the new root that doesn't fit.
    asset.anchor(8)
    asset.refused(asset.anchor_call(20, rewritten), "RootMismatch(bytes32,bytes32)")
    asset.log_size = 0
    asset.refused(asset.anchor_call(7, LEAVES), "LogShrank(uint64,uint64)")
    asset.log_size = 8
    asset.anchor(100)
    assert asset.declarations.functions.head().call() == [1, 100, root_of(LEAVES)]
    assert asset.declarations.functions.rootAt(8).call() == root_of(LEAVES[:8])


def test_a_report_waits_for_its_period_and_for_its_log(asset: Asset) -> None:
    asset.anchor(4)
    asset.to_day(1)
    asset.refused(asset.declare_call(asset.report(0, 1)), "PeriodNotOver(uint32,uint256,uint256)")
    asset.to_day(2)
    asset.refused(asset.declare_call(asset.report(0, 1, logSize=5)), "LogSizeNotAnchored(uint64)")
    too_much = asset.report(0, 1, exportWh=50 * 2 * 10 * 1_100 + 1)
    asset.refused(asset.declare_call(too_much), "PeriodEnergyTooLarge(uint32,uint256,uint256)")
    asset.declare_final(0, 1)
    asset.refused(asset.declare_call(asset.report(0, 2)), "PeriodAlreadyDeclared(uint32,bytes32)")


def test_the_errors_that_people_meet_are_in_the_abi(asset: Asset) -> None:
    def errors(contract: Any) -> set[str]:
        return {item["name"] for item in contract.abi if item["type"] == "error"}

    assert {"OldRootMismatch", "RootMismatch", "ProofTooLong", "ProofTooShort", "LogShrank", "SignerUnknown"} <= errors(
        asset.declarations
    )
    assert {"DayNotOver", "ERC7943CannotReceive", "ERC7943InsufficientUnfrozenBalance"} <= errors(asset.share)
    assert {"FundingAboveDistributable", "UpToTooLarge", "GasTooLow", "HolderNotAllowed"} <= errors(asset.distributor)


def test_an_asset_of_one_meter_is_settled_by_the_contract(node: Node) -> None:
    meter = DirectMeter(0, chain_id=node.web3.eth.chain_id, nameplate_w=50_000, valid_from=0)
    a = Asset(node, bindings_root=meter.leaf, meters=1, direct=True)  # the tree of one meter
    assert a.direct is not None
    contents = [
        meter.document(
            a.start_of(DAYS_PER_PERIOD * boundary), seq0=3, export_wh=1_000_000 + 77_770 * boundary, import_wh=0
        )
        for boundary in range(2)
    ]
    leaves = list(LEAVES)
    for place, content in enumerate(contents):
        leaves[40 + place] = log_entry.entry_leaf(tags.ENTRY_HEADER, content)
    a.leaves = leaves
    a.anchor(100)
    a.to_day(DAYS_PER_PERIOD, plus_s=10)
    for boundary, content in enumerate(contents):
        place = 40 + boundary
        header = (content, 100, place, merkle.inclusion_proof(leaves, place))
        a.send(a.direct.functions.settle(boundary, header, (meter.record, 0, [])))
    assert a.direct.functions.figures(0).call() == [77_770, 0, 0]
    assert (a.gas["settle"] < 200_000) == node.has_p256, a.gas
    wrong = a.report(0, 1_000, exportWh=77_771, importWh=0)
    a.refused(a.declare_call(wrong), "DirectFiguresDiffer(uint64,uint64,uint32,uint64,uint64,uint32)")
    a.send(a.declare_call(a.report(0, 1_000, exportWh=77_770, importWh=0)))
    assert a.status(0) == PENDING
    late = (contents[1], 100, 41, merkle.inclusion_proof(leaves, 41))
    again = a.direct.functions.settle(1, late, (meter.record, 0, []))
    a.refused(again, "BoundaryNotLater(uint32,uint32)")


def test_the_verbs_stay_within_their_gas(asset: Asset) -> None:
    a = asset
    a.send(a.share.functions.mint(a.ann, 600))
    a.send(a.share.functions.mint(a.bob, 300))
    a.send(a.share.functions.mint(a.cat, 100))
    a.anchor(3)
    for period in range(13):
        a.to_day((period + 1) * DAYS_PER_PERIOD)
        a.anchor(4 + 7 * period)
        a.declare_final(period, 1_000_003)
        a.fund(period, 1_000_003)
        if period == 0:
            for holder in (a.ann, a.bob, a.cat):
                a.send(a.distributor.functions.claim(1), holder)
    measured = {name: a.gas[name] for name in ("anchor", "declare", "fund")}
    measured["claim 1"] = a.send(a.distributor.functions.claim(2), a.ann)["gasUsed"]
    measured["claim 12"] = a.send(a.distributor.functions.claim(13), a.bob)["gasUsed"]
    measured["transfer, first of the day"] = a.send(a.share.functions.transfer(a.bob, 1), a.ann)["gasUsed"]
    measured["transfer, again"] = a.send(a.share.functions.transfer(a.bob, 1), a.ann)["gasUsed"]
    most = {
        "anchor": 90_000,
        "declare": 130_000,
        "fund": 115_000,
        "claim 1": 75_000,
        "claim 12": 150_000,
        "transfer, first of the day": 100_000,
        "transfer, again": 55_000,
    }
    assert {name: gas for name, gas in measured.items() if gas > most[name]} == {}, measured
