// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {Governed} from "../src/base/Governed.sol";
import {IAssetShare} from "../src/interfaces/IAssetShare.sol";
import {IERC7943} from "../src/interfaces/IERC7943.sol";
import {IInvestorGate} from "../src/interfaces/IInvestorGate.sol";
import {Fixture} from "./Fixture.sol";
import {TestGate} from "./TestGate.sol";

contract AssetShareGateTest is Fixture {
    TestGate private _other;

    function setUp() public {
        deploy();
        mint(ANN, 10);
        _other = new TestGate();
    }

    // ---------------------------------------------------------------- replacing the gate

    function testFuzz_only_the_admin_replaces_the_gate(address caller) public {
        vm.assume(caller != address(this));
        expectUnauthorized(caller);
        vm.prank(caller);
        share.setGate(wrap(_other));
    }

    function test_the_new_gate_decides_from_then_on() public {
        vm.expectEmit(address(share));
        emit IAssetShare.GateSet(wrap(_other), gate);
        share.setGate(wrap(_other));
        assertEq(address(share.gate()), address(_other), "the gate");
        move(ANN, STRANGER, 1);
        _other.set(TestGate.Answer.No);
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943CannotSend.selector, ANN));
        vm.prank(ANN);
        share.transfer(BOB, 1);
    }

    function test_what_cannot_be_a_gate() public {
        vm.expectRevert(abi.encodeWithSelector(IAssetShare.NoContract.selector, STRANGER));
        share.setGate(IInvestorGate(STRANGER));
        vm.expectRevert(abi.encodeWithSelector(IAssetShare.GateUnchanged.selector, gate));
        share.setGate(gate);
    }

    function testFuzz_a_gate_that_does_not_answer_allows_nobody_and_breaks_no_view(uint8 how) public {
        share.setGate(wrap(_other));
        _other.set(TestGate.Answer(bound(how, 1, uint8(type(TestGate.Answer).max))));
        // The gate that eats its gas may have a million of it, not the test's billion.
        assertTrue(!share.canSend{gas: 1_000_000}(ANN), "send");
        assertTrue(!share.canReceive{gas: 1_000_000}(ANN), "receive");
        assertTrue(!share.canTransfer{gas: 1_000_000}(ANN, BOB, 1), "transfer");
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943CannotSend.selector, ANN));
        vm.prank(ANN);
        share.transfer{gas: 1_000_000}(BOB, 1);
        assertEq(share.balanceOf(ANN), 10, "nothing moved");
    }

    // ---------------------------------------------------------------- ERC-165

    function test_the_interfaces_are_known_by_their_published_ids() public view {
        assertTrue(type(IERC7943).interfaceId == 0x3edbb4c4, "the id that ERC-7943 states");
        assertTrue(share.supportsInterface(0x3edbb4c4), "ERC-7943");
        assertTrue(share.supportsInterface(type(IERC165).interfaceId), "ERC-165");
        assertTrue(share.supportsInterface(type(IERC20).interfaceId), "ERC-20");
        assertTrue(!share.supportsInterface(0xffffffff), "ERC-165 says never");
    }

    function testFuzz_no_other_interface_is_claimed(bytes4 id) public view {
        vm.assume(id != 0x3edbb4c4 && id != type(IERC165).interfaceId && id != type(IERC20).interfaceId);
        assertTrue(!share.supportsInterface(id), "not claimed");
    }

    // ---------------------------------------------------------------- giving powers up

    function _abdicate(bytes4 selector) private {
        share.abdicate(selector);
        assertTrue(share.isAbdicated(selector), "given up");
    }

    function _expectAbdicated(bytes4 selector) private {
        vm.expectRevert(abi.encodeWithSelector(Governed.FunctionAbdicated.selector, selector));
    }

    function test_each_power_over_holders_can_be_given_up() public {
        _abdicate(IAssetShare.mint.selector);
        _expectAbdicated(IAssetShare.mint.selector);
        vm.prank(ISSUER);
        share.mint(ANN, 1);

        _abdicate(IERC7943.setFrozenTokens.selector);
        _expectAbdicated(IERC7943.setFrozenTokens.selector);
        vm.prank(COMPLIANCE);
        share.setFrozenTokens(ANN, 1);

        _abdicate(IAssetShare.setGate.selector);
        _expectAbdicated(IAssetShare.setGate.selector);
        share.setGate(wrap(_other));

        _abdicate(IAssetShare.forcedTransfer.selector);
        _expectAbdicated(IAssetShare.forcedTransfer.selector);
        vm.prank(ENFORCER);
        share.forcedTransfer(ANN, BOB, 1, "order");
        assertTrue(share.forcedTransfer(ANN, BOB, 1), "the other form is another function");
        _abdicate(IERC7943.forcedTransfer.selector);
        _expectAbdicated(IERC7943.forcedTransfer.selector);
        share.forcedTransfer(ANN, BOB, 1);

        move(ANN, BOB, 1);
    }

    function test_what_was_given_up_cannot_be_given_up_again() public {
        _abdicate(IAssetShare.mint.selector);
        _expectAbdicated(IAssetShare.mint.selector);
        share.abdicate(IAssetShare.mint.selector);
    }

    function testFuzz_nothing_else_can(bytes4 selector) public {
        vm.assume(selector != IAssetShare.mint.selector && selector != IERC7943.setFrozenTokens.selector);
        vm.assume(selector != IAssetShare.setGate.selector);
        vm.assume(selector != IAssetShare.forcedTransfer.selector && selector != IERC7943.forcedTransfer.selector);
        vm.expectRevert(abi.encodeWithSelector(Governed.NotAbdicable.selector, selector));
        share.abdicate(selector);
    }

    function test_the_issuer_can_always_burn_its_own() public {
        vm.expectRevert(abi.encodeWithSelector(Governed.NotAbdicable.selector, IAssetShare.burn.selector));
        share.abdicate(IAssetShare.burn.selector);
    }

    function testFuzz_only_the_admin_abdicates(address caller) public {
        vm.assume(caller != address(this));
        expectUnauthorized(caller);
        vm.prank(caller);
        share.abdicate(IAssetShare.mint.selector);
    }
}
