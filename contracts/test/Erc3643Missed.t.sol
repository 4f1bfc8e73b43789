// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Erc3643Register} from "../src/Erc3643Register.sol";
import {IErc3643Module, IErc3643Token} from "../src/interfaces/IErc3643.sol";
import {IErc3643Register} from "../src/interfaces/IErc3643Register.sol";
import {Erc3643Fixture} from "./Erc3643Fixture.sol";
import {ITrexCompliance} from "./TRex.sol";

/// @title A compliance contract of an attacker: says what it likes to whom it likes
contract ForgingCompliance {
    function bindToken(address) external {}
    function unbindToken(address) external {}

    function canTransfer(address, address, uint256) external pure returns (bool) {
        return true;
    }

    function transferred(address, address, uint256) external {}
    function created(address, uint256) external {}
    function destroyed(address, uint256) external {}

    function forge(address module, bytes calldata data) external {
        (bool done,) = module.call(data);
        assert(done);
    }
}

/// @title A token of an attacker, who owns the real token's compliance contract and binds it to this
contract ForgingToken {
    function forge(ITrexCompliance compliance, address from, address to, uint256 value) external {
        if (from == address(0)) compliance.created(to, value);
        else if (to == address(0)) compliance.destroyed(from, value);
        else compliance.transferred(from, to, value);
    }
}

