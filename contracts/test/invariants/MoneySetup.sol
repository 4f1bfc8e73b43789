// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {BlacklistToken} from "../tokens/BlacklistToken.sol";
import {MoneyHandler} from "./MoneyHandler.sol";

/// @title The setup of the walks over money: contracts, handler and ghost state, and the checks that compare them
contract MoneySetup is MoneyHandler {
    function actions() external pure returns (bytes4[] memory all) {
        all = new bytes4[](14);
        all[0] = this.transfer.selector;
        all[1] = this.force.selector;
        all[2] = this.issue.selector;
        all[3] = this.burn.selector;
        all[4] = this.waitSomeDays.selector;
        all[5] = this.declareNext.selector;
        all[6] = this.fundSome.selector;
        all[7] = this.claimSome.selector;
        all[8] = this.pushSome.selector;
        all[9] = this.loseWallet.selector;
        all[10] = this.handOver.selector;
        all[11] = this.setFrozen.selector;
        all[12] = this.setAllowed.selector;
        all[13] = this.setBlacklisted.selector;
    }

    function checkSolvency() external view {
        uint32 count = distributor.trancheCount();
        uint256 owed = 0;
        for (uint256 h = 0; h < HOLDERS; ++h) {
            owed += distributor.owed(holders[h], count);
        }
        uint256 held = token.balanceOf(address(distributor));
        assertAtMost(owed, held, "owed is covered by what is held");
        assertEq(distributor.totalFunded() - distributor.totalPaid(), held, "funded less paid is held");
    }

    function checkConservation() external view {
        uint256 fractions = distributor.carryX96();
        assertEq(fractions, carryX96, "carry");
        uint256[5] memory standing = standingX96();
        uint256 out = 0;
        for (uint256 h = 0; h < HOLDERS; ++h) {
            fractions += standing[h];
            out += paid[h];
        }
        assertEq(distributor.totalFunded(), funded, "funded");
        assertEq(distributor.totalPaid(), out, "paid");
        assertEq(fractions, funded << 96, "owed, paid and carried are what was funded, to the last fraction");
    }

    function checkHolders() external view {
        for (uint256 h = 0; h < HOLDERS; ++h) {
            assertEq(token.balanceOf(holders[h]), paid[h], "paid has arrived");
        }
        uint256[5] memory got = byLastHeir(standingX96());
        uint256[5] memory earned = byLastHeir(creditX96);
        for (uint256 h = 0; h < HOLDERS; ++h) {
            assertEq(got[h], earned[h], "paid and owed of a holder and those it inherits from equal the books");
        }
        assertTrue(!claimDiffersFromOwed, "a claim pays what was owed");
    }

    /// @dev Only money that comes in changes who is owed what; so whatever stood after the last funding stands after a push.
    function checkPush() external view {
        if (!justPushed) return;
        uint256[5] memory before = byLastHeir(stoodX96);
        uint256[5] memory later = byLastHeir(standingX96());
        for (uint256 h = 0; h < HOLDERS; ++h) {
            assertEq(later[h], before[h], "paid and owed after a push are what they were after the last funding");
        }
    }

    function checkNothingLowered() external view {
        uint256[5] memory standing = standingX96();
        for (uint256 h = 0; h < HOLDERS; ++h) {
            // A wallet that is lost hands on what it is owed; its heirs' sums tell whether all of it arrives.
            if (heirs[h] == h) assertAtMost(stoodX96[h], standing[h], "paid and owed never fall");
        }
        uint256[5] memory before = byLastHeir(stoodX96);
        uint256[5] memory later = byLastHeir(standing);
        for (uint256 h = 0; h < HOLDERS; ++h) {
            assertAtMost(before[h], later[h], "paid and owed never fall, of a holder and all it inherits from");
        }
    }

    /// @dev Lets everybody be paid, lives the end of the story twice, and returns to where it was.
    function checkOrderAndGrouping() external {
        uint256 seed = _dice();
        for (uint256 h = 0; h < HOLDERS; ++h) {
            allow(holders[h], true);
            BlacklistToken(address(token)).setBlacklisted(holders[h], false);
            vm.prank(COMPLIANCE);
            distributor.setPayoutFrozen(list(holders[h]), false);
        }
        uint256 fork = vm.snapshotState();
        _settleAll();
        uint256[5] memory balances = tokenBalances();
        uint256[5] memory fractions = owedX96();

        vm.revertToState(fork);
        _settleInSteps(seed);
        _settleAll();
        uint256[5] memory others = tokenBalances();
        uint256[5] memory rests = owedX96();
        vm.revertToState(fork);
        for (uint256 h = 0; h < HOLDERS; ++h) {
            assertEq(others[h], balances[h], "the same money, claimed in other steps and in another order");
            assertEq(rests[h], fractions[h], "and the same fractions");
        }
    }

    function checkRegister() external view {
        for (uint32 d = 0; d < lastDay; ++d) {
            uint256[5] memory row = table[d];
            uint256 supply = 0;
            for (uint256 h = 0; h < HOLDERS; ++h) {
                assertEq(share.balanceAt(holders[h], FIRST_DAY + d), row[h], "the balance of a past day");
                supply += row[h];
            }
            assertEq(share.supplyAt(FIRST_DAY + d), supply, "the supply of a past day");
        }
        uint256 held = 0;
        for (uint256 h = 0; h < HOLDERS; ++h) {
            assertEq(share.balanceOf(holders[h]), table[lastDay][h], "the balance now");
            held += table[lastDay][h];
        }
        assertEq(share.totalSupply(), held, "the supply now");
    }

    /// @dev The days up to today, and the days of one period, cut at random.
    function checkShareDays() external view {
        uint256 seed = _dice();
        _checkSplit(FIRST_DAY, FIRST_DAY + lastDay, seed);
        if (lastDay < DAYS_PER_PERIOD) return;
        uint32 period = uint32(seed % (lastDay / DAYS_PER_PERIOD));
        uint32 from = FIRST_DAY + period * DAYS_PER_PERIOD;
        _checkSplit(from, from + DAYS_PER_PERIOD, seed >> 32);
    }

    /// @dev Another number in every state.
    function _dice() private view returns (uint256) {
        return uint256(keccak256(abi.encode(block.timestamp, distributor.totalPaid(), table[lastDay])));
    }

    function _checkSplit(uint32 from, uint32 end, uint256 seed) private view {
        uint256 total = 0;
        for (uint256 h = 0; h < HOLDERS; ++h) {
            uint256 whole = share.shareDays(holders[h], from, end);
            uint256 sum = 0;
            for (uint32 day = from; day < end;) {
                seed = uint256(keccak256(abi.encode(seed)));
                uint32 cut = day + 1 + uint32(seed % 12);
                if (cut > end) cut = end;
                sum += share.shareDays(holders[h], day, cut);
                day = cut;
            }
            assertEq(sum, whole, "share-days add up over a split");
            total += whole;
        }
        assertEq(share.totalShareDays(from, end), total, "the total is the sum over the holders");
    }

    /// @dev Every holder once for each wallet that can be lost in a row, so that nothing stays on its way.
    function _settleAll() private {
        uint32 count = distributor.trancheCount();
        for (uint256 round = 0; round < HOLDERS; ++round) {
            distributor.push(list(holders[0], holders[1], holders[2]), count);
            distributor.push(list(holders[3], holders[4], holders[0]), count);
        }
    }

    /// @dev Some claim, some are pushed, up to a tranche that rises.
    function _settleInSteps(uint256 seed) private {
        uint32 count = distributor.trancheCount();
        for (uint32 upTo = 0; upTo <= count; upTo += 1 + uint32(seed % 3)) {
            seed = uint256(keccak256(abi.encode(seed)));
            address one = holders[(seed >> 8) % HOLDERS];
            claim(one, upTo);
            distributor.push(list(holders[(seed >> 16) % HOLDERS], one, holders[(seed >> 24) % HOLDERS]), upTo);
            claim(holders[(seed >> 32) % HOLDERS], upTo);
        }
    }
}
