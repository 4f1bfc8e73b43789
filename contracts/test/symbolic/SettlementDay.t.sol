// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SettlementDay} from "../../src/lib/SettlementDay.sol";
import {Checks} from "../Vm.sol";

/// @title Settlement days, for every second and every offset
contract SettlementDaySymbolic is Checks {
    function _assumeOnEarth(int32 offset) private pure {
        vm.assume(offset >= SettlementDay.LOWEST_OFFSET && offset <= SettlementDay.HIGHEST_OFFSET);
    }

    /// @dev The second day of 1970 is the first that begins at or after 0 at every offset.
    function check_a_second_lies_in_its_day(uint40 timestamp, int32 offset) external pure {
        _assumeOnEarth(offset);
        vm.assume(timestamp >= 2 days);
        uint32 day = SettlementDay.dayOf(timestamp, offset);
        assert(SettlementDay.startOf(day, offset) <= timestamp);
        assert(timestamp < SettlementDay.startOf(day + 1, offset));
    }

    function check_a_day_follows_the_one_before(uint16 day, int32 offset) external pure {
        _assumeOnEarth(offset);
        vm.assume(day >= 1);
        assert(SettlementDay.startOf(uint32(day) + 1, offset) == SettlementDay.startOf(day, offset) + 1 days);
    }
}
