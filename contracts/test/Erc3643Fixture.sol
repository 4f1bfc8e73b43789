// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Erc3643Register} from "../src/Erc3643Register.sol";
import {IErc3643Token} from "../src/interfaces/IErc3643.sol";
import {IErc3643Register} from "../src/interfaces/IErc3643Register.sol";
import {Fixture} from "./Fixture.sol";
import {TRex} from "./TRex.sol";

/// @title A register that is hooked to a real T-REX token of 18 decimals
abstract contract Erc3643Fixture is Fixture, TRex {
    /// @dev One token.
    uint256 internal constant E = 1e18;

    Erc3643Register internal book;

    function deployRegister() internal {
        vm.warp(GENESIS);
        deployTrex(18);
        verify(ANN);
        verify(BOB);
        verify(CAT);
        verify(UNSOLD);
        book = new Erc3643Register(IErc3643Token(address(trex)), UTC_OFFSET, list(UNSOLD));
        compliance.addModule(address(book));
    }

    function create(address to, uint256 amount) internal {
        vm.prank(AGENT);
        trex.mint(to, amount);
    }

    function destroy(address from, uint256 amount) internal {
        vm.prank(AGENT);
        trex.burn(from, amount);
    }

    function send(address from, address to, uint256 amount) internal {
        vm.prank(from);
        trex.transfer(to, amount);
    }

    function expectBroken(uint32 day) internal {
        vm.expectRevert(abi.encodeWithSelector(IErc3643Register.DayBroken.selector, day));
    }

    function assertSound(string memory what) internal view {
        (bool broken,) = book.brokenSince();
        assertTrue(!broken, what);
    }

    function assertBroken(uint32 since, string memory what) internal view {
        (bool broken, uint32 day) = book.brokenSince();
        assertTrue(broken, what);
        assertEq(day, since, what);
    }

    function list(address a, address b) internal pure returns (address[] memory two) {
        two = new address[](2);
        two[0] = a;
        two[1] = b;
    }

    function amounts(uint256 a, uint256 b) internal pure returns (uint256[] memory two) {
        two = new uint256[](2);
        two[0] = a;
        two[1] = b;
    }
}
