// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Which meters the asset had, and since when
/// @notice An append-only history. Each entry commits to the complete set of bindings (which key belongs to which meter,
/// with its multiplier and its place) in force from a settlement day on, until the next entry's day. The registrar who
/// appends is never a signer of reports: whoever says what the meters measured must not also say which meters count.
/// 'Unknown now' is not 'unknown then': a report names the entry that was in force when its period began.
///
/// The history is also what bounds the energy that can be declared, so it can't be back-dated: only the first entry, without
/// which nothing can be declared at all, may begin in the past. *Watt-days* are the nameplate power in force on a day,
/// summed over days; what they sum to for days that are over never changes.
interface IMeterRegistry {
    /// @param bindingsRoot RFC 9162 root over the bindings in force.
    /// @param effectiveDay First settlement day on which the entry is in force.
    /// @param meterCount Number of bindings under the root.
    /// @param nameplateW Sum of the nameplate power of the earning points, in watts.
    /// @param wattDaysBefore Watt-days of all days before `effectiveDay`.
    struct Entry {
        bytes32 bindingsRoot;
        uint32 effectiveDay;
        uint32 meterCount;
        uint64 nameplateW;
        uint128 wattDaysBefore;
    }

    /// @notice Entry `index` is in force from `effectiveDay` on.
    event Appended(
        uint32 indexed index, uint32 effectiveDay, bytes32 bindingsRoot, uint32 meterCount, uint64 nameplateW
    );

    /// @notice A new entry takes effect strictly after the last one.
    error EffectiveDayNotLater(uint32 day, uint32 lastDay);
    /// @notice Only the first entry may take effect before `today`.
    error EffectiveDayPast(uint32 day, uint32 today);
    /// @notice An entry names at least one meter and a root.
    error EntryEmpty();
    /// @notice There is no entry `index`; there are `count`.
    error EntryUnknown(uint32 index, uint32 count);
    /// @notice No entry was in force on `day` yet.
    error NoEntryInForce(uint32 day);
    /// @notice A span ends before it begins.
    error DaysReversed(uint32 fromDay, uint32 toDay);

    /// @notice Adds an entry. Restricted: the registrar role.
    /// @param effectiveDay Later than that of the last entry, and not before today; the first entry may name any day.
    function append(uint32 effectiveDay, bytes32 bindingsRoot, uint32 meterCount, uint64 nameplateW) external;

    /// @notice The entry at `index`, counted from 0.
    function entry(uint32 index) external view returns (Entry memory);

    /// @notice How many entries there are.
    function count() external view returns (uint32);

    /// @notice The index of the entry in force on `day`. Reverts with NoEntryInForce before the first one.
    function indexAt(uint32 day) external view returns (uint32);

    /// @notice Watt-days of [fromDay, toDay): the nameplate power in force on each of these days, summed. Days before the
    /// first entry count nothing.
    function wattDays(uint32 fromDay, uint32 toDay) external view returns (uint128);

    /// @notice What a declaration of [fromDay, toDay) needs to know, in one call.
    /// @param sinceDay The day from which the asset's energy is counted; not after `fromDay`.
    /// @return index The entry in force on `fromDay`. Reverts with NoEntryInForce if there is none.
    /// @return nameplateW Its nameplate power, in watts.
    /// @return periodWattDays Watt-days of [fromDay, toDay).
    /// @return totalWattDays Watt-days of [sinceDay, toDay).
    function inForce(uint32 fromDay, uint32 toDay, uint32 sinceDay)
        external
        view
        returns (uint32 index, uint64 nameplateW, uint128 periodWattDays, uint128 totalWattDays);

    /// @notice Seconds that the asset's clock is ahead of UTC; a constant.
    function utcOffset() external view returns (int32);

    /// @notice The settlement day it is.
    function today() external view returns (uint32);
}
