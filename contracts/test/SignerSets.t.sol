// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {RevenueDeclarations} from "../src/RevenueDeclarations.sol";
import {IRevenueDeclarations} from "../src/interfaces/IRevenueDeclarations.sol";
import {ISignerSets} from "../src/interfaces/ISignerSets.sol";
import {Roles} from "../src/lib/Roles.sol";
import {DeclarationsFixture} from "./DeclarationsFixture.sol";

contract SignerSetsTest is DeclarationsFixture {
    function setUp() public {
        deployStrictly(5, QUORUM);
    }

    function _announce(address[] memory signers, uint8 threshold, uint256 effectiveAt) private {
        vm.prank(SIGNER_ADMIN);
        declarations.announceSignerSet(signers, threshold, uint40(effectiveAt));
    }

    function _refusedSet(address[] memory signers, uint8 threshold, bytes memory reason) private {
        vm.expectRevert(reason);
        _announce(signers, threshold, block.timestamp + CHALLENGE);
    }

    function _anchorOne(bytes[] memory signatures, bytes memory reason) private {
        if (reason.length != 0) vm.expectRevert(reason);
        declarations.anchor(1, "root", none, signatures);
    }

    // ---------------------------------------------------------------- a quorum

    function test_the_first_set_is_number_one() public view {
        (uint32 version, uint8 threshold, address[] memory signers) = declarations.signerSet();
        assertEq(version, 1, "version");
        assertEq(threshold, QUORUM, "threshold");
        assertEq(signers.length, 5, "five signers");
        for (uint256 i = 0; i < 5; ++i) {
            assertEq(signers[i], vm.addr(keys[i]), "the signer");
            assertTrue(declarations.isSigner(1, signers[i]), "is a signer");
        }
        assertTrue(!declarations.isSigner(1, STRANGER), "nobody else is");
    }

    function test_any_quorum_in_order_counts_and_a_larger_one_too() public {
        bytes32 digest = declarations.anchorDigest(1, 1, "root");
        for (uint256 from = 0; from <= 2; ++from) {
            _anchorOne(signBy(digest, from, 3), "");
        }
        _anchorOne(signBy(digest, 0, 5), "");
        bytes[] memory spread = signBy(digest, 0, 3);
        spread[1] = signBy(digest, 2, 1)[0];
        spread[2] = signBy(digest, 4, 1)[0];
        _anchorOne(spread, "");
    }

    function test_fewer_than_a_quorum_is_nothing() public {
        bytes32 digest = declarations.anchorDigest(1, 1, "root");
        _anchorOne(signBy(digest, 0, 2), abi.encodeWithSelector(ISignerSets.SignaturesTooFew.selector, 2, 3));
        _anchorOne(new bytes[](0), abi.encodeWithSelector(ISignerSets.SignaturesTooFew.selector, 0, 3));
    }

    function test_nobody_signs_twice_or_out_of_order() public {
        bytes32 digest = declarations.anchorDigest(1, 1, "root");
        bytes[] memory signatures = signBy(digest, 0, 3);
        (signatures[1], signatures[2]) = (signatures[2], signatures[1]);
        address low = vm.addr(keys[1]);
        address high = vm.addr(keys[2]);
        _anchorOne(signatures, abi.encodeWithSelector(ISignerSets.SignersNotRising.selector, low, high));
        signatures[2] = signatures[1];
        _anchorOne(signatures, abi.encodeWithSelector(ISignerSets.SignersNotRising.selector, high, high));
    }

    function testFuzz_a_stranger_among_the_signers_spoils_it(uint256 key) public {
        key = bound(key, 1, type(uint128).max);
        bytes32 digest = declarations.anchorDigest(1, 1, "root");
        bytes[] memory signatures = new bytes[](4);
        // In its place among the others, so that only membership is wrong.
        uint256 filled = 0;
        for (uint256 i = 0; i < 3; ++i) {
            if (filled == i && vm.addr(key) < vm.addr(keys[i])) signatures[filled++] = signWith(key, digest)[0];
            signatures[filled++] = signWith(keys[i], digest)[0];
        }
        if (filled == 3) signatures[3] = signWith(key, digest)[0];
        _anchorOne(signatures, abi.encodeWithSelector(ISignerSets.SignerUnknown.selector, vm.addr(key)));
    }

    function test_a_signature_has_one_form() public {
        bytes32 digest = declarations.anchorDigest(1, 1, "root");
        bytes[] memory signatures = signBy(digest, 0, 3);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[0], digest);
        uint256 n = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes32 highS = bytes32(n - uint256(s));
        // The second form of a signature (n - s, the other v) would be valid to a careless verifier.
        signatures[0] = abi.encodePacked(r, highS, v == 27 ? uint8(28) : uint8(27));
        _anchorOne(signatures, abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, highS));
        signatures[0] = abi.encodePacked(r, s, uint8(29));
        _anchorOne(signatures, abi.encodeWithSelector(ECDSA.ECDSAInvalidSignature.selector));
        signatures[0] = hex"1234";
        _anchorOne(signatures, abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureLength.selector, 2));
    }

    // ---------------------------------------------------------------- a change of signers

    function test_a_new_set_takes_over_by_itself_when_its_time_comes() public {
        uint256[] memory oldKeys = keys;
        useKeys(3, "new");
        uint40 effectiveAt = uint40(block.timestamp + CHALLENGE);
        vm.expectEmit(address(declarations));
        emit ISignerSets.SignerSetAnnounced(2, 2, addresses(keys), effectiveAt);
        _announce(addresses(keys), 2, effectiveAt);
        (uint32 version, uint8 threshold, address[] memory signers, uint40 when) = declarations.announcedSignerSet();
        assertEq(version, 2, "version");
        assertEq(threshold, 2, "threshold");
        assertEq(signers.length, 3, "signers");
        assertEq(when, effectiveAt, "when");

        bytes32 digest = declarations.anchorDigest(1, 1, "root");
        bytes[] memory byNew = signBy(digest, 0, 2);
        uint256[] memory newKeys = keys;
        keys = oldKeys;
        bytes[] memory byOld = signBy(digest, 0, 3);
        vm.warp(effectiveAt - 1);
        (version,,) = declarations.signerSet();
        assertEq(version, 1, "not yet");
        _anchorOne(byOld, "");
        _anchorOne(byNew, abi.encodeWithSelector(ISignerSets.SignaturesTooFew.selector, 2, 3));
        vm.warp(effectiveAt);
        (version, threshold, signers) = declarations.signerSet();
        assertEq(version, 2, "in force");
        assertEq(threshold, 2, "its threshold");
        assertEq(signers[0], vm.addr(newKeys[0]), "its signers");
        _anchorOne(byNew, "");
        _anchorOne(byOld, abi.encodeWithSelector(ISignerSets.SignerUnknown.selector, vm.addr(oldKeys[0])));
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.NoSignerSetAnnounced.selector));
        declarations.announcedSignerSet();
    }

    function test_sets_follow_one_another() public {
        for (uint32 version = 2; version < 5; ++version) {
            useKeys(version, bytes32(uint256(version)));
            _announce(addresses(keys), uint8(version / 2 + 1), block.timestamp + CHALLENGE);
            vm.warp(block.timestamp + CHALLENGE);
            (uint32 now_, uint8 threshold, address[] memory signers) = declarations.signerSet();
            assertEq(now_, version, "version");
            assertEq(threshold, version / 2 + 1, "threshold");
            assertEq(signers.length, version, "signers");
            assertTrue(!declarations.isSigner(version - 1, signers[0]), "versions are kept apart");
        }
    }

    function test_a_change_is_announced_a_challenge_window_ahead() public {
        uint256 earliest = block.timestamp + CHALLENGE;
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.SignerSetTooEarly.selector, earliest - 1, earliest));
        _announce(list(ANN), 1, earliest - 1);
        _announce(list(ANN), 1, earliest);
    }

    function test_a_short_window_still_gives_a_days_notice_and_none_gives_none() public {
        IRevenueDeclarations.Terms memory short_ = strictTerms();
        short_.challengeWindow = 60;
        declarations = new RevenueDeclarations(short_, list(ANN), 1, address(manager));
        grantAll();
        uint256 earliest = block.timestamp + 1 days;
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.SignerSetTooEarly.selector, earliest - 1, earliest));
        _announce(list(BOB), 1, earliest - 1);
        _announce(list(BOB), 1, earliest);

        short_.challengeWindow = 0;
        declarations = new RevenueDeclarations(short_, list(ANN), 1, address(manager));
        grantAll();
        vm.expectRevert(
            abi.encodeWithSelector(ISignerSets.SignerSetTooEarly.selector, block.timestamp - 1, block.timestamp)
        );
        _announce(list(BOB), 1, block.timestamp - 1);
        _announce(list(BOB), 1, block.timestamp);
        (uint32 version,,) = declarations.signerSet();
        assertEq(version, 2, "at once");
    }

    function test_one_set_at_a_time_is_announced() public {
        uint256 effectiveAt = block.timestamp + CHALLENGE;
        _announce(list(ANN), 1, effectiveAt);
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.SignerSetAlreadyAnnounced.selector, 2, effectiveAt));
        _announce(list(BOB), 1, effectiveAt + 1);
    }

    function test_the_guardian_withdraws_a_set_and_its_number_is_gone() public {
        uint256 effectiveAt = block.timestamp + CHALLENGE;
        _announce(list(ANN), 1, effectiveAt);
        vm.expectEmit(address(declarations));
        emit ISignerSets.SignerSetWithdrawn(2);
        vm.prank(GUARDIAN);
        declarations.withdrawSignerSet();
        vm.warp(effectiveAt);
        (uint32 version,,) = declarations.signerSet();
        assertEq(version, 1, "the old one stays");
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.NoSignerSetAnnounced.selector));
        vm.prank(GUARDIAN);
        declarations.withdrawSignerSet();

        _announce(list(BOB), 1, block.timestamp + CHALLENGE);
        (version,,,) = declarations.announcedSignerSet();
        assertEq(version, 3, "a number is never used twice");
        vm.warp(block.timestamp + CHALLENGE);
        vm.expectRevert(abi.encodeWithSelector(ISignerSets.NoSignerSetAnnounced.selector));
        vm.prank(GUARDIAN);
        declarations.withdrawSignerSet();
    }

    function test_what_is_no_signer_set() public {
        bytes4 count = ISignerSets.SignerCountOutOfRange.selector;
        _refusedSet(new address[](0), 1, abi.encodeWithSelector(count, 0, 16));
        _refusedSet(new address[](17), 9, abi.encodeWithSelector(count, 17, 16));
        bytes4 range = ISignerSets.ThresholdOutOfRange.selector;
        _refusedSet(list(ANN, BOB, CAT), 1, abi.encodeWithSelector(range, 1, 3));
        _refusedSet(list(ANN, BOB, CAT), 4, abi.encodeWithSelector(range, 4, 3));
        bytes4 rising = ISignerSets.SignersNotRising.selector;
        _refusedSet(list(address(0)), 1, abi.encodeWithSelector(rising, address(0), address(0)));
        _refusedSet(list(ANN, CAT, BOB), 2, abi.encodeWithSelector(rising, BOB, CAT));
        _refusedSet(list(ANN, BOB, BOB), 2, abi.encodeWithSelector(rising, BOB, BOB));
        _refusedSet(list(REGISTRAR), 1, abi.encodeWithSelector(ISignerSets.SignerIsRegistrar.selector, REGISTRAR));
        manager.grantRole(Roles.REGISTRAR, BOB, 0);
        _refusedSet(list(ANN, BOB, CAT), 2, abi.encodeWithSelector(ISignerSets.SignerIsRegistrar.selector, BOB));

        useKeys(16, "most");
        _announce(addresses(keys), 9, block.timestamp + CHALLENGE);
    }

    function testFuzz_half_of_the_signers_is_never_enough(uint256 count, uint8 threshold) public {
        count = bound(count, 1, 16);
        useKeys(count, "any");
        bool enough = uint256(threshold) * 2 > count && threshold <= count;
        if (!enough) {
            vm.expectRevert(abi.encodeWithSelector(ISignerSets.ThresholdOutOfRange.selector, threshold, count));
        }
        _announce(addresses(keys), threshold, block.timestamp + CHALLENGE);
    }

    // ---------------------------------------------------------------- who may

    function testFuzz_only_the_signer_admin_announces(address caller) public {
        vm.assume(caller != SIGNER_ADMIN);
        expectUnauthorized(caller);
        vm.prank(caller);
        declarations.announceSignerSet(list(ANN), 1, uint40(block.timestamp + CHALLENGE));
    }

    function testFuzz_only_the_guardian_withdraws(address caller) public {
        vm.assume(caller != GUARDIAN);
        _announce(list(ANN), 1, block.timestamp + CHALLENGE);
        expectUnauthorized(caller);
        vm.prank(caller);
        declarations.withdrawSignerSet();
    }
}
