// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IAssetShare} from "../src/interfaces/IAssetShare.sol";
import {IERC7943} from "../src/interfaces/IERC7943.sol";
import {Fixture} from "./Fixture.sol";
import {TestGate} from "./TestGate.sol";
import {Vm} from "./Vm.sol";

contract AssetShareForceTest is Fixture {
    bytes32 private constant ORDER = "court order 7/2026";

    function setUp() public {
        deploy();
        mint(ANN, 10);
    }

    function _force(address from, address to, uint256 amount) private {
        vm.prank(ENFORCER);
        share.forcedTransfer(from, to, amount, ORDER);
    }

    function _freeze(address account, uint256 amount) private {
        vm.prank(COMPLIANCE);
        share.setFrozenTokens(account, amount);
    }

    function testFuzz_only_the_enforcer_takes_with_a_reason(address caller) public {
        vm.assume(caller != ENFORCER);
        expectUnauthorized(caller);
        vm.prank(caller);
        share.forcedTransfer(ANN, BOB, 1, ORDER);
    }

    function testFuzz_only_the_admin_takes_without_one(address caller) public {
        vm.assume(caller != address(this));
        expectUnauthorized(caller);
        vm.prank(caller);
        share.forcedTransfer(ANN, BOB, 1);
    }

    function test_shares_are_taken_without_the_holder() public {
        allow(ANN, false);
        vm.expectEmit(address(share));
        emit IERC20.Transfer(ANN, BOB, 4);
        vm.expectEmit(address(share));
        emit IERC7943.ForcedTransfer(ANN, BOB, 4);
        vm.expectEmit(address(share));
        emit IAssetShare.ForcedTransferReason(ANN, BOB, 4, ORDER);
        _force(ANN, BOB, 4);
        assertEq(share.balanceOf(ANN), 6, "ann");
        assertEq(share.balanceOf(BOB), 4, "bob");
        assertEq(share.totalSupply(), 10, "nothing was created");
    }

    function test_the_standard_form_names_the_standard_as_its_reason() public {
        vm.expectEmit(address(share));
        emit IAssetShare.ForcedTransferReason(ANN, BOB, 4, "ERC-7943");
        assertTrue(share.forcedTransfer(ANN, BOB, 4), "the answer of ERC-7943");
        assertEq(share.balanceOf(BOB), 4, "bob");
        assertEq(share.STANDARD_FORM(), "ERC-7943", "published");
    }

    function test_what_cannot_be_forced() public {
        vm.expectRevert(abi.encodeWithSelector(IAssetShare.ReasonMissing.selector));
        vm.prank(ENFORCER);
        share.forcedTransfer(ANN, BOB, 1, 0);
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943CannotReceive.selector, STRANGER));
        _force(ANN, STRANGER, 1);
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943CannotTransfer.selector, ANN, ANN, 1));
        _force(ANN, ANN, 1);
        vm.expectRevert(abi.encodeWithSelector(IERC7943.ERC7943CannotTransfer.selector, ANN, BOB, 0));
        _force(ANN, BOB, 0);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, ANN, 10, 11));
        _force(ANN, BOB, 11);
        // A gate that allows everybody doesn't open the way to the zero address.
        TestGate open = new TestGate();
        share.setGate(wrap(open));
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, address(0)));
        _force(ANN, address(0), 1);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, address(0), 0, 1));
        _force(address(0), ANN, 1);
    }

    function test_unfrozen_shares_go_first() public {
        _freeze(ANN, 7);
        _force(ANN, BOB, 3);
        assertEq(share.getFrozenTokens(ANN), 7, "untouched");
        vm.recordLogs();
        _force(ANN, BOB, 2);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        assertEq(logs.length, 4, "events");
        assertEq(logs[0].topics[0], IERC7943.Frozen.selector, "unfreezing comes before the transfer");
        assertEq(logs[0].data, abi.encode(5), "what stays frozen");
        assertEq(logs[1].topics[0], IERC20.Transfer.selector, "then the transfer");
        assertEq(share.getFrozenTokens(ANN), 5, "lowered by what was taken of it");
        _force(ANN, BOB, 5);
        assertEq(share.getFrozenTokens(ANN), 0, "nothing left");
        assertEq(share.balanceOf(BOB), 10, "all taken");
    }

    function testFuzz_frozen_falls_by_what_had_to_come_out_of_it(uint256 frozen, uint256 amount) public {
        frozen = bound(frozen, 0, 15);
        amount = bound(amount, 1, 10);
        _freeze(ANN, frozen);
        _force(ANN, BOB, amount);
        uint256 free = frozen > 10 ? 0 : 10 - frozen;
        uint256 taken = amount > free ? amount - free : 0;
        assertEq(share.getFrozenTokens(ANN), frozen - taken, "frozen");
        assertEq(share.balanceOf(ANN), 10 - amount, "balance");
    }

    function test_what_was_frozen_for_the_future_stays_frozen() public {
        _freeze(ANN, 100);
        _force(ANN, BOB, 10);
        assertEq(share.getFrozenTokens(ANN), 90, "what arrives next is still withheld");
    }

    function test_past_days_stay_with_whom_the_shares_were_taken_from() public {
        toDay(FIRST_DAY + 2);
        _force(ANN, BOB, 10);
        toDay(FIRST_DAY + 3);
        assertEq(share.shareDays(ANN, FIRST_DAY, FIRST_DAY + 3), 20, "ann's days");
        assertEq(share.shareDays(BOB, FIRST_DAY, FIRST_DAY + 3), 10, "bob's day");
        assertEq(share.totalShareDays(FIRST_DAY, FIRST_DAY + 3), 30, "all");
    }

    function test_forcing_out_of_an_excluded_holder_changes_the_denominator() public {
        mint(UNSOLD, 5);
        _force(UNSOLD, BOB, 2);
        _force(ANN, UNSOLD, 4);
        toDay(FIRST_DAY + 1);
        assertEq(share.totalShareDays(FIRST_DAY, FIRST_DAY + 1), 8, "what is outside");
        assertEq(share.balanceAt(UNSOLD, FIRST_DAY), 7, "what is unsold");
    }
}
