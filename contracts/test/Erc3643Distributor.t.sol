// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {RevenueDistributor} from "../src/RevenueDistributor.sol";
import {Erc3643Fixture} from "./Erc3643Fixture.sol";

/// @title Revenue paid to the holders of a real T-REX token
contract Erc3643DistributorTest is Erc3643Fixture {
    function setUp() public {
        deploy();
        deployRegister();
        distributor = new RevenueDistributor(declarations, book, gate, IERC20(address(token)), address(manager));
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = RevenueDistributor.fund.selector;
        manager.setTargetFunctionRole(address(distributor), selectors, TREASURY_ROLE);
        create(ANN, 600 * E);
        create(BOB, 400 * E);
        create(UNSOLD, 9_000 * E);
        anchorMore(3);
    }

    function _declareAndFund(uint32 period, uint128 amount) private {
        declare(period, amount);
        fund(period, amount);
    }

    function test_revenue_goes_by_share_days_of_the_real_token() public {
        // Day 0: 600/400. Day 1: ann sells half of hers to cat. Day 2: bob's are burnt.
        toDay(FIRST_DAY + 1);
        send(ANN, CAT, 300 * E);
        toDay(FIRST_DAY + 2);
        destroy(BOB, 400 * E);
        toDay(FIRST_DAY + DAYS_PER_PERIOD);
        _declareAndFund(0, 26_000_000);

        // 1,000 + 1,000 + 600 tokens earned on the three days: 10,000 base units for each token and day. The rate is a
        // 2^96th of a unit short of that, so everybody's last unit waits for the carry of the next tranche.
        assertEq(claimAll(ANN), 12_000_000 - 1, "ann: 600 + 300 + 300");
        assertEq(claimAll(BOB), 8_000_000 - 1, "bob: 400 + 400 + 0");
        assertEq(claimAll(CAT), 6_000_000 - 1, "cat: 0 + 300 + 300");
        assertEq(claimAll(UNSOLD), 0, "unsold tokens earn nothing");
        assertEq(token.balanceOf(address(distributor)), 3, "the three units that wait");
    }

    function test_a_broken_day_holds_up_its_own_period_only() public {
        toDay(FIRST_DAY + DAYS_PER_PERIOD);
        _declareAndFund(0, 3_000_000);
        compliance.removeModule(address(book));
        send(ANN, CAT, 600 * E);
        compliance.addModule(address(book));
        send(CAT, BOB, 100 * E);
        assertBroken(FIRST_DAY + DAYS_PER_PERIOD, "missed");
        toDay(FIRST_DAY + 2 * DAYS_PER_PERIOD);
        declare(1, 3_000_000);
        token.mint(TREASURY, 3_000_000);
        vm.prank(TREASURY);
        token.approve(address(distributor), 3_000_000);
        expectBroken(FIRST_DAY + DAYS_PER_PERIOD);
        vm.prank(TREASURY);
        distributor.fund(1, 3_000_000);
        assertEq(claimAll(ANN), 1_800_000 - 1, "what was funded before is paid all the same");

        assertTrue(book.sync(list(ANN)), "mended");
        vm.prank(TREASURY);
        distributor.fund(1, 3_000_000);
        // While it was broken the book had ann at 600, and bob and cat, who were seen, at 500 each. That is paid: less to
        // everybody than their tokens would earn alone, and not a unit more than was funded.
        assertEq(claimAll(ANN), 1_125_000, "ann");
        assertEq(claimAll(BOB), 1_200_000 + 937_500 - 1, "bob, both periods");
        assertEq(claimAll(CAT), 937_500 - 1, "cat");
        assertEq(token.balanceOf(address(distributor)), 3, "the units that wait");
    }
}
