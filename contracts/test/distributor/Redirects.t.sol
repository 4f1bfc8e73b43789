// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ExpiringPause} from "../../src/base/ExpiringPause.sol";
import {Governed} from "../../src/base/Governed.sol";
import {IRedirects} from "../../src/interfaces/IRedirects.sol";
import {PayoutFixture} from "./PayoutFixture.sol";

/// @title Lost wallets: what a redirect does to the money
contract RedirectsTest is PayoutFixture {
    function setUp() public override {
        super.setUp();
        bring(0, 3_001);
    }

    function _propose(address lost, address heir) private {
        vm.prank(ENFORCER);
        distributor.proposeRedirect(lost, heir, "reason");
    }

    function _refusePropose(address lost, address heir, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(ENFORCER);
        distributor.proposeRedirect(lost, heir, "reason");
    }

    /// @dev Seven days, which are periods too: the clock of the shares goes on.
    function _wait() private {
        vm.warp(block.timestamp + distributor.REDIRECT_DELAY());
    }

    // ---------------------------------------------------------------- the money

    function test_what_a_lost_wallet_is_owed_becomes_credit_of_its_heir() public {
        redirect(ANN, CAT);
        assertEq(distributor.heirOf(ANN), CAT, "for ever");
        uint256 credit = distributor.owedX96(ANN, 1);
        assertEq(distributor.owedX96(CAT, 1), 0, "not yet moved");
        vm.expectEmit(address(distributor));
        emit IRedirects.Redirected(ANN, CAT, credit, 1);
        assertEq(claimAll(ANN), 0, "nothing is paid in that step");
        assertEq(distributor.owedX96(ANN, 1), 0, "to the last fraction");
        assertEq(distributor.owedX96(CAT, 1), credit, "to the last fraction");
        assertEq(token.balanceOf(address(distributor)), 3_001, "nothing left");
        assertEq(claimAll(CAT), 1_800, "the heir is paid");
        assertEq(token.balanceOf(CAT), 1_800, "at its own address");
    }

    function test_the_wallet_s_later_earnings_go_to_the_heir_too() public {
        redirect(ANN, CAT);
        bring(1, 3_000);
        pushAll(list(ANN, CAT));
        assertEq(token.balanceOf(CAT), 3_600, "both periods");
        assertEq(token.balanceOf(ANN), 0, "none to the wallet");
        vm.recordLogs();
        assertEq(pushAll(list(ANN)), 1, "nothing more to hand on");
        assertEq(vm.getRecordedLogs().length, 0, "and no event");
    }

    function test_the_heir_s_own_earnings_are_its_own() public {
        redirect(ANN, BOB);
        bring(1, 3_000);
        assertEq(claim(BOB, 1), 1_200, "bob's own, of period 0");
        pushAll(list(ANN));
        assertEq(distributor.cursorOf(BOB), 1, "his cursor stands where it stood");
        uint256 all = (uint256(1_200) << 96) + distributor.owedX96(BOB, 2) + distributor.carryX96();
        assertEq(all, uint256(6_001) << 96, "all is his, once");
        claimAll(BOB);
        assertEq(token.balanceOf(BOB), 6_000, "paid, and the last unit is still in fractions");
    }

    function test_an_operator_or_a_push_moves_it_as_well_as_the_wallet() public {
        vm.prank(ANN);
        distributor.setOperator(STRANGER, true);
        redirect(ANN, CAT);
        vm.prank(STRANGER);
        assertEq(distributor.claimFor(ANN, 1), 0, "handed on");
        assertEq(distributor.owed(CAT, 1), 1_800, "to the heir");
    }

    function test_neither_freeze_nor_gate_nor_payout_address_of_the_lost_wallet_keeps_it() public {
        vm.prank(ANN);
        distributor.setPayoutAddress(STRANGER);
        freeze(ANN, true);
        allow(ANN, false);
        redirect(ANN, CAT);
        pushAll(list(ANN, CAT));
        assertEq(token.balanceOf(CAT), 1_800, "the heir's own standing counts");
        assertTrue(distributor.isPayoutFrozen(ANN), "the mark stays");
    }

    function test_heirs_may_be_lost_in_their_turn() public {
        redirect(ANN, BOB);
        redirect(BOB, CAT);
        pushAll(list(ANN));
        assertEq(distributor.owed(CAT, 1), 0, "one step at a time");
        pushAll(list(BOB));
        uint256 all = distributor.owedX96(CAT, 1) + distributor.carryX96();
        assertEq(all, uint256(3_001) << 96, "to the last fraction");
        pushAll(list(CAT));
        assertEq(token.balanceOf(CAT), 3_000, "paid");
    }

    // ---------------------------------------------------------------- the steps

    function test_a_redirect_waits_seven_days_and_anybody_executes_it() public {
        uint40 readyAt = uint40(block.timestamp + 7 days);
        vm.expectEmit(address(distributor));
        emit IRedirects.RedirectProposed(ANN, CAT, readyAt, readyAt + 30 days, "reason");
        _propose(ANN, CAT);
        (address heir, uint40 from, uint40 until) = distributor.redirectOf(ANN);
        assertEq(heir, CAT, "heir");
        assertEq(from, readyAt, "ready");
        assertEq(until, readyAt + 30 days, "expires");
        vm.warp(readyAt - 1);
        vm.expectRevert(abi.encodeWithSelector(IRedirects.RedirectNotReady.selector, ANN, readyAt));
        distributor.executeRedirect(ANN);
        vm.warp(readyAt);
        vm.expectEmit(address(distributor));
        emit IRedirects.RedirectExecuted(ANN, CAT);
        vm.prank(STRANGER);
        distributor.executeRedirect(ANN);
        (heir,,) = distributor.redirectOf(ANN);
        assertEq(heir, address(0), "done with");
    }

    function test_a_redirect_that_nobody_executes_expires() public {
        _propose(ANN, CAT);
        (,, uint40 expiresAt) = distributor.redirectOf(ANN);
        vm.warp(expiresAt - 1);
        _refusePropose(ANN, BOB, abi.encodeWithSelector(IRedirects.RedirectOpen.selector, ANN, expiresAt));
        vm.warp(expiresAt);
        vm.expectRevert(abi.encodeWithSelector(IRedirects.RedirectExpired.selector, ANN, expiresAt));
        distributor.executeRedirect(ANN);
        redirect(ANN, BOB);
        assertEq(distributor.heirOf(ANN), BOB, "proposed afresh");
    }

    function test_the_guardian_cancels() public {
        _propose(ANN, CAT);
        vm.expectEmit(address(distributor));
        emit IRedirects.RedirectCancelled(ANN, CAT);
        vm.prank(GUARDIAN);
        distributor.cancelRedirect(ANN);
        _requireNone(ANN);
    }

    function test_a_wallet_that_can_object_is_not_lost() public {
        _propose(ANN, CAT);
        _wait();
        vm.expectEmit(address(distributor));
        emit IRedirects.RedirectObjected(ANN, CAT);
        vm.prank(ANN);
        distributor.objectToRedirect();
        _requireNone(ANN);
    }

    function _requireNone(address lost) private {
        bytes memory reason = abi.encodeWithSelector(IRedirects.NoRedirect.selector, lost);
        _wait();
        vm.expectRevert(reason);
        distributor.executeRedirect(lost);
        vm.expectRevert(reason);
        vm.prank(GUARDIAN);
        distributor.cancelRedirect(lost);
        vm.expectRevert(reason);
        vm.prank(lost);
        distributor.objectToRedirect();
        assertEq(distributor.heirOf(lost), address(0), "not redirected");
        assertEq(claimAll(lost), 1_800, "paid as before");
    }

    function testFuzz_nobody_objects_for_another(address caller) public {
        vm.assume(caller != ANN);
        _propose(ANN, CAT);
        vm.expectRevert(abi.encodeWithSelector(IRedirects.NoRedirect.selector, caller));
        vm.prank(caller);
        distributor.objectToRedirect();
    }

    function test_a_redirect_is_for_ever() public {
        redirect(ANN, CAT);
        _refusePropose(ANN, BOB, abi.encodeWithSelector(IRedirects.AlreadyRedirected.selector, ANN, CAT));
    }

    function test_nobody_inherits_from_or_to_nobody_or_itself() public {
        bytes4 invalid = IRedirects.RedirectInvalid.selector;
        _refusePropose(address(0), CAT, abi.encodeWithSelector(invalid, address(0), CAT));
        _refusePropose(ANN, address(0), abi.encodeWithSelector(invalid, ANN, address(0)));
        _refusePropose(ANN, ANN, abi.encodeWithSelector(invalid, ANN, ANN));
        _refusePropose(ANN, address(distributor), abi.encodeWithSelector(invalid, ANN, address(distributor)));
    }

    function test_circles_are_refused() public {
        redirect(ANN, BOB);
        _refusePropose(BOB, ANN, abi.encodeWithSelector(IRedirects.RedirectCycle.selector, BOB, ANN));
        redirect(BOB, CAT);
        _refusePropose(CAT, ANN, abi.encodeWithSelector(IRedirects.RedirectCycle.selector, CAT, ANN));
    }

    function test_a_circle_of_two_proposals_is_refused_at_the_second_execution() public {
        _propose(ANN, BOB);
        _propose(BOB, ANN);
        _wait();
        distributor.executeRedirect(ANN);
        vm.expectRevert(abi.encodeWithSelector(IRedirects.RedirectCycle.selector, BOB, ANN));
        distributor.executeRedirect(BOB);
    }

    function test_sixteen_heirs_in_a_row_are_followed_and_no_more() public {
        // 117 <- 116 <- ... <- 101: from the last one on, so that each is accepted.
        for (uint160 i = 116; i > 100; --i) {
            redirect(address(i), address(i + 1));
        }
        _propose(ANN, address(101));
        redirect(address(117), address(118));
        _refusePropose(
            BOB, address(101), abi.encodeWithSelector(IRedirects.RedirectChainTooLong.selector, address(101), 16)
        );
    }

    function testFuzz_only_the_enforcer_proposes_and_only_the_guardian_cancels(address caller) public {
        vm.assume(caller != ENFORCER && caller != GUARDIAN);
        expectUnauthorized(caller);
        vm.prank(caller);
        distributor.proposeRedirect(ANN, caller, "mine");
        expectUnauthorized(caller);
        vm.prank(caller);
        distributor.cancelRedirect(ANN);
    }

    function test_a_pause_stops_the_execution() public {
        _propose(ANN, CAT);
        _wait();
        vm.prank(GUARDIAN);
        distributor.pause(7 days);
        vm.expectRevert(abi.encodeWithSelector(ExpiringPause.PausedUntil.selector, uint40(block.timestamp + 7 days)));
        distributor.executeRedirect(ANN);
        vm.warp(block.timestamp + 7 days);
        distributor.executeRedirect(ANN);
    }

    function test_the_power_to_redirect_can_be_given_up() public {
        distributor.abdicate(IRedirects.proposeRedirect.selector);
        _refusePropose(
            ANN, CAT, abi.encodeWithSelector(Governed.FunctionAbdicated.selector, IRedirects.proposeRedirect.selector)
        );
    }
}
