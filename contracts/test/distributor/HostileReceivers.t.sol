// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

import {IGateWatch} from "../../src/interfaces/IGateWatch.sol";
import {IRecipients} from "../../src/interfaces/IRecipients.sol";
import {IRedirects} from "../../src/interfaces/IRedirects.sol";
import {IRevenueDistributor} from "../../src/interfaces/IRevenueDistributor.sol";
import {TestToken} from "../TestToken.sol";
import {Vm} from "../Vm.sol";
import {LateGate} from "../gates/HostileGates.sol";
import {Bomber, CallbackToken, GasEater} from "../tokens/CallbackToken.sol";
import {HookToken} from "../tokens/HookToken.sol";
import {SlowToken} from "../tokens/SlowToken.sol";
import {PayoutFixture} from "./PayoutFixture.sol";

/// @title Receivers that the token calls, and that do what they like then
contract CallbackTokenTest is PayoutFixture {
    function newToken() internal override returns (TestToken) {
        return new CallbackToken();
    }

    function _pushPast(address hostile) private {
        allow(hostile, true);
        toDay(FIRST_DAY + 2 * DAYS_PER_PERIOD);
        mint(hostile, 100);
        bring(2, 6_000);
        uint256 before = gasleft();
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.PayFailed(hostile, 3_000, 1);
        assertEq(pushAll(list(ANN, hostile, BOB)), 3, "all dealt with");
        assertAtMost(before - gasleft(), distributor.PAY_GAS() + 250_000, "one stipend is lost");
        assertEq(token.balanceOf(BOB), 1_200, "the next one is paid");
        assertEq(distributor.owed(hostile, 1), 3_000, "its credit stays");
        assertEq(distributor.totalPaid(), 3_000, "paid");
    }

    function test_a_receiver_that_eats_gas_becomes_credit_and_the_next_one_is_paid() public {
        _pushPast(address(new GasEater()));
    }

    function test_a_receiver_that_answers_with_a_bomb_becomes_credit_and_the_next_one_is_paid() public {
        _pushPast(address(new Bomber()));
    }
}

/// @title A token that lets somebody act in the middle of every transfer
contract HookTokenTest is PayoutFixture {
    function newToken() internal override returns (TestToken) {
        return new HookToken();
    }

    function _hook() private view returns (HookToken) {
        return HookToken(address(token));
    }

    /// @dev What writes an account or moves money, as a call from inside would make it.
    function _acts() private view returns (bytes[] memory acts) {
        acts = new bytes[](8);
        acts[0] = abi.encodeCall(IRevenueDistributor.fund, (0, 100));
        acts[1] = abi.encodeCall(IRevenueDistributor.claim, (0));
        acts[2] = abi.encodeCall(IRevenueDistributor.claimFor, (address(token), 0));
        acts[3] = abi.encodeCall(IRevenueDistributor.push, (list(BOB), 0));
        acts[4] = abi.encodeCall(IRedirects.executeRedirect, (BOB));
        acts[5] = abi.encodeCall(IRecipients.setPayoutAddress, (STRANGER));
        acts[6] = abi.encodeCall(IRecipients.setPayoutFrozen, (list(ANN), true));
        acts[7] = abi.encodeCall(IGateWatch.noteGate, (ANN));
    }

    function _requireRefused() private view {
        assertTrue(_hook().called(), "the hook was called");
        assertTrue(_hook().failed(), "what it did was refused");
        bytes4 reason = bytes4(_hook().reason());
        assertEq(
            bytes32(reason), bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector), "as a re-entry"
        );
    }

    function test_nothing_that_writes_can_be_entered_from_a_payment_or_a_funding() public {
        // The token itself gets the roles, so that nothing but the guard stands in its way.
        manager.grantRole(TREASURY_ROLE, address(token), 0);
        manager.grantRole(COMPLIANCE_ROLE, address(token), 0);
        bytes[] memory acts = _acts();
        for (uint256 i = 0; i < acts.length; ++i) {
            uint256 start = vm.snapshotState();
            _hook().setHook(address(distributor), acts[i]);
            bring(0, 3_000);
            _requireRefused();
            _hook().setHook(address(distributor), acts[i]);
            assertEq(claimAll(ANN), 1_800, "the claim goes through");
            _requireRefused();
            _hook().setHook(address(distributor), acts[i]);
            assertEq(pushAll(list(BOB)), 1, "the push goes through");
            _requireRefused();
            assertEq(distributor.totalPaid(), 3_000, "each once");
            assertEq(token.balanceOf(address(distributor)), 0, "each once");
            vm.revertToState(start);
        }
    }

    /// @dev The views tell a hook the same as everybody: the payment under way is settled already.
    function test_a_hook_reads_no_money_twice() public {
        bring(0, 3_000);
        _hook().setHook(address(this), abi.encodeCall(this.requireSettled, ()));
        claimAll(ANN);
        assertTrue(_hook().called() && !_hook().failed(), "settled before paid");
    }

    function requireSettled() external view {
        assertEq(distributor.owed(ANN, 1), 0, "nothing owed any more");
        assertEq(distributor.totalPaid(), 1_800, "paid");
    }
}

/// @title A push on the edge of its gas, where everything it calls needs almost all it may have
contract ShortOfGasTest is PayoutFixture {
    function newToken() internal override returns (TestToken) {
        return new SlowToken();
    }

    function setUp() public override {
        super.setUp();
        bring(0, 3_000);
        LateGate late = new LateGate();
        distributor.setGate(late);
        late.setGasNeeded(distributor.GATE_GAS() - 10_000);
        vm.prank(ANN);
        distributor.setPayoutAddress(CAT);
    }

    function testFuzz_a_starved_push_pays_in_order_or_stops_and_never_credits(uint256 gas_) public {
        gas_ = bound(gas_, 30_000, 2_200_000);
        vm.recordLogs();
        try distributor.push{gas: gas_}(list(ANN, BOB, STRANGER), 1) returns (uint256 done) {
            assertTrue(done != 0, "a push that returns has done something");
            assertEq(token.balanceOf(CAT), 1_800, "the first is paid");
            assertEq(token.balanceOf(BOB), done > 1 ? 1_200 : 0, "the second as the answer says");
            assertEq(distributor.cursorOf(BOB), done > 1 ? 1 : 0, "or untouched");
        } catch {
            assertEq(distributor.cursorOf(ANN), 0, "nothing happened");
        }
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i = 0; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            assertTrue(topic != IRevenueDistributor.PayFailed.selector, "no payment fails for want of gas");
            assertTrue(topic != IRevenueDistributor.PayHeld.selector, "no gate fails for want of gas");
            assertTrue(topic != IRevenueDistributor.PushHalted.selector, "no token fails for want of gas");
        }
    }
}
