// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Balances by settlement day, and their running sum
/// @notice One storage slot for each day on which the balance changed. It holds the balance at the end of that day and
/// the share-days gathered before the day began, so that both "how much at the end of day d" and "how many share-days
/// from day a to day b" are a single binary search each, however long the span.
library DayCheckpoints {
    /// @dev `cumulative` cannot overflow: a balance below 2^96 held for at most 2^32 days stays below 2^128.
    struct Checkpoint {
        uint32 day;
        uint96 balance;
        uint128 cumulative;
    }

    /// @dev What else has to be known of a holder stands beside the length, in the slot that every reading opens anyway.
    /// `length` cannot overflow: there is at most one checkpoint a day, and a day fits 32 bits.
    struct Trace {
        uint32 length;
        /// Shares that the holder may not send; can be more than the balance.
        uint96 frozen;
        /// The holder earns nothing and leaves the denominator.
        bool excluded;
        mapping(uint256 index => Checkpoint) checkpoints;
    }

    /// @dev Records `balance` as the balance at the end of `today`. Days only move forwards, so the slot written is the
    /// last one or a new one behind it.
    function record(Trace storage trace, uint32 today, uint96 balance) internal {
        uint32 length = trace.length;
        uint128 cumulative = 0;
        if (length != 0) {
            Checkpoint storage newest = trace.checkpoints[length - 1];
            Checkpoint memory last = newest;
            if (last.day == today) {
                newest.balance = balance;
                return;
            }
            cumulative = _cumulative(last, today);
        }
        trace.checkpoints[length] = Checkpoint(today, balance, cumulative);
        trace.length = length + 1;
    }

    /// @dev The balance now; 0 before the first checkpoint.
    function latest(Trace storage trace) internal view returns (uint96) {
        uint32 length = trace.length;
        return length == 0 ? 0 : trace.checkpoints[length - 1].balance;
    }

    /// @dev The balance at the end of `day`; 0 before the first checkpoint.
    function balanceAt(Trace storage trace, uint32 day) internal view returns (uint96) {
        return _lastUpTo(trace, day).balance;
    }

    /// @dev The share-days of [fromDay, toDay): the sum of the balances at the end of each of these days.
    function shareDays(Trace storage trace, uint32 fromDay, uint32 toDay) internal view returns (uint128) {
        Checkpoint memory last = _lastUpTo(trace, toDay);
        // The usual case: nothing changed inside the span, and one lookup answers for both of its ends.
        if (last.day <= fromDay) return uint128(toDay - fromDay) * last.balance;
        return _cumulative(last, toDay) - _cumulative(_lastUpTo(trace, fromDay), fromDay);
    }

    /// @dev Share-days gathered before `day` begins, given the last checkpoint whose day is not after `day`.
    function _cumulative(Checkpoint memory checkpoint, uint32 day) private pure returns (uint128) {
        return checkpoint.cumulative + uint128(day - checkpoint.day) * checkpoint.balance;
    }

    /// @dev The last checkpoint whose day is not after `day`; all zero when there is none, which reads as "no balance
    /// since day 0".
    function _lastUpTo(Trace storage trace, uint32 day) private view returns (Checkpoint memory) {
        uint256 high = trace.length;
        if (high == 0) return Checkpoint(0, 0, 0);
        // Most questions are about the newest days.
        Checkpoint memory newest = trace.checkpoints[high - 1];
        if (newest.day <= day) return newest;
        // Invariant: every checkpoint below `low` is not after `day`, every one from `high` on is.
        uint256 low = 0;
        --high;
        while (low < high) {
            uint256 middle = (low + high) / 2;
            if (trace.checkpoints[middle].day <= day) low = middle + 1;
            else high = middle;
        }
        return low == 0 ? Checkpoint(0, 0, 0) : trace.checkpoints[low - 1];
    }
}
