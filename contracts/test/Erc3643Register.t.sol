// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Erc3643Register} from "../src/Erc3643Register.sol";
import {IErc3643Token} from "../src/interfaces/IErc3643.sol";
import {IErc3643Register} from "../src/interfaces/IErc3643Register.sol";
import {IHolderRegister} from "../src/interfaces/IHolderRegister.sol";
import {DayTable} from "./DayTable.sol";
import {Erc3643Fixture} from "./Erc3643Fixture.sol";
import {IOnchainId} from "./TRex.sol";

/// @title The whole life of a real T-REX 4.1.6 token under the register
contract Erc3643RegisterTest is Erc3643Fixture, DayTable {
    function setUp() public {
        deployRegister();
    }

    function test_it_is_the_real_token() public view {
        assertEq(trex.version(), "4.1.3", "what the code of package 4.1.6 calls itself");
        assertEq(trex.decimals(), 18, "decimals");
        assertEq(trex.compliance(), address(compliance), "compliance");
        assertTrue(compliance.isModuleBound(address(book)), "hooked");
        assertTrue(book.isHooked() && book.isComplianceBound(address(compliance)), "and the register knows");
        assertEq(address(book.token()), address(trex), "token");
        assertSound("an empty token and an empty book");
    }

    function test_a_life_day_by_day() public {
        create(ANN, 100 * E);
        create(UNSOLD, 50 * E);
        toDay(FIRST_DAY + 1);
        send(ANN, BOB, 30 * E + 1);
        toDay(FIRST_DAY + 2);
        destroy(ANN, 20 * E);
        vm.prank(BOB);
        trex.approve(CAT, 5 * E);
        vm.prank(CAT);
        trex.transferFrom(BOB, CAT, 5 * E);
        toDay(FIRST_DAY + 3);
        vm.prank(AGENT);
        trex.forcedTransfer(BOB, ANN, 25 * E);
        toDay(FIRST_DAY + 5);

        assertEq(book.balanceAt(ANN, FIRST_DAY), 100 * E, "minted");
        assertEq(book.balanceAt(ANN, FIRST_DAY + 1), 70 * E - 1, "after the transfer");
        assertEq(book.balanceAt(BOB, FIRST_DAY + 1), 30 * E + 1, "after the transfer");
        assertEq(book.balanceAt(ANN, FIRST_DAY + 2), 50 * E - 1, "after the burn");
        assertEq(book.balanceAt(BOB, FIRST_DAY + 2), 25 * E + 1, "by allowance");
        assertEq(book.balanceAt(CAT, FIRST_DAY + 2), 5 * E, "by allowance");
        assertEq(book.balanceAt(ANN, FIRST_DAY + 4), 75 * E - 1, "forced");
        assertEq(book.balanceAt(BOB, FIRST_DAY + 4), 1, "forced");
        assertEq(book.supplyAt(FIRST_DAY + 1), 150 * E, "supply");
        assertEq(book.supplyAt(FIRST_DAY + 2), 130 * E, "supply after the burn");
        assertEq(book.shareDays(BOB, FIRST_DAY, FIRST_DAY + 5), 55 * E + 4, "bob's share-days");
        assertEq(book.shareDays(UNSOLD, FIRST_DAY, FIRST_DAY + 5), 0, "unsold tokens earn nothing");
        assertEq(book.totalShareDays(FIRST_DAY, FIRST_DAY + 5), 440 * E, "and leave the total");
        assertSound("all seen");
    }

    function test_batches() public {
        vm.prank(AGENT);
        trex.batchMint(list(ANN, BOB), amounts(100 * E, 10 * E));
        toDay(FIRST_DAY + 1);
        vm.prank(ANN);
        trex.batchTransfer(list(BOB, CAT), amounts(1 * E, 2 * E));
        toDay(FIRST_DAY + 2);
        vm.prank(AGENT);
        trex.batchForcedTransfer(list(ANN, BOB), list(BOB, ANN), amounts(7 * E, 11 * E));
        toDay(FIRST_DAY + 3);
        vm.prank(AGENT);
        trex.batchBurn(list(ANN, CAT), amounts(1 * E, 2 * E));
        toDay(FIRST_DAY + 4);
        assertEq(book.balanceAt(ANN, FIRST_DAY), 100 * E, "minted");
        assertEq(book.balanceAt(BOB, FIRST_DAY + 1), 11 * E, "transferred");
        assertEq(book.balanceAt(CAT, FIRST_DAY + 1), 2 * E, "transferred");
        assertEq(book.balanceAt(ANN, FIRST_DAY + 2), 101 * E, "forced");
        assertEq(book.balanceAt(BOB, FIRST_DAY + 2), 7 * E, "forced");
        assertEq(book.balanceAt(ANN, FIRST_DAY + 3), 100 * E, "burnt");
        assertEq(book.balanceAt(CAT, FIRST_DAY + 3), 0, "burnt");
        assertEq(book.supplyAt(FIRST_DAY + 3), 107 * E, "supply");
        assertSound("all seen");
    }

    function test_recovery_moves_the_tokens_and_leaves_the_past_with_the_lost_wallet() public {
        address lost = address(0x1057);
        address found = address(0xF01);
        address identity = verify(lost);
        IOnchainId(identity).addKey(keccak256(abi.encode(found)), 1, 1);
        create(lost, 40 * E);
        vm.prank(AGENT);
        trex.freezePartialTokens(lost, 10 * E);
        toDay(FIRST_DAY + 2);
        vm.prank(AGENT);
        trex.recoveryAddress(lost, found, identity);
        toDay(FIRST_DAY + 3);
        assertEq(book.shareDays(lost, FIRST_DAY, FIRST_DAY + 3), 80 * E, "the days before");
        assertEq(book.shareDays(found, FIRST_DAY, FIRST_DAY + 3), 40 * E, "the day after");
        assertEq(book.totalShareDays(FIRST_DAY, FIRST_DAY + 3), 120 * E, "all");
        assertSound("all seen");
    }

    function test_frozen_tokens_earn_like_others() public {
        create(ANN, 10 * E);
        vm.prank(AGENT);
        trex.freezePartialTokens(ANN, 4 * E);
        vm.prank(AGENT);
        trex.setAddressFrozen(ANN, true);
        toDay(FIRST_DAY + 1);
        assertEq(book.shareDays(ANN, FIRST_DAY, FIRST_DAY + 1), 10 * E, "all of them");
    }

    function test_the_largest_balance_and_one_unit_more() public {
        create(ANN, type(uint96).max);
        assertSound("fits");
        create(BOB, 1);
        assertBroken(FIRST_DAY, "what doesn't fit is not recorded");
        destroy(ANN, 1);
        assertBroken(FIRST_DAY, "bob's one unit is still missing");
        vm.prank(STRANGER);
        assertTrue(book.sync(list(BOB)), "now it fits");
        destroy(BOB, 1);
        create(ANN, 1);
        create(ANN, 1);
        assertBroken(FIRST_DAY, "nor does a single balance");
        destroy(ANN, 1);
        assertSound("fits again");
        toDay(FIRST_DAY + 1);
        assertEq(book.balanceAt(ANN, FIRST_DAY), type(uint96).max, "exactly");
    }

    function testFuzz_share_days_equal_a_table_of_every_day(uint256 seed, uint32 a, uint32 b, uint32 c) public {
        checkAgainstTable(FIRST_DAY, seed, a, b, c);
    }

    function test_a_day_that_is_not_over_has_no_answer() public {
        create(ANN, E);
        vm.expectRevert(abi.encodeWithSelector(IHolderRegister.DayNotOver.selector, FIRST_DAY, FIRST_DAY));
        book.balanceAt(ANN, FIRST_DAY);
        vm.expectRevert(abi.encodeWithSelector(IHolderRegister.DayNotOver.selector, FIRST_DAY + 1, FIRST_DAY));
        book.totalShareDays(FIRST_DAY, FIRST_DAY + 1);
    }

    /// @dev T-REX's fee module moves tokens inside the hook, before or after the register is told of the move around it.
    function test_a_module_that_moves_tokens_inside_the_hook() public {
        for (uint256 order = 0; order < 2; ++order) {
            uint256 before = vm.snapshotState();
            address fees = newFeeModule();
            trex.addAgent(fees);
            if (order == 1) compliance.removeModule(address(book));
            compliance.addModule(fees);
            if (order == 1) compliance.addModule(address(book));
            compliance.callModuleFunction(abi.encodeWithSignature("setFee(uint256,address)", 100, CAT), fees);

            create(ANN, 100 * E);
            send(ANN, BOB, 50 * E);
            assertSound("whatever the order of the modules");
            toDay(FIRST_DAY + 1);
            assertEq(book.balanceAt(ANN, FIRST_DAY), 50 * E, "ann");
            assertEq(book.balanceAt(BOB, FIRST_DAY), 49.5e18, "bob, less the fee");
            assertEq(book.balanceAt(CAT, FIRST_DAY), 0.5e18, "the fee");
            vm.revertToState(before);
        }
    }

    function test_it_can_be_added_before_the_token_changes_its_compliance() public {
        create(ANN, 10 * E);
        address old = address(compliance);
        compliance = newCompliance();
        compliance.addModule(address(book));
        assertTrue(book.canComplianceBind(address(compliance)) && book.isPlugAndPlay(), "no condition");
        trex.setCompliance(address(compliance));
        assertTrue(book.isHooked() && book.isComplianceBound(old), "the old one still has it, and isn't heard");
        toDay(FIRST_DAY + 1);
        send(ANN, BOB, 4 * E);
        toDay(FIRST_DAY + 2);
        assertEq(book.balanceAt(ANN, FIRST_DAY), 10 * E, "before");
        assertEq(book.balanceAt(BOB, FIRST_DAY + 1), 4 * E, "after, with no gap");
        assertSound("nothing missed");
    }

    function test_what_cannot_be_created() public {
        vm.expectRevert(abi.encodeWithSelector(IErc3643Register.NoContract.selector, STRANGER));
        new Erc3643Register(IErc3643Token(STRANGER), UTC_OFFSET, list(UNSOLD));
        vm.expectRevert(abi.encodeWithSelector(IHolderRegister.ExcludedInvalid.selector, ANN));
        new Erc3643Register(IErc3643Token(address(trex)), UTC_OFFSET, list(ANN, ANN));
    }

    // ---------------------------------------------------------------- for the table

    function _book() internal view override returns (IHolderRegister) {
        return book;
    }

    function _holders() internal pure override returns (address[4] memory) {
        return [ANN, BOB, CAT, UNSOLD];
    }

    /// @dev T-REX refuses to move nothing.
    function _create(address to, uint256 amount) internal override {
        if (amount != 0) create(to, amount);
    }

    function _move(address from, address to, uint256 amount) internal override {
        if (amount != 0) send(from, to, amount);
    }

    function _wait(uint32 day) internal override {
        toDay(day);
    }
}
