// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RevenueDeclarations} from "../src/RevenueDeclarations.sol";
import {IMeterFigures} from "../src/interfaces/IMeterFigures.sol";
import {IRevenueDeclarations} from "../src/interfaces/IRevenueDeclarations.sol";
import {DeclarationsFixture} from "./DeclarationsFixture.sol";

/// @dev What the meters said, set by hand.
contract FixedFigures is IMeterFigures {
    uint64 private immutable _exportWh;
    uint64 private immutable _importWh;
    uint32 private immutable _missing;

    constructor(uint64 exportWh, uint64 importWh, uint32 missing) {
        (_exportWh, _importWh, _missing) = (exportWh, importWh, missing);
    }

    function figures(uint32) external view returns (uint64, uint64, uint32) {
        return (_exportWh, _importWh, _missing);
    }
}

/// @title What physics and the meters let a report say
/// @notice 50 kW, three days a period, 8 full-load hours a day, a fifth more believed: 50 * 3 * 8 * 1.2 = 1,440 kWh in a
/// period, and 50 * 24 * 1.2 = 1,440 kWh in a day of its life.
contract MeteredEnergyTest is DeclarationsFixture {
    uint64 private constant MOST_WH = 1_440_000;

    function setUp() public {
        deployStrictly(5, QUORUM);
        anchorMore(1);
        toDay(FIRST_DAY + 3);
    }

    function _saying(uint32 period, uint64 exportWh, uint64 importWh)
        private
        view
        returns (IRevenueDeclarations.Report memory said)
    {
        said = report(period, 1);
        (said.exportWh, said.importWh) = (exportWh, importWh);
    }

    function _tooMuch(uint32 period, uint256 energyWh, uint256 mostWh) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRevenueDeclarations.PeriodEnergyTooLarge.selector, period, energyWh, mostWh);
    }

    function test_a_period_has_so_many_full_load_hours_and_both_directions_count() public {
        refused(_saying(0, MOST_WH + 1, 0), _tooMuch(0, MOST_WH + 1, MOST_WH));
        refused(_saying(0, MOST_WH - 6, 7), _tooMuch(0, MOST_WH + 1, MOST_WH));
        refused(_saying(0, type(uint64).max, type(uint64).max), _tooMuch(0, 2 * uint256(type(uint64).max), MOST_WH));
        declareReport(_saying(0, MOST_WH - 7, 7));
    }

    function test_an_outage_catches_up_in_the_hours_that_the_report_names() public {
        toDay(FIRST_DAY + 6);
        // Nothing came to light in period 0; period 1 brings both.
        declareReport(_saying(0, 0, 0));
        IRevenueDeclarations.Report memory said = _saying(1, 2 * MOST_WH, 0);
        refused(said, _tooMuch(1, 2 * MOST_WH, MOST_WH));
        said.catchUpHours = 28;
        refused(said, _tooMuch(1, 2 * MOST_WH, MOST_WH + 28 * 50_000));
        said.catchUpHours = 29;
        declareReport(said);
        assertEq(declarations.energyTotalWh(), 2 * MOST_WH, "total");
    }

    function test_there_is_no_more_to_catch_up_with_than_the_hours_before_the_period() public {
        toDay(FIRST_DAY + 6);
        IRevenueDeclarations.Report memory said = _saying(0, 1, 0);
        said.catchUpHours = 1;
        bytes4 tooLong = IRevenueDeclarations.CatchUpTooLong.selector;
        refused(said, abi.encodeWithSelector(tooLong, 1, 0));
        said = _saying(1, 1, 0);
        said.catchUpHours = 73;
        refused(said, abi.encodeWithSelector(tooLong, 73, 72));
        said.catchUpHours = 72;
        declareReport(said);
    }

    /// @dev 24 hours a day and a profile without a night, so that only the sum over the life of the asset can bind.
    function _useAllDay() private {
        IRevenueDeclarations.Terms memory allDay = strictTerms();
        (allDay.marginPermille, allDay.profileMinutes) = (1_000, 1_440);
        declarations = new RevenueDeclarations(allDay, addresses(keys), QUORUM, address(manager));
        grantAll();
        anchorMore(1);
    }

    function _tooMuchInAll(uint256 totalWh, uint256 mostWh) private pure returns (bytes memory) {
        return abi.encodeWithSelector(IRevenueDeclarations.TotalEnergyTooLarge.selector, totalWh, mostWh);
    }

    function test_the_energy_of_a_life_fits_its_hours() public {
        _useAllDay();
        toDay(FIRST_DAY + 6);
        uint64 period = 50_000 * 72;
        declareReport(_saying(0, period, 0));
        IRevenueDeclarations.Report memory said = _saying(1, period + 1, 0);
        said.catchUpHours = 72;
        refused(said, _tooMuchInAll(2 * period + 1, 2 * period));
        // A revision replaces what it revises, and a disputed report counts nothing.
        said.exportWh = period;
        declareReport(said);
        said = nextRevision(1, 1);
        (said.exportWh, said.importWh, said.catchUpHours) = (period + 1, 0, 1);
        refused(said, _tooMuchInAll(2 * period + 1, 2 * period));
        guardianDisputes(0);
        assertEq(declarations.energyTotalWh(), period, "without the disputed one");
        said.exportWh = period + 50_000;
        declareReport(said);
        assertEq(declarations.energyTotalWh(), period + 50_000, "replaced");
        said = nextRevision(0, 1);
        (said.exportWh, said.importWh) = (period, 0);
        refused(said, _tooMuchInAll(2 * period + 50_000, 2 * period));
        said.exportWh = period - 50_000;
        declareReport(said);
        assertEq(declarations.energyTotalWh(), 2 * period, "to the brim");
    }

    function test_a_period_declared_late_is_bounded_by_all_the_hours_that_are_declared() public {
        _useAllDay();
        toDay(FIRST_DAY + 9);
        uint64 period = 50_000 * 72;
        declareReport(_saying(2, period, 0));
        declareReport(_saying(0, period, 0));
        declareReport(_saying(1, period, 0));
        assertEq(declarations.energyTotalWh(), 3 * period, "the hours of all three");
    }

    function test_the_bound_follows_the_meters_day_by_day() public {
        vm.prank(REGISTRAR);
        registry.append(FIRST_DAY + 4, "twice as many", 10, 100_000);
        toDay(FIRST_DAY + 9);
        // One day of 50 kW and two of 100 kW.
        uint256 most = 250_000 * 8 * 12 / 10;
        refused(_saying(1, uint64(most + 1), 0), _tooMuch(1, most + 1, most));
        declareReport(_saying(1, uint64(most), 0));
    }

    function test_the_running_total_holds_what_it_is_asked_to() public {
        vm.prank(REGISTRAR);
        registry.append(FIRST_DAY + 4, "sun", 1, type(uint64).max);
        toDay(FIRST_DAY + 9);
        IRevenueDeclarations.Report memory said = _saying(2, type(uint64).max, 1);
        said.registryIndex = 1;
        refused(said, _tooMuchInAll(uint256(type(uint64).max) + 1, type(uint64).max));
        said.importWh = 0;
        declareReport(said);
    }

    function test_the_bounds_round_down() public {
        IRevenueDeclarations.Terms memory odd = strictTerms();
        (odd.marginPermille, odd.profileMinutes) = (1_001, 1);
        declarations = new RevenueDeclarations(odd, addresses(keys), QUORUM, address(manager));
        anchorMore(1);
        // 150,000 * 1 * 1,001 / 60,000 = 2,502.5
        refused(_saying(0, 2_503, 0), _tooMuch(0, 2_503, 2_502));
        declareReport(_saying(0, 2_502, 0));
    }

    // ---------------------------------------------------------------- direct settlement

    function test_a_report_repeats_what_the_meters_said() public {
        IMeterFigures direct = new FixedFigures(100, 20, 3);
        vm.expectEmit(address(declarations));
        emit IRevenueDeclarations.DirectAttached(direct);
        declarations.attachDirect(direct);
        assertEq(address(declarations.direct()), address(direct), "attached");
        IRevenueDeclarations.Report memory said = _saying(0, 100, 20);
        said.missingMeters = 3;
        said.exportWh = 101;
        _refusedFigures(said);
        (said.exportWh, said.importWh) = (100, 21);
        _refusedFigures(said);
        (said.importWh, said.missingMeters) = (20, 2);
        _refusedFigures(said);
        said.missingMeters = 3;
        declareReport(said);
        assertEq(declarations.energyTotalWh(), 120, "energy");
        assertEq(declarations.declarationsEnd(), 1, "end");
        assertEq(address(declarations.direct()), address(direct), "still attached");
    }

    function _refusedFigures(IRevenueDeclarations.Report memory said) private {
        refused(
            said,
            abi.encodeWithSelector(
                IRevenueDeclarations.DirectFiguresDiffer.selector,
                said.exportWh,
                said.importWh,
                said.missingMeters,
                100,
                20,
                3
            )
        );
    }

    function test_a_direct_settlement_is_attached_once_and_before_the_first_report() public {
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.ZeroAddress.selector));
        declarations.attachDirect(IMeterFigures(address(0)));
        uint256 state = vm.snapshotState();
        IMeterFigures direct = new FixedFigures(0, 0, 0);
        declarations.attachDirect(direct);
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.DirectAlreadyAttached.selector, direct));
        declarations.attachDirect(direct);
        vm.revertToState(state);
        toDay(FIRST_DAY + 6);
        declareReport(_saying(1, 1, 0));
        vm.expectRevert(abi.encodeWithSelector(IRevenueDeclarations.DirectTooLate.selector, 2));
        declarations.attachDirect(direct);
    }

    function testFuzz_only_the_admin_attaches(address caller) public {
        vm.assume(caller != address(this));
        expectUnauthorized(caller);
        vm.prank(caller);
        declarations.attachDirect(IMeterFigures(address(1)));
    }
}
