// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeterRegistry} from "../src/interfaces/IMeterRegistry.sol";
import {Fixture} from "./Fixture.sol";

contract MeterRegistryTest is Fixture {
    function setUp() public {
        deploy();
    }

    function _append(uint32 day) private {
        vm.prank(REGISTRAR);
        registry.append(day, bytes32(uint256(day)), 5, 50_000);
    }

    function test_an_entry_is_in_force_from_its_day_until_the_next_one() public {
        vm.expectEmit(address(registry));
        emit IMeterRegistry.Appended(1, FIRST_DAY + 10, bytes32(uint256(FIRST_DAY + 10)), 5, 50_000);
        _append(FIRST_DAY + 10);
        _append(FIRST_DAY + 11);
        assertEq(registry.count(), 3, "entries");
        assertEq(registry.indexAt(FIRST_DAY), 0, "first day");
        assertEq(registry.indexAt(FIRST_DAY + 9), 0, "the day before the change");
        assertEq(registry.indexAt(FIRST_DAY + 10), 1, "the day of the change");
        assertEq(registry.indexAt(FIRST_DAY + 11), 2, "the next change");
        assertEq(registry.indexAt(type(uint32).max), 2, "for ever");
        IMeterRegistry.Entry memory entry = registry.entry(1);
        assertEq(entry.bindingsRoot, bytes32(uint256(FIRST_DAY + 10)), "root");
        assertEq(entry.effectiveDay, FIRST_DAY + 10, "effective day");
        assertEq(entry.meterCount, 5, "meters");
        assertEq(entry.nameplateW, 50_000, "nameplate");
    }

    function test_before_the_first_entry_there_is_no_answer() public {
        vm.expectRevert(abi.encodeWithSelector(IMeterRegistry.NoEntryInForce.selector, FIRST_DAY - 1));
        registry.indexAt(FIRST_DAY - 1);
        vm.expectRevert(abi.encodeWithSelector(IMeterRegistry.EntryUnknown.selector, 1, 1));
        registry.entry(1);
    }

    function test_history_is_only_appended_to() public {
        vm.expectRevert(abi.encodeWithSelector(IMeterRegistry.EffectiveDayNotLater.selector, FIRST_DAY, FIRST_DAY));
        _append(FIRST_DAY);
        vm.expectRevert(abi.encodeWithSelector(IMeterRegistry.EffectiveDayNotLater.selector, FIRST_DAY - 1, FIRST_DAY));
        _append(FIRST_DAY - 1);
    }

    function test_an_entry_names_a_root_and_a_meter() public {
        vm.expectRevert(abi.encodeWithSelector(IMeterRegistry.EntryEmpty.selector));
        vm.prank(REGISTRAR);
        registry.append(FIRST_DAY + 1, 0, 5, 1);
        vm.expectRevert(abi.encodeWithSelector(IMeterRegistry.EntryEmpty.selector));
        vm.prank(REGISTRAR);
        registry.append(FIRST_DAY + 1, "root", 0, 1);
    }

    function testFuzz_only_the_registrar_appends(address caller) public {
        vm.assume(caller != REGISTRAR);
        expectUnauthorized(caller);
        vm.prank(caller);
        registry.append(FIRST_DAY + 1, "root", 1, 1);
    }

    function testFuzz_the_lookup_equals_a_walk_over_the_history(uint8[12] memory gaps, uint16 ask) public {
        uint32 day = FIRST_DAY;
        uint32 asked = FIRST_DAY + ask % 2_000;
        uint32 want = 0;
        for (uint32 i = 0; i < gaps.length; ++i) {
            day += uint32(gaps[i]) + 1;
            _append(day);
            if (day <= asked) want = i + 1;
        }
        assertEq(registry.indexAt(asked), want, "entry in force");
    }
}
