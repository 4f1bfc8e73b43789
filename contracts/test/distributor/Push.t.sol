// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGateWatch} from "../../src/interfaces/IGateWatch.sol";
import {IRecipients} from "../../src/interfaces/IRecipients.sol";
import {IRevenueDistributor} from "../../src/interfaces/IRevenueDistributor.sol";
import {Vm} from "../Vm.sol";
import {PayoutFixture} from "./PayoutFixture.sol";

/// @title push
contract PushTest is PayoutFixture {
    function testFuzz_anybody_may_push_and_it_pays_what_is_owed(address caller) public {
        bring(0, 3_000);
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.Paid(ANN, ANN, 1_800, 1);
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.Paid(BOB, BOB, 1_200, 1);
        vm.prank(caller);
        uint256 done = distributor.push(list(ANN, BOB, STRANGER), 1);
        assertEq(done, 3, "all dealt with");
        assertEq(token.balanceOf(ANN), 1_800, "ann");
        assertEq(token.balanceOf(BOB), 1_200, "bob");
        assertEq(token.balanceOf(STRANGER), 0, "a stranger is owed nothing");
        distributor.push(list(ANN, BOB, ANN), 1);
        assertEq(token.balanceOf(ANN), 1_800, "never twice");
        assertEq(distributor.totalPaid(), 3_000, "paid");
    }

    function test_a_gated_holder_keeps_the_credit() public {
        bring(0, 3_000);
        allow(ANN, false);
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.PayHeld(ANN, 1_800, 1);
        pushAll(list(ANN, BOB));
        assertEq(token.balanceOf(BOB), 1_200, "bob is paid all the same");
        assertEq(distributor.owed(ANN, 1), 1_800, "owed");
        assertEq(distributor.cursorOf(ANN), 1, "as credit");
        allow(ANN, true);
        pushAll(list(ANN));
        assertEq(token.balanceOf(ANN), 1_800, "old credit is paid once allowed again");
    }

    function test_a_push_takes_256_holders() public {
        vm.expectRevert(abi.encodeWithSelector(IRecipients.TooManyHolders.selector, 257, 256));
        distributor.push(new address[](257), 0);
        assertEq(distributor.push(new address[](256), 0), 256, "as many as allowed");
        assertEq(distributor.push(new address[](0), 0), 0, "nobody to pay");
    }

    function test_a_push_that_runs_short_of_gas_stops_and_credits_nobody() public {
        bring(0, 3_000);
        // Enough for one holder, not for a second.
        uint256 enough = distributor.PUSH_LEAST() + 70_000;
        vm.recordLogs();
        uint256 done = distributor.push{gas: enough}(list(ANN, BOB, CAT), 1);
        assertEq(done, 1, "one holder");
        assertEq(token.balanceOf(ANN), 1_800, "paid");
        assertEq(distributor.cursorOf(BOB), 0, "untouched");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        assertEq(last.topics[0], IRevenueDistributor.PushStopped.selector, "says so");
        assertEq(keccak256(last.data), keccak256(abi.encode(1, 3)), "one of three");
    }

    function test_a_push_without_gas_for_one_payment_reverts() public {
        bring(0, 3_000);
        (bool done, bytes memory reason) =
            address(distributor).call{gas: 400_000}(abi.encodeCall(IRevenueDistributor.push, (list(ANN, BOB), 1)));
        assertTrue(!done, "refused");
        assertEq(bytes32(bytes4(reason)), bytes32(IGateWatch.GasTooLow.selector), "for want of gas");
    }

    /// @dev Whatever the gas: each is paid or untouched, in order. A starved call never makes a credit.
    function testFuzz_gas_cannot_turn_a_payment_into_a_failure(uint256 gas_) public {
        gas_ = bound(gas_, 30_000, 1_500_000);
        bring(0, 3_000);
        try distributor.push{gas: gas_}(list(ANN, BOB, CAT), 1) returns (uint256 done) {
            assertTrue(done != 0, "a push that returns has done something");
            assertEq(token.balanceOf(ANN), 1_800, "the first is paid");
            assertEq(token.balanceOf(BOB), done > 1 ? 1_200 : 0, "the second as the answer says");
            assertEq(distributor.cursorOf(BOB), done > 1 ? 1 : 0, "or untouched");
            assertEq(distributor.cursorOf(CAT), done > 2 ? 1 : 0, "and the third");
        } catch {
            assertEq(token.balanceOf(ANN), 0, "nothing happened");
            assertEq(distributor.cursorOf(ANN), 0, "nothing happened");
        }
    }
}
