// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DayCheckpoints} from "../../src/lib/DayCheckpoints.sol";
import {Checks} from "../Vm.sol";

/// @title Balances by day, for every history of three changes
/// @notice The days and the balances are symbols; two changes may fall on one day.
contract DayCheckpointsSymbolic is Checks {
    using DayCheckpoints for DayCheckpoints.Trace;

    DayCheckpoints.Trace private _trace;

    function _live(uint32[3] memory daysOf, uint96[3] memory balances) private {
        vm.assume(daysOf[0] <= daysOf[1] && daysOf[1] <= daysOf[2]);
        for (uint256 i = 0; i < 3; ++i) {
            _trace.record(daysOf[i], balances[i]);
        }
    }

    function check_a_balance_is_that_of_the_last_change(uint32[3] memory daysOf, uint96[3] memory balances, uint32 day)
        external
    {
        _live(daysOf, balances);
        uint96 last = 0;
        for (uint256 i = 0; i < 3; ++i) {
            if (daysOf[i] <= day) last = balances[i];
        }
        assert(_trace.balanceAt(day) == last);
    }

    function check_a_change_leaves_the_days_before_it(uint32[3] memory daysOf, uint96[3] memory balances, uint32 day)
        external
    {
        vm.assume(day < daysOf[2] && daysOf[0] <= daysOf[1] && daysOf[1] <= daysOf[2]);
        _trace.record(daysOf[0], balances[0]);
        _trace.record(daysOf[1], balances[1]);
        uint96 before = _trace.balanceAt(day);
        _trace.record(daysOf[2], balances[2]);
        assert(_trace.balanceAt(day) == before);
    }

    /// @dev Products of two symbols are hard for a solver, so here the days and the balances are short, and few.
    function _liveShort(uint8[2] memory daysOf, uint8[2] memory balances) private {
        vm.assume(daysOf[0] < daysOf[1]);
        _trace.record(daysOf[0], balances[0]);
        _trace.record(daysOf[1], balances[1]);
    }

    function check_one_day_of_shares_is_its_balance(uint8[2] memory daysOf, uint8[2] memory balances, uint8 day)
        external
    {
        // Five bits a day and four a balance: this one is harder than the next.
        _liveShort([daysOf[0] & 31, daysOf[1] & 31], [balances[0] & 15, balances[1] & 15]);
        day &= 31;
        assert(_trace.shareDays(day, uint32(day) + 1) == _trace.balanceAt(day));
    }

    function check_share_days_add_up_over_a_split(
        uint8[2] memory daysOf,
        uint8[2] memory balances,
        uint8 fromDay,
        uint8 middle,
        uint8 toDay
    ) external {
        vm.assume(fromDay <= middle && middle <= toDay);
        _liveShort(daysOf, balances);
        assert(_trace.shareDays(fromDay, toDay) == _trace.shareDays(fromDay, middle) + _trace.shareDays(middle, toDay));
    }
}
