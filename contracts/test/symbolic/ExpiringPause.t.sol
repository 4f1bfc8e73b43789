// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {ExpiringPause} from "../../src/base/ExpiringPause.sol";
import {Checks} from "../Vm.sol";

/// @dev Its own authority, which lets everybody do everything.
contract PausedAtWill is ExpiringPause {
    constructor() AccessManaged(address(this)) {}

    function canCall(address, address, bytes4) external pure returns (bool, uint32) {
        return (true, 0);
    }

    function work() external whenNotPaused {}
}

/// @title A pause that ends by itself, for every length and every moment
contract ExpiringPauseSymbolic is Checks {
    PausedAtWill private _paused;

    function setUp() public {
        _paused = new PausedAtWill();
    }

    function _works() private returns (bool works) {
        try _paused.work() {
            works = true;
        } catch {}
    }

    function check_a_pause_ends_within_seven_days(uint32 begins, uint32 length, uint40 later) external {
        vm.warp(begins);
        _paused.pause(length);
        vm.assume(later >= begins);
        vm.warp(later);
        assert(_works() == (later >= uint256(begins) + length));
        assert(_works() || later < uint256(begins) + 7 days);
    }

    /// @dev A pause of a length is followed by as long without one, whoever calls and whatever comes after.
    function check_a_pause_is_followed_by_as_long_without(uint32 begins, uint32 length, uint40 again, uint32 next)
        external
    {
        vm.warp(begins);
        _paused.pause(length);
        vm.assume(again >= begins);
        vm.warp(again);
        _paused.pause(next);
        assert(again >= uint256(begins) + 2 * uint256(length));
    }
}
