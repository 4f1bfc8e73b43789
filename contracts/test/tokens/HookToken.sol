// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../TestToken.sol";

/// @title Calls a hook on every transfer, like ERC-777
contract HookToken is TestToken {
    address public target;
    bytes public data;
    /// @dev What the hook met with: whether it was called, whether it failed, and the reason.
    bool public called;
    bool public failed;
    bytes public reason;

    function setHook(address target_, bytes calldata data_) external {
        target = target_;
        data = data_;
        (called, failed, reason) = (false, false, "");
    }

    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        if (target == address(0) || from == address(0)) return;
        (bool done, bytes memory answer) = target.call(data);
        (called, failed, reason) = (true, !done, done ? bytes("") : answer);
    }
}
