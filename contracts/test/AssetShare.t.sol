// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {AssetShare} from "../src/AssetShare.sol";
import {InvestorGate} from "../src/InvestorGate.sol";
import {IHolderRegister} from "../src/interfaces/IHolderRegister.sol";
import {IInvestorGate} from "../src/interfaces/IInvestorGate.sol";
import {SettlementDay} from "../src/lib/SettlementDay.sol";
import {Fixture} from "./Fixture.sol";

contract AssetShareTest is Fixture {
    function setUp() public {
        deploy();
    }

    function _create(IInvestorGate gate_, int32 offset, address[] memory excluded) private returns (AssetShare) {
        return new AssetShare("n", "s", gate_, offset, excluded, address(manager));
    }

    // ---------------------------------------------------------------- the token

    function test_shares_are_whole_and_the_asset_is_named() public view {
        assertEq(share.decimals(), 0, "decimals");
        assertEq(share.excluded().length, 1, "excluded");
        assertEq(share.excluded()[0], UNSOLD, "the excluded holder");
        assertTrue(share.isExcluded(UNSOLD) && !share.isExcluded(ANN), "who is excluded");
        assertEq(address(share.gate()), address(gate), "gate");
        assertTrue(share.utcOffset() == UTC_OFFSET, "offset");
    }

    function testFuzz_only_the_issuer_mints(address caller) public {
        vm.assume(caller != ISSUER);
        expectUnauthorized(caller);
        vm.prank(caller);
        share.mint(ANN, 1);
    }

    function test_shares_move_only_between_allowed_holders() public {
        vm.expectRevert(abi.encodeWithSelector(AssetShare.HolderNotAllowed.selector, STRANGER));
        vm.prank(ISSUER);
        share.mint(STRANGER, 1);

        mint(ANN, 10);
        vm.expectRevert(abi.encodeWithSelector(AssetShare.HolderNotAllowed.selector, STRANGER));
        vm.prank(ANN);
        share.transfer(STRANGER, 1);

        allow(ANN, false);
        vm.expectRevert(abi.encodeWithSelector(AssetShare.HolderNotAllowed.selector, ANN));
        vm.prank(ANN);
        share.transfer(BOB, 1);

        allow(ANN, true);
        move(ANN, BOB, 4);
        assertEq(share.balanceOf(BOB), 4, "moved");
    }

    function test_transfer_from_needs_an_allowance() public {
        mint(ANN, 10);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, BOB, 0, 1));
        vm.prank(BOB);
        share.transferFrom(ANN, BOB, 1);
    }

    function test_nobody_moves_more_than_they_hold() public {
        mint(ANN, 10);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ANN, 10, 11));
        vm.prank(ANN);
        share.transfer(BOB, 11);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, BOB, 0, 1));
        vm.prank(BOB);
        share.transfer(BOB, 1);
    }

    function test_balances_and_supply_are_those_of_an_erc_20() public {
        vm.expectEmit(address(share));
        emit IERC20.Transfer(address(0), ANN, 10);
        vm.prank(ISSUER);
        share.mint(ANN, 10);
        mint(UNSOLD, 5);
        vm.expectEmit(address(share));
        emit IERC20.Transfer(ANN, UNSOLD, 4);
        vm.prank(ANN);
        share.transfer(UNSOLD, 4);
        vm.expectEmit(address(share));
        emit IERC20.Transfer(ANN, BOB, 0);
        vm.prank(ANN);
        share.transfer(BOB, 0);
        assertEq(share.balanceOf(ANN), 6, "ann");
        assertEq(share.balanceOf(UNSOLD), 9, "unsold");
        assertEq(share.balanceOf(STRANGER), 0, "nobody else");
        assertEq(share.totalSupply(), 15, "supply");
        vm.prank(ANN);
        share.approve(BOB, 6);
        vm.prank(BOB);
        share.transferFrom(ANN, CAT, 6);
        assertEq(share.balanceOf(CAT), 6, "by allowance");
    }

    function test_the_supply_stays_within_a_checkpoint() public {
        mint(ANN, type(uint96).max);
        vm.expectRevert(
            abi.encodeWithSelector(AssetShare.SupplyTooLarge.selector, uint256(type(uint96).max) + 1, type(uint96).max)
        );
        vm.prank(ISSUER);
        share.mint(BOB, 1);
    }

    function test_the_largest_supply_over_the_longest_time_still_counts_exactly() public {
        vm.warp(1);
        manager = new AccessManager(address(this));
        AssetShare old = _create(gate, UTC_OFFSET, new address[](0));
        old.mint(ANN, type(uint96).max);
        toDay(type(uint32).max);
        assertEq(old.shareDays(ANN, 0, type(uint32).max), uint256(type(uint96).max) * type(uint32).max, "share-days");
        vm.prank(ANN);
        old.transfer(BOB, 1);
    }

    function test_what_cannot_be_created() public {
        address[] memory none = new address[](0);
        vm.expectRevert(abi.encodeWithSelector(AssetShare.ZeroAddress.selector));
        _create(IInvestorGate(address(0)), 0, none);
        vm.expectRevert(
            abi.encodeWithSelector(SettlementDay.UtcOffsetOutOfRange.selector, int32(14 hours + 1), -12 hours, 14 hours)
        );
        _create(gate, 14 hours + 1, none);
        vm.expectRevert(
            abi.encodeWithSelector(
                SettlementDay.UtcOffsetOutOfRange.selector, int32(-12 hours - 1), -12 hours, 14 hours
            )
        );
        _create(gate, -12 hours - 1, none);
        vm.expectRevert(abi.encodeWithSelector(AssetShare.TooManyExcluded.selector, 9, 8));
        _create(gate, 0, new address[](9));
        vm.expectRevert(abi.encodeWithSelector(AssetShare.ExcludedInvalid.selector, address(0)));
        _create(gate, 0, new address[](1));
        vm.expectRevert(abi.encodeWithSelector(AssetShare.ExcludedInvalid.selector, ANN));
        _create(gate, 0, list(ANN, BOB, ANN));
    }

    // ---------------------------------------------------------------- days

    function test_the_day_turns_at_midnight_of_the_asset() public {
        // 16:00 UTC is midnight at UTC+8.
        vm.warp(uint256(FIRST_DAY) * 1 days + 16 hours - 1);
        assertEq(share.today(), FIRST_DAY, "one second before midnight");
        vm.warp(uint256(FIRST_DAY) * 1 days + 16 hours);
        assertEq(share.today(), FIRST_DAY + 1, "midnight");
    }

    function test_a_negative_offset_turns_later() public {
        AssetShare west = _create(gate, -7 hours, new address[](0));
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

    uint32 private constant SPAN = 40;
    uint256[4] private _held;
    uint256[4][41] private _table;

    /// @dev 24 random moves over random days, against a table of every balance on every day.
    function testFuzz_share_days_equal_a_table_of_every_day(uint256 seed, uint32 a, uint32 b, uint32 c) public {
        uint32 day = FIRST_DAY;
        for (uint256 step = 0; step < 24; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            day = _fillTable(day, uint32(day + seed % 3));
            toDay(day);
            _randomMove(seed >> 16);
        }
        _fillTable(day, FIRST_DAY + SPAN + 1);
        toDay(FIRST_DAY + SPAN);

        (a, b, c) = (uint32(bound(a, 0, SPAN)), uint32(bound(b, 0, SPAN)), uint32(bound(c, 0, SPAN)));
        if (a > b) (a, b) = (b, a);
        if (b > c) (b, c) = (c, b);
        if (a > b) (a, b) = (b, a);
        uint256 total = 0;
        for (uint256 h = 0; h < 4; ++h) {
            total += _checkHolder(h, a, b, c);
        }
        assertEq(share.totalShareDays(FIRST_DAY + a, FIRST_DAY + c), total, "the total is the sum over the holders");
    }

    function _holder(uint256 h) private pure returns (address) {
        return [ANN, BOB, CAT, UNSOLD][h];
    }

    function _fillTable(uint32 day, uint32 later) private returns (uint32) {
        for (; day < later && day <= FIRST_DAY + SPAN; ++day) {
            _table[day - FIRST_DAY] = _held;
        }
        return day;
    }

    function _randomMove(uint256 seed) private {
        uint256 to = seed % 4;
        uint256 from = (seed >> 16) % 5;
        if (from == 4) {
            uint256 created = (seed >> 48) % 1_000;
            mint(_holder(to), created);
            _held[to] += created;
        } else {
            uint256 moved = (seed >> 48) % (_held[from] + 1);
            move(_holder(from), _holder(to), moved);
            _held[from] -= moved;
            _held[to] += moved;
        }
    }

    function _checkHolder(uint256 h, uint32 a, uint32 b, uint32 c) private view returns (uint256 want) {
        address holder = _holder(h);
        for (uint32 d = a; d < c; ++d) {
            want += _table[d][h];
            assertEq(share.balanceAt(holder, FIRST_DAY + d), _table[d][h], "balance at the end of the day");
        }
        if (holder == UNSOLD) want = 0;
        uint256 whole = share.shareDays(holder, FIRST_DAY + a, FIRST_DAY + c);
        assertEq(whole, want, "share-days");
        uint256 first = share.shareDays(holder, FIRST_DAY + a, FIRST_DAY + b);
        uint256 second = share.shareDays(holder, FIRST_DAY + b, FIRST_DAY + c);
        assertEq(first + second, whole, "share-days add up over any split");
    }
}
