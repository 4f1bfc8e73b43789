// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Accounts} from "../../src/distributor/Accounts.sol";
import {Coverage} from "../../src/distributor/Coverage.sol";
import {Checks} from "../Vm.sol";

/// @title What is packed by hand, for every value
contract PackingSymbolic is Checks, Accounts, Coverage {
    function check_an_account_is_read_as_it_was_stored(address holder, uint32 cursor, uint192 creditX96, uint8 flags)
        external
    {
        _store(holder, cursor, creditX96, flags);
        Account memory account = _account(holder);
        assert(account.cursor == cursor && account.creditX96 == creditX96 && account.flags == flags);
    }

    function check_a_flag_changes_nothing_else(address holder, uint256 packed, uint8 flag, bool on) external {
        _packed[holder] = packed;
        Account memory before = _account(holder);
        _setFlag(holder, flag, on);
        Account memory account = _account(holder);
        assert(account.cursor == before.cursor && account.creditX96 == before.creditX96);
        assert(account.flags & flag == (on ? flag : 0));
        assert(account.flags & ~flag == before.flags & ~flag);
    }

    /// @dev The first period is funded twice, in part and then to `second`; the other one, of any state, stays as it was.
    function check_funding_a_period_touches_no_other(
        uint32 period,
        uint32 other,
        uint96 declared,
        uint96[2] memory funded,
        uint96 otherDeclared,
        uint96 otherFunded
    ) external {
        vm.assume(period != other);
        vm.assume(0 < funded[0] && funded[0] <= funded[1] && funded[1] <= declared);
        vm.assume(0 < otherFunded && otherFunded <= otherDeclared);
        _setFunded(other, otherFunded, otherDeclared);
        assert(_fundedOf(period, declared) == 0);
        for (uint256 i = 0; i < 2; ++i) {
            _setFunded(period, funded[i], declared);
            assert(_fundedOf(period, declared) == funded[i]);
            assert(_fundedOf(other, otherDeclared) == otherFunded);
        }
    }
}
