// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

/// @title Payments to strangers
library PaymentToken {
    /// @notice Gas that a payment of a push may use in the token. A proxied stablecoin needs about 60k for a new holder.
    uint256 internal constant PAY_GAS = 200_000;

    /// @dev Like OpenZeppelin's SafeERC20.trySafeTransfer, but with a bound on the gas: a receiver that the token calls
    /// back may eat all of it. Copies one word of whatever comes back, so that it can't be made to cost memory.
    function tryTransfer(IERC20 token, address to, uint256 amount) internal returns (bool paid) {
        bytes4 selector = IERC20.transfer.selector;
        // The call is written behind what memory is in use, and forgotten: a push makes hundreds.
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore(data, selector)
            mstore(add(data, 4), and(to, 0xffffffffffffffffffffffffffffffffffffffff))
            mstore(add(data, 36), amount)
            let success := call(PAY_GAS, token, 0, data, 68, 0, 32)
            // A token that answers nothing (USDT) has paid if it is there; one that answers must answer true.
            let nothing := and(iszero(returndatasize()), gt(extcodesize(token), 0))
            let yes := and(gt(returndatasize(), 31), eq(mload(0), 1))
            paid := and(success, or(nothing, yes))
        }
    }

    /// @dev Whether the token pays at all, tried by moving nothing from this contract to itself.
    function isAlive(IERC20 token) internal returns (bool) {
        return tryTransfer(token, address(this), 0);
    }
}
