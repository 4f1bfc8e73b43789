// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGateWatch} from "../../src/interfaces/IGateWatch.sol";
import {IRevenueDistributor} from "../../src/interfaces/IRevenueDistributor.sol";
import {PayoutFixture} from "./PayoutFixture.sol";

/// @title claim
contract ClaimTest is PayoutFixture {
    function test_a_claim_pays_whole_units_and_keeps_the_fraction() public {
        declare(0, 1_000);
        fund(0, 101);
        uint256 fraction = distributor.owedX96(ANN, 1) % (1 << 96);
        assertTrue(fraction != 0, "60.6 leaves a fraction");
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.Paid(ANN, ANN, 60, 1);
        assertEq(claimAll(ANN), 60, "whole units");
        assertEq(token.balanceOf(ANN), 60, "arrived");
        assertEq(distributor.owedX96(ANN, 1), fraction, "the fraction stays");
        assertEq(distributor.cursorOf(ANN), 1, "settled");
        fund(0, 899);
        // 539.4 and the fraction of both tranches together; the carry is what keeps it a hair below 540.
        assertEq(claimAll(ANN), 539, "the rest");
        assertEq(distributor.totalPaid(), 599, "paid");
    }

    function test_a_claim_with_nothing_to_pay_is_quiet() public {
        assertEq(claimAll(ANN), 0, "no tranche");
        bring(0, 3_000);
        claimAll(ANN);
        vm.recordLogs();
        assertEq(claimAll(ANN), 0, "claimed already");
        assertEq(vm.getRecordedLogs().length, 0, "no event");
    }

    function test_a_claim_may_settle_a_part() public {
        declare(0, 9_000);
        fund(0, 3_000);
        fund(0, 3_000);
        fund(0, 3_000);
        assertEq(claim(ANN, 2), 3_600, "two tranches");
        assertEq(claim(ANN, 1), 0, "a lower number changes nothing");
        assertEq(distributor.cursorOf(ANN), 2, "never back");
        assertEq(claim(ANN, 3), 1_800, "the third");
    }

    function test_there_are_only_so_many_tranches() public {
        bring(0, 3_000);
        bytes memory reason = abi.encodeWithSelector(IRevenueDistributor.UpToTooLarge.selector, 2, 1);
        vm.expectRevert(reason);
        vm.prank(ANN);
        distributor.claim(2);
        vm.expectRevert(reason);
        distributor.claimFor(address(this), 2);
        vm.expectRevert(reason);
        distributor.push(list(ANN), 2);
        vm.expectRevert(reason);
        distributor.owed(ANN, 2);
        vm.expectRevert(reason);
        distributor.owedX96(ANN, 2);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.TrancheUnknown.selector, 1, 1));
        distributor.tranche(1);
    }

    function test_a_gated_holder_is_owed_but_not_paid() public {
        bring(0, 3_000);
        allow(ANN, false);
        refuseClaim(ANN, abi.encodeWithSelector(IGateWatch.HolderNotAllowed.selector, ANN));
        assertEq(distributor.owed(ANN, 1), 1_800, "still owed");
        assertEq(distributor.cursorOf(ANN), 0, "not settled");
        allow(ANN, true);
        assertEq(claimAll(ANN), 1_800, "paid once allowed again");
    }

    /// @dev Nobody else's balance ever moves by a claim.
    function testFuzz_a_claim_pays_its_caller_and_nobody_else(address caller) public {
        vm.assume(caller != address(distributor) && caller != ANN && caller != BOB);
        bring(0, 3_000);
        assertEq(claim(caller, 1), 0, "a stranger is owed nothing");
        assertEq(token.balanceOf(address(distributor)), 3_000, "nothing moved");
        assertEq(claim(ANN, 1), 1_800, "ann");
        assertEq(token.balanceOf(address(distributor)), 1_200, "her part moved");
    }

    function test_old_credit_is_paid_with_the_new() public {
        bring(0, 3_000);
        allow(ANN, false);
        pushAll(list(ANN));
        allow(ANN, true);
        bring(1, 3_000);
        assertEq(claimAll(ANN), 1_800 + 1_800, "both");
    }
}
