// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IHolderRegister} from "../src/interfaces/IHolderRegister.sol";
import {Checks} from "./Vm.sol";

/// @title Random moves over random days, against a table of every balance on every day
/// @notice What every holder register must pass, whatever stands behind it. The last of the four holders is excluded.
abstract contract DayTable is Checks {
    uint32 private constant SPAN = 40;
    uint32 private _firstDay;
    uint256[4] private _held;
    uint256[4][41] private _table;

    function _book() internal view virtual returns (IHolderRegister);
    function _holders() internal view virtual returns (address[4] memory);
    function _create(address to, uint256 amount) internal virtual;
    function _move(address from, address to, uint256 amount) internal virtual;
    function _wait(uint32 day) internal virtual;

    /// @dev 24 moves, then every balance of every day, and the split of [a, c) at b.
    function checkAgainstTable(uint32 firstDay, uint256 seed, uint32 a, uint32 b, uint32 c) internal {
        _firstDay = firstDay;
        uint32 day = firstDay;
        for (uint256 step = 0; step < 24; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            day = _fillTable(day, uint32(day + seed % 3));
            _wait(day);
            _randomMove(seed >> 16);
        }
        _fillTable(day, firstDay + SPAN + 1);
        _wait(firstDay + SPAN);

        (a, b, c) = (uint32(bound(a, 0, SPAN)), uint32(bound(b, 0, SPAN)), uint32(bound(c, 0, SPAN)));
        if (a > b) (a, b) = (b, a);
        if (b > c) (b, c) = (c, b);
        if (a > b) (a, b) = (b, a);
        uint256 total = 0;
        for (uint256 h = 0; h < 4; ++h) {
            total += _checkHolder(h, a, b, c);
        }
        assertEq(_book().totalShareDays(firstDay + a, firstDay + c), total, "the total is the sum over the holders");
    }

    function _fillTable(uint32 day, uint32 later) private returns (uint32) {
        for (; day < later && day <= _firstDay + SPAN; ++day) {
            _table[day - _firstDay] = _held;
        }
        return day;
    }

    function _randomMove(uint256 seed) private {
        address[4] memory holders = _holders();
        uint256 to = seed % 4;
        uint256 from = (seed >> 16) % 5;
        if (from == 4) {
            uint256 created = (seed >> 48) % 1_000;
            _create(holders[to], created);
            _held[to] += created;
        } else {
            uint256 moved = (seed >> 48) % (_held[from] + 1);
            _move(holders[from], holders[to], moved);
            _held[from] -= moved;
            _held[to] += moved;
        }
    }

    function _checkHolder(uint256 h, uint32 a, uint32 b, uint32 c) private view returns (uint256 want) {
        address holder = _holders()[h];
        for (uint32 d = a; d < c; ++d) {
            want += _table[d][h];
            assertEq(_book().balanceAt(holder, _firstDay + d), _table[d][h], "balance at the end of the day");
            assertEq(_book().supplyAt(_firstDay + d), _sum(_table[d]), "supply at the end of the day");
        }
        if (h == 3) want = 0;
        uint256 whole = _book().shareDays(holder, _firstDay + a, _firstDay + c);
        assertEq(whole, want, "share-days");
        uint256 first = _book().shareDays(holder, _firstDay + a, _firstDay + b);
        uint256 second = _book().shareDays(holder, _firstDay + b, _firstDay + c);
        assertEq(first + second, whole, "share-days add up over any split");
    }

    function _sum(uint256[4] memory row) private pure returns (uint256) {
        return row[0] + row[1] + row[2] + row[3];
    }
}
