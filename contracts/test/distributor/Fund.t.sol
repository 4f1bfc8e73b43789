// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ExpiringPause} from "../../src/base/ExpiringPause.sol";
import {IRevenueDistributor} from "../../src/interfaces/IRevenueDistributor.sol";
import {PayoutFixture} from "./PayoutFixture.sol";

/// @title fund
contract FundTest is PayoutFixture {
    function test_a_tranche_pays_by_share_days() public {
        declare(0, 3_000);
        token.mint(TREASURY, 3_000);
        vm.prank(TREASURY);
        token.approve(address(distributor), 3_000);
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.Funded(0, 0, 3_000, uint192(10 << 96));
        vm.prank(TREASURY);
        distributor.fund(0, 3_000);

        (uint32 period, uint192 perShareDay) = distributor.tranche(0);
        assertEq(period, 0, "period");
        assertEq(perShareDay, 10 << 96, "3,000 over 300 share-days");
        assertEq(distributor.carryX96(), 0, "carry");
        assertEq(distributor.owed(ANN, 1), 1_800, "ann");
        assertEq(distributor.owed(BOB, 1), 1_200, "bob");
        assertEq(distributor.owed(STRANGER, 1), 0, "nobody else");
        assertEq(distributor.owedX96(ANN, 1), 1_800 << 96, "with its fraction");
        assertEq(distributor.totalFunded(), 3_000, "funded");
    }

    function test_a_transfer_in_the_middle_splits_the_period() public {
        toDay(FIRST_DAY + 4);
        move(ANN, CAT, 60);
        bring(1, 3_000);
        assertEq(distributor.owed(ANN, 1), 600, "one day of three");
        assertEq(distributor.owed(CAT, 1), 1_200, "two days of three");
        assertEq(distributor.owed(BOB, 1), 1_200, "all three days");
    }

    function testFuzz_only_the_treasury_funds(address caller) public {
        vm.assume(caller != TREASURY);
        expectUnauthorized(caller);
        vm.prank(caller);
        distributor.fund(0, 1);
    }

    function test_only_a_final_report_is_funded() public {
        refuseFund(0, 100, abi.encodeWithSelector(IRevenueDistributor.PeriodNotFinal.selector, 0, 0));
        assertEq(distributor.fundable(0), 0, "nothing fundable");
        declare(0, 0);
        refuseFund(0, 0, abi.encodeWithSelector(IRevenueDistributor.FundingZero.selector, 0));
        refuseFund(0, 1, abi.encodeWithSelector(IRevenueDistributor.FundingAboveDistributable.selector, 0, 1, 0));
        declare1(1_000);
        refuseFund(1, 0, abi.encodeWithSelector(IRevenueDistributor.FundingZero.selector, 1));
    }

    function declare1(uint128 amount) private {
        toDay(FIRST_DAY + 2 * DAYS_PER_PERIOD);
        declare(1, amount);
    }

    function test_never_more_than_the_report_lets_be_distributed() public {
        declare(0, 1_000);
        bytes4 above = IRevenueDistributor.FundingAboveDistributable.selector;
        refuseFund(0, 1_001, abi.encodeWithSelector(above, 0, 1_001, 1_000));
        fund(0, 600);
        refuseFund(0, 401, abi.encodeWithSelector(above, 0, 401, 400));
        fund(0, 400);
        refuseFund(0, 1, abi.encodeWithSelector(above, 0, 1, 0));
    }

    function test_coverage_and_arrears_stand_side_by_side() public {
        declare(0, 1_000);
        _requireCoverage(0, 1_000, 0);
        fund(0, 600);
        _requireCoverage(0, 1_000, 600);
        fund(0, 100);
        _requireCoverage(0, 1_000, 700);
        declare1(500);
        assertEq(distributor.arrears(0, 1), 300, "arrears of period 0");
        assertEq(distributor.arrears(1, 2), 500, "arrears of period 1");
        assertEq(distributor.arrears(0, 7), 800, "arrears of all, undeclared ones included");
        assertEq(distributor.arrears(1, 1), 0, "of no period");
        fund(0, 300);
        _requireCoverage(0, 1_000, 1_000);
        fund(1, 500);
        _requireCoverage(1, 500, 500);
        _requireCoverage(2, 0, 0);
        assertEq(distributor.arrears(0, 2), 0, "no arrears");
    }

    /// @dev 128 periods share a slot: those beside one, and those on both sides of the edge, keep their own state.
    function test_the_coverage_of_one_period_is_not_another_s() public {
        for (uint32 period = 126; period < 130; ++period) {
            toDay(FIRST_DAY + (period + 1) * DAYS_PER_PERIOD);
            declare(period, 1_000);
        }
        fund(127, 1_000);
        fund(128, 400);
        _requireCoverage(126, 1_000, 0);
        _requireCoverage(127, 1_000, 1_000);
        _requireCoverage(128, 1_000, 400);
        _requireCoverage(129, 1_000, 0);
        fund(129, 1_000);
        fund(128, 600);
        fund(126, 10);
        _requireCoverage(126, 1_000, 10);
        _requireCoverage(127, 1_000, 1_000);
        _requireCoverage(128, 1_000, 1_000);
        _requireCoverage(129, 1_000, 1_000);
        assertEq(distributor.arrears(0, 130), 990, "arrears");
    }

    function _requireCoverage(uint32 period, uint256 declared_, uint256 funded_) private view {
        (uint256 declared, uint256 funded) = distributor.coverage(period);
        assertEq(declared, declared_, "declared");
        assertEq(funded, funded_, "funded");
        assertEq(distributor.fundable(period), declared_ - funded_, "fundable");
    }

    function test_a_tranche_brings_one_percent_or_what_completes() public {
        declare(0, 1_001);
        bytes4 below = IRevenueDistributor.FundingBelowMinimum.selector;
        refuseFund(0, 10, abi.encodeWithSelector(below, 0, 10, 11));
        fund(0, 11);
        fund(0, 985);
        assertEq(distributor.fundable(0), 5, "missing");
        refuseFund(0, 4, abi.encodeWithSelector(below, 0, 4, 11));
        fund(0, 5);
        assertEq(distributor.trancheCount(), 3, "tranches");
    }

    function test_a_second_tranche_takes_nothing_from_who_claimed_early() public {
        declare(0, 3_000);
        fund(0, 1_500);
        assertEq(claimAll(ANN), 900, "ann early");
        fund(0, 1_500);
        assertEq(claimAll(ANN), 900, "ann again");
        assertEq(claimAll(BOB), 1_200, "bob late");
        assertEq(token.balanceOf(address(distributor)), 0, "all paid");
        assertEq(distributor.totalPaid(), 3_000, "paid");
    }

    function test_what_the_division_leaves_over_joins_the_next_tranche() public {
        declare(0, 1_000);
        fund(0, 500);
        uint256 x = uint256(500) << 96;
        assertEq(distributor.carryX96(), x % 300, "carry of 300 share-days");
        // Another supply, another denominator: the carry is money, not a share of the old one.
        mint(CAT, 7);
        toDay(FIRST_DAY + 2 * DAYS_PER_PERIOD);
        declare(1, 1_000);
        fund(1, 100);
        uint256 y = (uint256(100) << 96) + x % 300;
        (, uint192 perShareDay) = distributor.tranche(1);
        assertEq(perShareDay, y / 321, "107 shares, 3 days");
        assertEq(distributor.carryX96(), y % 321, "new carry");
        uint256 owed = distributor.owedX96(ANN, 2) + distributor.owedX96(BOB, 2) + distributor.owedX96(CAT, 2);
        assertEq(owed + distributor.carryX96(), uint256(600) << 96, "not a fraction is lost");
    }

    function test_all_funds_together_fit_their_slot() public {
        uint128 half = uint128(1) << 95;
        declare(0, half);
        declare1(half);
        fund(0, half);
        uint256 most = type(uint96).max;
        refuseFund(1, half, abi.encodeWithSelector(IRevenueDistributor.TotalTooLarge.selector, most + 1, most));
        fund(1, half - 1);
        assertEq(distributor.totalFunded(), most, "the last unit fits");
        uint256 all = distributor.owedX96(ANN, 2) + distributor.owedX96(BOB, 2) + distributor.carryX96();
        assertEq(all, most << 96, "exact");
        claimAll(ANN);
        claimAll(BOB);
        assertEq(distributor.totalPaid() + token.balanceOf(address(distributor)), most, "exact when paid");
    }

    function test_a_pause_stops_funding_and_nothing_that_is_funded() public {
        bring(0, 3_000);
        declare1(3_000);
        vm.prank(GUARDIAN);
        distributor.pause(1 hours);
        refuseFund(
            1, 3_000, abi.encodeWithSelector(ExpiringPause.PausedUntil.selector, uint40(block.timestamp + 1 hours))
        );
        assertEq(claimAll(ANN), 1_800, "a claim");
        assertEq(pushAll(list(BOB)), 1, "a push");
        assertEq(token.balanceOf(BOB), 1_200, "paid");
        vm.warp(block.timestamp + 1 hours);
        fund(1, 3_000);
    }
}

/// @title fund, where nobody who earns holds a share
contract FundNobodyTest is PayoutFixture {
    function setUp() public override {
        deploy();
        anchorMore(3);
        mint(UNSOLD, 100);
        toDay(FIRST_DAY + DAYS_PER_PERIOD);
    }

    function test_money_that_would_belong_to_nobody_is_refused() public {
        declare(0, 1_000);
        refuseFund(0, 1_000, abi.encodeWithSelector(IRevenueDistributor.NoShareDays.selector, 0));
    }
}
