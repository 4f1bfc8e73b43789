// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What the meters themselves said about a payout period, checked on chain
/// @notice The one thing that declarations need to know of a direct settlement: where one is attached, a report must repeat
/// its figures.
interface IMeterFigures {
    /// @notice What the meters delivered and drew in `period`, in watt-hours, and how many of the registry entry in force
    /// on its first day did not close it. Final once the period has its report.
    function figures(uint32 period) external view returns (uint64 exportWh, uint64 importWh, uint32 missingMeters);
}
