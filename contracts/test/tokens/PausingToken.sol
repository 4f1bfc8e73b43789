// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../TestToken.sol";

/// @title Moves nothing at all while it is paused
contract PausingToken is TestToken {
    error Paused();

    bool public paused;

    function setPaused(bool to) external {
        paused = to;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (paused) revert Paused();
        super._update(from, to, amount);
    }
}
