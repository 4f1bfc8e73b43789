// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../TestToken.sol";

/// @title Neither sends nor receives for a listed account, like USDC
contract BlacklistToken is TestToken {
    error Blacklisted(address account);

    mapping(address account => bool) public blacklisted;

    function setBlacklisted(address account, bool to) external {
        blacklisted[account] = to;
    }

    function _update(address from, address to, uint256 amount) internal override {
        if (blacklisted[from]) revert Blacklisted(from);
        if (blacklisted[to]) revert Blacklisted(to);
        super._update(from, to, amount);
    }
}
