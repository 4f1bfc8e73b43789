// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MeterRegistry} from "../src/MeterRegistry.sol";
import {IMeterRegistry} from "../src/interfaces/IMeterRegistry.sol";
import {SettlementDay} from "../src/lib/SettlementDay.sol";
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

    function test_only_the_first_entry_is_back_dated() public {
        toDay(FIRST_DAY + 10);
        assertEq(registry.today(), FIRST_DAY + 10, "today");
        bytes4 past = IMeterRegistry.EffectiveDayPast.selector;
        vm.expectRevert(abi.encodeWithSelector(past, FIRST_DAY + 9, FIRST_DAY + 10));
        _append(FIRST_DAY + 9);
        _append(FIRST_DAY + 10);
        MeterRegistry fresh = new MeterRegistry(address(manager), UTC_OFFSET);
        fresh.append(FIRST_DAY - 100, "root", 1, 1);
        assertEq(fresh.indexAt(FIRST_DAY), 0, "in force");
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

    function test_watt_days_are_the_nameplate_summed_over_days() public {
        vm.prank(REGISTRAR);
        registry.append(FIRST_DAY + 10, "root", 6, 60_000);
        assertEq(registry.entry(1).wattDaysBefore, 500_000, "before the second entry");
        assertEq(registry.wattDays(FIRST_DAY - 5, FIRST_DAY), 0, "before the first entry");
        assertEq(registry.wattDays(FIRST_DAY - 5, FIRST_DAY + 1), 50_000, "the first day");
        assertEq(registry.wattDays(FIRST_DAY + 9, FIRST_DAY + 11), 110_000, "across a change");
        assertEq(registry.wattDays(FIRST_DAY + 9, FIRST_DAY + 9), 0, "no day");
        bytes4 reversed = IMeterRegistry.DaysReversed.selector;
        vm.expectRevert(abi.encodeWithSelector(reversed, FIRST_DAY + 1, FIRST_DAY));
        registry.wattDays(FIRST_DAY + 1, FIRST_DAY);
        vm.expectRevert(abi.encodeWithSelector(reversed, FIRST_DAY + 1, FIRST_DAY));
        registry.inForce(FIRST_DAY, FIRST_DAY + 1, FIRST_DAY + 1);
        vm.expectRevert(abi.encodeWithSelector(reversed, FIRST_DAY + 1, FIRST_DAY));
        registry.inForce(FIRST_DAY + 1, FIRST_DAY, FIRST_DAY);
        vm.expectRevert(abi.encodeWithSelector(IMeterRegistry.NoEntryInForce.selector, FIRST_DAY - 1));
        registry.inForce(FIRST_DAY - 1, FIRST_DAY, FIRST_DAY - 1);
    }

    function test_the_largest_nameplate_over_the_longest_time_still_counts_exactly() public {
        MeterRegistry old = new MeterRegistry(address(manager), 0);
        old.append(0, "root", 1, type(uint64).max);
        uint256 most = uint256(type(uint64).max) * type(uint32).max;
        assertEq(old.wattDays(0, type(uint32).max), most, "watt-days");
        old.append(type(uint32).max, "root", 1, 1);
        assertEq(old.entry(1).wattDaysBefore, most, "kept");
    }

    function testFuzz_what_is_in_force_equals_a_walk_over_the_days(uint8[6] memory gaps, uint32 a, uint32 b, uint32 c)
        public
    {
        uint32 day = FIRST_DAY;
        uint64[100] memory nameplates;
        for (uint32 i = 0; i < gaps.length; ++i) {
            uint32 next = day + gaps[i] % 15 + 1;
            for (uint32 d = day; d < next; ++d) {
                nameplates[d - FIRST_DAY] = registry.entry(i).nameplateW;
            }
            day = next;
            vm.prank(REGISTRAR);
            registry.append(day, "root", 1, uint64(gaps[i]) * 1_000);
        }
        (a, b, c) =
        (
            uint32(bound(a, 0, day - FIRST_DAY)),
            uint32(bound(b, 0, day - FIRST_DAY)),
            uint32(bound(c, 0, day - FIRST_DAY))
        );
        if (a > b) (a, b) = (b, a);
        if (b > c) (b, c) = (c, b);
        if (a > b) (a, b) = (b, a);
        uint256 period = 0;
        uint256 total = 0;
        for (uint32 d = a; d < c; ++d) {
            total += nameplates[d];
            if (d >= b) period += nameplates[d];
        }
        (uint32 index, uint64 nameplateW, uint128 gotPeriod, uint128 gotTotal) =
            registry.inForce(FIRST_DAY + b, FIRST_DAY + c, FIRST_DAY + a);
        assertEq(index, registry.indexAt(FIRST_DAY + b), "index");
        assertEq(nameplateW, registry.entry(index).nameplateW, "nameplate");
        assertEq(gotPeriod, period, "the period");
        assertEq(gotTotal, total, "since the first day");
        assertEq(registry.wattDays(FIRST_DAY + a, FIRST_DAY + c), total, "by itself");
    }

    function test_an_offset_that_no_clock_shows_is_refused() public {
        vm.expectRevert(
            abi.encodeWithSelector(SettlementDay.UtcOffsetOutOfRange.selector, int32(15 hours), -12 hours, 14 hours)
        );
        new MeterRegistry(address(manager), 15 hours);
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
