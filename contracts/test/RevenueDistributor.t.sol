// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AssetShare} from "../src/AssetShare.sol";
import {RevenueDistributor} from "../src/RevenueDistributor.sol";
import {IHolderRegister} from "../src/interfaces/IHolderRegister.sol";
import {IInvestorGate} from "../src/interfaces/IInvestorGate.sol";
import {IRevenueDistributor} from "../src/interfaces/IRevenueDistributor.sol";
import {Fixture} from "./Fixture.sol";
import {TestToken} from "./TestToken.sol";

contract RevenueDistributorTest is Fixture {
    function setUp() public {
        deploy();
        anchorMore(3);
    }

    /// @dev ann 60, bob 40, over the whole of period 0; period 0 is over.
    function _twoHolders() private {
        mint(ANN, 60);
        mint(BOB, 40);
        toDay(FIRST_DAY + DAYS_PER_PERIOD);
    }

    function _tryFund(uint32 period, uint256 amount, bytes memory reason) private {
        token.mint(TREASURY, amount);
        vm.prank(TREASURY);
        token.approve(address(distributor), amount);
        vm.expectRevert(reason);
        vm.prank(TREASURY);
        distributor.fund(period, amount);
    }

    // ---------------------------------------------------------------- fund

    function test_a_tranche_pays_by_share_days() public {
        _twoHolders();
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
        mint(ANN, 100);
        toDay(FIRST_DAY + 1);
        move(ANN, BOB, 100);
        toDay(FIRST_DAY + DAYS_PER_PERIOD);
        declare(0, 3_000);
        fund(0, 3_000);
        assertEq(distributor.owed(ANN, 1), 1_000, "one day of three");
        assertEq(distributor.owed(BOB, 1), 2_000, "two days of three");
    }

    function test_what_the_division_leaves_over_joins_the_next_tranche() public {
        mint(ANN, 1);
        toDay(FIRST_DAY + DAYS_PER_PERIOD);
        declare(0, 1_000);
        fund(0, 500);
        uint256 x = uint256(500) << 96;
        assertEq(distributor.carryX96(), x % 3, "carry of 3 share-days");
        // Another supply, another denominator: the carry is money, not a share of the old one.
        mint(BOB, 6);
        toDay(FIRST_DAY + 2 * DAYS_PER_PERIOD);
        declare(1, 1_000);
        fund(1, 100);
        uint256 y = (uint256(100) << 96) + x % 3;
        (, uint192 perShareDay) = distributor.tranche(1);
        assertEq(perShareDay, y / 21, "7 shares, 3 days");
        assertEq(distributor.carryX96(), y % 21, "new carry");
        uint256 all = distributor.owedX96(ANN, 2) + distributor.owedX96(BOB, 2) + distributor.carryX96();
        assertEq(all, uint256(600) << 96, "not a fraction is lost");
    }

    function testFuzz_only_the_treasury_funds(address caller) public {
        vm.assume(caller != TREASURY);
        expectUnauthorized(caller);
        vm.prank(caller);
        distributor.fund(0, 1);
    }

    function test_only_a_final_report_is_funded() public {
        _twoHolders();
        _tryFund(0, 100, abi.encodeWithSelector(IRevenueDistributor.PeriodNotFinal.selector, 0, 0));
        assertEq(distributor.fundable(0), 0, "nothing fundable");
        declare(0, 0);
        _tryFund(0, 0, abi.encodeWithSelector(IRevenueDistributor.FundingZero.selector, 0));
        _tryFund(0, 1, abi.encodeWithSelector(IRevenueDistributor.FundingAboveDistributable.selector, 0, 1, 0));
    }

    function test_never_more_than_the_report_lets_be_distributed() public {
        _twoHolders();
        declare(0, 1_000);
        _tryFund(
            0, 1_001, abi.encodeWithSelector(IRevenueDistributor.FundingAboveDistributable.selector, 0, 1_001, 1_000)
        );
        fund(0, 600);
        _tryFund(0, 401, abi.encodeWithSelector(IRevenueDistributor.FundingAboveDistributable.selector, 0, 401, 400));
        assertEq(distributor.arrears(), 400, "arrears");
        fund(0, 400);
        assertEq(distributor.arrears(), 0, "no arrears");
        _tryFund(0, 1, abi.encodeWithSelector(IRevenueDistributor.FundingAboveDistributable.selector, 0, 1, 0));
        (uint256 declared, uint256 funded) = distributor.coverage(0);
        assertEq(declared, 1_000, "declared");
        assertEq(funded, 1_000, "funded");
    }

    function test_a_tranche_brings_one_percent_or_what_completes() public {
        _twoHolders();
        declare(0, 1_001);
        _tryFund(0, 10, abi.encodeWithSelector(IRevenueDistributor.FundingBelowMinimum.selector, 0, 10, 11));
        fund(0, 11);
        fund(0, 985);
        assertEq(distributor.fundable(0), 5, "missing");
        _tryFund(0, 4, abi.encodeWithSelector(IRevenueDistributor.FundingBelowMinimum.selector, 0, 4, 11));
        fund(0, 5);
        assertEq(distributor.trancheCount(), 3, "tranches");
    }

    function test_money_that_would_belong_to_nobody_is_refused() public {
        mint(UNSOLD, 100);
        toDay(FIRST_DAY + DAYS_PER_PERIOD);
        declare(0, 1_000);
        _tryFund(0, 1_000, abi.encodeWithSelector(IRevenueDistributor.NoShareDays.selector, 0));
    }

    function test_a_second_tranche_takes_nothing_from_who_claimed_early() public {
        _twoHolders();
        declare(0, 3_000);
        fund(0, 1_500);
        assertEq(claimAll(ANN), 900, "ann early");
        fund(0, 1_500);
        assertEq(claimAll(ANN), 900, "ann again");
        assertEq(claimAll(BOB), 1_200, "bob late");
        assertEq(token.balanceOf(address(distributor)), 0, "all paid");
        assertEq(distributor.totalPaid(), 3_000, "paid");
    }

    function test_an_amount_that_does_not_fit_its_slot_is_refused() public {
        mint(ANN, 1);
        toDay(FIRST_DAY + DAYS_PER_PERIOD);
        uint128 most = type(uint128).max / 2;
        declare(0, most);
        uint256 perShareDay = (uint256(most) << 96) / 3;
        _tryFund(
            0,
            most,
            abi.encodeWithSelector(IRevenueDistributor.PerShareDayTooLarge.selector, perShareDay, type(uint192).max)
        );
    }

    function test_all_funds_together_fit_their_slot() public {
        mint(ANN, type(uint96).max);
        uint128 half = type(uint128).max / 2 + 1;
        for (uint32 period = 0; period < 2; ++period) {
            toDay(FIRST_DAY + DAYS_PER_PERIOD * (period + 1));
            declare(period, half);
        }
        fund(0, half);
        _tryFund(
            1,
            half,
            abi.encodeWithSelector(
                IRevenueDistributor.TotalTooLarge.selector, uint256(type(uint128).max) + 1, type(uint128).max
            )
        );
        fund(1, half - 1);
        assertEq(distributor.totalFunded(), type(uint128).max, "the last unit fits");
        assertEq(distributor.owedX96(ANN, 2) + distributor.carryX96(), uint256(type(uint128).max) << 96, "exact");
        claimAll(ANN);
    }

    // ---------------------------------------------------------------- claim

    function test_a_claim_pays_whole_units_and_keeps_the_fraction() public {
        mint(ANN, 1);
        mint(BOB, 2);
        toDay(FIRST_DAY + DAYS_PER_PERIOD);
        declare(0, 1_000);
        fund(0, 100);
        uint256 fraction = distributor.owedX96(ANN, 1) % (1 << 96);
        assertTrue(fraction != 0, "33.3 leaves a fraction");
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.Paid(ANN, 33, 1);
        assertEq(claimAll(ANN), 33, "whole units");
        assertEq(token.balanceOf(ANN), 33, "arrived");
        assertEq(distributor.owedX96(ANN, 1), fraction, "the fraction stays");
        assertEq(distributor.cursorOf(ANN), 1, "settled");
        fund(0, 900);
        // 1000 / 3 = 333.3: the fractions of both tranches together
        assertEq(claimAll(ANN), 300, "the rest");
    }

    function test_a_claim_with_nothing_to_pay_is_quiet() public {
        _twoHolders();
        assertEq(claimAll(ANN), 0, "no tranche");
        declare(0, 3_000);
        fund(0, 3_000);
        claimAll(ANN);
        vm.recordLogs();
        assertEq(claimAll(ANN), 0, "claimed already");
        assertEq(vm.getRecordedLogs().length, 0, "no event");
    }

    function test_a_claim_may_settle_a_part() public {
        _twoHolders();
        declare(0, 9_000);
        fund(0, 3_000);
        fund(0, 3_000);
        fund(0, 3_000);
        assertEq(claim(ANN, 2), 3_600, "two tranches");
        assertEq(claim(ANN, 1), 0, "a lower number changes nothing");
        assertEq(distributor.cursorOf(ANN), 2, "never back");
        assertEq(claim(ANN, 3), 1_800, "the third");
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.UpToTooLarge.selector, 4, 3));
        vm.prank(ANN);
        distributor.claim(4);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.UpToTooLarge.selector, 4, 3));
        distributor.owed(ANN, 4);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.TrancheUnknown.selector, 3, 3));
        distributor.tranche(3);
    }

    function test_a_gated_holder_is_owed_but_not_paid() public {
        _twoHolders();
        declare(0, 3_000);
        fund(0, 3_000);
        allow(ANN, false);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.HolderNotAllowed.selector, ANN));
        vm.prank(ANN);
        distributor.claim(1);
        assertEq(distributor.owed(ANN, 1), 1_800, "still owed");
        allow(ANN, true);
        assertEq(claimAll(ANN), 1_800, "paid once allowed again");
    }

    function test_a_token_that_is_down_leaves_the_claim_as_it_was() public {
        _twoHolders();
        declare(0, 3_000);
        fund(0, 3_000);
        token.setPaused(true);
        vm.expectRevert(abi.encodeWithSelector(TestToken.Paused.selector));
        vm.prank(ANN);
        distributor.claim(1);
        token.setPaused(false);
        assertEq(distributor.cursorOf(ANN), 0, "not settled");
        assertEq(claimAll(ANN), 1_800, "paid later");
    }

    /// @dev The same tranches, claimed one by one, in random steps, by push or all at once: the same money.
    function testFuzz_order_and_grouping_of_claims_do_not_matter(uint256 seed) public {
        mint(ANN, 1 + seed % 1_000);
        mint(BOB, 1 + (seed >> 16) % 1_000);
        mint(CAT, 1 + (seed >> 32) % 1_000);
        for (uint32 period = 0; period < 6; ++period) {
            toDay(FIRST_DAY + DAYS_PER_PERIOD * (period + 1));
            if (seed >> (64 + period) & 1 == 1) move(ANN, BOB, share.balanceOf(ANN) / 2);
            uint128 declared = uint128(100 + (seed >> (70 + 8 * period)) % 1_000_000);
            declare(period, declared);
            fund(period, declared);
        }
        uint256 start = vm.snapshotState();
        uint256 ann = claimAll(ANN);
        uint256 bob = claimAll(BOB);
        uint256 cat = claimAll(CAT);
        vm.revertToState(start);

        uint32 upTo = 0;
        while (upTo < 6) {
            seed = uint256(keccak256(abi.encode(seed)));
            upTo += uint32(seed % (7 - upTo));
            if (seed >> 8 & 1 == 1) distributor.push(list(CAT, ANN, CAT), upTo);
            if (seed >> 9 & 1 == 1) claim(BOB, upTo);
            if (seed >> 10 & 1 == 1) claim(ANN, upTo);
        }
        distributor.push(list(BOB, CAT, ANN), 6);
        assertEq(token.balanceOf(ANN), ann, "ann");
        assertEq(token.balanceOf(BOB), bob, "bob");
        assertEq(token.balanceOf(CAT), cat, "cat");
    }

    // ---------------------------------------------------------------- creation

    function _create(address share_, address gate_, address token_) private returns (RevenueDistributor) {
        return new RevenueDistributor(
            declarations, IHolderRegister(share_), IInvestorGate(gate_), IERC20(token_), address(manager)
        );
    }

    function test_what_cannot_be_created() public {
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.NoContract.selector, STRANGER));
        _create(address(share), address(gate), STRANGER);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.NoContract.selector, STRANGER));
        _create(address(share), STRANGER, address(token));
        AssetShare elsewhere = new AssetShare("n", "s", gate, 0, new address[](0), address(manager));
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.UtcOffsetMismatch.selector, UTC_OFFSET, int32(0)));
        _create(address(elsewhere), address(gate), address(token));
    }

    function test_the_parts_are_readable() public view {
        assertEq(address(distributor.declarations()), address(declarations), "declarations");
        assertEq(address(distributor.register()), address(share), "register");
        assertEq(address(distributor.gate()), address(gate), "gate");
        assertEq(address(distributor.paymentToken()), address(token), "token");
    }
}
