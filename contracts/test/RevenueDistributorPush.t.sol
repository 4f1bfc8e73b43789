// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRevenueDistributor} from "../src/interfaces/IRevenueDistributor.sol";
import {Fixture} from "./Fixture.sol";
import {TestToken} from "./TestToken.sol";
import {Vm} from "./Vm.sol";

/// @title Pushes, and payment tokens that misbehave
contract RevenueDistributorPushTest is Fixture {
    /// @dev ann 60, bob 40, over the whole of period 0, which is over.
    function setUp() public {
        deploy();
        anchorMore(3);
        mint(ANN, 60);
        mint(BOB, 40);
        toDay(FIRST_DAY + DAYS_PER_PERIOD);
    }

    function test_anybody_may_push_and_it_pays_what_is_owed() public {
        declare(0, 3_000);
        fund(0, 3_000);
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.Paid(ANN, 1_800, 1);
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.Paid(BOB, 1_200, 1);
        vm.prank(STRANGER);
        uint256 done = distributor.push(list(ANN, BOB, STRANGER), 1);
        assertEq(done, 3, "all dealt with");
        assertEq(token.balanceOf(ANN), 1_800, "ann");
        assertEq(token.balanceOf(BOB), 1_200, "bob");
        assertEq(token.balanceOf(STRANGER), 0, "a stranger is owed nothing");
        distributor.push(list(ANN, BOB, ANN), 1);
        assertEq(token.balanceOf(ANN), 1_800, "never twice");
    }

    function test_a_holder_that_the_token_refuses_keeps_the_credit() public {
        declare(0, 3_000);
        fund(0, 3_000);
        token.setBlacklisted(ANN, true);
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.PayFailed(ANN, 1_800, 1);
        distributor.push(list(ANN, BOB, CAT), 1);
        assertEq(token.balanceOf(BOB), 1_200, "bob is paid all the same");
        assertEq(distributor.owed(ANN, 1), 1_800, "ann is owed what she was owed");
        assertEq(distributor.cursorOf(ANN), 1, "as credit");
        assertEq(distributor.totalPaid(), 1_200, "only what was paid counts as paid");
        token.setBlacklisted(ANN, false);
        _secondPeriod();
        assertEq(claimAll(ANN), 1_800 + 1_800, "old credit is paid with the new");
    }

    function _secondPeriod() private {
        toDay(FIRST_DAY + 2 * DAYS_PER_PERIOD);
        declare(1, 3_000);
        fund(1, 3_000);
    }

    function test_a_gated_holder_keeps_the_credit() public {
        declare(0, 3_000);
        fund(0, 3_000);
        allow(ANN, false);
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.PayHeld(ANN, 1_800, 1);
        distributor.push(list(ANN, BOB, CAT), 1);
        assertEq(distributor.owed(ANN, 1), 1_800, "owed");
        allow(ANN, true);
        distributor.push(list(ANN, BOB, CAT), 1);
        assertEq(token.balanceOf(ANN), 1_800, "paid once allowed again");
    }

    function _pushTwo() private returns (uint256 paid) {
        distributor.push(list(ANN, BOB, CAT), 1);
        return distributor.totalPaid();
    }

    function test_what_a_token_answers_decides_whether_it_paid() public {
        declare(0, 3_000);
        fund(0, 3_000);
        token.setAnswer(TestToken.Answer.False);
        assertEq(_pushTwo(), 0, "false: not paid");
        token.setAnswer(TestToken.Answer.Garbage);
        assertEq(_pushTwo(), 0, "2 is not true");
        token.setAnswer(TestToken.Answer.Short);
        assertEq(_pushTwo(), 0, "31 bytes are no answer");
        assertEq(distributor.owed(ANN, 1), 1_800, "still owed");
    }

    function test_a_token_without_a_return_value_works() public {
        declare(0, 3_000);
        token.setAnswer(TestToken.Answer.Nothing);
        fund(0, 3_000);
        assertEq(_pushTwo(), 3_000, "pushed");
        _secondPeriod();
        assertEq(claimAll(ANN), 1_800, "claimed");
    }

    function test_a_token_that_keeps_a_fee_is_funded_with_what_arrives() public {
        declare(0, 3_000);
        token.setFee(100);
        fund(0, 3_000);
        assertEq(distributor.totalFunded(), 2_970, "what arrived");
        assertEq(distributor.fundable(0), 30, "the rest is still to come");
        uint256 all = distributor.owedX96(ANN, 1) + distributor.owedX96(BOB, 1) + distributor.carryX96();
        assertEq(all, uint256(2_970) << 96, "owed is what is there");
        assertEq(token.balanceOf(address(distributor)), 2_970, "solvent");
    }

    function test_a_token_that_delivers_too_much_is_refused() public {
        declare(0, 3_000);
        token.setBonus(1);
        token.mint(TREASURY, 3_000);
        vm.prank(TREASURY);
        token.approve(address(distributor), 3_000);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.ReceivedTooMuch.selector, 3_001, 3_000));
        vm.prank(TREASURY);
        distributor.fund(0, 3_000);
    }

    function test_a_receiver_that_eats_gas_becomes_credit_and_the_next_one_is_paid() public {
        declare(0, 3_000);
        fund(0, 3_000);
        token.setEatsGas(true);
        uint256 before = gasleft();
        distributor.push(list(ANN, BOB, CAT), 1);
        assertAtMost(before - gasleft(), 600_000, "two failures cost two stipends");
        assertEq(distributor.totalPaid(), 0, "nothing paid");
        assertEq(distributor.owed(ANN, 1), 1_800, "owed");
        token.setEatsGas(false);
        assertEq(_pushTwo(), 3_000, "paid");
    }

    function test_a_push_that_runs_short_of_gas_stops_and_credits_nobody() public {
        declare(0, 3_000);
        fund(0, 3_000);
        vm.recordLogs();
        // Enough for one payment and its reserve, not for a second.
        uint256 done = distributor.push{gas: 320_000}(list(ANN, BOB, CAT), 1);
        assertEq(done, 1, "one holder");
        assertEq(token.balanceOf(ANN), 1_800, "paid");
        assertEq(distributor.cursorOf(BOB), 0, "untouched");
        Vm.Log[] memory logs = vm.getRecordedLogs();
        Vm.Log memory last = logs[logs.length - 1];
        assertEq(last.topics[0], IRevenueDistributor.PushStopped.selector, "says so");
        assertEq(keccak256(last.data), keccak256(abi.encode(1, 3)), "one of three");
    }

    /// @dev Whatever the gas: either the payment is made, or nothing changes. A starved call never makes a credit.
    function testFuzz_gas_cannot_turn_a_payment_into_a_failure(uint256 gas_) public {
        gas_ = bound(gas_, 30_000, 1_000_000);
        declare(0, 3_000);
        fund(0, 3_000);
        try distributor.push{gas: gas_}(list(ANN, BOB, CAT), 1) {
            assertEq(token.balanceOf(ANN), 1_800, "the first is paid");
            bool paid = token.balanceOf(BOB) == 1_200;
            assertTrue(paid || distributor.cursorOf(BOB) == 0, "the second is paid or untouched");
        } catch {
            assertEq(token.balanceOf(ANN), 0, "nothing happened");
            assertEq(distributor.cursorOf(ANN), 0, "nothing happened");
        }
    }

    function test_a_push_without_gas_for_one_payment_reverts() public {
        declare(0, 3_000);
        fund(0, 3_000);
        (bool done, bytes memory reason) =
            address(distributor).call{gas: 150_000}(abi.encodeCall(IRevenueDistributor.push, (list(ANN, BOB, CAT), 1)));
        assertTrue(!done, "refused");
        assertEq(bytes32(bytes4(reason)), bytes32(IRevenueDistributor.GasTooLow.selector), "for want of gas");
    }

    function test_a_push_takes_256_holders() public {
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.TooManyHolders.selector, 257, 256));
        distributor.push(new address[](257), 0);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDistributor.UpToTooLarge.selector, 1, 0));
        distributor.push(list(ANN), 1);
        assertEq(distributor.push(new address[](0), 0), 0, "nobody to pay");
    }

    function test_a_token_that_calls_back_gets_nothing_twice() public {
        declare(0, 3_000);
        fund(0, 3_000);
        token.setHook(address(distributor), abi.encodeCall(IRevenueDistributor.push, (list(BOB), 1)));
        assertEq(claimAll(ANN), 1_800, "ann's claim goes through");
        assertTrue(token.hookFailed(), "the push from inside was refused");
        assertEq(token.balanceOf(BOB), 0, "bob not yet");
        token.setHook(address(distributor), abi.encodeCall(IRevenueDistributor.claim, (1)));
        distributor.push(list(BOB), 1);
        assertTrue(token.hookFailed(), "the claim from inside was refused");
        assertEq(distributor.totalPaid(), 3_000, "each once");
    }
}
