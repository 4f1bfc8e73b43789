// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHolderRegister} from "../interfaces/IHolderRegister.sol";
import {DayCheckpoints} from "../lib/DayCheckpoints.sol";
import {SettlementDay} from "../lib/SettlementDay.sol";

/// @title The book behind a holder register
/// @notice Days, balances by day and the excluded holders; see {IHolderRegister}. Two kinds of
/// contract write into the book: a share token writes its own moves, an adapter writes the moves that it sees of another
/// token.
abstract contract HolderRegister is IHolderRegister {
    using DayCheckpoints for DayCheckpoints.Trace;

    uint256 public constant MAX_EXCLUDED = 8;

    /// @inheritdoc IHolderRegister
    int32 public immutable utcOffset;

    address[] private _excluded;
    mapping(address holder => DayCheckpoints.Trace) private _holders;
    /// @dev `_sum` adds up all holders, `_excludedSum` the excluded ones among them. The difference earns, so the total is
    /// the sum of the holders that earn, whatever balances were written.
    DayCheckpoints.Trace private _sum;
    DayCheckpoints.Trace private _excludedSum;

    /// @param utcOffset_ Seconds that the asset's clock is ahead of UTC, -12 h to +14 h.
    /// @param excluded_ At most 8 addresses (treasury, unsold shares) that earn nothing. Fixed for ever: a list that could
    /// change would change what everybody else earned.
    constructor(int32 utcOffset_, address[] memory excluded_) {
        SettlementDay.requireOffset(utcOffset_);
        if (excluded_.length > MAX_EXCLUDED) revert TooManyExcluded(excluded_.length, MAX_EXCLUDED);
        for (uint256 i = 0; i < excluded_.length; ++i) {
            address holder = excluded_[i];
            if (holder == address(0) || isExcluded(holder)) revert ExcludedInvalid(holder);
            _holders[holder].excluded = true;
        }
        utcOffset = utcOffset_;
        _excluded = excluded_;
    }

    /// @inheritdoc IHolderRegister
    function excluded() external view returns (address[] memory) {
        return _excluded;
    }

    /// @inheritdoc IHolderRegister
    function isExcluded(address holder) public view returns (bool) {
        return _holders[holder].excluded;
    }

    /// @inheritdoc IHolderRegister
    function today() public view returns (uint32) {
        return SettlementDay.dayOf(block.timestamp, utcOffset);
    }

    /// @inheritdoc IHolderRegister
    function shareDays(address holder, uint32 fromDay, uint32 toDay) external view returns (uint256) {
        _requireOver(fromDay, toDay);
        DayCheckpoints.Trace storage trace = _holders[holder];
        return trace.excluded ? 0 : trace.shareDays(fromDay, toDay);
    }

    /// @inheritdoc IHolderRegister
    function totalShareDays(uint32 fromDay, uint32 toDay) external view returns (uint256) {
        _requireOver(fromDay, toDay);
        return _sum.shareDays(fromDay, toDay) - _excludedSum.shareDays(fromDay, toDay);
    }

    /// @inheritdoc IHolderRegister
    function balanceAt(address holder, uint32 day) external view returns (uint256) {
        _requireOver(day);
        return _holders[holder].balanceAt(day);
    }

    /// @inheritdoc IHolderRegister
    function supplyAt(uint32 day) external view returns (uint256) {
        _requireOver(day);
        return _sum.balanceAt(day);
    }

    /// @dev The page of `holder`; only `_setBalance` writes its balances.
    function _traceOf(address holder) internal view returns (DayCheckpoints.Trace storage) {
        return _holders[holder];
    }

    /// @dev The sum of all balances now.
    function _latestSum() internal view returns (uint96) {
        return _sum.latest();
    }

    /// @dev Writes `balance` as the balance of `holder` at the end of `day`, which is today; until now it was `before`. The
    /// caller brings the sum of all balances up to date with `_setSum`; a transfer does not change that sum.
    function _setBalance(address holder, uint32 day, uint96 before, uint96 balance) internal {
        DayCheckpoints.Trace storage trace = _holders[holder];
        trace.record(day, balance);
        // No excluded balance exceeds the sum of the excluded ones, and that sum no more than 96 bits: see `_setSum`.
        if (trace.excluded) _excludedSum.record(day, _excludedSum.latest() - before + balance);
    }

    /// @dev Writes the sum of all balances at the end of `day`, which is today.
    function _setSum(uint32 day, uint96 sum) internal {
        _sum.record(day, sum);
    }

    /// @dev Whether the book can be read up to the day before `toDay`; a book that can be wrong reverts here.
    function _requireSound(uint32 toDay) internal view virtual {}

    function _requireOver(uint32 day) private view {
        uint32 current = today();
        if (day >= current) revert DayNotOver(day, current);
        _requireSound(day + 1);
    }

    function _requireOver(uint32 fromDay, uint32 toDay) private view {
        if (fromDay > toDay) revert DaysReversed(fromDay, toDay);
        uint32 current = today();
        if (toDay > current) revert DayNotOver(toDay, current);
        _requireSound(toDay);
    }
}
