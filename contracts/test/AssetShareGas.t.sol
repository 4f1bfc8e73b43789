// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fixture} from "./Fixture.sol";

/// @title What moving shares costs, whole transactions
/// @notice Every call from here is a transaction of its own (`isolate`), so that slots are cold as on a chain.
contract AssetShareGasTest is Fixture {
    event log_named_uint(string key, uint256 value);

    function setUp() public {
        deploy();
        mint(ANN, 1_000);
        mint(BOB, 1_000);
        mint(UNSOLD, 1_000);
        toDay(FIRST_DAY + 1);
    }

    function _moved(string memory what, address from, address to, uint256 most) private {
        move(from, to, 1);
        uint256 gas = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint(what, gas);
        assertAtMost(gas, most, what);
    }

    /// forge-config: default.isolate = true
    function test_a_transfer_stays_within_its_gas() public {
        _moved("transfer, first of the day", ANN, BOB, 100_000);
        _moved("transfer, again", ANN, BOB, 55_000);
        _moved("transfer, first of the day, to somebody new", BOB, CAT, 100_000);
        toDay(FIRST_DAY + 2);
        _moved("transfer out of an excluded holder, first of the day", UNSOLD, BOB, 135_000);
        _moved("transfer out of an excluded holder, again", UNSOLD, BOB, 65_000);
    }
}
