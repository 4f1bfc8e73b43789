// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInvestorGate} from "../src/interfaces/IInvestorGate.sol";
import {Fixture} from "./Fixture.sol";

contract InvestorGateTest is Fixture {
    function setUp() public {
        deploy();
    }

    function test_nobody_is_allowed_until_put_on_the_list_and_again_when_taken_off() public {
        assertTrue(!gate.isAllowed(STRANGER), "a stranger is not allowed");
        vm.expectEmit(address(gate));
        emit IInvestorGate.AllowedSet(STRANGER, true);
        vm.prank(COMPLIANCE);
        gate.setAllowed(list(STRANGER), true);
        assertTrue(gate.isAllowed(STRANGER), "allowed once listed");
        allow(STRANGER, false);
        assertTrue(!gate.isAllowed(STRANGER), "taken off again");
    }

    function test_many_holders_in_one_call() public {
        vm.prank(COMPLIANCE);
        gate.setAllowed(list(address(1), address(2), address(3)), true);
        assertTrue(gate.isAllowed(address(1)) && gate.isAllowed(address(2)) && gate.isAllowed(address(3)), "all three");
    }

    function testFuzz_only_the_compliance_role_keeps_the_list(address caller) public {
        vm.assume(caller != COMPLIANCE);
        expectUnauthorized(caller);
        vm.prank(caller);
        gate.setAllowed(list(STRANGER), true);
    }

    function test_the_list_takes_256_holders_at_once_and_no_zero_address() public {
        address[] memory holders = new address[](257);
        vm.expectRevert(abi.encodeWithSelector(IInvestorGate.TooManyHolders.selector, 257, 256));
        vm.prank(COMPLIANCE);
        gate.setAllowed(holders, true);

        vm.expectRevert(abi.encodeWithSelector(IInvestorGate.ZeroAddress.selector));
        vm.prank(COMPLIANCE);
        gate.setAllowed(list(address(0)), true);
    }
}
