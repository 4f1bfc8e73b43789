// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "../Vm.sol";
import {PayoutFixture} from "./PayoutFixture.sol";

/// @title What whole transactions cost: the 21,000, the calldata and every cold slot included
/// @notice Each call is a transaction of its own (`isolate`), and steady: the holder was paid before, so that no slot is
/// written for the first time. Printed by `forge test -vv`.
/// forge-config: default.isolate = true
contract PayoutGasTest is PayoutFixture {
    event log_named_uint(string what, uint256 gas);

    function _spent(string memory what, uint256 most) private returns (uint256 gas) {
        gas = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint(what, gas);
        assertAtMost(gas, most, what);
    }

    function _bringTo(uint32 period) private {
        toDay(FIRST_DAY + (period + 1) * DAYS_PER_PERIOD);
        declare(period, 3_000_001);
        token.mint(TREASURY, 3_000_001);
        vm.prank(TREASURY);
        token.approve(address(distributor), type(uint256).max);
    }

    function _fund(uint32 period) private {
        _bringTo(period);
        vm.prank(TREASURY);
        distributor.fund(period, 3_000_001);
    }

    function _claim(address holder, uint32 upTo) private {
        vm.prank(holder);
        distributor.claim(upTo);
    }

    function test_fund() public {
        token.mint(TREASURY, 1); // the treasury's balance is never empty
        _fund(0);
        _fund(1);
        _spent("fund, steady", 115_000);
    }

    function test_claim_of_one_period() public {
        _fund(0);
        _claim(ANN, 1);
        emit log_named_uint("claim 1, first ever", vm.lastCallGas().gasTotalUsed);
        _fund(1);
        _claim(ANN, 2);
        _spent("claim 1, steady", 75_000);
    }

    function test_claim_of_twelve_periods() public {
        for (uint32 period = 0; period < 13; ++period) {
            _fund(period);
            if (period == 0) _claim(ANN, 1);
        }
        _claim(ANN, 13);
        _spent("claim 12, steady", 150_000);
    }

    function test_push_to_a_hundred_holders() public {
        address[] memory holders = new address[](100);
        address[] memory more = new address[](100);
        for (uint160 i = 0; i < 100; ++i) {
            holders[i] = address(0x100000 + i);
            more[i] = holders[i];
        }
        vm.prank(COMPLIANCE);
        gate.setAllowed(more, true);
        for (uint256 i = 0; i < 100; ++i) {
            mint(holders[i], 10);
        }
        // They hold nothing in period 0, which is over.
        _fund(1);
        _fund(2);
        assertEq(distributor.push(holders, 1), 100, "all of them");
        emit log_named_uint("push, per holder of 100, first ever", vm.lastCallGas().gasTotalUsed / 100);
        assertEq(distributor.push(holders, 2), 100, "all of them, again");
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint("push to 100, steady", gas);
        emit log_named_uint("push, per holder of 100, steady", gas / 100);
        assertAtMost(gas / 100, 30_000, "push, per holder of 100, steady");
        assertEq(distributor.cursorOf(holders[99]), 2, "all of them");
    }
}
