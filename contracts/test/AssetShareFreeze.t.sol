// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IAssetShare} from "../src/interfaces/IAssetShare.sol";
import {IERC7943} from "../src/interfaces/IERC7943.sol";
import {Fixture} from "./Fixture.sol";

contract AssetShareFreezeTest is Fixture {
    function setUp() public {
        deploy();
        mint(ANN, 10);
    }

    function _freeze(address account, uint256 amount) private {
        vm.prank(COMPLIANCE);
        assertTrue(share.setFrozenTokens(account, amount), "the answer of ERC-7943");
    }

    function _expectFrozen(address account, uint256 amount, uint256 unfrozen) private {
        vm.expectRevert(
            abi.encodeWithSelector(IERC7943.ERC7943InsufficientUnfrozenBalance.selector, account, amount, unfrozen)
        );
    }

    function testFuzz_only_compliance_freezes(address caller) public {
        vm.assume(caller != COMPLIANCE);
        expectUnauthorized(caller);
        vm.prank(caller);
        share.setFrozenTokens(ANN, 1);
    }

    function test_frozen_shares_stay_and_the_others_move() public {
        vm.expectEmit(address(share));
        emit IERC7943.Frozen(ANN, 7);
        _freeze(ANN, 7);
        assertEq(share.getFrozenTokens(ANN), 7, "frozen");
        assertEq(share.getFrozenTokens(BOB), 0, "nobody else's");
        assertEq(share.balanceOf(ANN), 10, "still hers");
        _expectFrozen(ANN, 4, 3);
        vm.prank(ANN);
        share.transfer(BOB, 4);
        move(ANN, BOB, 3);
        _expectFrozen(ANN, 1, 0);
        vm.prank(ANN);
        share.transfer(BOB, 1);
    }

    function test_an_allowance_moves_no_frozen_share() public {
        vm.prank(ANN);
        share.approve(BOB, 10);
        _freeze(ANN, 7);
        _expectFrozen(ANN, 4, 3);
        vm.prank(BOB);
        share.transferFrom(ANN, BOB, 4);
    }

    function test_a_freeze_replaces_the_one_before() public {
        _freeze(ANN, 7);
        _freeze(ANN, 2);
        move(ANN, BOB, 8);
        _freeze(ANN, 0);
        move(ANN, BOB, 2);
        assertEq(share.balanceOf(BOB), 10, "all moved");
    }

    function test_more_can_be_frozen_than_is_there_and_what_arrives_stays() public {
        _freeze(ANN, 100);
        assertEq(share.getFrozenTokens(ANN), 100, "more than she has");
        _expectFrozen(ANN, 1, 0);
        vm.prank(ANN);
        share.transfer(BOB, 1);
        mint(ANN, 95);
        move(ANN, BOB, 5);
        _expectFrozen(ANN, 1, 0);
        vm.prank(ANN);
        share.transfer(BOB, 1);
    }

    function test_more_than_the_balance_is_still_the_erc_20s_own_error() public {
        _freeze(ANN, 7);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ANN, 10, 11));
        vm.prank(ANN);
        share.transfer(BOB, 11);
    }

    function test_everything_for_ever_is_the_largest_balance() public {
        _freeze(ANN, type(uint96).max);
        assertEq(share.getFrozenTokens(ANN), type(uint96).max, "frozen for good");
        vm.expectRevert(abi.encodeWithSelector(IAssetShare.FrozenTooLarge.selector, uint256(2) ** 96, type(uint96).max));
        vm.prank(COMPLIANCE);
        share.setFrozenTokens(ANN, uint256(2) ** 96);
        vm.expectRevert(abi.encodeWithSelector(IAssetShare.ZeroAddress.selector));
        vm.prank(COMPLIANCE);
        share.setFrozenTokens(address(0), 1);
    }

    function test_frozen_shares_earn_like_others() public {
        mint(BOB, 10);
        _freeze(ANN, 10);
        toDay(FIRST_DAY + 3);
        assertEq(share.shareDays(ANN, FIRST_DAY, FIRST_DAY + 3), 30, "frozen");
        assertEq(share.shareDays(BOB, FIRST_DAY, FIRST_DAY + 3), 30, "free");
        assertEq(share.totalShareDays(FIRST_DAY, FIRST_DAY + 3), 60, "all");
    }

    function test_freezing_before_the_first_share_and_of_an_excluded_holder() public {
        _freeze(BOB, 3);
        _freeze(UNSOLD, 2);
        mint(UNSOLD, 5);
        move(ANN, BOB, 4);
        move(BOB, CAT, 1);
        move(UNSOLD, CAT, 3);
        toDay(FIRST_DAY + 1);
        assertEq(share.balanceAt(BOB, FIRST_DAY), 3, "the frozen ones stayed");
        assertEq(share.balanceAt(UNSOLD, FIRST_DAY), 2, "here too");
        assertTrue(share.isExcluded(UNSOLD) && !share.isExcluded(BOB), "freezing leaves the exclusion alone");
        assertEq(share.totalShareDays(FIRST_DAY, FIRST_DAY + 1), 13, "the total too");
        assertEq(share.shareDays(UNSOLD, FIRST_DAY, FIRST_DAY + 1), 0, "still earns nothing");
    }

    // ---------------------------------------------------------------- what ERC-7943 is asked

    function test_can_transfer_answers_what_a_transfer_would_do() public {
        assertTrue(share.canSend(ANN) && share.canReceive(BOB), "both allowed");
        assertTrue(!share.canSend(STRANGER) && !share.canReceive(STRANGER), "a stranger isn't");
        assertTrue(share.canTransfer(ANN, BOB, 10), "all of it");
        assertTrue(!share.canTransfer(ANN, BOB, 11), "not more than all");
        assertTrue(!share.canTransfer(ANN, STRANGER, 1), "not to a stranger");
        assertTrue(!share.canTransfer(STRANGER, ANN, 0), "not from a stranger");
        _freeze(ANN, 7);
        assertTrue(share.canTransfer(ANN, BOB, 3), "what is free");
        assertTrue(!share.canTransfer(ANN, BOB, 4), "not what is frozen");
        _freeze(ANN, 70);
        assertTrue(share.canTransfer(ANN, BOB, 0) && !share.canTransfer(ANN, BOB, 1), "nothing is free");
    }

    function testFuzz_a_transfer_passes_when_can_transfer_says_so(uint96 frozen, uint96 amount, uint8 allowed) public {
        amount = uint96(bound(amount, 0, 12));
        _freeze(ANN, bound(frozen, 0, 12));
        allow(ANN, allowed & 1 == 0);
        allow(BOB, allowed & 2 == 0);
        bool foretold = share.canTransfer(ANN, BOB, amount);
        vm.prank(ANN);
        (bool done,) = address(share).call(abi.encodeCall(IERC20.transfer, (BOB, amount)));
        assertTrue(done == foretold, "foretold");
    }

    // ---------------------------------------------------------------- burning

    function testFuzz_only_the_issuer_burns(address caller) public {
        vm.assume(caller != ISSUER);
        expectUnauthorized(caller);
        vm.prank(caller);
        share.burn(1);
    }

    function test_the_issuer_burns_its_own_unfrozen_shares_only() public {
        allow(ISSUER, true);
        move(ANN, ISSUER, 6);
        _freeze(ISSUER, 2);
        toDay(FIRST_DAY + 1);
        vm.expectEmit(address(share));
        emit IERC20.Transfer(ISSUER, address(0), 4);
        vm.prank(ISSUER);
        share.burn(4);
        assertEq(share.totalSupply(), 6, "supply");
        assertEq(share.balanceOf(ISSUER), 2, "the issuer's");
        assertEq(share.balanceOf(ANN), 4, "ann's");
        _expectFrozen(ISSUER, 1, 0);
        vm.prank(ISSUER);
        share.burn(1);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ISSUER, 2, 3));
        vm.prank(ISSUER);
        share.burn(3);
        allow(ISSUER, false);
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943CannotSend.selector, ISSUER));
        vm.prank(ISSUER);
        share.burn(1);
        toDay(FIRST_DAY + 2);
        assertEq(share.supplyAt(FIRST_DAY), 10, "before");
        assertEq(share.supplyAt(FIRST_DAY + 1), 6, "after");
        assertEq(share.totalShareDays(FIRST_DAY, FIRST_DAY + 2), 16, "burnt shares earn no longer");
    }
}
