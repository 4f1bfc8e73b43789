// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Which meters the asset had, and since when
/// @notice An append-only history. Each entry commits to the complete set of bindings (which key belongs to which meter,
/// with its multiplier and its place) in force from a settlement day on, until the next entry's day. The registrar who
/// appends is never a signer of reports: whoever says what the meters measured must not also say which meters count.
/// 'Unknown now' is not 'unknown then': a report names the entry that was in force when its period began.
interface IMeterRegistry {
    /// @param bindingsRoot RFC 9162 root over the bindings in force.
    /// @param effectiveDay First settlement day on which the entry is in force.
    /// @param meterCount Number of bindings under the root.
    /// @param nameplateW Sum of the nameplate power of the earning points, in watts.
    struct Entry {
        bytes32 bindingsRoot;
        uint32 effectiveDay;
        uint32 meterCount;
        uint64 nameplateW;
    }

    /// @notice Entry `index` is in force from `effectiveDay` on.
    event Appended(
        uint32 indexed index, uint32 effectiveDay, bytes32 bindingsRoot, uint32 meterCount, uint64 nameplateW
    );

    /// @notice A new entry takes effect strictly after the last one.
    error EffectiveDayNotLater(uint32 day, uint32 lastDay);
    /// @notice An entry names at least one meter and a root.
    error EntryEmpty();
    /// @notice There is no entry `index`; there are `count`.
    error EntryUnknown(uint32 index, uint32 count);
    /// @notice No entry was in force on `day` yet.
    error NoEntryInForce(uint32 day);

    /// @notice Adds an entry. Restricted: the registrar role.
    function append(uint32 effectiveDay, bytes32 bindingsRoot, uint32 meterCount, uint64 nameplateW) external;

    /// @notice The entry at `index`, counted from 0.
    function entry(uint32 index) external view returns (Entry memory);

    /// @notice How many entries there are.
    function count() external view returns (uint32);

    /// @notice The index of the entry in force on `day`. Reverts with NoEntryInForce before the first one.
    function indexAt(uint32 day) external view returns (uint32);
}
