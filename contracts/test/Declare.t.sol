// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {ExpiringPause} from "../src/base/ExpiringPause.sol";
import {RevenueDeclarations} from "../src/RevenueDeclarations.sol";
import {IMeterRegistry} from "../src/interfaces/IMeterRegistry.sol";
import {IRevenueDeclarations} from "../src/interfaces/IRevenueDeclarations.sol";
import {ISignerSets} from "../src/interfaces/ISignerSets.sol";
import {SettlementDay} from "../src/lib/SettlementDay.sol";
import {DeclarationsFixture} from "./DeclarationsFixture.sol";

contract DeclareTest is DeclarationsFixture {
    function setUp() public {
        deployStrictly(5, QUORUM);
        anchorMore(3);
        toDay(FIRST_DAY + 3);
    }

    function test_a_report_is_pending_for_the_challenge_window_and_then_final() public {
        expectStatus(0, IRevenueDeclarations.Status.None, "nothing yet");
        IRevenueDeclarations.Report memory said = report(0, 1_000);
        bytes[] memory signatures = sign(declarations.reportDigest(said));
        bytes32 hash = declarations.hashReport(said);
        uint40 deadline = uint40(block.timestamp + CHALLENGE);
        vm.expectEmit(address(declarations));
        emit IRevenueDeclarations.Declared(0, 0, hash, 3, 123_456, 7, 1_100, 1_000, "settlement", "statement", deadline);
        vm.prank(STRANGER);
        declarations.declare(said, signatures);

        expectStatus(0, IRevenueDeclarations.Status.Pending, "pending");
        IRevenueDeclarations.Declaration memory kept = declarations.declaration(0);
        assertEq(kept.reportHash, hash, "hash");
        assertEq(kept.revision, 0, "revision");
        assertEq(kept.deadline, deadline, "deadline");
        assertEq(kept.distributable, 1_000, "distributable");
        assertEq(kept.energyWh, 123_463, "energy");
        assertEq(declarations.reportHash(0), hash, "hash alone");
        assertEq(declarations.declarationsEnd(), 1, "end");
        assertEq(declarations.energyTotalWh(), 123_463, "all energy");
        assertEq(declarations.distributableSum(0, 1), 0, "nothing may be distributed yet");

        vm.warp(deadline - 1);
        expectStatus(0, IRevenueDeclarations.Status.Pending, "until the last second");
        vm.warp(deadline);
        expectStatus(0, IRevenueDeclarations.Status.Final, "final by itself");
        assertEq(declarations.distributableOf(0), 1_000, "distributable");
        assertEq(declarations.distributableSum(0, 1), 1_000, "sum");
        assertEq(declarations.reportHash(1), 0, "other periods are untouched");
    }

    function test_without_a_challenge_window_a_report_is_final_at_once() public {
        IRevenueDeclarations.Terms memory quick = terms();
        declarations = new RevenueDeclarations(quick, addresses(keys), QUORUM, address(manager));
        anchorMore(1);
        declareReport(report(0, 5));
        expectStatus(0, IRevenueDeclarations.Status.Final, "final");
    }

    function test_a_final_report_never_changes() public {
        declareReport(report(0, 1_000));
        vm.warp(block.timestamp + CHALLENGE);
        bytes memory reason =
            abi.encodeWithSelector(IRevenueDeclarations.PeriodAlreadyDeclared.selector, 0, declarations.reportHash(0));
        refused(report(0, 1_000), reason);
        refused(nextRevision(0, 2_000), reason);
    }

    function test_a_period_is_declared_only_when_it_is_over() public {
        uint256 ends = uint256(FIRST_DAY + 6) * 1 days - 8 hours;
        bytes4 notOver = IRevenueDeclarations.PeriodNotOver.selector;
        vm.warp(ends - 1);
        refused(report(1, 1), abi.encodeWithSelector(notOver, 1, ends, ends - 1));
        vm.warp(ends);
        declareReport(report(1, 1));
        refused(report(2, 1), abi.encodeWithSelector(notOver, 2, ends + 3 days, ends));
    }

    function test_a_report_cites_an_anchored_size_and_the_meters_in_force() public {
        toDay(FIRST_DAY + 4);
        IRevenueDeclarations.Report memory said = report(0, 1);
        said.logSize = 2;
        refused(said, abi.encodeWithSelector(IRevenueDeclarations.LogSizeNotAnchored.selector, 2));
        said.logSize = 0;
        refused(said, abi.encodeWithSelector(IRevenueDeclarations.LogSizeNotAnchored.selector, 0));

        // A new set of meters from the second day of period 1 on: period 1 still names the one that it began with.
        vm.prank(REGISTRAR);
        registry.append(FIRST_DAY + 4, "more bindings", 6, 60_000);
        toDay(FIRST_DAY + 9);
        bytes4 wrong = IRevenueDeclarations.RegistryIndexWrong.selector;
        said = report(1, 1);
        said.registryIndex = 1;
        refused(said, abi.encodeWithSelector(wrong, 1, 0));
        said.registryIndex = 0;
        declareReport(said);
        said = report(2, 1);
        refused(said, abi.encodeWithSelector(wrong, 0, 1));
        said.registryIndex = 1;
        declareReport(said);
        // An older anchored size is as good: roots stay.
        anchorMore(4);
        said = report(0, 1);
        said.logSize = 3;
        declareReport(said);
    }

    function test_after_a_restart_only_the_new_log_is_cited() public {
        vm.prank(RESTARTER);
        declarations.announceRestart(2, "new root", "reason");
        vm.warp(block.timestamp + 14 days);
        declarations.restartLog(2, "new root", sign(declarations.restartDigest(2, 2, "new root", 3, log.root(3))));
        IRevenueDeclarations.Report memory said = report(0, 1);
        refused(said, abi.encodeWithSelector(IRevenueDeclarations.LogGenerationWrong.selector, 1, 2));
        (said.logGeneration, said.logSize) = (2, 3);
        refused(said, abi.encodeWithSelector(IRevenueDeclarations.LogSizeNotAnchored.selector, 3));
        said.logSize = 2;
        declareReport(said);
    }

    function test_without_meters_nothing_is_declared() public {
        IRevenueDeclarations.Terms memory early = terms();
        (early.firstDay, early.daysPerPeriod) = (FIRST_DAY - 2, 1);
        declarations = new RevenueDeclarations(early, addresses(keys), QUORUM, address(manager));
        anchorMore(1);
        refused(report(0, 1), abi.encodeWithSelector(IMeterRegistry.NoEntryInForce.selector, FIRST_DAY - 2));
    }

    function test_each_wrong_field_is_named() public {
        IRevenueDeclarations.Report memory said = report(0, 1_000);
        said.schemaVersion = 1;
        refused(said, abi.encodeWithSelector(IRevenueDeclarations.SchemaVersionWrong.selector, 1, 2));
        said = report(0, 1_000);
        said.revision = 1;
        refused(said, abi.encodeWithSelector(IRevenueDeclarations.RevisionWrong.selector, 1, 0));
        said = report(0, 1_000);
        said.previousHash = "previous";
        bytes4 wrongHash = IRevenueDeclarations.PreviousHashWrong.selector;
        refused(said, abi.encodeWithSelector(wrongHash, bytes32("previous"), bytes32(0)));
        said = report(0, 1_000);
        said.signerSetVersion = 2;
        refused(said, abi.encodeWithSelector(IRevenueDeclarations.SignerSetWrong.selector, 2, 1));
        said = report(0, 1_000);
        said.gross = 999;
        refused(said, abi.encodeWithSelector(IRevenueDeclarations.DistributableAboveGross.selector, 1_000, 999));
        uint128 most = type(uint96).max;
        refused(
            report(0, most + 1), abi.encodeWithSelector(IRevenueDeclarations.AmountTooLarge.selector, most + 1, most)
        );
        declareReport(report(0, most));
    }

    function testFuzz_a_changed_report_is_not_the_signed_one(uint8 field, uint64 exportWh, uint128 gross) public {
        IRevenueDeclarations.Report memory said = report(0, 1_000);
        bytes[] memory signatures = sign(declarations.reportDigest(said));
        if (field % 4 == 0) {
            exportWh = uint64(bound(exportWh, 0, 1_000_000));
            vm.assume(exportWh != said.exportWh);
            said.exportWh = exportWh;
        } else if (field % 4 == 1) {
            vm.assume(gross != said.gross && gross >= said.distributable);
            said.gross = gross;
        } else if (field % 4 == 2) {
            said.statementHash = ~said.statementHash;
        } else {
            said.missingMeters = 1;
        }
        address seen = ECDSA.recover(declarations.reportDigest(said), signatures[0]);
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.SignerUnknown.selector, seen));
        declarations.declare(said, signatures);
    }

    function test_a_report_needs_a_quorum_of_the_set_in_force() public {
        IRevenueDeclarations.Report memory said = report(0, 1_000);
        bytes[] memory signatures = signBy(declarations.reportDigest(said), 0, 2);
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.SignaturesTooFew.selector, 2, 3));
        declarations.declare(said, signatures);

        // Signed under the old set, submitted under the new one: the set in force at submission counts.
        signatures = sign(declarations.reportDigest(said));
        vm.prank(SIGNER_ADMIN);
        declarations.announceSignerSet(addresses(keys), 3, uint40(block.timestamp + CHALLENGE));
        vm.warp(block.timestamp + CHALLENGE);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.SignerSetWrong.selector, 1, 2));
        declarations.declare(said, signatures);
        said.signerSetVersion = 2;
        declareReport(said);
    }

    function test_a_pause_stops_declaring_and_nothing_else() public {
        IRevenueDeclarations.Report memory said = report(0, 1_000);
        declareReport(said);
        uint40 deadline = declarations.declaration(0).deadline;
        uint40 until = uint40(block.timestamp + 7 days);
        vm.prank(GUARDIAN);
        declarations.pause(7 days);
        refused(nextRevision(0, 1), abi.encodeWithSelector(ExpiringPause.PausedUntil.selector, until));
        anchorMore(1);
        assertEq(declarations.declaration(0).deadline, deadline, "the deadline stays");
        vm.warp(deadline);
        expectStatus(0, IRevenueDeclarations.Status.Final, "and passes");
        vm.warp(until);
        declareReport(report(1, 1));
    }

    function testFuzz_only_the_guardian_pauses_until_that_is_given_up(address caller) public {
        vm.assume(caller != GUARDIAN);
        expectUnauthorized(caller);
        vm.prank(caller);
        declarations.pause(1);
        declarations.abdicate(ExpiringPause.pause.selector);
        vm.expectRevert();
        vm.prank(GUARDIAN);
        declarations.pause(1);
        vm.expectRevert();
        declarations.abdicate(IRevenueDeclarations.guardianDispute.selector);
    }

    function test_the_sum_counts_final_reports_in_any_order() public {
        toDay(FIRST_DAY + 12);
        declareReport(report(3, 1_000));
        declareReport(report(0, 200));
        assertEq(declarations.declarationsEnd(), 4, "one more than the highest");
        vm.warp(block.timestamp + 1);
        declareReport(report(1, 30));
        vm.warp(block.timestamp + CHALLENGE - 1);
        assertEq(declarations.distributableSum(0, 4), 1_200, "the last one is pending");
        vm.warp(block.timestamp + 1);
        assertEq(declarations.distributableSum(0, type(uint32).max), 1_230, "all");
        assertEq(declarations.distributableSum(1, 3), 30, "a part");
        assertEq(declarations.distributableSum(3, 1), 0, "nothing");
    }

    // ---------------------------------------------------------------- schedule and creation

    function test_periods_are_whole_days_without_a_gap() public {
        (uint32 from, uint32 to) = declarations.periodDays(0);
        assertEq(from, FIRST_DAY, "first day");
        assertEq(to, FIRST_DAY + 3, "end");
        (uint32 next,) = declarations.periodDays(1);
        assertEq(next, to, "no gap");
        vm.expectRevert();
        declarations.periodDays(type(uint32).max);
    }

    function test_the_terms_are_readable() public view {
        assertEq(declarations.assetId(), bytes32("asset"), "asset");
        assertEq(address(declarations.registry()), address(registry), "registry");
        assertEq(declarations.firstDay(), FIRST_DAY, "first day");
        assertEq(declarations.daysPerPeriod(), DAYS_PER_PERIOD, "length");
        assertTrue(declarations.utcOffset() == UTC_OFFSET, "offset");
        assertEq(declarations.challengeWindow(), CHALLENGE, "challenge window");
        assertEq(declarations.resolveWindow(), RESOLVE, "resolve window");
        assertEq(declarations.marginPermille(), 1_200, "margin");
        assertEq(declarations.profileMinutes(), 480, "profile");
        assertEq(address(declarations.direct()), address(0), "no direct settlement");
    }

    /// @dev The same constants stand in tests/contracts/test_eip712.py, worked out by hand.
    function test_the_type_hashes_are_those_of_eip_712() public view {
        assertEq(
            declarations.ANCHOR_TYPEHASH(), 0xc68e86551acbdd5590c31044f37834dbf4fc32c77ff0a5cd234cf009a64c1f1d, "Anchor"
        );
        assertEq(
            declarations.RESTART_TYPEHASH(),
            0x380f12d774573abf1df7f6f3523e99e24069712cc84c5e1a0fe6a9d9f702ddfe,
            "Restart"
        );
        assertEq(
            declarations.REPORT_TYPEHASH(), 0xd31f94e540dc9f065466ffc8be9475e39f48b23c4dea850fa8247ca72ad0f593, "Report"
        );
    }

    function _refusedTerms(IRevenueDeclarations.Terms memory bad, bytes memory reason) private {
        vm.expectRevert(reason);
        new RevenueDeclarations(bad, list(ANN), 1, address(manager));
    }

    function test_what_cannot_be_created() public {
        IRevenueDeclarations.Terms memory bad = strictTerms();
        bad.registry = IMeterRegistry(address(0));
        _refusedTerms(bad, abi.encodeWithSelector(IRevenueDeclarations.ZeroAddress.selector));
        bad = strictTerms();
        bad.daysPerPeriod = 0;
        bytes4 length = IRevenueDeclarations.PeriodLengthOutOfRange.selector;
        _refusedTerms(bad, abi.encodeWithSelector(length, 0, 1, 31));
        bad.daysPerPeriod = 32;
        _refusedTerms(bad, abi.encodeWithSelector(length, 32, 1, 31));
        bad = strictTerms();
        bad.utcOffset = 15 hours;
        bytes4 offset = SettlementDay.UtcOffsetOutOfRange.selector;
        _refusedTerms(bad, abi.encodeWithSelector(offset, int32(15 hours), -12 hours, 14 hours));
        bad.utcOffset = 7 hours;
        offset = IRevenueDeclarations.RegistryOffsetWrong.selector;
        _refusedTerms(bad, abi.encodeWithSelector(offset, UTC_OFFSET, int32(7 hours)));
        bytes4 count = ISignerSets.SignerCountOutOfRange.selector;
        vm.expectRevert(abi.encodeWithSelector(count, 0, 16));
        new RevenueDeclarations(strictTerms(), new address[](0), 1, address(manager));
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.SignerIsRegistrar.selector, REGISTRAR));
        new RevenueDeclarations(strictTerms(), list(REGISTRAR), 1, address(manager));
    }

    function test_which_windows_and_bounds_cannot_be() public {
        bytes4 window = IRevenueDeclarations.WindowOutOfRange.selector;
        IRevenueDeclarations.Terms memory bad = strictTerms();
        bad.challengeWindow = 30 days + 1;
        _refusedTerms(bad, abi.encodeWithSelector(window, 30 days + 1, 0, 30 days));
        bad = strictTerms();
        bad.resolveWindow = 1 hours - 1;
        _refusedTerms(bad, abi.encodeWithSelector(window, 1 hours - 1, 1 hours, 30 days));
        bad.resolveWindow = 30 days + 1;
        _refusedTerms(bad, abi.encodeWithSelector(window, 30 days + 1, 1 hours, 30 days));
        bad.challengeWindow = 0;
        _refusedTerms(bad, abi.encodeWithSelector(window, 30 days + 1, 0, 30 days));
        bad = strictTerms();
        bytes4 margin = IRevenueDeclarations.MarginOutOfRange.selector;
        bad.marginPermille = 999;
        _refusedTerms(bad, abi.encodeWithSelector(margin, 999, 1_000, 2_000));
        bad.marginPermille = 2_001;
        _refusedTerms(bad, abi.encodeWithSelector(margin, 2_001, 1_000, 2_000));
        bad = strictTerms();
        bytes4 profile = IRevenueDeclarations.ProfileOutOfRange.selector;
        bad.profileMinutes = 0;
        _refusedTerms(bad, abi.encodeWithSelector(profile, 0, 1, 1_440));
        bad.profileMinutes = 1_441;
        _refusedTerms(bad, abi.encodeWithSelector(profile, 1_441, 1, 1_440));
    }
}
