// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../TestToken.sol";

/// @title Eats all the gas of every payment once it is told to
contract DeadToken is TestToken {
    bool public dead;

    function setDead(bool to) external {
        dead = to;
    }

    function _update(address from, address to, uint256 amount) internal override {
        while (dead) {
            continue;
        }
        super._update(from, to, amount);
    }
}
