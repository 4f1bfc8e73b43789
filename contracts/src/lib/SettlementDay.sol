// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title The settlement day of an asset
/// @notice Days are counted since 1970-01-01 at a fixed offset from UTC. The offset is a constant of the asset, the same
/// on chain and off chain, so that no daylight saving rule can move the edge of a day that somebody is paid for.
/// Time is `block.timestamp`, never `block.number`: some chains do not number their blocks at a steady pace.
library SettlementDay {
    using SafeCast for uint256;
    using SafeCast for int256;

    /// @notice The offset lies outside the offsets in use on earth, -12 h to +14 h.
    error UtcOffsetOutOfRange(int32 offset, int32 lowest, int32 highest);

    int32 internal constant LOWEST_OFFSET = -12 hours;
    int32 internal constant HIGHEST_OFFSET = 14 hours;

    /// @dev Reverts unless `utcOffset`, in seconds, is one that a clock on earth may show.
    function requireOffset(int32 utcOffset) internal pure {
        if (utcOffset < LOWEST_OFFSET || utcOffset > HIGHEST_OFFSET) {
            revert UtcOffsetOutOfRange(utcOffset, LOWEST_OFFSET, HIGHEST_OFFSET);
        }
    }

    /// @dev The day that `timestamp` (UTC, unix seconds) belongs to: floor((timestamp + utcOffset) / 86400).
    function dayOf(uint256 timestamp, int32 utcOffset) internal pure returns (uint32) {
        return ((timestamp.toInt256() + utcOffset).toUint256() / 1 days).toUint32();
    }

    /// @dev The first second (UTC, unix seconds) of `day`.
    function startOf(uint32 day, int32 utcOffset) internal pure returns (uint256) {
        return (int256(uint256(day) * 1 days) - utcOffset).toUint256();
    }
}
