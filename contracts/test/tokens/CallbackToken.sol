// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {TestToken} from "../TestToken.sol";

interface IReceiver {
    function received(uint256 amount) external;
}

/// @title Calls every receiver that has code, and pays nobody whose code fails
contract CallbackToken is TestToken {
    function _update(address from, address to, uint256 amount) internal override {
        super._update(from, to, amount);
        // Only payments: neither minting, nor the distributor's own trial, which has no code of this kind.
        if (amount != 0 && from.code.length != 0 && to.code.length != 0) IReceiver(to).received(amount);
    }
}

/// @title Eats all the gas it is given
contract GasEater is IReceiver {
    function received(uint256) external pure {
        while (true) {
            continue;
        }
    }
}

/// @title Fails with 100,000 bytes of reason
contract Bomber is IReceiver {
    function received(uint256) external pure {
        assembly {
            revert(0, 100000)
        }
    }
}
