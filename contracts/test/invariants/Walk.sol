// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Checks} from "../Vm.sol";

/// @title Random walks through the deeds of one world
/// @notice Forge walks anew for every `invariant_` function, 256 walks of 128 deeds, and asks the sentence on the way and at
/// the end of each walk. Each sentence has a seed of its own beside it: with one seed for all, forge would go the same walks
/// for every one of them. A sentence that is dear to ask is asked less often on the way: `check_interval` is the number of
/// deeds in between.
abstract contract Walk is Checks {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    address private _world;
    bytes4[] private _deeds;

    function walkThrough(address world, bytes4[] memory deeds) internal {
        (_world, _deeds) = (world, deeds);
    }

    /// @dev Read by forge: only the world acts.
    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = _world;
    }

    /// @dev Read by forge: the deeds, and none of the checks.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(_world, _deeds);
    }
}
