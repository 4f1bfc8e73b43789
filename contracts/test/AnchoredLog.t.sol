// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {RevenueDeclarations} from "../src/RevenueDeclarations.sol";
import {IAnchoredLog} from "../src/interfaces/IAnchoredLog.sol";
import {ISignerSets} from "../src/interfaces/ISignerSets.sol";
import {Rfc9162} from "../src/lib/Rfc9162.sol";
import {DeclarationsFixture} from "./DeclarationsFixture.sol";
import {TestLog} from "./TestLog.sol";

contract AnchoredLogTest is DeclarationsFixture {
    function setUp() public {
        deployStrictly(5, QUORUM);
    }

    function _useLog(uint256 size, uint256 salt) private {
        log = new TestLog();
        for (uint256 i = 0; i < size; ++i) {
            log.append(keccak256(abi.encode(i, salt)));
        }
    }

    function _refusedAnchor(uint64 size, bytes32 root, bytes32[] memory proof, bytes memory reason) private {
        bytes[] memory signatures = sign(declarations.anchorDigest(1, size, root));
        vm.expectRevert(reason);
        declarations.anchor(size, root, proof, signatures);
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
        emit IAnchoredLog.Anchored(1, 11, grown);
        vm.prank(STRANGER);
        declarations.anchor(11, grown, proof, signatures);
        (, uint64 size, bytes32 root) = declarations.head();
        assertEq(size, 11, "size");
        assertEq(root, log.root(11), "root");
        assertEq(declarations.rootAt(3), log.root(3), "the older root");
        assertEq(declarations.rootOf(1, 3), log.root(3), "by its generation");
        assertEq(declarations.rootAt(4), 0, "never anchored");
        assertEq(declarations.rootOf(2, 3), 0, "another generation");
    }

    function test_the_same_head_again_needs_no_proof_and_changes_nothing() public {
        anchorMore(3);
        bytes32 root = log.root(3);
        bytes[] memory signatures = sign(declarations.anchorDigest(1, 3, root));
        vm.expectEmit(address(declarations));
        emit IAnchoredLog.Anchored(1, 3, root);
        declarations.anchor(3, root, none, signatures);
        assertEq(declarations.rootAt(3), log.root(3), "same root");
    }

    function test_a_rewritten_log_is_refused() public {
        anchorMore(5);
        // The same size with another root.
        _refusedAnchor(
            5, "other", none, abi.encodeWithSelector(Rfc9162.RootMismatch.selector, bytes32("other"), log.root(5))
        );
        // A larger log that doesn't contain the anchored one: entry 0 is another.
        bytes32 anchored = log.root(5);
        _useLog(8, 1);
        bytes memory reason = abi.encodeWithSelector(Rfc9162.OldRootMismatch.selector, log.root(5), anchored);
        _refusedAnchor(8, log.root(8), log.consistency(5, 8), reason);
    }

    function test_a_log_never_gets_shorter_and_is_never_empty() public {
        anchorMore(5);
        _refusedAnchor(4, log.root(4), none, abi.encodeWithSelector(IAnchoredLog.LogShrank.selector, 4, 5));
        _refusedAnchor(0, Rfc9162.EMPTY_ROOT, none, abi.encodeWithSelector(IAnchoredLog.LogEmpty.selector));
    }

    function test_a_first_anchor_takes_no_proof() public {
        log.append("one");
        bytes memory reason = abi.encodeWithSelector(IAnchoredLog.FirstAnchorNeedsNoProof.selector, 1);
        _refusedAnchor(1, log.root(1), new bytes32[](1), reason);
    }

    function test_an_anchor_of_one_asset_is_worth_nothing_on_another() public {
        log.append("one");
        bytes32 root = log.root(1);
        bytes[] memory signatures = sign(declarations.anchorDigest(1, 1, root));
        RevenueDeclarations other = new RevenueDeclarations(strictTerms(), addresses(keys), QUORUM, address(manager));
        address seen = ECDSA.recover(other.anchorDigest(1, 1, root), signatures[0]);
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.SignerUnknown.selector, seen));
        other.anchor(1, root, none, signatures);
    }

    function test_a_pause_does_not_stop_the_log() public {
        vm.prank(GUARDIAN);
        declarations.pause(7 days);
        anchorMore(3);
    }

    // ---------------------------------------------------------------- restart

    function _announce(uint64 size, bytes32 root) private {
        vm.prank(RESTARTER);
        declarations.announceRestart(size, root, "reason");
    }

    function _restart(uint64 size, bytes32 root) private {
        (uint32 generation, uint64 lostSize, bytes32 lostRoot) = declarations.head();
        declarations.restartLog(
            size, root, sign(declarations.restartDigest(generation + 1, size, root, lostSize, lostRoot))
        );
    }

    function _refusedRestart(uint64 size, bytes32 root, bytes memory reason) private {
        (uint32 generation, uint64 lostSize, bytes32 lostRoot) = declarations.head();
        bytes[] memory signatures = sign(declarations.restartDigest(generation + 1, size, root, lostSize, lostRoot));
        vm.expectRevert(reason);
        declarations.restartLog(size, root, signatures);
    }

    function test_a_lost_log_begins_anew_after_fourteen_days() public {
        anchorMore(5);
        bytes32 lost = log.root(5);
        _useLog(3, 7);
        bytes32 root = log.root(3);
        uint40 readyAt = uint40(block.timestamp + 14 days);
        vm.expectEmit(address(declarations));
        emit IAnchoredLog.RestartAnnounced(3, root, readyAt, readyAt + 30 days, "reason");
        _announce(3, root);
        (uint64 size, bytes32 announced, uint40 from, uint40 until) = declarations.announcedRestart();
        assertEq(size, 3, "size");
        assertEq(announced, root, "root");
        assertEq(from, readyAt, "from");
        assertEq(until, readyAt + 30 days, "until");

        vm.warp(readyAt - 1);
        _refusedRestart(3, root, abi.encodeWithSelector(IAnchoredLog.RestartNotReady.selector, readyAt));
        vm.warp(readyAt);
        bytes[] memory signatures = sign(declarations.restartDigest(2, 3, root, 5, lost));
        vm.expectEmit(address(declarations));
        emit IAnchoredLog.LogRestarted(2, 3, root, 5, lost);
        vm.prank(STRANGER);
        declarations.restartLog(3, root, signatures);

        (uint32 generation, uint64 headSize, bytes32 headRoot) = declarations.head();
        assertEq(generation, 2, "generation");
        assertEq(headSize, 3, "size");
        assertEq(headRoot, root, "root");
        assertEq(declarations.rootAt(5), 0, "the lost log is not cited any more");
        assertEq(declarations.rootOf(1, 5), lost, "but stays readable");
        _refusedRestart(3, root, abi.encodeWithSelector(IAnchoredLog.NoRestartAnnounced.selector));

        // The new generation goes on from its own head, by proofs and under its own number.
        anchorMore(4);
        assertEq(declarations.rootAt(7), log.root(7), "grown");
        bytes[] memory old = sign(declarations.anchorDigest(1, 7, log.root(7)));
        bytes32 sameRoot = log.root(7);
        address seen = ECDSA.recover(declarations.anchorDigest(2, 7, sameRoot), old[0]);
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.SignerUnknown.selector, seen));
        declarations.anchor(7, sameRoot, none, old);
    }

    function test_only_the_announced_head_begins_a_log() public {
        anchorMore(5);
        _announce(3, "root");
        vm.warp(block.timestamp + 14 days);
        bytes4 wrong = IAnchoredLog.RestartHeadWrong.selector;
        _refusedRestart(4, "root", abi.encodeWithSelector(wrong, 4, bytes32("root"), 3, bytes32("root")));
        _refusedRestart(3, "other", abi.encodeWithSelector(wrong, 3, bytes32("other"), 3, bytes32("root")));
        _restart(3, "root");
    }

    function test_the_signers_name_the_head_that_is_lost() public {
        anchorMore(5);
        _announce(3, "root");
        bytes32 lost = log.root(5);
        bytes[] memory signatures = sign(declarations.restartDigest(2, 3, "root", 5, lost));
        anchorMore(1);
        vm.warp(block.timestamp + 14 days);
        bytes32 due = declarations.restartDigest(2, 3, "root", 6, log.root(6));
        address seen = ECDSA.recover(due, signatures[0]);
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.SignerUnknown.selector, seen));
        declarations.restartLog(3, "root", signatures);
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.SignaturesTooFew.selector, 0, 3));
        declarations.restartLog(3, "root", new bytes[](0));
    }

    function test_a_restart_that_nobody_carries_out_expires() public {
        anchorMore(5);
        _announce(3, "root");
        uint40 expiresAt = uint40(block.timestamp + 44 days);
        vm.warp(expiresAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IAnchoredLog.RestartAlreadyAnnounced.selector, expiresAt));
        _announce(4, "other");
        vm.warp(expiresAt);
        _refusedRestart(3, "root", abi.encodeWithSelector(IAnchoredLog.RestartExpired.selector, expiresAt));
        _announce(4, "other");
        vm.warp(expiresAt + 14 days);
        _restart(4, "other");
    }

    function test_the_last_second_of_a_restart() public {
        anchorMore(5);
        _announce(3, "root");
        vm.warp(block.timestamp + 44 days - 1);
        _restart(3, "root");
    }

    function test_the_guardian_cancels_a_restart() public {
        anchorMore(5);
        vm.expectRevert(abi.encodeWithSelector(IAnchoredLog.NoRestartAnnounced.selector));
        vm.prank(GUARDIAN);
        declarations.cancelRestart();
        _announce(3, "root");
        vm.expectEmit(address(declarations));
        emit IAnchoredLog.RestartCancelled(3, "root");
        vm.prank(GUARDIAN);
        declarations.cancelRestart();
        (uint64 size, bytes32 root, uint40 readyAt, uint40 expiresAt) = declarations.announcedRestart();
        assertTrue(size == 0 && root == 0 && readyAt == 0 && expiresAt == 0, "nothing is announced");
        vm.warp(block.timestamp + 14 days);
        _refusedRestart(3, "root", abi.encodeWithSelector(IAnchoredLog.NoRestartAnnounced.selector));
        _announce(3, "root");
    }

    function test_a_log_does_not_begin_anew_without_entries() public {
        vm.expectRevert(abi.encodeWithSelector(IAnchoredLog.LogEmpty.selector));
        _announce(0, Rfc9162.EMPTY_ROOT);
    }

    function testFuzz_only_the_restarter_announces(address caller) public {
        vm.assume(caller != RESTARTER);
        expectUnauthorized(caller);
        vm.prank(caller);
        declarations.announceRestart(3, "root", "reason");
    }

    function testFuzz_only_the_guardian_cancels(address caller) public {
        vm.assume(caller != GUARDIAN);
        _announce(3, "root");
        expectUnauthorized(caller);
        vm.prank(caller);
        declarations.cancelRestart();
    }
}
