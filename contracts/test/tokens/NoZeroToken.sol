// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../TestToken.sol";

/// @title Refuses to move nothing
contract NoZeroToken is TestToken {
    error NothingToMove();

    function _update(address from, address to, uint256 amount) internal override {
        if (amount == 0) revert NothingToMove();
        super._update(from, to, amount);
    }
}
