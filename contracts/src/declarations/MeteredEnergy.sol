// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IMeterFigures} from "../interfaces/IMeterFigures.sol";
import {IMeterRegistry} from "../interfaces/IMeterRegistry.sol";
import {IRevenueDeclarations} from "../interfaces/IRevenueDeclarations.sol";
import {Schedule} from "./Schedule.sol";

/// @title MeteredEnergy
/// @notice What the meters of the asset let a report say about energy: the two physical bounds, and the figures of a direct
/// settlement where there is one.
abstract contract MeteredEnergy is Schedule {
    uint16 public constant MIN_MARGIN_PERMILLE = 1_000;
    uint16 public constant MAX_MARGIN_PERMILLE = 2_000;
    uint16 public constant MIN_PROFILE_MINUTES = 1;
    uint16 public constant MAX_PROFILE_MINUTES = 1_440;

    /// @notice The meters of the asset.
    IMeterRegistry public immutable registry;
    /// @notice How much of the theoretical energy is believed, in thousandths.
    uint16 public immutable marginPermille;
    /// @notice The most minutes at full load that the asset makes on one day.
    uint16 public immutable profileMinutes;

    /// @dev These stand first, so that they share their slot with the pause, which every declaration reads too.
    /// @inheritdoc IRevenueDeclarations
    uint64 public energyTotalWh;
    /// @inheritdoc IRevenueDeclarations
    uint32 public declarationsEnd;
    /// @dev Whether `direct` is set: most assets have none, and need not read its slot to know.
    bool private _hasDirect;
    /// @inheritdoc IRevenueDeclarations
    IMeterFigures public direct;

    constructor(Terms memory terms) {
        uint16 margin = terms.marginPermille;
        if (margin < MIN_MARGIN_PERMILLE || margin > MAX_MARGIN_PERMILLE) {
            revert MarginOutOfRange(margin, MIN_MARGIN_PERMILLE, MAX_MARGIN_PERMILLE);
        }
        uint16 profile = terms.profileMinutes;
        if (profile < MIN_PROFILE_MINUTES || profile > MAX_PROFILE_MINUTES) {
            revert ProfileOutOfRange(profile, MIN_PROFILE_MINUTES, MAX_PROFILE_MINUTES);
        }
        if (address(terms.registry) == address(0)) revert ZeroAddress();
        int32 offset = terms.registry.utcOffset();
        if (offset != terms.utcOffset) revert RegistryOffsetWrong(offset, terms.utcOffset);
        registry = terms.registry;
        marginPermille = margin;
        profileMinutes = profile;
    }

    /// @dev Attaches the contract whose figures every report must repeat.
    function _attachDirect(IMeterFigures direct_) internal {
        if (address(direct_) == address(0)) revert ZeroAddress();
        if (_hasDirect) revert DirectAlreadyAttached(direct);
        if (declarationsEnd != 0) revert DirectTooLate(declarationsEnd);
        (direct, _hasDirect) = (direct_, true);
        emit DirectAttached(direct_);
    }

    /// @dev Reverts unless the report names the registry entry in force, repeats the figures of a direct settlement, and keeps
    /// within both bounds.
    /// @param replacedWh Energy of the report that this one replaces, as far as `energyTotalWh` still holds it.
    /// @return energyWh The report's energy, delivered and drawn.
    /// @return totalWh `energyTotalWh` with this report in it.
    function _requireMetered(Report calldata report, uint32 fromDay, uint32 toDay, uint64 replacedWh)
        internal
        view
        returns (uint64 energyWh, uint64 totalWh)
    {
        (uint32 index, uint64 nameplateW, uint128 periodWattDays, uint128 totalWattDays) =
            registry.inForce(fromDay, toDay, firstDay);
        if (report.registryIndex != index) revert RegistryIndexWrong(report.registryIndex, index);
        _requireDirect(report);

        // Sums of a few uint64: they can't overflow.
        uint256 energy = uint256(report.exportWh) + report.importWh;
        uint256 most = _mostInPeriod(report.catchUpHours, fromDay, nameplateW, periodWattDays);
        if (energy > most) revert PeriodEnergyTooLarge(report.period, energy, most);
        // What later periods have declared already counts against the hours up to their end.
        if (declarationsEnd > report.period + 1) {
            (, uint32 endDay) = periodDays(declarationsEnd - 1);
            totalWattDays = registry.wattDays(firstDay, endDay);
        }
        uint256 total = uint256(energyTotalWh) - replacedWh + energy;
        most = _mostSinceFirstDay(totalWattDays);
        if (total > most) revert TotalEnergyTooLarge(total, most);
        return (uint64(energy), uint64(total));
    }

    /// @dev Watts in force on each day, times the minutes at full load of a day, and the margin; and the hours of catching
    /// up at the nameplate in force when the period begins. Rounded down. Every factor is far too small to overflow.
    function _mostInPeriod(uint32 catchUpHours, uint32 fromDay, uint64 nameplateW, uint128 wattDays)
        private
        view
        returns (uint256)
    {
        uint256 mostHours = 24 * uint256(fromDay - firstDay);
        if (catchUpHours > mostHours) revert CatchUpTooLong(catchUpHours, mostHours);
        return uint256(wattDays) * profileMinutes * marginPermille / (60 * 1_000) + uint256(nameplateW) * catchUpHours;
    }

    /// @dev Watts in force on each day, times 24 hours, and the margin; and never more than the running total holds, which
    /// is what the world uses in 600 years.
    function _mostSinceFirstDay(uint128 wattDays) private view returns (uint256 most) {
        most = uint256(wattDays) * 24 * marginPermille / 1_000;
        if (most > type(uint64).max) most = type(uint64).max;
    }

    function _requireDirect(Report calldata report) private view {
        if (!_hasDirect) return;
        (uint64 exportWh, uint64 importWh, uint32 missingMeters) = direct.figures(report.period);
        if (report.exportWh == exportWh && report.importWh == importWh && report.missingMeters == missingMeters) {
            return;
        }
        revert DirectFiguresDiffer(
            report.exportWh, report.importWh, report.missingMeters, exportWh, importWh, missingMeters
        );
    }
}
