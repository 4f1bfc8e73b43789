// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

import {DemoStablecoin} from "../src/demo/DemoStablecoin.sol";
import {Checks} from "./Vm.sol";

/// @title Play money
contract DemoStablecoinTest is Checks {
    function test_its_owner_creates_millionths_at_will_and_nobody_else_does() public {
        DemoStablecoin money = new DemoStablecoin(address(this));
        assertEq(money.decimals(), 6, "decimals");
        money.mint(address(0xA1), 1_500_000);
        assertEq(money.balanceOf(address(0xA1)), 1_500_000, "created");
        assertEq(money.totalSupply(), 1_500_000, "all there is");
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, address(0xA1)));
        vm.prank(address(0xA1));
        money.mint(address(0xA1), 1);
    }
}
