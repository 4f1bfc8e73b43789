// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fixture} from "../Fixture.sol";

/// @title An asset whose first period is over
/// @notice ann holds 60 shares and bob 40 over the whole of it: 300 share-days.
abstract contract PayoutFixture is Fixture {
    function setUp() public virtual {
        deploy();
        anchorMore(3);
        mint(ANN, 60);
        mint(BOB, 40);
        toDay(FIRST_DAY + DAYS_PER_PERIOD);
    }

    /// @dev Declares and funds `period` with `amount`, whole.
    function bring(uint32 period, uint128 amount) internal {
        toDay(FIRST_DAY + (period + 1) * DAYS_PER_PERIOD);
        declare(period, amount);
        fund(period, amount);
    }

    /// @dev The treasury's attempt to fund is refused for `reason`.
    function refuseFund(uint32 period, uint256 amount, bytes memory reason) internal {
        token.mint(TREASURY, amount);
        vm.prank(TREASURY);
        token.approve(address(distributor), amount);
        vm.expectRevert(reason);
        vm.prank(TREASURY);
        distributor.fund(period, amount);
    }

    /// @dev The claim of `holder` is refused for `reason`.
    function refuseClaim(address holder, bytes memory reason) internal {
        uint32 upTo = distributor.trancheCount();
        vm.expectRevert(reason);
        vm.prank(holder);
        distributor.claim(upTo);
    }

    function pushAll(address[] memory holders) internal returns (uint256 done) {
        return distributor.push(holders, distributor.trancheCount());
    }

    function redirect(address lost, address heir) internal {
        vm.prank(ENFORCER);
        distributor.proposeRedirect(lost, heir, "reason");
        vm.warp(block.timestamp + distributor.REDIRECT_DELAY());
        distributor.executeRedirect(lost);
    }

    function freeze(address holder, bool frozen) internal {
        vm.prank(COMPLIANCE);
        distributor.setPayoutFrozen(list(holder), frozen);
    }

    function list(address a, address b) internal pure returns (address[] memory two) {
        two = new address[](2);
        (two[0], two[1]) = (a, b);
    }
}
