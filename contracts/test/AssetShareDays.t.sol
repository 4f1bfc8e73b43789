// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AssetShare} from "../src/AssetShare.sol";
import {IHolderRegister} from "../src/interfaces/IHolderRegister.sol";
import {DayTable} from "./DayTable.sol";
import {Fixture} from "./Fixture.sol";

contract AssetShareDaysTest is Fixture, DayTable {
    function setUp() public {
        deploy();
    }

    function _book() internal view override returns (IHolderRegister) {
        return share;
    }

    function _create(address to, uint256 amount) internal override {
        mint(to, amount);
    }

    function _move(address from, address to, uint256 amount) internal override {
        move(from, to, amount);
    }

    function _wait(uint32 day) internal override {
        toDay(day);
    }

    function _holders() internal pure override returns (address[4] memory) {
        return [ANN, BOB, CAT, UNSOLD];
    }

    function test_the_day_turns_at_midnight_of_the_asset() public {
        // 16:00 UTC is midnight at UTC+8.
        vm.warp(uint256(FIRST_DAY) * 1 days + 16 hours - 1);
        assertEq(share.today(), FIRST_DAY, "one second before midnight");
        vm.warp(uint256(FIRST_DAY) * 1 days + 16 hours);
        assertEq(share.today(), FIRST_DAY + 1, "midnight");
    }

    function test_a_negative_offset_turns_later() public {
        AssetShare west = new AssetShare("n", "s", gate, -7 hours, new address[](0), address(manager));
        vm.warp(uint256(FIRST_DAY) * 1 days + 7 hours - 1);
        assertEq(west.today(), FIRST_DAY - 1, "one second before midnight");
        vm.warp(uint256(FIRST_DAY) * 1 days + 7 hours);
        assertEq(west.today(), FIRST_DAY, "midnight");
    }

    function test_a_day_that_is_not_over_has_no_answer() public {
        mint(ANN, 10);
        vm.expectRevert(abi.encodeWithSelector(IHolderRegister.DayNotOver.selector, FIRST_DAY, FIRST_DAY));
        share.balanceAt(ANN, FIRST_DAY);
        vm.expectRevert(abi.encodeWithSelector(IHolderRegister.DayNotOver.selector, FIRST_DAY, FIRST_DAY));
        share.supplyAt(FIRST_DAY);
        vm.expectRevert(abi.encodeWithSelector(IHolderRegister.DayNotOver.selector, FIRST_DAY + 1, FIRST_DAY));
        share.shareDays(ANN, FIRST_DAY, FIRST_DAY + 1);
        vm.expectRevert(abi.encodeWithSelector(IHolderRegister.DayNotOver.selector, FIRST_DAY + 1, FIRST_DAY));
        share.totalShareDays(FIRST_DAY, FIRST_DAY + 1);
        vm.expectRevert(abi.encodeWithSelector(IHolderRegister.DaysReversed.selector, FIRST_DAY, FIRST_DAY - 1));
        share.shareDays(ANN, FIRST_DAY, FIRST_DAY - 1);
        assertEq(share.shareDays(ANN, FIRST_DAY - 5, FIRST_DAY), 0, "up to today is fine");

        toDay(FIRST_DAY + 1);
        assertEq(share.balanceAt(ANN, FIRST_DAY), 10, "over now");
        assertEq(share.shareDays(ANN, FIRST_DAY, FIRST_DAY + 1), 10, "over now");
    }

    function test_the_holder_of_record_is_who_holds_when_the_day_ends() public {
        mint(ANN, 10);
        move(ANN, BOB, 3);
        toDay(FIRST_DAY + 2);
        move(BOB, CAT, 3);
        move(ANN, CAT, 7);
        move(CAT, ANN, 1);
        toDay(FIRST_DAY + 3);

        assertEq(share.balanceAt(ANN, FIRST_DAY - 1), 0, "before the first share");
        assertEq(share.balanceAt(ANN, FIRST_DAY), 7, "ann at the end of the first day");
        assertEq(share.balanceAt(BOB, FIRST_DAY), 3, "bob at the end of the first day");
        assertEq(share.balanceAt(ANN, FIRST_DAY + 1), 7, "a quiet day");
        assertEq(share.balanceAt(ANN, FIRST_DAY + 2), 1, "ann after three moves in a day");
        assertEq(share.balanceAt(BOB, FIRST_DAY + 2), 0, "bob sold");
        assertEq(share.balanceAt(CAT, FIRST_DAY + 2), 9, "cat bought");
        assertEq(share.shareDays(ANN, FIRST_DAY, FIRST_DAY + 3), 7 + 7 + 1, "ann's share-days");
        assertEq(share.shareDays(BOB, FIRST_DAY, FIRST_DAY + 3), 3 + 3, "bob's share-days");
        assertEq(share.shareDays(CAT, FIRST_DAY, FIRST_DAY + 3), 9, "cat's share-days");
        assertEq(share.totalShareDays(FIRST_DAY, FIRST_DAY + 3), 30, "all share-days");
        assertEq(share.supplyAt(FIRST_DAY + 2), 10, "supply");
        assertEq(share.supplyAt(FIRST_DAY - 1), 0, "no supply before");
    }

    function test_a_transfer_to_oneself_changes_nothing() public {
        mint(ANN, 10);
        toDay(FIRST_DAY + 1);
        move(ANN, ANN, 4);
        toDay(FIRST_DAY + 2);
        assertEq(share.balanceAt(ANN, FIRST_DAY + 1), 10, "same balance");
        assertEq(share.shareDays(ANN, FIRST_DAY, FIRST_DAY + 2), 20, "same share-days");
    }

    function test_moving_nothing_writes_nothing() public {
        mint(ANN, 10);
        toDay(FIRST_DAY + 1);
        vm.prank(BOB);
        share.transferFrom(ANN, CAT, 0);
        toDay(FIRST_DAY + 2);
        assertEq(share.balanceAt(ANN, FIRST_DAY + 1), 10, "untouched");
        assertEq(share.shareDays(CAT, FIRST_DAY, FIRST_DAY + 2), 0, "untouched");
    }

    function test_excluded_holders_are_recorded_but_earn_nothing_and_leave_the_total() public {
        mint(UNSOLD, 100);
        mint(ANN, 10);
        toDay(FIRST_DAY + 1);
        move(UNSOLD, BOB, 20);
        toDay(FIRST_DAY + 2);
        move(BOB, UNSOLD, 5);
        toDay(FIRST_DAY + 3);
        assertEq(share.balanceAt(UNSOLD, FIRST_DAY), 100, "recorded");
        assertEq(share.shareDays(UNSOLD, FIRST_DAY, FIRST_DAY + 3), 0, "earns nothing");
        assertEq(share.totalShareDays(FIRST_DAY, FIRST_DAY + 1), 10, "unsold shares don't count");
        assertEq(share.totalShareDays(FIRST_DAY + 1, FIRST_DAY + 2), 30, "sold shares do");
        assertEq(share.totalShareDays(FIRST_DAY + 2, FIRST_DAY + 3), 25, "until they come back");
        assertEq(share.supplyAt(FIRST_DAY + 2), 110, "the supply counts everything");
    }

    /// @dev 24 random moves over random days, against a table of every balance on every day.
    function testFuzz_share_days_equal_a_table_of_every_day(uint256 seed, uint32 a, uint32 b, uint32 c) public {
        checkAgainstTable(FIRST_DAY, seed, a, b, c);
    }
}
