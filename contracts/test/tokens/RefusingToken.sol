// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../TestToken.sol";

/// @title Refuses one account with an answer instead of a revert
/// @notice The answer is any bytes: false, a number that is neither true nor false, or too few of them.
contract RefusingToken is TestToken {
    address public refused;
    bytes public answer = abi.encode(false);

    function refuse(address account, bytes calldata with) external {
        refused = account;
        answer = with;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (to != refused) return super.transfer(to, amount);
        bytes memory said = answer;
        assembly ("memory-safe") {
            return(add(said, 32), mload(said))
        }
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (to != refused) return super.transferFrom(from, to, amount);
        return false;
    }
}
