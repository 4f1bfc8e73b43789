// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {RevenueDeclarations} from "../src/RevenueDeclarations.sol";
import {IMeterRegistry} from "../src/interfaces/IMeterRegistry.sol";
import {IRevenueDeclarations} from "../src/interfaces/IRevenueDeclarations.sol";
import {Rfc9162} from "../src/lib/Rfc9162.sol";
import {SettlementDay} from "../src/lib/SettlementDay.sol";
import {Fixture} from "./Fixture.sol";
import {TestLog} from "./TestLog.sol";

contract RevenueDeclarationsTest is Fixture {
    bytes32[] private none;

    function setUp() public {
        deploy();
    }

    function _declare(IRevenueDeclarations.Report memory said) private {
        declarations.declare(said, sign(declarations.reportDigest(said)));
    }

    /// @dev Expects the report to be refused with `reason`.
    function _refused(IRevenueDeclarations.Report memory said, bytes memory reason) private {
        bytes[] memory signatures = sign(declarations.reportDigest(said));
        vm.expectRevert(reason);
        declarations.declare(said, signatures);
    }

    // ---------------------------------------------------------------- anchor

    function test_the_head_starts_at_the_empty_log() public view {
        (uint32 generation, uint64 size, bytes32 root) = declarations.head();
        assertEq(generation, 1, "generation");
        assertEq(size, 0, "size");
        assertEq(root, sha256(""), "root");
    }

    function test_the_log_grows_and_every_anchored_root_stays_readable() public {
        anchorMore(3);
        for (uint256 i = 0; i < 8; ++i) {
            log.append(bytes32(i));
        }
        bytes32 grown = log.root(11);
        bytes32[] memory proof = log.consistency(3, 11);
        bytes[] memory signatures = sign(declarations.anchorDigest(1, 11, grown));
        vm.expectEmit(address(declarations));
        emit IRevenueDeclarations.Anchored(1, 11, grown);
        declarations.anchor(11, grown, proof, signatures);
        (, uint64 size, bytes32 root) = declarations.head();
        assertEq(size, 11, "size");
        assertEq(root, log.root(11), "root");
        assertEq(declarations.rootAt(3), log.root(3), "the older root");
        assertEq(declarations.rootAt(4), 0, "never anchored");
    }

    function test_the_same_head_again_needs_no_proof_and_changes_nothing() public {
        anchorMore(3);
        bytes32 root = log.root(3);
        bytes[] memory signatures = sign(declarations.anchorDigest(1, 3, root));
        vm.expectEmit(address(declarations));
        emit IRevenueDeclarations.Anchored(1, 3, root);
        declarations.anchor(3, root, none, signatures);
        assertEq(declarations.rootAt(3), log.root(3), "same root");
    }

    function test_a_rewritten_log_is_refused() public {
        anchorMore(5);
        bytes32[] memory proof = log.consistency(5, 5);
        // The same size with another root.
        bytes[] memory signatures = sign(declarations.anchorDigest(1, 5, "other"));
        bytes memory reason = abi.encodeWithSelector(Rfc9162.RootMismatch.selector, bytes32("other"), log.root(5));
        vm.expectRevert(reason);
        declarations.anchor(5, "other", proof, signatures);
        // A larger log that doesn't contain the anchored one: entry 0 is another.
        bytes32 anchored = log.root(5);
        deployLog(8, 1);
        proof = log.consistency(5, 8);
        bytes32 root = log.root(8);
        signatures = sign(declarations.anchorDigest(1, 8, root));
        bytes32 rewritten = log.root(5);
        vm.expectRevert(abi.encodeWithSelector(Rfc9162.OldRootMismatch.selector, rewritten, anchored));
        declarations.anchor(8, root, proof, signatures);
    }

    function deployLog(uint256 size, uint256 salt) private {
        log = new TestLog();
        for (uint256 i = 0; i < size; ++i) {
            log.append(keccak256(abi.encode(i, salt)));
        }
    }

    function test_a_log_never_gets_shorter_and_is_never_empty() public {
        anchorMore(5);
        bytes32 root = log.root(4);
        bytes[] memory signatures = sign(declarations.anchorDigest(1, 4, root));
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.LogShrank.selector, 4, 5));
        declarations.anchor(4, root, none, signatures);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.LogEmpty.selector));
        declarations.anchor(0, Rfc9162.EMPTY_ROOT, none, signatures);
    }

    function test_a_first_anchor_takes_no_proof() public {
        log.append("one");
        bytes32 root = log.root(1);
        bytes[] memory signatures = sign(declarations.anchorDigest(1, 1, root));
        bytes32[] memory proof = new bytes32[](1);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.FirstAnchorNeedsNoProof.selector, 1));
        declarations.anchor(1, root, proof, signatures);
    }

    function test_an_anchor_counts_by_who_signed_not_by_who_sends() public {
        log.append("one");
        bytes32 root = log.root(1);
        bytes32 digest = declarations.anchorDigest(1, 1, root);
        bytes[] memory signatures = signWith(STRANGER_KEY, digest);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.SignerUnknown.selector, vm.addr(STRANGER_KEY)));
        declarations.anchor(1, root, none, signatures);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.SignatureCountWrong.selector, 0, 1));
        declarations.anchor(1, root, none, new bytes[](0));
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.SignatureCountWrong.selector, 2, 1));
        declarations.anchor(1, root, none, new bytes[](2));
        signatures[0] = hex"1234";
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 2));
        declarations.anchor(1, root, none, signatures);

        signatures = sign(digest);
        vm.prank(STRANGER);
        declarations.anchor(1, root, none, signatures);
    }

    function test_an_anchor_of_one_asset_is_worth_nothing_on_another() public {
        log.append("one");
        bytes32 root = log.root(1);
        bytes[] memory signatures = sign(declarations.anchorDigest(1, 1, root));
        RevenueDeclarations other = new RevenueDeclarations(
            "other", registry, FIRST_DAY, DAYS_PER_PERIOD, UTC_OFFSET, vm.addr(SIGNER_KEY), address(manager)
        );
        address seen = ECDSA.recover(other.anchorDigest(1, 1, root), signatures[0]);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.SignerUnknown.selector, seen));
        other.anchor(1, root, none, signatures);
    }

    // ---------------------------------------------------------------- declare

    function test_a_declared_report_is_final_at_once() public {
        anchorMore(3);
        toDay(FIRST_DAY + 3);
        assertTrue(declarations.status(0) == IRevenueDeclarations.Status.None, "nothing yet");
        IRevenueDeclarations.Report memory said = report(0, 1_000);
        bytes[] memory signatures = sign(declarations.reportDigest(said));
        bytes32 hash = declarations.hashReport(said);
        vm.expectEmit(address(declarations));
        emit IRevenueDeclarations.Declared(0, 0, hash, 3, 123_456, 7, 1_100, 1_000, "settlement", "statement");
        vm.prank(STRANGER);
        declarations.declare(said, signatures);

        assertTrue(declarations.status(0) == IRevenueDeclarations.Status.Final, "final");
        assertEq(declarations.reportHash(0), hash, "hash");
        assertEq(declarations.distributableOf(0), 1_000, "distributable");
        assertEq(declarations.totalDistributable(), 1_000, "total");
        assertEq(declarations.reportHash(1), 0, "other periods are untouched");
    }

    function test_a_final_report_never_changes() public {
        anchorMore(3);
        toDay(FIRST_DAY + 3);
        declare(0, 1_000);
        bytes32 first = declarations.reportHash(0);
        _refused(
            report(0, 2_000), abi.encodeWithSelector(IRevenueDeclarations.PeriodAlreadyDeclared.selector, 0, first)
        );
        _refused(
            report(0, 1_000), abi.encodeWithSelector(IRevenueDeclarations.PeriodAlreadyDeclared.selector, 0, first)
        );
    }

    function test_a_period_is_declared_only_when_it_is_over() public {
        anchorMore(3);
        uint256 ends = uint256(FIRST_DAY + 3) * 1 days - 8 hours;
        vm.warp(ends - 1);
        _refused(report(0, 1), abi.encodeWithSelector(IRevenueDeclarations.PeriodNotOver.selector, 0, ends, ends - 1));
        vm.warp(ends);
        declare(0, 1);
        _refused(
            report(1, 1), abi.encodeWithSelector(IRevenueDeclarations.PeriodNotOver.selector, 1, ends + 3 days, ends)
        );
    }

    function test_a_report_cites_an_anchored_size_and_the_meters_in_force() public {
        anchorMore(3);
        toDay(FIRST_DAY + 6);
        IRevenueDeclarations.Report memory said = report(0, 1);
        said.logSize = 2;
        _refused(said, abi.encodeWithSelector(IRevenueDeclarations.LogSizeNotAnchored.selector, 2));
        said.logSize = 0;
        _refused(said, abi.encodeWithSelector(IRevenueDeclarations.LogSizeNotAnchored.selector, 0));

        // A new set of meters from the second day of period 1 on: period 1 still names the one that it began with.
        vm.prank(REGISTRAR);
        registry.append(FIRST_DAY + 4, "more bindings", 6, 60_000);
        said = report(1, 1);
        said.registryIndex = 1;
        _refused(said, abi.encodeWithSelector(IRevenueDeclarations.RegistryIndexWrong.selector, 1, 0));
        said.registryIndex = 0;
        _declare(said);
        toDay(FIRST_DAY + 9);
        said = report(2, 1);
        _refused(said, abi.encodeWithSelector(IRevenueDeclarations.RegistryIndexWrong.selector, 0, 1));
        said.registryIndex = 1;
        _declare(said);
        // An older anchored size is as good: roots stay.
        anchorMore(4);
        said = report(0, 1);
        said.logSize = 3;
        _declare(said);
    }

    function test_without_meters_nothing_is_declared() public {
        RevenueDeclarations early = new RevenueDeclarations(
            "early", registry, FIRST_DAY - 2, 1, UTC_OFFSET, vm.addr(SIGNER_KEY), address(manager)
        );
        log.append("one");
        bytes32 root = log.root(1);
        early.anchor(1, root, none, sign(early.anchorDigest(1, 1, root)));
        IRevenueDeclarations.Report memory said = report(0, 1);
        said.logSize = 1;
        bytes[] memory signatures = sign(early.reportDigest(said));
        vm.expectRevert(abi.encodeWithSelector(IMeterRegistry.NoEntryInForce.selector, FIRST_DAY - 2));
        early.declare(said, signatures);
    }

    function test_each_wrong_field_is_named() public {
        anchorMore(3);
        toDay(FIRST_DAY + 3);
        IRevenueDeclarations.Report memory said = report(0, 1_000);
        said.schemaVersion = 2;
        _refused(said, abi.encodeWithSelector(IRevenueDeclarations.SchemaVersionWrong.selector, 2, 1));
        said = report(0, 1_000);
        said.revision = 1;
        _refused(said, abi.encodeWithSelector(IRevenueDeclarations.RevisionWrong.selector, 1, 0));
        said = report(0, 1_000);
        said.previousHash = "previous";
        _refused(
            said,
            abi.encodeWithSelector(IRevenueDeclarations.PreviousHashWrong.selector, bytes32("previous"), bytes32(0))
        );
        said = report(0, 1_000);
        said.signerSetVersion = 2;
        _refused(said, abi.encodeWithSelector(IRevenueDeclarations.SignerSetWrong.selector, 2, 1));
        said = report(0, 1_000);
        said.logGeneration = 2;
        _refused(said, abi.encodeWithSelector(IRevenueDeclarations.LogGenerationWrong.selector, 2, 1));
        said = report(0, 1_000);
        said.gross = 999;
        _refused(said, abi.encodeWithSelector(IRevenueDeclarations.DistributableAboveGross.selector, 1_000, 999));
    }

    function testFuzz_a_changed_report_is_not_the_signed_one(uint8 field, uint64 exportWh, uint128 gross) public {
        anchorMore(3);
        toDay(FIRST_DAY + 3);
        IRevenueDeclarations.Report memory said = report(0, 1_000);
        bytes[] memory signatures = sign(declarations.reportDigest(said));
        if (field % 4 == 0) {
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
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.SignerUnknown.selector, seen));
        declarations.declare(said, signatures);
    }

    function test_a_report_needs_the_signer() public {
        anchorMore(3);
        toDay(FIRST_DAY + 3);
        IRevenueDeclarations.Report memory said = report(0, 1_000);
        bytes[] memory signatures = signWith(STRANGER_KEY, declarations.reportDigest(said));
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.SignerUnknown.selector, vm.addr(STRANGER_KEY)));
        declarations.declare(said, signatures);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.SignatureCountWrong.selector, 0, 1));
        declarations.declare(said, new bytes[](0));
    }

    /// @dev The second form of a signature (n - s, the other v) would be valid to a careless verifier.
    function test_a_high_s_signature_is_refused() public {
        anchorMore(3);
        toDay(FIRST_DAY + 3);
        IRevenueDeclarations.Report memory said = report(0, 1_000);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(SIGNER_KEY, declarations.reportDigest(said));
        uint256 n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes32 highS = bytes32(n - uint256(s));
        bytes[] memory signatures = new bytes[](1);
        signatures[0] = abi.encodePacked(r, highS, v == 27 ? uint8(28) : uint8(27));
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, highS));
        declarations.declare(said, signatures);
    }

    // ---------------------------------------------------------------- schedule and creation

    function test_periods_are_whole_days_without_a_gap() public view {
        (uint32 from, uint32 to) = declarations.periodDays(0);
        assertEq(from, FIRST_DAY, "first day");
        assertEq(to, FIRST_DAY + 3, "end");
        (uint32 next,) = declarations.periodDays(1);
        assertEq(next, to, "no gap");
    }

    function test_a_period_beyond_all_days_is_refused() public {
        vm.expectRevert();
        declarations.periodDays(type(uint32).max);
    }

    function test_the_signer_set_is_readable() public view {
        (uint32 version, uint8 threshold, address[] memory signers) = declarations.signerSet();
        assertEq(version, 1, "version");
        assertEq(threshold, 1, "threshold");
        assertEq(signers.length, 1, "one signer");
        assertEq(signers[0], vm.addr(SIGNER_KEY), "the signer");
        assertEq(declarations.assetId(), bytes32("asset"), "asset");
        assertEq(address(declarations.registry()), address(registry), "registry");
    }

    function test_the_type_hashes_are_those_of_eip_712() public view {
        assertEq(
            declarations.ANCHOR_TYPEHASH(), 0xc68e86551acbdd5590c31044f37834dbf4fc32c77ff0a5cd234cf009a64c1f1d, "Anchor"
        );
        assertEq(
            declarations.REPORT_TYPEHASH(), 0xbe1d92a39ac79c80c5c1b9aff747ea5477776ed0d4f10a4204b788742690553b, "Report"
        );
    }

    function test_what_cannot_be_created() public {
        address signer = vm.addr(SIGNER_KEY);
        address authority = address(manager);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.ZeroAddress.selector));
        new RevenueDeclarations("a", IMeterRegistry(address(0)), FIRST_DAY, 1, 0, signer, authority);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.ZeroAddress.selector));
        new RevenueDeclarations("a", registry, FIRST_DAY, 1, 0, address(0), authority);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.PeriodLengthOutOfRange.selector, 0, 1, 31));
        new RevenueDeclarations("a", registry, FIRST_DAY, 0, 0, signer, authority);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.PeriodLengthOutOfRange.selector, 32, 1, 31));
        new RevenueDeclarations("a", registry, FIRST_DAY, 32, 0, signer, authority);
        vm.expectRevert(
            abi.encodeWithSelector(SettlementDay.UtcOffsetOutOfRange.selector, int32(15 hours), -12 hours, 14 hours)
        );
        new RevenueDeclarations("a", registry, FIRST_DAY, 1, 15 hours, signer, authority);
    }
}
