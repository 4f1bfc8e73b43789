// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ExpiringPause} from "../src/base/ExpiringPause.sol";
import {Fixture} from "./Fixture.sol";

/// @title A pause ends by itself, and the next one has to wait
contract ExpiringPauseTest is Fixture {
    uint32 private constant MOST = 7 days;

    function setUp() public {
        deploy();
    }

    function _pause(uint32 length) private {
        vm.prank(GUARDIAN);
        distributor.pause(length);
    }

    function _refused(uint32 length, bytes memory reason) private {
        vm.expectRevert(reason);
        _pause(length);
    }

    function test_a_pause_lasts_a_second_to_seven_days() public {
        _refused(0, abi.encodeWithSelector(ExpiringPause.PauseLengthOutOfRange.selector, 0, MOST));
        _refused(MOST + 1, abi.encodeWithSelector(ExpiringPause.PauseLengthOutOfRange.selector, MOST + 1, MOST));
        _pause(MOST);
        assertEq(distributor.pausedUntil(), block.timestamp + MOST, "the longest");
    }

    function test_the_next_pause_begins_after_as_long_again() public {
        _pause(3 days);
        uint40 readyAt = uint40(block.timestamp + 6 days);
        bytes memory cooling = abi.encodeWithSelector(ExpiringPause.PauseCoolsDown.selector, readyAt);
        _refused(1, cooling);
        vm.warp(readyAt - 1);
        _refused(1, cooling);
        vm.warp(readyAt);
        vm.expectEmit(address(distributor));
        emit ExpiringPause.Paused(readyAt + 1, readyAt + 2);
        _pause(1);
        assertEq(distributor.pausedUntil(), readyAt + 1, "paused again");
        assertEq(distributor.pauseReadyAt(), readyAt + 2, "and cools down again");
    }
}