/// @title Forged hooks, missed moves, and how the register is mended
contract Erc3643MissedTest is Erc3643Fixture {
    function setUp() public {
        deployRegister();
        create(ANN, 100 * E);
        create(BOB, 50 * E);
        toDay(FIRST_DAY + 1);
    }

    function _unhook() private {
        compliance.removeModule(address(book));
    }

    function _assertNothingChanged() private {
        toDay(FIRST_DAY + 2);
        assertEq(book.balanceAt(ANN, FIRST_DAY + 1), 100 * E, "ann");
        assertEq(book.balanceAt(BOB, FIRST_DAY + 1), 50 * E, "bob");
        assertEq(book.balanceAt(CAT, FIRST_DAY + 1), 0, "cat");
        assertEq(book.totalShareDays(FIRST_DAY, FIRST_DAY + 2), 300 * E, "all");
        assertSound("nothing happened");
    }

    // ---------------------------------------------------------------- forged hooks

    function test_the_compliance_rebound_to_a_forging_token_changes_nothing() public {
        ForgingToken forger = new ForgingToken();
        compliance.bindToken(address(forger));
        forger.forge(compliance, ANN, CAT, 100 * E);
        forger.forge(compliance, address(0), CAT, type(uint256).max);
        forger.forge(compliance, BOB, address(0), 50 * E);
        _assertNothingChanged();
    }

    function test_a_compliance_of_the_attackers_making_changes_nothing() public {
        ForgingCompliance forger = new ForgingCompliance();
        trex.setCompliance(address(forger));
        forger.forge(address(book), abi.encodeCall(IErc3643Module.moduleTransferAction, (ANN, CAT, 100 * E)));
        forger.forge(address(book), abi.encodeCall(IErc3643Module.moduleMintAction, (CAT, type(uint256).max)));
        forger.forge(address(book), abi.encodeCall(IErc3643Module.moduleBurnAction, (BOB, 50 * E)));
        assertTrue(!book.isHooked(), "such a compliance doesn't even say whether it tells");
        _assertNothingChanged();
    }

    function test_a_compliance_that_names_one_side_only_breaks_the_day_and_anybody_mends_it() public {
        ForgingCompliance forger = new ForgingCompliance();
        trex.setCompliance(address(forger));
        send(ANN, CAT, 60 * E);
        vm.expectEmit(address(book));
        emit IErc3643Register.RegisterBroken(FIRST_DAY + 1, 210 * E, 150 * E);
        forger.forge(address(book), abi.encodeCall(IErc3643Module.moduleTransferAction, (BOB, CAT, 60 * E)));
        assertBroken(FIRST_DAY + 1, "cat's tokens came from nowhere");
        toDay(FIRST_DAY + 2);
        expectBroken(FIRST_DAY + 1);
        book.totalShareDays(FIRST_DAY, FIRST_DAY + 2);
        vm.expectEmit(address(book));
        emit IErc3643Register.RegisterMended(FIRST_DAY + 2, 150 * E);
        vm.prank(STRANGER);
        book.sync(list(ANN));
        assertSound("all holders seen");
    }

    function testFuzz_nobody_else_is_heard(address caller) public {
        vm.assume(caller != address(compliance));
        _unhook();
        send(ANN, CAT, 60 * E);
        vm.prank(caller);
        book.moduleTransferAction(ANN, CAT, 60 * E);
        vm.prank(caller);
        book.moduleMintAction(CAT, 60 * E);
        vm.prank(caller);
        book.moduleBurnAction(ANN, 60 * E);
        // The last that the register has seen is still what it says.
        _assertNothingChanged();
    }

    function testFuzz_only_a_compliance_binds_and_unbinds_itself(address caller, address other) public {
        vm.assume(caller != other);
        vm.expectRevert(abi.encodeWithSelector(IErc3643Register.NotTheCompliance.selector, caller, other));
        vm.prank(caller);
        book.bindCompliance(other);
        vm.expectRevert(abi.encodeWithSelector(IErc3643Register.NotTheCompliance.selector, caller, other));
        vm.prank(caller);
        book.unbindCompliance(other);
        vm.expectEmit(address(book));
        emit IErc3643Module.ComplianceBound(caller);
        vm.prank(caller);
        book.bindCompliance(caller);
        assertTrue(book.isComplianceBound(caller), "bound");
        vm.expectEmit(address(book));
        emit IErc3643Module.ComplianceUnbound(caller);
        vm.prank(caller);
        book.unbindCompliance(caller);
        assertTrue(!book.isComplianceBound(caller), "unbound");
    }

    function testFuzz_it_forbids_nothing(address from, address to, uint256 value, address asking) public view {
        assertTrue(book.moduleCheck(from, to, value, asking), "a register only records");
        assertEq(book.name(), "Erc3643Register", "name");
    }

    // ---------------------------------------------------------------- missed moves

    function test_an_unhooked_transfer_breaks_the_day_on_which_it_shows() public {
        _unhook();
        assertTrue(!book.isHooked() && !book.isComplianceBound(address(compliance)), "unhooked, and it shows");
        send(ANN, CAT, 60 * E);
        assertSound("nobody told");
        toDay(FIRST_DAY + 3);
        compliance.addModule(address(book));
        send(CAT, BOB, 10 * E);
        assertBroken(FIRST_DAY + 3, "cat's and bob's tokens are more than were recorded");

        toDay(FIRST_DAY + 5);
        assertEq(book.balanceAt(ANN, FIRST_DAY + 2), 100 * E, "days before answer as they were recorded");
        assertEq(book.totalShareDays(FIRST_DAY, FIRST_DAY + 3), 450 * E, "whole spans too");
        expectBroken(FIRST_DAY + 3);
        book.balanceAt(BOB, FIRST_DAY + 3);
        expectBroken(FIRST_DAY + 3);
        book.supplyAt(FIRST_DAY + 4);
        expectBroken(FIRST_DAY + 3);
        book.shareDays(BOB, FIRST_DAY, FIRST_DAY + 4);
        expectBroken(FIRST_DAY + 3);
        book.totalShareDays(FIRST_DAY + 4, FIRST_DAY + 5);

        vm.prank(STRANGER);
        assertTrue(!book.sync(list(BOB)), "bob was seen already");
        vm.prank(STRANGER);
        assertTrue(book.sync(list(ANN)), "ann was missing");
        toDay(FIRST_DAY + 6);
        assertEq(book.balanceAt(ANN, FIRST_DAY + 2), 100 * E, "what is over never changes");
        assertEq(book.balanceAt(ANN, FIRST_DAY + 4), 100 * E, "as recorded");
        assertEq(book.balanceAt(ANN, FIRST_DAY + 5), 40 * E, "from the day on which it was seen");
        assertEq(book.balanceAt(BOB, FIRST_DAY + 5), 60 * E, "as the token says");
        assertEq(book.balanceAt(CAT, FIRST_DAY + 5), 50 * E, "as the token says");
        assertEq(_sumOfShareDays(FIRST_DAY, FIRST_DAY + 6), book.totalShareDays(FIRST_DAY, FIRST_DAY + 6), "adds up");
    }

    function test_an_unhooked_mint_and_burn_show_at_the_next_look() public {
        _unhook();
        create(CAT, 10 * E);
        assertTrue(!book.sync(new address[](0)), "looking at nobody is enough to see that somebody is missing");
        assertBroken(FIRST_DAY + 1, "minted");
        assertTrue(book.sync(list(CAT)), "mended the same day, as if nothing had been missed");
        destroy(BOB, 50 * E);
        assertTrue(!book.sync(list(ANN)), "burnt");
        assertTrue(book.sync(list(BOB)), "mended");
        toDay(FIRST_DAY + 2);
        assertEq(book.supplyAt(FIRST_DAY + 1), 110 * E, "supply");
        assertEq(book.balanceAt(BOB, FIRST_DAY + 1), 0, "bob");
    }

    function test_a_missed_transfer_leaves_both_sums_until_its_sides_are_named() public {
        _unhook();
        send(ANN, CAT, 60 * E);
        assertTrue(book.sync(new address[](0)), "the sums agree");
        assertTrue(book.sync(list(CAT, ANN)), "in any order");
        toDay(FIRST_DAY + 2);
        assertEq(book.balanceAt(CAT, FIRST_DAY + 1), 60 * E, "seen");
    }

    function test_a_token_with_holders_starts_broken_until_all_were_seen() public {
        book = new Erc3643Register(IErc3643Token(address(trex)), UTC_OFFSET, list(UNSOLD));
        assertBroken(FIRST_DAY + 1, "150 tokens are nobody's");
        compliance.addModule(address(book));
        assertTrue(!book.sync(list(ANN)), "page one");
        assertTrue(book.sync(list(BOB)), "page two");
        toDay(FIRST_DAY + 2);
        assertEq(book.totalShareDays(FIRST_DAY, FIRST_DAY + 2), 150 * E, "the days from the first look on");
    }

    function testFuzz_nobody_can_break_what_is_in_order(address caller, address a, address b) public {
        vm.prank(caller);
        assertTrue(book.sync(list(a, b)), "sound");
        _assertNothingChanged();
    }

    function test_a_page_is_bounded() public {
        assertTrue(book.sync(new address[](256)), "256");
        vm.expectRevert(abi.encodeWithSelector(IErc3643Register.TooManyHolders.selector, 257, 256));
        book.sync(new address[](257));
    }

    /// @dev Moves that are seen or missed at random, looks at random holders: the parts always add up to the whole, and
    /// once everybody was looked at, the book says what the token says.
    function testFuzz_the_parts_add_up_whatever_is_missed(uint256 seed) public {
        address[4] memory holders = [ANN, BOB, CAT, UNSOLD];
        uint32 day = FIRST_DAY + 1;
        for (uint256 step = 0; step < 20; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            if (seed & 1 == 0) {
                if (book.isHooked()) _unhook();
                else compliance.addModule(address(book));
            }
            address from = holders[(seed >> 8) % 4];
            address to = holders[(seed >> 16) % 4];
            uint256 amount = (seed >> 32) % (trex.balanceOf(from) + 1);
            if (seed & 6 == 0) create(to, 1 + amount);
            else if (amount != 0) send(from, to, amount);
            if (seed & 24 == 0) book.sync(list(holders[(seed >> 20) % 4]));
            day += uint32((seed >> 24) % 2);
            toDay(day);
        }
        address[] memory all = new address[](4);
        for (uint256 h = 0; h < 4; ++h) {
            all[h] = holders[h];
        }
        assertTrue(book.sync(all), "everybody was looked at");
        toDay(day + 1);
        for (uint32 d = FIRST_DAY; d <= day; ++d) {
            uint256 sum = _sumOfBalances(d);
            assertEq(book.supplyAt(d), sum, "supply");
            assertEq(book.totalShareDays(d, d + 1), sum - book.balanceAt(UNSOLD, d), "what earns");
        }
        assertEq(_sumOfShareDays(FIRST_DAY, day + 1), book.totalShareDays(FIRST_DAY, day + 1), "share-days");
        for (uint256 h = 0; h < 4; ++h) {
            assertEq(book.balanceAt(holders[h], day), trex.balanceOf(holders[h]), "as the token says");
        }
    }

    function _sumOfBalances(uint32 day) private view returns (uint256) {
        return
            book.balanceAt(ANN, day) + book.balanceAt(BOB, day) + book.balanceAt(CAT, day) + book.balanceAt(UNSOLD, day);
    }

    function _sumOfShareDays(uint32 fromDay, uint32 toDay_) private view returns (uint256) {
        return book.shareDays(ANN, fromDay, toDay_) + book.shareDays(BOB, fromDay, toDay_)
            + book.shareDays(CAT, fromDay, toDay_) + book.shareDays(UNSOLD, fromDay, toDay_);
    }
}
