// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Erc3643Fixture} from "./Erc3643Fixture.sol";

/// @title What the register adds to a transfer of a real T-REX token, whole transactions
/// @notice Every call from here is a transaction of its own (`isolate`), so that slots are cold as on a chain.
contract Erc3643GasTest is Erc3643Fixture {
    event log_named_uint(string key, uint256 value);

    function setUp() public {
        deployRegister();
        create(ANN, 1_000 * E);
        create(BOB, 1_000 * E);
        toDay(FIRST_DAY + 1);
    }

    function _moved(string memory what) private returns (uint256 gas) {
        send(ANN, BOB, E);
        gas = vm.lastCallGas().gasTotalUsed;
        emit log_named_uint(what, gas);
    }

    /// forge-config: default.isolate = true
    function test_the_register_adds_no_more_than_two_checkpoints_and_their_looks() public {
        uint256 first = _moved("T-REX transfer with the register, first of the day");
        uint256 again = _moved("T-REX transfer with the register, again");
        compliance.removeModule(address(book));
        uint256 bare = _moved("T-REX transfer without it");
        assertAtMost(first - bare, 100_000, "first of the day");
        assertAtMost(again - bare, 55_000, "again");
    }
}
