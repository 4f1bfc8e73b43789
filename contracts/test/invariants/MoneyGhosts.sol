// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fixture} from "../Fixture.sol";
import {TestToken} from "../TestToken.sol";
import {BlacklistToken} from "../tokens/BlacklistToken.sol";

/// @title The ghost state of the walks over money
/// @notice It shares nothing with the contracts: a table of every balance on every day, and accounts that are credited at
/// the moment of funding, holder by holder and day by day, where the contracts reckon lazily with cursors.
abstract contract MoneyGhosts is Fixture {
    uint256 internal constant HOLDERS = 5;
    uint32 internal constant MAX_DAYS = 64;
    uint256 internal constant MAX_TRANCHES = 24;

    /// @dev The issuer holds shares like the others, and may burn them; the last one earns nothing.
    address[5] internal holders = [ANN, BOB, CAT, ISSUER, UNSOLD];
    bool[5] internal allowed = [true, true, true, true, true];
    /// @dev Balance of each holder at the end of each day, counted from FIRST_DAY; the last row is today's so far.
    mapping(uint32 day => uint256[5]) internal table;
    uint32 internal lastDay;
    uint32 internal periodsDeclared;

    uint256[5] internal creditX96;
    uint256[5] internal paid;
    uint256 internal carryX96;
    uint256 internal funded;
    /// @dev What each had been paid and was owed right after the last funding, as the contracts said then, times 2^96.
    uint256[5] internal stoodX96;
    /// @dev Who inherits from each; a holder that isn't lost is its own.
    uint256[5] internal heirs = [0, 1, 2, 3, 4];

    constructor() {
        deploy();
        allow(ISSUER, true);
        mint(UNSOLD, 1_000);
        mint(ANN, 700);
        mint(BOB, 299);
        table[0] = [uint256(700), 299, 0, 0, 1_000];
        anchorMore(1);
    }

    function newToken() internal override returns (TestToken) {
        return new BlacklistToken();
    }

    /// @dev Writes a funding down: every holder is credited for its own days, and the rest is carried.
    function creditAll(uint256[5] memory shareDays, uint256 total, uint256 received) internal {
        funded += received;
        uint256 x = (received << 96) + carryX96;
        carryX96 = x % total;
        for (uint256 h = 0; h < HOLDERS; ++h) {
            creditX96[h] += x / total * shareDays[h];
        }
    }

    /// @dev The share-days of `period`, added up from the table; the excluded holder has none.
    function shareDaysOf(uint32 period) internal view returns (uint256[5] memory each, uint256 total) {
        for (uint32 d = period * DAYS_PER_PERIOD; d < (period + 1) * DAYS_PER_PERIOD; ++d) {
            uint256[5] memory row = table[d];
            for (uint256 h = 0; h + 1 < HOLDERS; ++h) {
                each[h] += row[h];
                total += row[h];
            }
        }
    }

    function lastHeir(uint256 who) internal view returns (uint256) {
        while (heirs[who] != who) {
            who = heirs[who];
        }
        return who;
    }

    /// @dev `amounts` of each holder, summed up where they end in the end.
    function byLastHeir(uint256[5] memory amounts) internal view returns (uint256[5] memory sums) {
        for (uint256 h = 0; h < HOLDERS; ++h) {
            sums[lastHeir(h)] += amounts[h];
        }
    }

    /// @dev What the contracts say that each is owed, from all tranches.
    function owedX96() internal view returns (uint256[5] memory owed) {
        uint32 count = distributor.trancheCount();
        for (uint256 h = 0; h < HOLDERS; ++h) {
            owed[h] = distributor.owedX96(holders[h], count);
        }
    }

    /// @dev The same, and what each has been paid.
    function standingX96() internal view returns (uint256[5] memory standing) {
        standing = owedX96();
        for (uint256 h = 0; h < HOLDERS; ++h) {
            standing[h] += paid[h] << 96;
        }
    }

    function tokenBalances() internal view returns (uint256[5] memory balances) {
        for (uint256 h = 0; h < HOLDERS; ++h) {
            balances[h] = token.balanceOf(holders[h]);
        }
    }
}
