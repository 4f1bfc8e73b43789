// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InvestorGate} from "../../src/InvestorGate.sol";
import {Governed} from "../../src/base/Governed.sol";
import {IGateWatch} from "../../src/interfaces/IGateWatch.sol";
import {IInvestorGate} from "../../src/interfaces/IInvestorGate.sol";
import {IRecipients} from "../../src/interfaces/IRecipients.sol";
import {IRevenueDistributor} from "../../src/interfaces/IRevenueDistributor.sol";
import {BombGate, GarbageGate, GasEatingGate, LateGate, RevertingGate} from "../gates/HostileGates.sol";
import {PayoutFixture} from "./PayoutFixture.sol";

/// @title Gates that are replaced, that fail, and that are outlived
contract GateWatchTest is PayoutFixture {
    function setUp() public override {
        super.setUp();
        bring(0, 3_000);
    }

    function _graceEnd() private view returns (uint40) {
        return uint40(block.timestamp) + distributor.GATE_GRACE();
    }

    /// @dev The gate fails for ann, and stays failing until the grace is over.
    function _requireOutlived() private {
        refuseClaim(ANN, abi.encodeWithSelector(IGateWatch.GateFails.selector, ANN, 0));
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.PayHeld(ANN, 1_800, 1);
        pushAll(list(ANN));
        uint40 endsAt = _graceEnd();
        vm.expectEmit(address(distributor));
        emit IGateWatch.GateFailureNoted(ANN, endsAt);
        vm.prank(STRANGER);
        distributor.noteGate(ANN);
        assertEq(distributor.gateGraceEndsAt(ANN), endsAt, "noted");
        vm.warp(endsAt - 1);
        refuseClaim(ANN, abi.encodeWithSelector(IGateWatch.GateFails.selector, ANN, endsAt));
        vm.warp(endsAt);
        assertEq(claimAll(ANN), 1_800, "paid without the gate");
        refuseClaim(BOB, abi.encodeWithSelector(IGateWatch.GateFails.selector, BOB, 0));
    }

    function test_a_gate_that_reverts_is_outlived() public {
        distributor.setGate(new RevertingGate());
        _requireOutlived();
    }

    function test_a_gate_that_eats_gas_is_outlived() public {
        distributor.setGate(new GasEatingGate());
        _requireOutlived();
    }

    function test_a_gate_that_explodes_is_outlived() public {
        distributor.setGate(new BombGate());
        _requireOutlived();
    }

    function test_a_gate_that_answers_after_more_than_its_gas_is_outlived() public {
        LateGate late = new LateGate();
        late.setGasNeeded(distributor.GATE_GAS());
        distributor.setGate(late);
        _requireOutlived();
    }

    function test_a_gate_that_answers_neither_yes_nor_no_is_outlived() public {
        GarbageGate garbage = new GarbageGate();
        distributor.setGate(garbage);
        bytes[4] memory answers = [bytes(""), hex"01", abi.encode(uint256(2)), abi.encode(type(uint256).max)];
        for (uint256 i = 0; i < answers.length; ++i) {
            uint256 start = vm.snapshotState();
            garbage.setAnswer(answers[i]);
            _requireOutlived();
            vm.revertToState(start);
        }
    }

    function test_a_gate_that_answers_slowly_or_at_length_counts() public {
        LateGate late = new LateGate();
        distributor.setGate(late);
        late.setGasNeeded(distributor.GATE_GAS() - 10_000);
        assertEq(claimAll(ANN), 1_800, "late, but within its gas");
        BombGate bomb = new BombGate();
        bomb.setAllows(true);
        distributor.setGate(bomb);
        assertEq(claimAll(BOB), 1_200, "yes at length is yes");
    }

    function test_a_push_outlives_a_gate_too() public {
        distributor.setGate(new RevertingGate());
        distributor.noteGate(ANN);
        vm.warp(_graceEnd());
        pushAll(list(ANN, BOB));
        assertEq(token.balanceOf(ANN), 1_800, "noted: paid");
        assertEq(token.balanceOf(BOB), 0, "not noted: held");
    }

    function test_a_gate_that_refuses_is_never_outlived() public {
        allow(ANN, false);
        vm.recordLogs();
        distributor.noteGate(ANN);
        assertEq(vm.getRecordedLogs().length, 0, "a refusal is an answer");
        vm.warp(_graceEnd());
        refuseClaim(ANN, abi.encodeWithSelector(IGateWatch.HolderNotAllowed.selector, ANN));
    }

    function test_a_freeze_holds_past_the_gate() public {
        distributor.setGate(new RevertingGate());
        distributor.noteGate(ANN);
        freeze(ANN, true);
        vm.warp(_graceEnd());
        refuseClaim(ANN, abi.encodeWithSelector(IRecipients.PayoutFrozen.selector, ANN));
        freeze(ANN, false);
        assertEq(claimAll(ANN), 1_800, "free again");
    }

    function test_a_recipient_needs_a_note_of_its_own() public {
        distributor.setGate(new RevertingGate());
        vm.prank(ANN);
        distributor.setPayoutAddress(CAT);
        distributor.noteGate(ANN);
        vm.warp(_graceEnd());
        refuseClaim(ANN, abi.encodeWithSelector(IGateWatch.GateFails.selector, CAT, 0));
        distributor.noteGate(CAT);
        vm.warp(_graceEnd());
        assertEq(claimAll(ANN), 1_800, "paid");
        assertEq(token.balanceOf(CAT), 1_800, "to the recipient");
    }

    function test_noting_twice_does_not_move_the_end() public {
        distributor.setGate(new RevertingGate());
        distributor.noteGate(ANN);
        uint40 endsAt = distributor.gateGraceEndsAt(ANN);
        vm.warp(block.timestamp + 1 days);
        vm.recordLogs();
        distributor.noteGate(ANN);
        assertEq(vm.getRecordedLogs().length, 0, "nothing new");
        assertEq(distributor.gateGraceEndsAt(ANN), endsAt, "the first note counts");
    }

    /// @dev A gate that was down for a day and answers again must not be passed on the strength of that day.
    function test_an_answer_seen_forgets_the_failure() public {
        LateGate late = new LateGate();
        distributor.setGate(late);
        late.setGasNeeded(distributor.GATE_GAS());
        distributor.noteGate(ANN);
        distributor.noteGate(BOB);
        uint40 endsAt = _graceEnd();
        late.setGasNeeded(0);
        vm.expectEmit(address(distributor));
        emit IGateWatch.GateAnswerNoted(ANN);
        distributor.noteGate(ANN);
        assertEq(distributor.gateGraceEndsAt(ANN), 0, "forgotten");
        pushAll(list(BOB));
        assertEq(distributor.gateGraceEndsAt(BOB), 0, "forgotten by a payment too");
        late.setGasNeeded(distributor.GATE_GAS());
        vm.warp(endsAt);
        refuseClaim(ANN, abi.encodeWithSelector(IGateWatch.GateFails.selector, ANN, 0));
    }

    function test_a_new_gate_starts_with_a_clean_slate() public {
        distributor.setGate(new RevertingGate());
        distributor.noteGate(ANN);
        vm.warp(_graceEnd());
        distributor.setGate(new GasEatingGate());
        assertEq(distributor.gateGraceEndsAt(ANN), 0, "the note was about the old gate");
        refuseClaim(ANN, abi.encodeWithSelector(IGateWatch.GateFails.selector, ANN, 0));
        distributor.noteGate(ANN);
        assertEq(distributor.gateGraceEndsAt(ANN), _graceEnd(), "noted afresh");
    }

    function testFuzz_nobody_fakes_a_failure_by_starving_the_gate(uint256 gas_) public {
        LateGate late = new LateGate();
        distributor.setGate(late);
        late.setGasNeeded(distributor.GATE_GAS() - 2_000);
        gas_ = bound(gas_, 25_000, 250_000);
        try distributor.noteGate{gas: gas_}(ANN) {} catch {}
        assertEq(distributor.gateGraceEndsAt(ANN), 0, "no failure noted");
        vm.prank(ANN);
        try distributor.claim{gas: gas_}(1) {
            assertEq(token.balanceOf(ANN), 1_800, "paid");
        } catch {
            assertEq(token.balanceOf(ANN), 0, "or refused");
        }
    }

    function test_a_claim_with_too_little_gas_says_so() public {
        vm.prank(ANN);
        (bool done, bytes memory reason) =
            address(distributor).call{gas: 100_000}(abi.encodeCall(IRevenueDistributor.claim, (1)));
        assertTrue(!done, "refused");
        assertEq(bytes32(bytes4(reason)), bytes32(IGateWatch.GasTooLow.selector), "for want of gas");
    }

    // ---------------------------------------------------------------- setGate

    function test_the_admin_replaces_the_gate() public {
        InvestorGate other = new InvestorGate(address(manager));
        vm.expectEmit(address(distributor));
        emit IGateWatch.GateSet(address(gate), address(other));
        distributor.setGate(other);
        assertEq(address(distributor.gate()), address(other), "asked from now on");
        refuseClaim(ANN, abi.encodeWithSelector(IGateWatch.HolderNotAllowed.selector, ANN));
        vm.expectRevert(abi.encodeWithSelector(IGateWatch.GateUnchanged.selector, address(other)));
        distributor.setGate(other);
        vm.expectRevert(abi.encodeWithSelector(IGateWatch.NoContract.selector, STRANGER));
        distributor.setGate(IInvestorGate(STRANGER));
    }

    function testFuzz_only_the_admin_replaces_the_gate(address caller) public {
        vm.assume(caller != address(this));
        expectUnauthorized(caller);
        vm.prank(caller);
        distributor.setGate(IInvestorGate(address(this)));
    }

    function test_the_power_to_replace_the_gate_can_be_given_up() public {
        distributor.abdicate(IGateWatch.setGate.selector);
        vm.expectRevert(abi.encodeWithSelector(Governed.FunctionAbdicated.selector, IGateWatch.setGate.selector));
        distributor.setGate(IInvestorGate(address(this)));
    }
}
