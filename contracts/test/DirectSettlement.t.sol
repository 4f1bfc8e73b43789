// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DirectSettlement} from "../src/DirectSettlement.sol";
import {IDirectSettlement} from "../src/interfaces/IDirectSettlement.sol";
import {IMeterRegistry} from "../src/interfaces/IMeterRegistry.sol";
import {IRevenueDeclarations} from "../src/interfaces/IRevenueDeclarations.sol";
import {DirectFixture} from "./DirectFixture.sol";
import {TestMeter} from "./TestMeter.sol";

/// @title Which energy lands in which period
contract DirectSettlementTest is DirectFixture {
    function setUp() public {
        deployDirect();
    }

    function _openAll() private {
        for (uint32 i = 0; i < 3; ++i) {
            settle(0, i, 1_000 * (i + 1), 10 * (i + 1));
        }
    }

    function test_a_first_boundary_only_opens() public {
        TestMeter.Header memory header = headerAt(EAST, 0, 120_000, 450);
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, header));
        vm.expectEmit(address(direct));
        emit IDirectSettlement.MeterOpened(bindingHash(0), 0, 0, 120_000, 450);
        direct.settle(0, document, registered(0));
        IDirectSettlement.Register memory stored = direct.registerOf(bindingHash(0));
        assertEq(stored.exportWh, 120_000, "export register");
        assertEq(stored.importWh, 450, "import register");
        assertEq(stored.boundary, 0, "boundary");
        assertTrue(stored.isOpen, "open");
        assertFigures(0, 0, 0, 3);
    }

    function test_the_rise_of_the_registers_is_the_energy_of_the_period_that_ends() public {
        _openAll();
        TestMeter.Header memory header = headerAt(EAST, 1, 91_000, 17);
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, header));
        vm.expectEmit(address(direct));
        emit IDirectSettlement.MeterSettled(bindingHash(0), 0, 0, 90_000, 7);
        direct.settle(1, document, registered(0));
        settle(1, 1, 2_000 + 60_000, 20);
        assertFigures(0, 150_000, 7, 1);
        settle(1, 2, 3_000, 33);
        assertFigures(0, 150_000, 10, 0);
        assertFigures(1, 0, 0, 3);
        settle(2, 0, 91_001, 18);
        assertFigures(1, 1, 1, 2);
        assertFigures(0, 150_000, 10, 0);
    }

    function test_a_meter_that_misses_a_boundary_is_missing_and_its_energy_follows() public {
        _openAll();
        settle(1, 0, 11_000, 10);
        assertFigures(0, 10_000, 0, 2);
        settle(2, 0, 21_000, 10);
        TestMeter.Header memory header = headerAt(SOUTH, 2, 2_000 + 55_000, 20);
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(SOUTH, header));
        vm.expectEmit(address(direct));
        emit IDirectSettlement.MeterSettled(bindingHash(1), 1, 0, 55_000, 0);
        direct.settle(2, document, registered(1));
        assertFigures(0, 10_000, 0, 2);
        assertFigures(1, 65_000, 0, 1);
        settle(3, 1, 2_000 + 56_000, 21);
        assertFigures(2, 1_000, 1, 2);
    }

    function test_a_period_with_its_report_takes_no_meter_and_the_next_one_does() public {
        _openAll();
        settle(1, 0, 11_000, 10);
        declare(0, 1_000);
        IDirectSettlement.LoggedHeader memory late = logged(TestMeter.content(SOUTH, headerAt(SOUTH, 1, 9_000, 20)));
        IRevenueDeclarations.Status status = declarations.status(0);
        refused(1, late, registered(1), abi.encodeWithSelector(IDirectSettlement.PeriodReported.selector, 0, status));
        settle(2, 1, 12_000, 20);
        assertFigures(0, 10_000, 0, 2);
        assertFigures(1, 10_000, 0, 2);
    }

    function test_a_new_epoch_opens_again_without_energy() public {
        _openAll();
        TestMeter.Header memory header = headerAt(EAST, 1, 500, 0);
        header.epoch = 2;
        IDirectSettlement.LoggedHeader memory document = logged(TestMeter.content(EAST, header));
        vm.expectEmit(address(direct));
        emit IDirectSettlement.MeterOpened(bindingHash(0), 1, 2, 500, 0);
        direct.settle(1, document, registered(0));
        assertFigures(0, 0, 0, 3);
        header = headerAt(EAST, 2, 800, 1);
        header.epoch = 2;
        settle(2, EAST, 0, header);
        assertFigures(1, 300, 1, 2);
    }

    function test_a_register_wraps_at_the_modulus_of_its_binding() public {
        settle(0, 0, type(uint32).max - 99, 7);
        settle(1, 0, 900, 7);
        assertFigures(0, 1_000, 0, 2);
    }

    function test_a_modulus_that_is_no_whole_number_is_floored() public {
        TestMeter.Binding memory binding = TestMeter.bindingOf(EAST);
        (binding.modulusNumerator, binding.modulusDenominator) = (100_000, 3);
        rebind(binding);
        settle(1, 0, 33_000, 0);
        settle(2, 0, 100, 0);
        assertFigures(1, 433, 0, 2);
    }

    function test_a_meter_that_counts_drawn_energy_forwards_is_not_turned_round_twice() public {
        // The gateway has already put the energy that left into the export register.
        TestMeter.Binding memory binding = TestMeter.bindingOf(EAST);
        binding.direction = 2;
        rebind(binding);
        settle(1, 0, 1_000, 2_000);
        settle(2, 0, 1_007, 2_500);
        assertFigures(1, 7, 500, 2);
    }

    function test_a_register_that_the_meter_does_not_have_adds_nothing() public {
        TestMeter.Header memory header = headerAt(EAST, 0, 1_000, TestMeter.ABSENT);
        (header.statusOr, header.statusClose) = (0x41, 0x41);
        settle(0, EAST, 0, header);
        header = headerAt(EAST, 1, 1_500, TestMeter.ABSENT);
        (header.statusOr, header.statusClose) = (0x41, 0x41);
        settle(1, EAST, 0, header);
        assertFigures(0, 500, 0, 2);
        // From its first boundary on it counts.
        settle(2, 0, 1_600, 40);
        assertFigures(1, 100, 0, 2);
        settle(3, 0, 1_600, 45);
        assertFigures(2, 0, 5, 2);
    }

    function test_a_meter_that_only_draws_needs_no_export_register() public {
        TestMeter.Header memory header = headerAt(EAST, 0, TestMeter.ABSENT, 10);
        (header.statusOr, header.statusClose) = (0x42, 0x42);
        settle(0, EAST, 0, header);
        header = headerAt(EAST, 1, TestMeter.ABSENT, 15);
        (header.statusOr, header.statusClose) = (0x42, 0x42);
        settle(1, EAST, 0, header);
        assertFigures(0, 0, 5, 2);
    }

    function test_a_reading_counts_up_to_the_tolerance() public {
        settle(0, EAST, 0, TestMeter.headerOf(EAST, reach(0), 1, 1));
        settle(1, EAST, 0, TestMeter.headerOf(EAST, reach(1) + TOLERANCE, 2, 2));
        assertFigures(0, 1, 1, 2);
    }

    function test_a_fall_is_a_hint_where_there_is_a_register_to_compare_with() public {
        settle(0, 0, type(uint32).max, 7);
        TestMeter.Header memory header = headerAt(EAST, 1, 0, 7);
        (header.statusOr, header.statusClose) = (0x40c7, 0x40c7);
        settle(1, EAST, 0, header);
        assertFigures(0, 1, 0, 2);
    }

    function test_meters_count_by_the_entry_in_force_when_their_period_begins() public {
        _openAll();
        IDirectSettlement.RegisteredBinding memory west = registered(2);
        // In the middle of period 1 the west meter goes, and a fourth one comes.
        records[2] = TestMeter.record(TestMeter.bindingOf(OTHER));
        records.push(TestMeter.record(TestMeter.bindingOf(STRANGER_KEY)));
        appendEntry(firstDayOf(1) + 1);
        settle(2, OTHER, 2, headerAt(OTHER, 2, 100, 0));
        direct.settle(2, logged(TestMeter.content(WEST, headerAt(WEST, 2, 3_050, 30))), west);
        assertFigures(1, 50, 0, 2);
        settle(3, OTHER, 2, headerAt(OTHER, 3, 180, 0));
        assertFigures(2, 80, 0, 3);
    }

    function test_a_changed_binding_closes_and_opens_at_the_same_boundary() public {
        _openAll();
        IDirectSettlement.RegisteredBinding memory old = registered(0);
        TestMeter.Binding memory binding = TestMeter.bindingOf(EAST);
        binding.validFrom = uint64(direct.boundaryAt(1));
        rebind(binding);
        IDirectSettlement.LoggedHeader memory header = logged(TestMeter.content(EAST, headerAt(EAST, 1, 5_000, 10)));
        direct.settle(1, header, registered(0));
        direct.settle(1, header, old);
        assertFigures(0, 4_000, 0, 2);
        settle(2, 0, 5_600, 10);
        assertFigures(1, 600, 0, 2);
    }

    function test_before_anybody_has_settled_every_meter_is_missing() public {
        DirectSettlement empty = new DirectSettlement(declarations, registry, "asset", TOLERANCE);
        (,, uint32 missing) = empty.figures(7);
        assertEq(missing, 5, "missing meters");
    }

    function test_boundaries_lie_on_the_schedule_of_the_declarations() public view {
        assertEq(direct.boundaryAt(0), uint256(FIRST_DAY) * 1 days - 8 hours, "boundary 0");
        assertEq(direct.boundaryAt(7), uint256(FIRST_DAY + 21) * 1 days - 8 hours, "boundary 7");
    }

    function test_a_settlement_has_its_dependencies_and_a_tolerance() public {
        vm.expectRevert(abi.encodeWithSelector(IDirectSettlement.DependencyMissing.selector));
        new DirectSettlement(IRevenueDeclarations(address(0)), meters, "asset", TOLERANCE);
        vm.expectRevert(abi.encodeWithSelector(IDirectSettlement.DependencyMissing.selector));
        new DirectSettlement(declarations, IMeterRegistry(address(0)), "asset", TOLERANCE);
        vm.expectRevert(abi.encodeWithSelector(IDirectSettlement.ToleranceOutOfRange.selector, 0, 900));
        new DirectSettlement(declarations, meters, "asset", 0);
        vm.expectRevert(abi.encodeWithSelector(IDirectSettlement.ToleranceOutOfRange.selector, 901, 900));
        new DirectSettlement(declarations, meters, "asset", 901);
        assertEq(new DirectSettlement(declarations, meters, "asset", 900).tolerance(), 900, "tolerance");
    }

    /// forge-config: default.fuzz.runs = 16
    function testFuzz_the_sums_of_all_periods_are_what_the_registers_rose(uint16[6] memory rises, uint8 missed) public {
        settle(0, 0, 5_000, 0);
        settle(0, 1, 9_000, 0);
        uint64[2] memory exported = [uint64(5_000), 9_000];
        uint256 total = 0;
        for (uint32 boundary = 1; boundary <= 3; ++boundary) {
            for (uint32 i = 0; i < 2; ++i) {
                exported[i] += rises[2 * boundary - 2 + i];
                // Every meter makes the last boundary.
                bool skips = boundary < 3 && (missed >> (2 * boundary + i)) & 1 == 1;
                if (!skips) settle(boundary, i, exported[i], 0);
            }
        }
        for (uint32 period = 0; period < 3; ++period) {
            (uint64 wh,,) = direct.figures(period);
            total += wh;
        }
        assertEq(total, exported[0] + exported[1] - 14_000, "energy");
    }
}
