// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PayoutFixture} from "./PayoutFixture.sol";

/// @title Not a fraction of a unit is lost or made, whatever the order
contract ConservationTest is PayoutFixture {
    uint32 private constant PERIODS = 6;

    address[] private _holders = [ANN, BOB, CAT];

    /// @dev Three holders, six periods, of which each is funded in one go or in two, and shares that move about.
    function _live(uint256 seed) private {
        mint(CAT, 1 + (seed & 0xffff));
        for (uint32 period = 0; period < PERIODS; ++period) {
            seed = uint256(keccak256(abi.encode(seed)));
            toDay(FIRST_DAY + DAYS_PER_PERIOD * (period + 1));
            address from = _holders[seed % 3];
            move(from, _holders[(seed >> 8) % 3], share.balanceOf(from) * ((seed >> 16) % 256) / 256);
            uint128 declared = uint128(200 + (seed >> 24) % 1e12);
            declare(period, declared);
            uint256 first = (seed >> 90) % 2 == 0 ? declared : declared / 2;
            fund(period, first);
            if (first != declared) fund(period, declared - first);
        }
    }

    function _owedX96() private view returns (uint256 sum) {
        uint32 count = distributor.trancheCount();
        for (uint256 i = 0; i < _holders.length; ++i) {
            sum += distributor.owedX96(_holders[i], count);
        }
    }

    function _requireConserved() private view {
        uint256 all = _owedX96() + (distributor.totalPaid() << 96) + distributor.carryX96();
        assertEq(all, distributor.totalFunded() << 96, "funded = owed + paid + carry, to the fraction");
        assertEq(
            token.balanceOf(address(distributor)),
            distributor.totalFunded() - distributor.totalPaid(),
            "and it is there"
        );
    }

    function testFuzz_funded_is_owed_and_paid_and_carry_at_every_step(uint256 seed) public {
        _live(seed);
        _requireConserved();
        uint32 count = distributor.trancheCount();
        for (uint256 step = 0; step < 12; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            address holder = _holders[(seed >> 8) % 3];
            uint32 upTo = uint32((seed >> 16) % (count + 1));
            if (seed % 4 == 0) claim(holder, upTo);
            if (seed % 4 == 1) distributor.push(list(holder, _holders[(seed >> 24) % 3]), upTo);
            if (seed % 4 == 2) freeze(holder, false);
            if (seed % 4 == 3) {
                freeze(holder, true);
                distributor.push(list(holder), upTo);
                freeze(holder, false);
            }
            _requireConserved();
        }
        distributor.push(list(ANN, BOB, CAT), count);
        _requireConserved();
        assertAtMost(_owedX96(), (uint256(3) << 96) - 3, "only fractions are left to anybody");
    }

    /// @dev The same tranches, claimed one by one, in random steps, by push or all at once: the same money.
    function testFuzz_order_and_grouping_of_claims_do_not_matter(uint256 seed) public {
        _live(seed);
        uint32 count = distributor.trancheCount();
        uint256 start = vm.snapshotState();
        uint256 ann = claimAll(ANN);
        uint256 bob = claimAll(BOB);
        uint256 cat = claimAll(CAT);
        uint256 rest = _owedX96();
        vm.revertToState(start);

        uint32 upTo = 0;
        while (upTo < count) {
            seed = uint256(keccak256(abi.encode(seed)));
            upTo += uint32(seed % (count + 1 - upTo));
            if (seed >> 8 & 1 == 1) distributor.push(list(CAT, ANN, CAT), upTo);
            if (seed >> 9 & 1 == 1) claim(BOB, upTo);
            if (seed >> 10 & 1 == 1) claim(ANN, upTo);
        }
        distributor.push(list(BOB, CAT, ANN), count);
        assertEq(token.balanceOf(ANN), ann, "ann");
        assertEq(token.balanceOf(BOB), bob, "bob");
        assertEq(token.balanceOf(CAT), cat, "cat");
        assertEq(_owedX96(), rest, "and the same fractions");
    }

    /// @dev With a redirect in the middle the same money goes out; only the receiver differs.
    function testFuzz_a_redirect_moves_owed_and_changes_no_sum(uint256 seed) public {
        _live(seed);
        uint32 count = distributor.trancheCount();
        claim(ANN, uint32(seed % (count + 1)));
        uint256 got = token.balanceOf(ANN);
        redirect(ANN, BOB);
        _requireConserved();
        distributor.push(list(ANN), uint32((seed >> 32) % (count + 1)));
        _requireConserved();
        claim(BOB, uint32((seed >> 64) % (count + 1)));
        _requireConserved();
        redirect(BOB, CAT);
        distributor.push(list(ANN, BOB, CAT), count);
        _requireConserved();
        assertEq(token.balanceOf(ANN), got, "the lost wallet gets no more");
        assertEq(distributor.owedX96(ANN, count) + distributor.owedX96(BOB, count), 0, "nothing stays behind");
    }
}
