// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";

import {IMeterRegistry} from "./interfaces/IMeterRegistry.sol";

/// @title MeterRegistry
/// @notice The history of the meters of one asset; see {IMeterRegistry}.
contract MeterRegistry is IMeterRegistry, AccessManaged {
    Entry[] private _entries;

    /// @param authority The AccessManager of the asset.
    constructor(address authority) AccessManaged(authority) {}

    /// @inheritdoc IMeterRegistry
    function append(uint32 effectiveDay, bytes32 bindingsRoot, uint32 meterCount, uint64 nameplateW)
        external
        restricted
    {
        if (bindingsRoot == 0 || meterCount == 0) revert EntryEmpty();
        uint32 index = count();
        if (index != 0) {
            uint32 lastDay = _entries[index - 1].effectiveDay;
            if (effectiveDay <= lastDay) revert EffectiveDayNotLater(effectiveDay, lastDay);
        }
        _entries.push(Entry(bindingsRoot, effectiveDay, meterCount, nameplateW));
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
    function indexAt(uint32 day) external view returns (uint32) {
        // Invariant: every entry below `low` took effect by `day`, none from `high` on did.
        uint32 low = 0;
        uint32 high = count();
        while (low < high) {
            uint32 middle = low + (high - low) / 2;
            if (_entries[middle].effectiveDay <= day) low = middle + 1;
            else high = middle;
        }
        if (low == 0) revert NoEntryInForce(day);
        return low - 1;
    }
}
