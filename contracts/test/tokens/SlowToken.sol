// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../TestToken.sol";

/// @title Pays, after 150,000 gas of work on each transfer
contract SlowToken is TestToken {
    function _update(address from, address to, uint256 amount) internal override {
        uint256 start = gasleft();
        while (from != address(0) && start - gasleft() < 150_000) {
            continue;
        }
        super._update(from, to, amount);
    }
}
