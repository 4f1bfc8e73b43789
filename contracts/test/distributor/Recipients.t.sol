// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governed} from "../../src/base/Governed.sol";
import {IGateWatch} from "../../src/interfaces/IGateWatch.sol";
import {IRecipients} from "../../src/interfaces/IRecipients.sol";
import {IRevenueDistributor} from "../../src/interfaces/IRevenueDistributor.sol";
import {PayoutFixture} from "./PayoutFixture.sol";

/// @title Payout addresses and frozen payouts
contract RecipientsTest is PayoutFixture {
    function setUp() public override {
        super.setUp();
        bring(0, 3_000);
    }

    function _payTo(address holder, address to) private {
        vm.expectEmit(address(distributor));
        emit IRecipients.PayoutAddressSet(holder, to);
        vm.prank(holder);
        distributor.setPayoutAddress(to);
    }

    function test_a_holder_is_paid_where_it_says() public {
        assertEq(distributor.payoutAddressOf(ANN), ANN, "to itself at first");
        _payTo(ANN, CAT);
        assertEq(distributor.payoutAddressOf(ANN), CAT, "then there");
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.Paid(ANN, CAT, 1_800, 1);
        assertEq(claimAll(ANN), 1_800, "claimed");
        assertEq(token.balanceOf(CAT), 1_800, "arrived");
        assertEq(token.balanceOf(ANN), 0, "not at the holder");
        bring(1, 3_000);
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.Paid(ANN, CAT, 1_800, 2);
        pushAll(list(ANN));
        _payTo(ANN, address(0));
        assertEq(distributor.payoutAddressOf(ANN), ANN, "to itself again");
        bring(2, 3_000);
        claimAll(ANN);
        assertEq(token.balanceOf(ANN), 1_800, "undone");
    }

    function test_the_distributor_is_nobody_s_payout_address() public {
        vm.expectRevert(abi.encodeWithSelector(IRecipients.PayoutAddressInvalid.selector, address(distributor)));
        vm.prank(ANN);
        distributor.setPayoutAddress(address(distributor));
    }

    function test_holder_and_recipient_must_both_pass_the_gate() public {
        _payTo(ANN, STRANGER);
        refuseClaim(ANN, abi.encodeWithSelector(IGateWatch.HolderNotAllowed.selector, STRANGER));
        allow(STRANGER, true);
        allow(ANN, false);
        refuseClaim(ANN, abi.encodeWithSelector(IGateWatch.HolderNotAllowed.selector, ANN));
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.PayHeld(ANN, 1_800, 1);
        pushAll(list(ANN));
        allow(ANN, true);
        assertEq(claimAll(ANN), 1_800, "both allowed");
    }

    function testFuzz_a_payout_address_is_the_holder_s_own_business(address caller) public {
        vm.assume(caller != ANN && caller != address(distributor));
        vm.prank(caller);
        distributor.setPayoutAddress(CAT);
        assertEq(distributor.payoutAddressOf(ANN), ANN, "ann's is hers");
    }

    function test_frozen_payouts_stay_credit() public {
        vm.expectEmit(address(distributor));
        emit IRecipients.PayoutFrozenSet(ANN, true);
        freeze(ANN, true);
        assertTrue(distributor.isPayoutFrozen(ANN), "frozen");
        refuseClaim(ANN, abi.encodeWithSelector(IRecipients.PayoutFrozen.selector, ANN));
        vm.expectEmit(address(distributor));
        emit IRevenueDistributor.PayHeld(ANN, 1_800, 1);
        assertEq(pushAll(list(ANN, BOB)), 2, "dealt with");
        assertEq(distributor.owed(ANN, 1), 1_800, "owed");
        assertEq(token.balanceOf(BOB), 1_200, "bob is paid all the same");
        bring(1, 3_000);
        freeze(ANN, false);
        assertTrue(!distributor.isPayoutFrozen(ANN), "free");
        assertEq(claimAll(ANN), 3_600, "all of it");
    }

    function test_a_frozen_recipient_is_not_paid_for_others() public {
        _payTo(ANN, CAT);
        freeze(CAT, true);
        refuseClaim(ANN, abi.encodeWithSelector(IRecipients.PayoutFrozen.selector, CAT));
        _payTo(ANN, address(0));
        assertEq(claimAll(ANN), 1_800, "elsewhere");
    }

    function testFuzz_only_compliance_freezes(address caller) public {
        vm.assume(caller != COMPLIANCE);
        expectUnauthorized(caller);
        vm.prank(caller);
        distributor.setPayoutFrozen(list(ANN), true);
    }

    function test_compliance_freezes_256_holders_at_once() public {
        vm.expectRevert(abi.encodeWithSelector(IRecipients.TooManyHolders.selector, 257, 256));
        vm.prank(COMPLIANCE);
        distributor.setPayoutFrozen(new address[](257), true);
    }

    function test_a_freeze_ends_with_the_power_to_freeze() public {
        freeze(ANN, true);
        distributor.abdicate(IRecipients.setPayoutFrozen.selector);
        vm.expectRevert(
            abi.encodeWithSelector(Governed.FunctionAbdicated.selector, IRecipients.setPayoutFrozen.selector)
        );
        vm.prank(COMPLIANCE);
        distributor.setPayoutFrozen(list(ANN), false);
        assertTrue(!distributor.isPayoutFrozen(ANN), "nobody could ever lift it");
        assertEq(claimAll(ANN), 1_800, "paid");
    }
}
