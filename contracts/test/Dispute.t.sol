// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRevenueDeclarations} from "../src/interfaces/IRevenueDeclarations.sol";
import {ISignerSets} from "../src/interfaces/ISignerSets.sol";
import {DeclarationsFixture} from "./DeclarationsFixture.sol";

contract DisputeTest is DeclarationsFixture {
    function setUp() public {
        deployStrictly(5, QUORUM);
        anchorMore(3);
        toDay(FIRST_DAY + 3);
    }

    // ---------------------------------------------------------------- revisions

    function test_a_revision_replaces_a_pending_report_and_waits_anew() public {
        declareReport(report(0, 1_000));
        vm.warp(block.timestamp + CHALLENGE - 1);
        IRevenueDeclarations.Report memory said = nextRevision(0, 900);
        (said.exportWh, said.importWh) = (100, 1);
        declareReport(said);
        IRevenueDeclarations.Declaration memory kept = declarations.declaration(0);
        assertEq(kept.revision, 1, "revision");
        assertEq(kept.reportHash, declarations.hashReport(said), "hash");
        assertEq(kept.deadline, block.timestamp + CHALLENGE, "its own deadline");
        assertEq(declarations.energyTotalWh(), 101, "the energy is replaced");
        vm.warp(block.timestamp + CHALLENGE - 1);
        expectStatus(0, IRevenueDeclarations.Status.Pending, "the first deadline does not count any more");
        vm.warp(block.timestamp + 1);
        assertEq(declarations.distributableOf(0), 900, "the revision is final");
    }

    function test_a_revision_continues_the_one_before_it() public {
        declareReport(report(0, 1_000));
        bytes32 first = declarations.reportHash(0);
        IRevenueDeclarations.Report memory said = report(0, 900);
        refused(said, abi.encodeWithSelector(IRevenueDeclarations.RevisionWrong.selector, 0, 1));
        said = nextRevision(0, 900);
        said.revision = 2;
        refused(said, abi.encodeWithSelector(IRevenueDeclarations.RevisionWrong.selector, 2, 1));
        said = nextRevision(0, 900);
        said.previousHash = 0;
        bytes4 wrong = IRevenueDeclarations.PreviousHashWrong.selector;
        refused(said, abi.encodeWithSelector(wrong, bytes32(0), first));
        declareReport(nextRevision(0, 900));
        declareReport(nextRevision(0, 800));
        assertEq(declarations.declaration(0).revision, 2, "and so on");
    }

    // ---------------------------------------------------------------- disputes

    function test_a_signer_disputes_and_unanswered_the_report_is_void() public {
        declareReport(report(0, 1_000));
        bytes32 hash = declarations.reportHash(0);
        uint40 resolveBy = uint40(block.timestamp + CHALLENGE - 1 + RESOLVE);
        vm.warp(block.timestamp + CHALLENGE - 1);
        vm.expectEmit(address(declarations));
        emit IRevenueDeclarations.Disputed(0, hash, vm.addr(keys[4]), resolveBy, "reason");
        vm.prank(vm.addr(keys[4]));
        declarations.dispute(0, hash, "reason");
        expectStatus(0, IRevenueDeclarations.Status.Disputed, "disputed");
        assertEq(declarations.energyTotalWh(), 0, "its energy is taken out at once");
        assertEq(declarations.declaration(0).deadline, resolveBy, "the new deadline");
        vm.warp(resolveBy - 1);
        expectStatus(0, IRevenueDeclarations.Status.Disputed, "until the last second");
        vm.warp(resolveBy);
        expectStatus(0, IRevenueDeclarations.Status.Void, "void by itself");
        assertEq(declarations.reportHash(0), hash, "still readable");
        assertEq(declarations.distributableSum(0, 1), 0, "nothing is let out");
        vm.warp(resolveBy + 365 days);
        expectStatus(0, IRevenueDeclarations.Status.Void, "for good");
    }

    function test_an_upheld_report_comes_back_as_the_next_revision() public {
        declareReport(report(0, 1_000));
        guardianDisputes(0);
        declareReport(nextRevision(0, 1_000));
        expectStatus(0, IRevenueDeclarations.Status.Pending, "pending again");
        assertEq(declarations.energyTotalWh(), 123_463, "its energy counts again, once");
        bytes32 hash = declarations.reportHash(0);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.AlreadyDisputed.selector, 0));
        vm.prank(GUARDIAN);
        declarations.guardianDispute(0, hash, "again");
        // Nor after a further revision.
        declareReport(nextRevision(0, 999));
        hash = declarations.reportHash(0);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.AlreadyDisputed.selector, 0));
        vm.prank(vm.addr(keys[0]));
        declarations.dispute(0, hash, "again");
        vm.warp(block.timestamp + CHALLENGE);
        assertEq(declarations.distributableOf(0), 999, "final");
    }

    function test_a_void_report_is_replaced_too() public {
        declareReport(report(0, 1_000));
        guardianDisputes(0);
        vm.warp(block.timestamp + RESOLVE);
        expectStatus(0, IRevenueDeclarations.Status.Void, "void");
        declareReport(nextRevision(0, 700));
        vm.warp(block.timestamp + CHALLENGE);
        assertEq(declarations.distributableOf(0), 700, "final");
        assertEq(declarations.energyTotalWh(), 123_463, "its energy counts");
    }

    function test_only_what_is_pending_is_disputed() public {
        bytes4 notPending = IRevenueDeclarations.NotPending.selector;
        _refusedDispute(abi.encodeWithSelector(notPending, 0, IRevenueDeclarations.Status.None));
        declareReport(report(0, 1_000));
        uint256 state = vm.snapshotState();
        vm.warp(block.timestamp + CHALLENGE);
        _refusedDispute(abi.encodeWithSelector(notPending, 0, IRevenueDeclarations.Status.Final));
        vm.revertToState(state);
        guardianDisputes(0);
        _refusedDispute(abi.encodeWithSelector(notPending, 0, IRevenueDeclarations.Status.Disputed));
        vm.warp(block.timestamp + RESOLVE);
        _refusedDispute(abi.encodeWithSelector(notPending, 0, IRevenueDeclarations.Status.Void));
    }

    function _refusedDispute(bytes memory reason) private {
        bytes32 hash = declarations.reportHash(0);
        vm.expectRevert(reason);
        vm.prank(GUARDIAN);
        declarations.guardianDispute(0, hash, "reason");
        vm.expectRevert(reason);
        vm.prank(vm.addr(keys[2]));
        declarations.dispute(0, hash, "reason");
    }

    /// @dev A revision that arrives just before the dispute is another report, which its challenger has not seen.
    function test_a_dispute_names_the_report_it_means() public {
        declareReport(report(0, 1_000));
        bytes32 seen = declarations.reportHash(0);
        declareReport(nextRevision(0, 900));
        _expectWrongHash(seen);
        vm.prank(vm.addr(keys[0]));
        declarations.dispute(0, seen, "reason");
        _expectWrongHash(seen);
        vm.prank(GUARDIAN);
        declarations.guardianDispute(0, seen, "reason");
    }

    function _expectWrongHash(bytes32 got) private {
        bytes32 want = declarations.reportHash(0);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.ReportHashWrong.selector, got, want));
    }

    function test_a_pause_does_not_stop_a_dispute() public {
        declareReport(report(0, 1_000));
        vm.prank(GUARDIAN);
        declarations.pause(1 days);
        guardianDisputes(0);
        expectStatus(0, IRevenueDeclarations.Status.Disputed, "disputed");
    }

    function test_other_periods_go_on_during_a_dispute() public {
        toDay(FIRST_DAY + 6);
        declareReport(report(0, 1_000));
        guardianDisputes(0);
        declareReport(report(1, 500));
        vm.warp(block.timestamp + CHALLENGE);
        expectStatus(1, IRevenueDeclarations.Status.Final, "final");
        assertEq(declarations.distributableSum(0, 2), 500, "sum");
    }

    // ---------------------------------------------------------------- who may

    function testFuzz_a_stranger_does_not_dispute(address caller) public {
        for (uint256 i = 0; i < keys.length; ++i) {
            vm.assume(caller != vm.addr(keys[i]));
        }
        declareReport(report(0, 1_000));
        bytes32 hash = declarations.reportHash(0);
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.SignerUnknown.selector, caller));
        vm.prank(caller);
        declarations.dispute(0, hash, "reason");
    }

    function test_a_former_signer_does_not_dispute_and_a_new_one_does() public {
        vm.prank(SIGNER_ADMIN);
        declarations.announceSignerSet(list(ANN), 1, uint40(block.timestamp + CHALLENGE));
        vm.warp(block.timestamp + CHALLENGE - 1);
        declareReport(report(0, 1_000));
        bytes32 hash = declarations.reportHash(0);
        vm.warp(block.timestamp + 1);
        address former = vm.addr(keys[0]);
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.SignerUnknown.selector, former));
        vm.prank(former);
        declarations.dispute(0, hash, "reason");
        vm.prank(ANN);
        declarations.dispute(0, hash, "reason");
    }

    function testFuzz_only_the_guardian_disputes_as_guardian(address caller) public {
        vm.assume(caller != GUARDIAN);
        declareReport(report(0, 1_000));
        bytes32 hash = declarations.reportHash(0);
        expectUnauthorized(caller);
        vm.prank(caller);
        declarations.guardianDispute(0, hash, "reason");
    }
}
