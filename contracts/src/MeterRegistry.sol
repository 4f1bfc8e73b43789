// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IMeterRegistry} from "./interfaces/IMeterRegistry.sol";
import {SettlementDay} from "./lib/SettlementDay.sol";

/// @title MeterRegistry
/// @notice The history of the meters of one asset; see {IMeterRegistry}.
contract MeterRegistry is IMeterRegistry, AccessManaged {
    /// @inheritdoc IMeterRegistry
    int32 public immutable utcOffset;

    Entry[] private _entries;

    /// @param authority The AccessManager of the asset.
    /// @param utcOffset_ Seconds that the asset's clock is ahead of UTC, -12 h to +14 h.
    constructor(address authority, int32 utcOffset_) AccessManaged(authority) {
        SettlementDay.requireOffset(utcOffset_);
        utcOffset = utcOffset_;
    }

    /// @inheritdoc IMeterRegistry
    function append(uint32 effectiveDay, bytes32 bindingsRoot, uint32 meterCount, uint64 nameplateW)
        external
        restricted
    {
        if (bindingsRoot == 0 || meterCount == 0) revert EntryEmpty();
        uint32 index = count();
        uint128 before = 0;
        if (index != 0) {
            Entry storage last = _entries[index - 1];
            if (effectiveDay <= last.effectiveDay) revert EffectiveDayNotLater(effectiveDay, last.effectiveDay);
            if (effectiveDay < today()) revert EffectiveDayPast(effectiveDay, today());
            before = _wattDaysUntil(last, effectiveDay);
        }
        _entries.push(Entry(bindingsRoot, effectiveDay, meterCount, nameplateW, before));
        emit Appended(index, effectiveDay, bindingsRoot, meterCount, nameplateW);
    }

    /// @inheritdoc IMeterRegistry
    function entry(uint32 index) external view returns (Entry memory) {
        if (index >= count()) revert EntryUnknown(index, count());
        return _entries[index];
    }

    /// @inheritdoc IMeterRegistry
    function count() public view returns (uint32) {
        // Effective days rise strictly and are uint32, so there can't be more entries than fit.
        return uint32(_entries.length);
    }

    /// @inheritdoc IMeterRegistry
    function today() public view returns (uint32) {
        return SettlementDay.dayOf(block.timestamp, utcOffset);
    }

    /// @inheritdoc IMeterRegistry
    function indexAt(uint32 day) public view returns (uint32) {
        uint32 begun = _begunBy(day);
        if (begun == 0) revert NoEntryInForce(day);
        return begun - 1;
    }

    /// @inheritdoc IMeterRegistry
    function wattDays(uint32 fromDay, uint32 toDay) external view returns (uint128) {
        if (fromDay > toDay) revert DaysReversed(fromDay, toDay);
        return _wattDaysBefore(toDay) - _wattDaysBefore(fromDay);
    }

    /// @inheritdoc IMeterRegistry
    function inForce(uint32 fromDay, uint32 toDay, uint32 sinceDay)
        external
        view
        returns (uint32 index, uint64 nameplateW, uint128 periodWattDays, uint128 totalWattDays)
    {
        if (sinceDay > fromDay) revert DaysReversed(sinceDay, fromDay);
        if (fromDay > toDay) revert DaysReversed(fromDay, toDay);
        index = indexAt(fromDay);
        Entry storage begins = _entries[index];
        // The usual case: no entry began since, and one lookup answers for both ends of the period.
        uint128 untilEnd = index + 1 == count() ? _wattDaysUntil(begins, toDay) : _wattDaysBefore(toDay);
        nameplateW = begins.nameplateW;
        periodWattDays = untilEnd - _wattDaysUntil(begins, fromDay);
        totalWattDays = untilEnd - _wattDaysBefore(sinceDay);
    }

    /// @dev Watt-days of all days before `day`.
    function _wattDaysBefore(uint32 day) private view returns (uint128) {
        // Most questions are about the days since the asset's first day, and its first entry is of that day.
        if (_entries.length == 0 || _entries[0].effectiveDay >= day) return 0;
        uint32 begun = _begunBy(day);
        return _wattDaysUntil(_entries[begun - 1], day);
    }

    /// @dev The same, given the entry in force on the day before. A nameplate below 2^64 over fewer than 2^32 days stays
    /// below 2^96.
    function _wattDaysUntil(Entry storage last, uint32 day) private view returns (uint128) {
        return last.wattDaysBefore + uint128(last.nameplateW) * (day - last.effectiveDay);
    }

    /// @dev How many entries took effect by `day`.
    function _begunBy(uint32 day) private view returns (uint32) {
        uint32 high = count();
        // Most questions are about the newest days.
        if (high == 0 || _entries[high - 1].effectiveDay <= day) return high;
        // Invariant: every entry below `low` took effect by `day`, none from `high` on did.
        uint32 low = 0;
        --high;
        while (low < high) {
            uint32 middle = low + (high - low) / 2;
            if (_entries[middle].effectiveDay <= day) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
