// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {AssetShare} from "../src/AssetShare.sol";
import {InvestorGate} from "../src/InvestorGate.sol";
import {IAssetShare} from "../src/interfaces/IAssetShare.sol";
import {IERC7943} from "../src/interfaces/IERC7943.sol";
import {IHolderRegister} from "../src/interfaces/IHolderRegister.sol";
import {IInvestorGate} from "../src/interfaces/IInvestorGate.sol";
import {SettlementDay} from "../src/lib/SettlementDay.sol";
import {Fixture} from "./Fixture.sol";

contract AssetShareTest is Fixture {
    function setUp() public {
        deploy();
    }

    function _create(IInvestorGate gate_, int32 offset, address[] memory excluded) private returns (AssetShare) {
        return new AssetShare("n", "s", gate_, offset, excluded, address(manager));
    }

    // ---------------------------------------------------------------- the token

    function test_shares_are_whole_and_the_asset_is_named() public view {
        assertEq(share.decimals(), 0, "decimals");
        assertEq(share.excluded().length, 1, "excluded");
        assertEq(share.excluded()[0], UNSOLD, "the excluded holder");
        assertTrue(share.isExcluded(UNSOLD) && !share.isExcluded(ANN), "who is excluded");
        assertEq(address(share.gate()), address(gate), "gate");
        assertTrue(share.utcOffset() == UTC_OFFSET, "offset");
    }

    function testFuzz_only_the_issuer_mints(address caller) public {
        vm.assume(caller != ISSUER);
        expectUnauthorized(caller);
        vm.prank(caller);
        share.mint(ANN, 1);
    }

    function test_shares_move_only_between_allowed_holders() public {
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943CannotReceive.selector, STRANGER));
        vm.prank(ISSUER);
        share.mint(STRANGER, 1);

        mint(ANN, 10);
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943CannotReceive.selector, STRANGER));
        vm.prank(ANN);
        share.transfer(STRANGER, 1);

        allow(ANN, false);
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943CannotSend.selector, ANN));
        vm.prank(ANN);
        share.transfer(BOB, 1);

        allow(ANN, true);
        move(ANN, BOB, 4);
        assertEq(share.balanceOf(BOB), 4, "moved");
    }

    function test_transfer_from_needs_an_allowance() public {
        mint(ANN, 10);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, BOB, 0, 1));
        vm.prank(BOB);
        share.transferFrom(ANN, BOB, 1);
    }

    function test_nobody_moves_more_than_they_hold() public {
        mint(ANN, 10);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ANN, 10, 11));
        vm.prank(ANN);
        share.transfer(BOB, 11);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, BOB, 0, 1));
        vm.prank(BOB);
        share.transfer(BOB, 1);
    }

    function test_balances_and_supply_are_those_of_an_erc_20() public {
        vm.expectEmit(address(share));
        emit IERC20.Transfer(address(0), ANN, 10);
        vm.prank(ISSUER);
        share.mint(ANN, 10);
        mint(UNSOLD, 5);
        vm.expectEmit(address(share));
        emit IERC20.Transfer(ANN, UNSOLD, 4);
        vm.prank(ANN);
        share.transfer(UNSOLD, 4);
        vm.expectEmit(address(share));
        emit IERC20.Transfer(ANN, BOB, 0);
        vm.prank(ANN);
        share.transfer(BOB, 0);
        assertEq(share.balanceOf(ANN), 6, "ann");
        assertEq(share.balanceOf(UNSOLD), 9, "unsold");
        assertEq(share.balanceOf(STRANGER), 0, "nobody else");
        assertEq(share.totalSupply(), 15, "supply");
        vm.prank(ANN);
        share.approve(BOB, 6);
        vm.prank(BOB);
        share.transferFrom(ANN, CAT, 6);
        assertEq(share.balanceOf(CAT), 6, "by allowance");
    }

    function test_the_supply_stays_within_a_checkpoint() public {
        mint(ANN, type(uint96).max);
        vm.expectRevert(abi.encodeWithSelector(IAssetShare.SupplyTooLarge.selector, 1, 0));
        vm.prank(ISSUER);
        share.mint(BOB, 1);
    }

    function test_the_largest_supply_over_the_longest_time_still_counts_exactly() public {
        vm.warp(1);
        manager = new AccessManager(address(this));
        AssetShare old = _create(gate, UTC_OFFSET, new address[](0));
        old.mint(ANN, type(uint96).max);
        toDay(type(uint32).max);
        assertEq(old.shareDays(ANN, 0, type(uint32).max), uint256(type(uint96).max) * type(uint32).max, "share-days");
        vm.prank(ANN);
        old.transfer(BOB, 1);
    }

    function test_what_cannot_be_created() public {
        address[] memory none = new address[](0);
        vm.expectRevert(abi.encodeWithSelector(IAssetShare.NoContract.selector, address(0)));
        _create(IInvestorGate(address(0)), 0, none);
        vm.expectRevert(
            abi.encodeWithSelector(SettlementDay.UtcOffsetOutOfRange.selector, int32(14 hours + 1), -12 hours, 14 hours)
        );
        _create(gate, 14 hours + 1, none);
        vm.expectRevert(
            abi.encodeWithSelector(
                SettlementDay.UtcOffsetOutOfRange.selector, int32(-12 hours - 1), -12 hours, 14 hours
            )
        );
        _create(gate, -12 hours - 1, none);
        vm.expectRevert(abi.encodeWithSelector(IHolderRegister.TooManyExcluded.selector, 9, 8));
        _create(gate, 0, new address[](9));
        vm.expectRevert(abi.encodeWithSelector(IHolderRegister.ExcludedInvalid.selector, address(0)));
        _create(gate, 0, new address[](1));
        vm.expectRevert(abi.encodeWithSelector(IHolderRegister.ExcludedInvalid.selector, ANN));
        _create(gate, 0, list(ANN, BOB, ANN));
    }
}
