// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IRevenueDeclarations} from "../interfaces/IRevenueDeclarations.sol";
import {SettlementDay} from "../lib/SettlementDay.sol";

/// @title Schedule
/// @notice The payout periods of one asset: whole settlement days without a gap, fixed when the contract is created.
abstract contract Schedule is IRevenueDeclarations {
    using SafeCast for uint256;

    uint32 public constant MIN_DAYS_PER_PERIOD = 1;
    uint32 public constant MAX_DAYS_PER_PERIOD = 31;

    /// @inheritdoc IRevenueDeclarations
    uint32 public immutable firstDay;
    /// @inheritdoc IRevenueDeclarations
    uint32 public immutable daysPerPeriod;
    /// @inheritdoc IRevenueDeclarations
    int32 public immutable utcOffset;

    constructor(Terms memory terms) {
        uint32 length = terms.daysPerPeriod;
        if (length < MIN_DAYS_PER_PERIOD || length > MAX_DAYS_PER_PERIOD) {
            revert PeriodLengthOutOfRange(length, MIN_DAYS_PER_PERIOD, MAX_DAYS_PER_PERIOD);
        }
        SettlementDay.requireOffset(terms.utcOffset);
        firstDay = terms.firstDay;
        daysPerPeriod = length;
        utcOffset = terms.utcOffset;
    }

    /// @inheritdoc IRevenueDeclarations
    function periodDays(uint32 period) public view returns (uint32 fromDay, uint32 toDay) {
        uint256 from = firstDay + uint256(period) * daysPerPeriod;
        return (from.toUint32(), (from + daysPerPeriod).toUint32());
    }

    /// @dev Reverts unless `period` is over; returns its days, as [fromDay, toDay).
    function _requireOver(uint32 period) internal view returns (uint32 fromDay, uint32 toDay) {
        (fromDay, toDay) = periodDays(period);
        uint256 endsAt = SettlementDay.startOf(toDay, utcOffset);
        if (block.timestamp < endsAt) revert PeriodNotOver(period, endsAt, block.timestamp);
    }
}
