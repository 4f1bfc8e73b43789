// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../TestToken.sol";

/// @title Answers every transfer with 100,000 bytes, of which the first word says true
contract BombToken is TestToken {
    function transfer(address to, uint256 amount) public override returns (bool) {
        super.transfer(to, amount);
        assembly {
            mstore(0, 1)
            return(0, 100000)
        }
    }
}
