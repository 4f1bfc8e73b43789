// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checks} from "../Vm.sol";

/// @title Random walks through the actions of one handler
/// @notice Forge walks anew for every `invariant_` function, 256 walks of 128 actions, and asks the sentence on the way and
/// at the end of each walk. Each sentence has a seed of its own beside it: with one seed for all, forge would go the same
/// walks for every one of them. A sentence that is dear to ask is asked less often on the way: `check_interval` is the number
/// of actions in between.
abstract contract Walk is Checks {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    address private _handler;
    bytes4[] private _actions;

    function walkThrough(address handler, bytes4[] memory actions) internal {
        (_handler, _actions) = (handler, actions);
    }

    /// @dev Read by forge: only the handler acts.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = _handler;
    }

    /// @dev Read by forge: the actions, and none of the checks.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(_handler, _actions);
    }
}
